//! Handshakes that fail, and handshakes that nobody goes on with.
//!
//! A handshake is the dearest thing that a stranger can ask for; whoever is inside must not notice.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use mqttspec::net::{Pem, TlsIdentity};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::authority::{Authority, Validity};
use crate::peer::{PATIENCE, clean, octets};
use crate::{Siege, at_once, number};

/// What a handshake that nobody goes on with may cost: the state of TLS, and buffers.
const HANDSHAKE: u64 = 64 * 1024;

/// A broker that asks for certificates of `clients` over TLS, and for none over TCP.
fn siege(what: &'static str, own: &Authority, clients: &Authority, more: &str) -> Siege {
    let options = format!(
        "--listen mqtts://127.0.0.1:0 {} --tls-ca {} {more}",
        own.flags("server"),
        clients.path("ca.pem").display()
    );
    Siege::of(what, &options)
}

/// Where it speaks TLS.
fn place(siege: &Siege) -> &str {
    siege.broker.urls[1].strip_prefix("mqtts://").expect("TLS").trim_end_matches('/')
}

/// A client that trusts `authority` alone, and shows `identity` or nothing.
fn client(authority: &Authority, identity: Option<&TlsIdentity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&authority.certificate())).expect("an authority");
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("spoken")
        .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::from_pem_file(file(&identity.key)).expect("PEM");
            let shown = vec![certificate(&identity.certificate)];
            config.with_client_auth_cert(shown, key).expect("they belong together")
        }
    };
    config.into()
}

fn certificate(pem: &Pem) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file(pem)).expect("PEM")
}

/// Where it stands: an authority of a test writes all it makes to files.
fn file(pem: &Pem) -> &Path {
    match pem {
        Pem::File(path) => path,
        Pem::Octets(_) => panic!("a file"),
    }
}

fn connection(config: &Arc<ClientConfig>) -> ClientConnection {
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(config.clone(), name).expect("fitting settings")
}

fn open(place: &str) -> TcpStream {
    let stream = TcpStream::connect(place).expect("it listens");
    stream.set_read_timeout(Some(2 * PATIENCE)).expect("a socket");
    stream
}

/// What comes of a CONNECT over TLS: the octets of the answer, or why there is none.
fn answer(config: &Arc<ClientConfig>, place: &str) -> Result<Vec<u8>, std::io::Error> {
    let (mut connection, mut stream) = (connection(config), open(place));
    let mut tls = Stream::new(&mut connection, &mut stream);
    tls.write_all(&octets(clean("a")))?;
    let mut answer = vec![0; 4];
    let length = tls.read(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

#[test]
fn certificates_that_do_not_count_cost_those_inside_nothing() {
    let (own, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    own.sign("server", &["localhost"], Validity::Holds);
    let siege = siege("certificates that do not count", &own, &clients, "");
    let good = clients.sign("good", &[], Validity::Holds);
    let expired = clients.sign("expired", &[], Validity::Expired);
    let foreign = others.sign("foreign", &[], Validity::Holds);
    let wrong = [
        ("none", client(&own, None)),
        ("an expired one", client(&own, Some(&expired))),
        ("one of another authority", client(&own, Some(&foreign))),
        ("one of somebody who does not trust the broker", client(&others, Some(&good))),
    ];
    let count = number(60, 4_000);
    for place_in_line in 0..count {
        let (what, config) = &wrong[place_in_line % wrong.len()];
        match answer(config, place(&siege)) {
            Ok(answer) => assert!(answer.is_empty(), "{what} is let in: {answer:?}"),
            Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock, "{what}: no answer"),
        }
    }
    let right = answer(&client(&own, Some(&good)), place(&siege)).expect("an answer");
    assert_eq!(right, [0x20, 2, 0, 0], "CONNACK");
    let growth = siege.growth();
    siege.end(count, growth, 0);
}

#[test]
fn a_broker_whose_certificate_has_expired_serves_those_who_do_not_ask() {
    let (own, clients) = (Authority::new(), Authority::new());
    own.sign("server", &["localhost"], Validity::Expired);
    let good = clients.sign("good", &[], Validity::Holds);
    let siege = siege("that find the broker's certificate expired", &own, &clients, "");
    let config = client(&own, Some(&good));
    let count = number(20, 1_000);
    for _ in 0..count {
        let error = answer(&config, place(&siege)).expect_err("nobody trusts it").to_string();
        assert!(error.contains("expired"), "{error}");
    }
    let growth = siege.growth();
    siege.end(count, growth, 0);
}

#[test]
fn handshakes_that_nobody_goes_on_with_end_in_time() {
    let (own, clients) = (Authority::new(), Authority::new());
    own.sign("server", &["localhost"], Validity::Holds);
    let seconds = number(1, 10);
    let siege = siege(
        "handshakes that nobody goes on with",
        &own,
        &clients,
        &format!("--connect-timeout {seconds}"),
    );
    let count = at_once(60, 3_000);
    let config = client(&own, None);
    let crowd: Vec<TcpStream> = (0..count)
        .map(|number| {
            let mut hello = Vec::new();
            connection(&config).write_tls(&mut hello).expect("it begins");
            let said = match number % 3 {
                // Not a word; half of the first one; all of it, and the answer is not taken.
                0 => &[],
                1 => &hello[..hello.len() / 2],
                _ => &hello[..],
            };
            let mut stream = open(place(&siege));
            stream.write_all(said).expect("sent");
            stream
        })
        .collect();
    let growth = siege.growth();
    for mut stream in crowd {
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "it is still open");
        }
    }
    siege.end(count, growth, HANDSHAKE);
}
