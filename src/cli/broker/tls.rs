//! What the broker shows of itself over TLS.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use mqttspec::net::{CertificateName, Listen, Pem, Place, ServerTls, TlsIdentity};

use crate::cli::exit::Failed;

/// What the broker shows of itself over TLS, and asks of its clients.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct Tls {
    /// Its certificate for mqtts:// and wss://, in PEM, and behind it those up to an authority.
    /// SIGHUP has it read again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Take only clients with a certificate of these authorities, in PEM
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,

    /// Which name in a client's certificate is its user name: the Common Name, or the whole subject
    #[arg(long, value_name = "NAME", default_value = "cn")]
    tls_user_name: UserName,

    /// Make a certificate at each start, for a first try: clients cannot check it
    #[arg(long, conflicts_with = "tls_cert")]
    tls_self_signed: bool,
}

/// A name in a client's certificate.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UserName {
    /// The Common Name.
    Cn,
    /// The whole subject, such as CN=sensor-7,O=Plant.
    Subject,
}

impl Tls {
    /// The same as the server takes it; `None` without a certificate.
    pub(super) fn options(&self, listen: &[Listen]) -> Result<Option<ServerTls>, Failed> {
        let identity = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                TlsIdentity { certificate: certificate.clone().into(), key: key.clone().into() }
            }
            _ if self.tls_self_signed => self_signed(listen)?,
            _ => return Ok(None),
        };
        let mut options = ServerTls::new(identity);
        options.client_ca = self.tls_ca.clone().map(Pem::from);
        options.user_name = match self.tls_user_name {
            UserName::Cn => CertificateName::CommonName,
            UserName::Subject => CertificateName::Subject,
        };
        Ok(Some(options))
    }
}

/// A certificate that nobody has signed, for this machine and the hosts that are listened on.
fn self_signed(listen: &[Listen]) -> Result<TlsIdentity, anyhow::Error> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    for listen in listen {
        if let Place::Tcp { host, .. } = &listen.endpoint.place
            && !names.contains(host)
        {
            names.push(host.clone());
        }
    }
    let made = rcgen::generate_simple_self_signed(names).context("cannot make a certificate")?;
    Ok(TlsIdentity {
        certificate: Pem::Octets(made.cert.pem().into_bytes()),
        key: Pem::Octets(made.signing_key.serialize_pem().into_bytes()),
    })
}
