//! The Client's side of TLS.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_rustls::{TlsConnector, TlsStream};

use super::{Pem, TlsError, TlsIdentity, provider};

/// Whom a Client trusts over TLS, and what it shows of itself.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientTls {
    /// The authorities that are trusted. Default: those that the system trusts.
    pub ca: Option<Pem>,
    /// The certificate to show to a Server that asks for one. Default: none.
    pub identity: Option<TlsIdentity>,
    /// Whether to take any certificate of the Server. Default: no.
    ///
    /// Then nobody listens in, and anybody may be at the other end: for a first try only.
    pub insecure: bool,
}

/// Goes through the handshake with the Server that is called `host`.
pub(in crate::net) async fn connect<S>(
    stream: S,
    host: &str,
    options: &ClientTls,
) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let config = Arc::new(config(options)?);
    Ok(TlsConnector::from(config).connect(name, stream).await?.into())
}

fn config(options: &ClientTls) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = if options.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
    } else {
        builder.with_root_certificates(match &options.ca {
            Some(pem) => pem.roots()?,
            None => system_roots()?,
        })
    };
    let Some(TlsIdentity { certificate, key }) = &options.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let config = builder.with_client_auth_cert(certificate.certificates()?, key.key()?);
    config.map_err(|error| TlsError::Identity {
        certificate: certificate.to_string(),
        key: key.to_string(),
        error,
    })
}

/// The authorities that the system trusts.
fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(target: "mqttspec::client", "the system's certificates: {error}");
    }
    let mut roots = RootCertStore::empty();
    // Some systems list certificates that are none any more; the others count.
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 { Err(TlsError::NoRoots) } else { Ok(roots) }
}

/// Takes any certificate, from whoever has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
