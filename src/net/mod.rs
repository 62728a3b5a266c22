//! Real sockets: the only folder that knows the runtime, the network and the clock.
//!
//! Each part is the loop around one value of the protocol: it moves octets, tells the time, and
//! decides nothing that a clause speaks of.

mod client;
#[cfg(feature = "http")]
mod http;
mod server;
mod transport;

pub use client::{
    Acknowledgement, Client, ClientError, ClientOptions, ConnectionState, InvalidServerUrl,
    Messages, OpenError, Publishing, Reconnect, ServerUrl, Subscription, Unacknowledged, blocking,
};
#[cfg(feature = "http")]
pub use http::{
    Http, HttpOptions, HttpToken, InvalidHttpToken, ReloadRequest, Reloaded, StatementMeaning,
};
pub use server::{
    BoundFigures, CheckPassword, ConnectionInfo, Control, Disconnected, Durable, Figures,
    Inherited, InvalidListen, Keeping, Listen, Moved, RetainedInfo, Server, ServerOptions,
    ServerStopped, SessionInfo, SessionSums, ViolationCount,
};
#[cfg(feature = "tls")]
pub use transport::tls::{CertificateName, ClientTls, Pem, ServerTls, TlsError, TlsIdentity};
pub use transport::{Endpoint, InvalidEndpoint, Place};
