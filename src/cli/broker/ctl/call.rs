//! One request over HTTP, and its answer.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::StatusCode;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper_util::rt::TokioIo;
use mqttspec::net::HttpToken;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(super) use hyper::Method;

use crate::cli::exit::{self, Failed};

/// The HTTP interface of a broker.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) token: Option<HttpToken>,
}

/// What it has answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Null where there was none.
    pub(super) body: Value,
}

/// How long the broker may take: it may have files to read.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long an answer may be, in octets.
const LONGEST: usize = 64 * 1024 * 1024;

impl Server {
    /// Asks for `path`.
    ///
    /// # Errors
    ///
    /// When there is nobody, or nobody who speaks HTTP.
    pub(super) async fn call(&self, method: Method, path: &str) -> Result<Answer, Failed> {
        let address = self.address;
        let answered = timeout(PATIENCE, self.exchange(method, path)).await;
        let answered = answered.unwrap_or_else(|_| Err(anyhow!("it takes too long")));
        answered.map_err(|error| Failed {
            code: exit::UNREACHABLE,
            error: error.context(format!(
                "no broker answers at http://{address}; it has to be started with --http, and \
                 --http here says where"
            )),
        })
    }

    async fn exchange(&self, method: Method, path: &str) -> Result<Answer, anyhow::Error> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.context("no HTTP")?;
        let mut request =
            Request::builder().method(method).uri(path).header(HOST, self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.header());
        }
        let exchange = async {
            let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LONGEST).collect().await;
            let body =
                body.map_err(|error| anyhow!(error).context("the answer is cut"))?.to_bytes();
            let body =
                if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
            Ok(Answer { status, body: body.context("the answer is no JSON")? })
        };
        tokio::pin!(exchange);
        // The connection is driven beside the exchange; its own end is told by that.
        tokio::select! {
            answer = &mut exchange => answer,
            _ = connection => exchange.await,
        }
    }
}
