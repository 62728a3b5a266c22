//! What a connection needs to know before it is opened.

use std::time::Duration;

use super::{Reconnect, ServerUrl};
use crate::client::Limits;
use crate::net::transport::Endpoint;
#[cfg(feature = "tls")]
use crate::net::transport::tls::ClientTls;
use crate::packet::{ClientId, Connect, Decoder};

/// Where to connect, as whom, and how much may be under way.
///
/// # Examples
///
/// ```
/// use mqttspec::net::ClientOptions;
/// use mqttspec::packet::{ClientId, Connect, Text};
///
/// let mut options = ClientOptions::new("localhost", 1883);
/// let client_id = ClientId::new(Text::new("sensor-7").unwrap());
/// options.connect = Connect::new(&client_id).with_clean_session(false);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Where the Server is, and how octets travel to it.
    pub endpoint: Endpoint,
    /// Whom to trust where there is TLS on the way, and what to show. Default: the authorities
    /// that the system trusts, and nothing.
    #[cfg(feature = "tls")]
    pub tls: ClientTls,
    /// What the Client says of itself. Default: a name given by the Server, a clean Session,
    /// a Keep Alive of 60 seconds, no Will, no credentials.
    pub connect: Connect,
    /// The bounds of the Client proper.
    pub limits: Limits,
    /// How long opening the Network Connection may take, over all addresses of the host and with
    /// the handshakes of TLS and WebSocket.
    /// Default: 10 seconds.
    pub open_wait: Duration,
    /// How to go on when the connection is lost. Default: not at all, the Client ends with it.
    pub reconnect: Option<Reconnect>,
    /// How many commands may wait to be taken up, at least 1. Default: 100.
    pub commands: usize,
    /// How many messages may be received in each stream before the program asks for them, and
    /// acknowledged, if it does not do so itself. Default: 100. With 0 none is lost that the
    /// program has not asked for: each is acknowledged when it is handed over. One that the program
    /// is working on when it dies is lost all the same.
    pub messages: usize,
    /// Whether the program acknowledges messages of QoS 1 and 2 itself, when it is done with them:
    /// it takes them by [`next_unacknowledged`](super::Subscription::next_unacknowledged), and calls
    /// [`acknowledge`](super::Unacknowledged::acknowledge). One that it is working on when it dies
    /// comes again, if the Session is kept. Default: no, a message is acknowledged when it is put
    /// into its stream.
    ///
    /// Acknowledgements leave in the order of arrival [MQTT-4.6.0-2, MQTT-4.6.0-3], however the
    /// program gives them. A Server sends only so many messages that are not acknowledged, and some
    /// none behind one for which that takes too long.
    pub acknowledge_manually: bool,
    /// The largest packet that is taken, in octets. Default: the largest there is, because to
    /// refuse a message of a kept Session is to meet it again on each connection.
    pub max_packet_size: usize,
}

impl ClientOptions {
    /// The defaults, for the Server at `host` and `port` over TCP.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Endpoint::tcp(host, port).into()
    }
}

impl From<Endpoint> for ClientOptions {
    /// The defaults, for the Server at `endpoint`.
    fn from(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
            connect: Connect::new(&ClientId::default()).with_keep_alive_seconds(60),
            limits: Limits::default(),
            open_wait: Duration::from_secs(10),
            reconnect: None,
            commands: 100,
            messages: 100,
            acknowledge_manually: false,
            max_packet_size: Decoder::MAX_PACKET_SIZE,
        }
    }
}

impl From<ServerUrl> for ClientOptions {
    /// The defaults, for the Server at `url`, and with the credentials in it.
    fn from(url: ServerUrl) -> Self {
        let options = Self::from(url.endpoint);
        match &url.credentials {
            None => options,
            Some(shown) => {
                let connect = options.connect.with_credentials(shown);
                Self { connect, ..options }
            }
        }
    }
}
