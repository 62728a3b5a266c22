//! Opening the Network Connection: the socket, and what is spoken on it below MQTT.
//!
//! Clauses: [MQTT-7.1.2-1].

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{ClientError, ClientOptions};
#[cfg(feature = "tls")]
use crate::net::transport::tls;
#[cfg(feature = "ws")]
use crate::net::transport::websocket;
use crate::net::transport::{Endpoint, Place, Stream};

/// Why there is no Network Connection.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum OpenError {
    /// The network says no.
    #[error("{0}")]
    Network(#[from] io::Error),
    /// The transport is behind a feature that is off.
    #[error("{0} needs the feature {1}, which is not built in")]
    NotBuiltIn(Endpoint, &'static str),
    /// It took longer than [`ClientOptions::open_wait`].
    #[error("it took too long")]
    TimedOut,
    /// There is no TLS on the connection: the Server has no certificate that counts, or wants one.
    #[error("no TLS connection: {0}")]
    #[cfg(feature = "tls")]
    Tls(io::Error),
    /// The Server opens no WebSocket, or one for something else.
    #[error("no WebSocket: {0}")]
    #[cfg(feature = "ws")]
    WebSocket(String),
}

impl OpenError {
    /// Whether the next attempt may find it otherwise.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Network(_) | Self::TimedOut => true,
            // The connection was lost in the midst of it; a certificate stays as it is.
            #[cfg(feature = "tls")]
            Self::Tls(error) => error.kind() != io::ErrorKind::InvalidData,
            #[cfg(feature = "ws")]
            Self::WebSocket(_) => true,
            Self::NotBuiltIn(..) => false,
        }
    }
}

/// Where Network Connections come from.
#[derive(Debug)]
pub(super) enum Opener {
    /// The network.
    Network,
    /// A test.
    #[cfg(test)]
    Memory(tokio::sync::mpsc::UnboundedReceiver<tokio::io::DuplexStream>),
}

impl Opener {
    /// Opens one to the endpoint of `options`, in the time that they give.
    pub(super) async fn open(&mut self, options: &ClientOptions) -> Result<Stream, ClientError> {
        let opened = match self {
            Self::Network => match timeout(options.open_wait, open_all(options)).await {
                Ok(opened) => opened,
                Err(_) => Err(OpenError::TimedOut),
            },
            #[cfg(test)]
            Self::Memory(streams) => match streams.recv().await {
                Some(stream) => Ok(Stream::Memory(stream)),
                None => Err(OpenError::Network(io::ErrorKind::ConnectionRefused.into())),
            },
        };
        opened.map_err(|error| ClientError::Unreachable {
            endpoint: options.endpoint.clone(),
            error: Arc::new(error),
        })
    }
}

async fn open_all(options: &ClientOptions) -> Result<Stream, OpenError> {
    let endpoint = &options.endpoint;
    // [MQTT-7.1.2-1] All of them carry octets both ways, in order and without loss.
    let stream = match &endpoint.place {
        Place::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Packets are gathered before they are written, so there is nothing to wait for.
            stream.set_nodelay(true)?;
            Stream::Tcp(stream)
        }
        #[cfg(unix)]
        Place::Unix(path) => Stream::Unix(UnixStream::connect(path).await?),
        #[cfg(not(unix))]
        Place::Unix(_) => return Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    };
    let stream = if endpoint.tls { secure(stream, options).await? } else { stream };
    match &endpoint.websocket {
        None => Ok(stream),
        Some(path) => upgrade(stream, endpoint, path).await,
    }
}

/// The name by which the Server is called, and by which it has to prove itself.
#[cfg(any(feature = "tls", feature = "ws"))]
fn host(endpoint: &Endpoint) -> &str {
    match &endpoint.place {
        Place::Tcp { host, .. } => host,
        Place::Unix(_) => "localhost",
    }
}

#[cfg(feature = "tls")]
async fn secure(stream: Stream, options: &ClientOptions) -> Result<Stream, OpenError> {
    let secured = tls::connect(stream, host(&options.endpoint), &options.tls).await;
    Ok(Stream::Tls(Box::new(secured.map_err(OpenError::Tls)?)))
}

#[cfg(not(feature = "tls"))]
async fn secure(_stream: Stream, options: &ClientOptions) -> Result<Stream, OpenError> {
    Err(OpenError::NotBuiltIn(options.endpoint.clone(), "tls"))
}

#[cfg(feature = "ws")]
async fn upgrade(stream: Stream, endpoint: &Endpoint, path: &str) -> Result<Stream, OpenError> {
    let authority = match &endpoint.place {
        Place::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        Place::Tcp { host, port } => format!("{host}:{port}"),
        Place::Unix(_) => host(endpoint).to_owned(),
    };
    let opened = websocket::open(stream, &authority, path).await;
    Ok(Stream::WebSocket(Box::new(opened.map_err(|why| OpenError::WebSocket(why.to_string()))?)))
}

#[cfg(not(feature = "ws"))]
async fn upgrade(_stream: Stream, endpoint: &Endpoint, _path: &str) -> Result<Stream, OpenError> {
    Err(OpenError::NotBuiltIn(endpoint.clone(), "ws"))
}
