//! TLS between real sockets: who is trusted, who is not, and what is said of it.

#[path = "support/authority.rs"]
mod authority;
#[path = "support/broker.rs"]
mod broker;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use authority::{Authority, Validity};
use broker::Broker;
use bytes::Bytes;
use mqttspec::net::{
    Client, ClientError, ClientOptions, ClientTls, Endpoint, Messages, Pem, TlsIdentity,
};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;
use rustix::process::{Pid, Signal, kill_process};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A broker with TLS whose certificate, signed by `authority`, is for these names.
fn broker(authority: &Authority, names: &[&str], more: &str) -> Broker {
    authority.sign("server", names, Validity::Holds);
    Broker::start(&format!("--listen mqtts://127.0.0.1:0 {} {more}", authority.flags("server")))
}

/// How to reach it by this name.
fn options(broker: &Broker, host: &str, tls: ClientTls) -> ClientOptions {
    let mut options = ClientOptions::from(Endpoint::tcp(host, broker.address.port()).with_tls());
    options.tls = tls;
    options
}

fn trusting(ca: &Authority) -> ClientTls {
    let mut tls = ClientTls::default();
    tls.ca = Some(ca.certificate());
    tls
}

fn showing(ca: &Authority, identity: TlsIdentity) -> ClientTls {
    let mut tls = trusting(ca);
    tls.identity = Some(identity);
    tls
}

async fn connect(options: ClientOptions) -> Result<(Client, Messages), ClientError> {
    tokio::time::timeout(PATIENCE, Client::connect(options)).await.expect("soon")
}

async fn refusal(options: ClientOptions) -> String {
    connect(options).await.map(drop).expect_err("refused").to_string()
}

/// Whether a message goes out and is acknowledged.
async fn publishes(client: &Client) -> bool {
    let topic = TopicName::new("t").expect("a Topic Name");
    let message =
        Message { topic, payload: Bytes::from("x"), qos: QoS::AtLeastOnce, retain: false };
    client.publish(message).await.is_ok()
}

#[tokio::test]
async fn a_certificate_counts_for_its_names_and_no_other() {
    let authority = Authority::new();
    let by_name = broker(&authority, &["localhost"], "");
    let (client, _messages) =
        connect(options(&by_name, "localhost", trusting(&authority))).await.expect("accepted");
    assert!(publishes(&client).await);
    let error = refusal(options(&by_name, "127.0.0.1", trusting(&authority))).await;
    assert!(error.contains("not valid for name"), "{error}");
    let by_address = broker(&authority, &["127.0.0.1"], "");
    connect(options(&by_address, "127.0.0.1", trusting(&authority))).await.expect("accepted");
}

#[tokio::test]
async fn another_authority_counts_for_nothing_unless_anybody_does() {
    let authority = Authority::new();
    let broker = broker(&authority, &["localhost"], "");
    let error = refusal(options(&broker, "localhost", trusting(&Authority::new()))).await;
    assert!(error.contains("invalid peer certificate"), "{error}");
    let mut anybody = ClientTls::default();
    anybody.insecure = true;
    let (client, _messages) =
        connect(options(&broker, "localhost", anybody)).await.expect("accepted");
    assert!(publishes(&client).await);
}

#[tokio::test]
async fn an_expired_certificate_counts_for_nothing() {
    let authority = Authority::new();
    authority.sign("server", &["localhost"], Validity::Expired);
    let flags = authority.flags("server");
    let broker = Broker::start(&format!("--listen mqtts://127.0.0.1:0 {flags}"));
    let error = refusal(options(&broker, "localhost", trusting(&authority))).await;
    assert!(error.contains("certificate expired"), "{error}");
}

#[tokio::test]
async fn a_client_shows_a_certificate_or_stays_outside() {
    let authority = Authority::new();
    let clients = Authority::new();
    let ca = format!("--tls-ca {} --explain", clients.path("ca.pem").display());
    let mut broker = broker(&authority, &["localhost"], &ca);
    let good = clients.sign("sensor-7", &[], Validity::Holds);
    let (client, _messages) =
        connect(options(&broker, "localhost", showing(&authority, good))).await.expect("accepted");
    assert!(publishes(&client).await);
    client.disconnect().await.expect("in good order");

    let expired = clients.sign("sensor-8", &[], Validity::Expired);
    let foreign = Authority::new().sign("sensor-9", &[], Validity::Holds);
    for tls in [trusting(&authority), showing(&authority, expired), showing(&authority, foreign)] {
        // Over TLS 1.3 the client learns of it with the first thing it reads, whatever that is.
        refusal(options(&broker, "localhost", tls)).await;
    }
    let told = end(&mut broker);
    assert!(told.contains(" is \"sensor-7\" by its certificate"), "{told}");
}

