//! The broker over HTTP, for whoever runs it: health, metrics, a status page, and an interface.
//!
//! A small server beside the broker, with bounds of its own: a few connections, small requests,
//! short patience. What it shows comes from [`Control`]. Not here: what a statement means, which is
//! given by whoever has the catalogue.

mod api;
mod guard;
mod metrics;
mod once;
mod page;
mod status;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

pub use self::guard::{HttpToken, InvalidHttpToken};
use self::once::Once;
use super::server::{Control, SessionInfo, SessionSums};

/// How to serve HTTP.
#[derive(Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Where to listen. Port 0 lets the system choose.
    pub address: SocketAddr,
    /// What a request has to show; `None` for nothing. Without one the server listens on a loopback
    /// address only, and nothing can be changed over it.
    pub token: Option<HttpToken>,
    /// What a statement means, by its id.
    pub meaning: fn(&str) -> Option<StatementMeaning>,
    /// Who reads files again when that is asked for.
    pub reload: Option<mpsc::Sender<ReloadRequest>>,
}

impl HttpOptions {
    /// Those of a server at `address`, without a token, a catalogue and files to be read again.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, token: None, meaning: |_| None, reload: None }
    }
}

/// What a statement of the standard means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatementMeaning {
    /// How binding it is: `MUST`, say.
    pub level: String,
    /// Where it stands: number and title.
    pub section: String,
    /// What must hold.
    pub text: String,
    /// How it is read where the standard can be read in several ways.
    pub reading: Option<String>,
}

/// Somebody asks for files to be read again, and waits to be told what came of it.
pub type ReloadRequest = oneshot::Sender<Vec<Reloaded>>;

/// What has come of reading one thing again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reloaded {
    /// What it is.
    pub what: &'static str,
    /// What is wrong with it, if it stays as it was.
    pub error: Option<String>,
}

/// A server for HTTP that listens.
#[derive(Debug)]
pub struct Http {
    listener: TcpListener,
    router: Router,
}

/// What all requests have in common.
#[derive(Clone)]
struct Shared(Arc<Inner>);

struct Inner {
    control: Control,
    options: HttpOptions,
    sums: Once<(SessionSums, Vec<SessionInfo>)>,
}

/// How many of the fullest Sessions are named.
const FULLEST: usize = 20;
/// How many connections there may be at once: a person, a scraper, and room to spare.
const CONNECTIONS: usize = 64;
/// How large the head of a request may be, in octets. A Topic Name of three times as many octets,
/// each escaped, has room in it.
const HEAD: usize = 256 * 1024;
/// How large a body may be; no request needs one.
const BODY: usize = 4 * 1024;
/// How long a request may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may last.
const LIFETIME: Duration = Duration::from_secs(300);

impl Http {
    /// Binds the address.
    ///
    /// # Errors
    ///
    /// The system's error; [`io::ErrorKind::InvalidInput`] for an address that others can reach,
    /// without a token.
    pub async fn bind(options: HttpOptions, control: Control) -> io::Result<Self> {
        let address = options.address;
        if !address.ip().is_loopback() && options.token.is_none() {
            let why = format!("HTTP on {address} can be reached by others, and needs a token");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on http://{address}: {error}"))
        };
        let listener = TcpListener::bind(address).await.map_err(named)?;
        let shared = Shared(Arc::new(Inner { control, options, sums: Once::new() }));
        Ok(Self { listener, router: router(shared) })
    }

    /// Where it listens, with the port that the system chose.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` ends; requests under way are then given up.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut served = tokio::task::JoinSet::new();
        let accept = async {
            loop {
                // Waits for a place before it accepts: the rest wait with the system.
                let Ok(place) = places.clone().acquire_owned().await else { return };
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        let router = self.router.clone();
                        served.spawn(async move {
                            let _ = timeout(LIFETIME, serve(stream, router)).await;
                            drop(place);
                        });
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
                while served.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = stop => {}
            () = accept => {}
        }
    }
}

/// Serves one connection.
async fn serve(stream: TcpStream, router: Router) {
    // Errors are those of the peer and of the network: it is gone, or will be.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/statements/{id}", get(page::statement))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics::metrics))
        .route("/api/status", get(status::status))
        .route("/api/sessions", get(api::sessions))
        .route("/api/sessions/{client}", get(api::session).delete(api::delete_session))
        .route("/api/retained", get(api::retained))
        .route("/api/retained/{topic}", get(api::message).delete(api::delete_message))
        .route("/api/connections", get(api::connections))
        .route("/api/connections/{number}", delete(api::disconnect))
        .route("/api/reload", post(api::reload))
        .fallback(|| async { api::refusal(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared)
}

/// Whether the broker can do what it is for.
async fn health(shared: axum::extract::State<Shared>) -> Response {
    match shared.0.control().can_keep() {
        true => (StatusCode::OK, "ok\n").into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "state cannot be kept\n").into_response(),
    }
}

impl Shared {
    fn control(&self) -> &Control {
        &self.0.control
    }

    fn options(&self) -> &HttpOptions {
        &self.0.options
    }

    /// What all Sessions hold, and the fullest of them; on a thread that may block.
    fn session_sums(&self) -> (SessionSums, Vec<SessionInfo>) {
        self.0.sums.get(|| self.control().session_sums(FULLEST))
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Does work that may take long away from the threads that serve clients.
async fn aside<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Response> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        api::refusal(StatusCode::INTERNAL_SERVER_ERROR, "a fault of the broker; its log says more")
    })
}
