//! A certificate authority, and what it signs: made for a test, and gone with it.

use std::fs;
use std::path::{Path, PathBuf};

use mqttspec::net::{Pem, TlsIdentity};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};
use tempfile::TempDir;

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// Until when a certificate holds.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Expired,
    Holds,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        Self { issuer: Issuer::new(parameters, key), folder }
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> Pem {
        self.path("ca.pem").into()
    }

    /// Signs a certificate for these names, and writes it and its key to `NAME.pem` and `NAME.key`.
    pub(crate) fn sign(&self, file: &str, names: &[&str], validity: Validity) -> TlsIdentity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, file);
        if let Validity::Expired = validity {
            parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        let (certificate_path, key_path) =
            (self.path(&format!("{file}.pem")), self.path(&format!("{file}.key")));
        fs::write(&certificate_path, certificate.pem()).expect("written");
        fs::write(&key_path, key.serialize_pem()).expect("written");
        TlsIdentity { certificate: certificate_path.into(), key: key_path.into() }
    }

    /// The flags by which the broker shows the certificate of this name.
    pub(crate) fn flags(&self, file: &str) -> String {
        let path =
            |suffix: &str| Path::display(&self.path(&format!("{file}.{suffix}"))).to_string();
        format!("--tls-cert {} --tls-key {}", path("pem"), path("key"))
    }
}
