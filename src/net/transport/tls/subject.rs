//! The name that a certificate gives to its owner.

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::ext::pkix::name::DirectoryString;

use super::CertificateName;

/// The name in a certificate; `None` when there is none, or not exactly one.
///
/// With two Common Names it would depend on who looks which of them counts.
pub(super) fn name(certificate: &CertificateDer<'_>, form: CertificateName) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let subject = certificate.tbs_certificate().subject();
    let name = match form {
        CertificateName::CommonName => {
            let mut names = subject.iter().filter(|attribute| attribute.oid == COMMON_NAME);
            let only = names.next().filter(|_| names.next().is_none())?;
            DirectoryString::try_from(&only.value).ok()?.value().into_owned()
        }
        CertificateName::Subject => subject.to_string(),
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    /// A certificate with this subject.
    fn certificate(subject: &[(DnType, &str)]) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            parameters.distinguished_name.push(kind.clone(), *value);
        }
        let key = KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn names_are_read() {
        use DnType::{CommonName, OrganizationName};
        for (subject, common_name, whole) in [
            (vec![(CommonName, "sensor-7")], Some("sensor-7"), Some("CN=sensor-7")),
            (
                vec![(OrganizationName, "Plant, Inc"), (CommonName, "größe")],
                Some("größe"),
                Some("CN=größe,O=Plant\\, Inc"),
            ),
            (vec![(OrganizationName, "Plant")], None, Some("O=Plant")),
            (vec![(CommonName, "")], None, Some("CN=")),
            (vec![], None, None),
        ] {
            let certificate = certificate(&subject);
            assert_eq!(name(&certificate, CertificateName::CommonName).as_deref(), common_name);
            assert_eq!(name(&certificate, CertificateName::Subject).as_deref(), whole);
        }
        assert_eq!(name(&CertificateDer::from(&b"0"[..]), CertificateName::Subject), None);
    }
}
