//! What can be wrong with certificates and keys before any connection.

use std::io;

use thiserror::Error;
use tokio_rustls::rustls;

/// Why certificates or keys cannot be used.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum TlsError {
    /// Certificate and key are there, and do not do.
    #[error("{certificate} with {key}: {error}")]
    Identity {
        /// Where the certificate is.
        certificate: String,
        /// Where the key is.
        key: String,
        /// What is wrong.
        error: rustls::Error,
    },
    /// There is no certificate.
    #[error("no certificate in {0}; it should be PEM, with BEGIN CERTIFICATE in it")]
    NoCertificate(String),
    /// There is no key.
    #[error(
        "no private key in {0}; it should be PEM, with BEGIN PRIVATE KEY in it and no passphrase"
    )]
    NoKey(String),
    /// The system trusts no authority, or does not say which.
    #[error("the system names no certificate authority that it trusts; give one")]
    NoRoots,
    /// A certificate that no authority can have.
    #[error("a certificate in {0} cannot be one of an authority: {1}")]
    Root(String, String),
    /// The settings do not go together.
    #[error(transparent)]
    Settings(#[from] rustls::Error),
    /// A file cannot be read.
    #[error("cannot read {0}: {1}")]
    Unreadable(String, io::Error),
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}