/// Stops the broker; what it has said.
fn end(broker: &mut Broker) -> String {
    tell(broker, Signal::TERM);
    broker.wait(PATIENCE).expect("it ends").1
}

fn tell(broker: &Broker, signal: Signal) {
    kill_process(Pid::from_child(&broker.process), signal).expect("it runs");
}

#[test]
fn both_versions_are_spoken() {
    let authority = Authority::new();
    let broker = broker(&authority, &["localhost"], "");
    for spoken in [&version::TLS12, &version::TLS13] {
        let mut stream = handshake(&broker, &authority, spoken);
        stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a").expect("taken");
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer, *b"\x20\x02\x00\x00");
        assert_eq!(stream.conn.protocol_version(), Some(spoken.version));
    }
}

type Secured = tokio_rustls::rustls::StreamOwned<tokio_rustls::rustls::ClientConnection, TcpStream>;

/// A TLS connection of this version and nothing on it, without the client's help.
fn handshake(
    broker: &Broker,
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
) -> Secured {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConnection, StreamOwned, crypto::ring};

    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(authority.path("ca.pem")).expect("PEM");
    roots.add(ca).expect("an authority");
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[version])
        .expect("spoken")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(config.into(), name).expect("fitting settings");
    let stream = TcpStream::connect(broker.address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("possible");
    StreamOwned::new(connection, stream)
}

#[tokio::test]
async fn certificates_are_read_again_and_who_is_connected_stays() {
    let authority = Authority::new();
    let broker = broker(&authority, &["localhost"], "");
    let (before, _messages) =
        connect(options(&broker, "localhost", trusting(&authority))).await.expect("accepted");

    // The key of another certificate: nothing is taken over, and nobody notices.
    authority.sign("other", &["localhost"], Validity::Holds);
    fs::copy(authority.path("other.key"), authority.path("server.key")).expect("copied");
    tell(&broker, Signal::HUP);
    let next = Authority::new();
    connect(options(&broker, "localhost", trusting(&authority))).await.expect("accepted");

    let signed = next.sign("server", &["localhost"], Validity::Holds);
    for (pem, name) in [(signed.certificate, "server.pem"), (signed.key, "server.key")] {
        let Pem::File(path) = pem else { unreachable!("it signs to files") };
        fs::copy(path, authority.path(name)).expect("copied");
    }
    tell(&broker, Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while connect(options(&broker, "localhost", trusting(&next))).await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate is not shown");
    }
    let error = refusal(options(&broker, "localhost", trusting(&authority))).await;
    assert!(error.contains("invalid peer certificate"), "{error}");
    assert!(publishes(&before).await, "who was connected stays");
}

#[test]
fn what_is_no_tls_is_said_so() {
    let authority = Authority::new();
    let mut broker = broker(&authority, &["localhost"], "");
    let mut stream = TcpStream::connect(broker.address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("possible");
    stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a").expect("taken");
    let mut rest = Vec::new();
    // An alert, and the end; or a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"\x20\x02"), "no CONNACK: {rest:02x?}");
    end(&mut broker);
}

#[test]
fn wrong_certificates_are_said_at_the_start_with_what_to_do() {
    let authority = Authority::new();
    for (file, names) in [("server", ["localhost"]), ("other", ["localhost"])] {
        authority.sign(file, &names, Validity::Holds);
    }
    let path = |name: &str| authority.path(name).display().to_string();
    fs::write(path("empty"), "").expect("written");
    for (flags, said) in [
        (String::new(), "--tls-self-signed"),
        (format!("--tls-cert {}", path("server.pem")), "--tls-key"),
        (format!("--tls-cert {0} --tls-key {0}x", path("server.pem")), "cannot read"),
        (format!("--tls-cert {} --tls-key {0}", path("empty")), "BEGIN CERTIFICATE"),
        (format!("--tls-cert {0} --tls-key {0}", path("server.pem")), "BEGIN PRIVATE KEY"),
        (format!("--tls-cert {} --tls-key {}", path("server.pem"), path("other.key")), "other.key"),
        (format!("--tls-self-signed --tls-ca {}", path("empty")), "BEGIN CERTIFICATE"),
    ] {
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_mqttspec"))
            .args(["broker", "--volatile", "--listen", "mqtts://127.0.0.1:0"])
            .args(flags.split_whitespace())
            .output()
            .expect("the program starts");
        let told = String::from_utf8(ended.stderr).expect("text");
        assert_eq!(ended.status.code(), Some(2), "{flags}: {told}");
        assert!(told.contains(said), "{flags}: {told}");
    }
}
