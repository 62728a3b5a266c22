//! Certificates and keys, from files or from memory.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// Certificates or keys in PEM.
#[derive(Clone, Eq, PartialEq)]
pub enum Pem {
    /// In a file, which is read whenever they are asked for.
    File(PathBuf),
    /// In memory.
    Octets(Vec<u8>),
}

/// A certificate with its key: what one side shows of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsIdentity {
    /// The certificate, and behind it those between it and an authority.
    pub certificate: Pem,
    /// Its private key, in PKCS #8, PKCS #1 or SEC 1, without a passphrase.
    pub key: Pem,
}

impl Pem {
    fn octets(&self) -> Result<Vec<u8>, TlsError> {
        match self {
            Self::File(path) => {
                fs::read(path).map_err(|error| TlsError::Unreadable(self.to_string(), error))
            }
            Self::Octets(octets) => Ok(octets.clone()),
        }
    }

    /// All certificates, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.octets()?).collect();
        match found {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(TlsError::NoCertificate(self.to_string())),
        }
    }

    /// The first key.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let found = PrivateKeyDer::from_pem_slice(&self.octets()?);
        found.map_err(|_| TlsError::NoKey(self.to_string()))
    }

    /// All certificates, as authorities.
    pub(super) fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates()? {
            let added = roots.add(certificate);
            added.map_err(|error| TlsError::Root(self.to_string(), error.to_string()))?;
        }
        Ok(roots)
    }
}

impl From<PathBuf> for Pem {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Octets(_) => f.write_str("memory"),
        }
    }
}

impl fmt::Debug for Pem {
    /// Shows no octets: there may be a key among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Octets(octets) => write!(f, "Octets({} of them)", octets.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let file = Pem::from(PathBuf::from("/does/not/exist.pem"));
        let error = file.certificates().unwrap_err().to_string();
        assert!(error.starts_with("cannot read /does/not/exist.pem: "), "{error}");
        let none = Pem::Octets(b"nothing of the kind".to_vec());
        assert!(none.certificates().unwrap_err().to_string().contains("BEGIN CERTIFICATE"));
        assert!(none.key().unwrap_err().to_string().contains("BEGIN PRIVATE KEY"));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = Pem::Octets(b"secret".to_vec());
        assert_eq!(format!("{key:?} {key}"), "Octets(6 of them) memory");
    }
}
