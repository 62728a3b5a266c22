//! The Server's side of TLS.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::crypto::ring::Ticketer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::{Pem, TlsError, TlsIdentity, provider, subject};

/// What a server shows of itself over TLS, and asks of its clients.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerTls {
    /// Its certificate.
    pub identity: TlsIdentity,
    /// The authorities of clients' certificates. Default: none, and clients need no certificate;
    /// with some, each needs one that they have signed.
    pub client_ca: Option<Pem>,
    /// The name in a client's certificate that is its user name. Default: the Common Name.
    pub user_name: CertificateName,
}

/// A name in a certificate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CertificateName {
    /// The Common Name of the subject, of which there has to be exactly one.
    #[default]
    CommonName,
    /// The whole subject, as RFC 4514 writes it: `CN=sensor-7,O=Plant`.
    Subject,
}

impl ServerTls {
    /// The defaults, with this certificate.
    pub fn new(identity: TlsIdentity) -> Self {
        Self { identity, client_ca: None, user_name: CertificateName::default() }
    }
}

/// Accepts connections, with the certificates that were read last.
#[derive(Debug)]
pub(in crate::net) struct Acceptor {
    options: ServerTls,
    config: Mutex<Arc<ServerConfig>>,
}

/// Why there is no TLS on a connection.
#[derive(Debug, Error)]
pub(in crate::net) enum NotAccepted {
    #[error("no TLS connection: {0}")]
    Handshake(#[from] io::Error),
    #[error("its certificate has no name for a user: --tls-user-name chooses which")]
    NoName,
    #[error("no TLS connection: what it says is no TLS")]
    NoTls,
}

impl Acceptor {
    /// Reads what `options` name.
    pub(in crate::net) fn new(options: ServerTls) -> Result<Self, TlsError> {
        let config = Mutex::new(config(&options)?);
        Ok(Self { options, config })
    }

    /// Reads it again, for connections to come. Those that are open stay as they are; so does
    /// everything when something is wrong.
    pub(in crate::net) fn reload(&self) -> Result<(), TlsError> {
        let config = config(&self.options)?;
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Goes through the handshake; gives the user name too where clients have certificates.
    pub(in crate::net) async fn accept<S>(
        &self,
        stream: S,
    ) -> Result<(TlsStream<S>, Option<String>), NotAccepted>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stream = TlsAcceptor::from(config).accept(stream).await.map_err(not_accepted)?;
        let certificates = stream.get_ref().1.peer_certificates();
        let user_name = match certificates.and_then(|certificates| certificates.first()) {
            None => None,
            Some(certificate) => {
                let name = subject::name(certificate, self.options.user_name);
                Some(name.ok_or(NotAccepted::NoName)?)
            }
        };
        Ok((stream.into(), user_name))
    }
}

fn not_accepted(error: io::Error) -> NotAccepted {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            NotAccepted::NoTls
        }
        _ => NotAccepted::Handshake(error),
    }
}

fn config(options: &ServerTls) -> Result<Arc<ServerConfig>, TlsError> {
    let TlsIdentity { certificate, key } = &options.identity;
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match &options.client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = Arc::new(pem.roots()?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let wrong = |error| TlsError::Root(pem.to_string(), format!("{error}"));
            builder.with_client_cert_verifier(verifier.build().map_err(wrong)?)
        }
    };
    let config = builder.with_single_cert(certificate.certificates()?, key.key()?);
    let mut config = config.map_err(|error| TlsError::Identity {
        certificate: certificate.to_string(),
        key: key.to_string(),
        error,
    })?;
    // A Client that comes again needs no second whole handshake. The key of the tickets is this
    // configuration's own, so that none outlives the authorities that it was given under.
    config.ticketer = Ticketer::new()?;
    Ok(Arc::new(config))
}
