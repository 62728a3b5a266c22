//! Real handshakes with servers of a few lines, on sockets of this machine.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::peer::Breach;
use crate::websocket::{Frame, FrameReader, Received};
use crate::wire::Sender;

const WAIT: Duration = Duration::from_secs(10);

/// An authority, and what it has signed, all made for one test.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    /// Its own certificate, in a file.
    fn file(&self) -> PathBuf {
        self.written("ca.pem", &self.issuer.pem())
    }

    /// A certificate for this name and its key, in files.
    fn identity(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let written = |what, text: &str| self.written(&format!("{name}.{what}.pem"), text);
        (written("cert", &cert.pem()), written("key", &key.serialize_pem()))
    }

    fn written(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// TLS for a server of this name, which asks for certificates of the same authority if it is
    /// `strict`.
    fn server(&self, name: &str, strict: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if strict {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).unwrap())
    }
}

/// Serves one connection on a thread of its own; the port.
fn serve(server: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        server(stream);
    });
    port
}

/// Sends back whatever comes, until nothing more does.
fn echo(mut stream: impl Read + Write) {
    let mut buffer = [0; 5000];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

fn serve_tls(config: Arc<ServerConfig>) -> u16 {
    serve(move |stream| {
        let session = ServerConnection::new(config).unwrap();
        echo(StreamOwned::new(session, stream));
    })
}

/// Answers a request for a WebSocket, and then with these octets each time that a frame has come.
fn serve_websocket(
    mut stream: impl Read + Write,
    answer: impl Fn(Request) -> Vec<u8>,
    reply: impl Fn(Frame) -> Vec<Frame>,
) {
    let mut octets = Vec::new();
    let mut buffer = [0; 5000];
    let mut reader = loop {
        let length = stream.read(&mut buffer).unwrap();
        octets.extend_from_slice(&buffer[..length]);
        if let Some((request, head)) = Request::read(&octets).unwrap() {
            let mut reader = FrameReader::new(Sender::Client);
            reader.push(&octets[head..]);
            stream.write_all(&answer(request)).unwrap();
            break reader;
        }
    };
    loop {
        while let Some(frame) = reader.next_frame() {
            let Received { frame, .. } = frame.unwrap();
            for frame in reply(frame) {
                stream.write_all(&frame.unmasked().octets()).unwrap();
            }
        }
        match stream.read(&mut buffer) {
            Ok(length @ 1..) => reader.push(&buffer[..length]),
            _ => return,
        }
    }
}

fn accept(request: Request) -> Vec<u8> {
    assert_eq!(request.offers().collect::<Vec<_>>(), ["mqtt"]);
    request.accepted(Some("mqtt")).octets()
}

fn read_exactly(transport: &mut dyn Transport, length: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut buffer = [0; 1000];
    while octets.len() < length {
        match transport.read(&mut buffer, WAIT)? {
            0 => break,
            length => octets.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(octets)
}

fn said_and_heard(transport: &mut dyn Transport) {
    // More than any buffer on the way holds at once.
    for length in [1, 200, 70_000] {
        let said: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        transport.write(&said, WAIT).unwrap();
        assert!(read_exactly(transport, length).unwrap() == said, "{length} octets");
    }
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

fn refusal(outcome: io::Result<Box<dyn Transport>>) -> String {
    outcome.err().map_or_else(|| "no refusal".to_owned(), |error| error.to_string())
}

#[test]
fn tcp_and_unix_sockets_carry_octets() {
    let port = serve(echo);
    let dialer = Dialer::default();
    said_and_heard(&mut *dialer.dial(&Target::new("127.0.0.1", port), WAIT).unwrap());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mqtt.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || echo(listener.accept().unwrap().0));
    let target = target(&format!("unix:{}", path.display()));
    let mut transport = dialer.dial(&target, WAIT).unwrap();
    said_and_heard(&mut *transport);
    assert_eq!(transport.no_half_close(), None);
    transport.finish();
    assert_eq!(transport.read(&mut [0], WAIT).unwrap(), 0, "it closes in its turn");
}

#[test]
fn tls_believes_the_authority_that_it_was_told() {
    let authority = Authority::new();
    let port = serve_tls(authority.server("localhost", false));
    let dialer = Dialer::new(&Security::default().with_ca(authority.file())).unwrap();
    let mut transport = dialer.dial(&target(&format!("mqtts://localhost:{port}")), WAIT).unwrap();
    said_and_heard(&mut *transport);
    assert_eq!(transport.no_half_close(), None);
    transport.finish();
    assert_eq!(transport.read(&mut [0], WAIT).unwrap(), 0);
}

#[test]
fn tls_believes_no_other_authority_and_no_other_name_unless_told_to() {
    let authority = Authority::new();
    let believing = |security: Security, name| {
        let port = serve_tls(authority.server(name, false));
        Dialer::new(&security).unwrap().dial(&target(&format!("mqtts://localhost:{port}")), WAIT)
    };
    let stranger = Authority::new();
    let told = refusal(believing(Security::default().with_ca(stranger.file()), "localhost"));
    assert!(told.contains("invalid peer certificate"), "{told}");
    let told = refusal(believing(Security::default().with_ca(authority.file()), "elsewhere"));
    assert!(told.contains("localhost"), "{told}");
    said_and_heard(&mut *believing(Security::default().insecure(), "elsewhere").unwrap());
}

#[test]
fn tls_shows_a_certificate_to_who_asks_for_one() {
    let authority = Authority::new();
    let (cert, key) = authority.identity("judge");
    let trusting = || Security::default().with_ca(authority.file());

    let port = serve_tls(authority.server("localhost", true));
    let dialer = Dialer::new(&trusting().with_identity(cert, key)).unwrap();
    said_and_heard(&mut *dialer.dial(&target(&format!("mqtts://localhost:{port}")), WAIT).unwrap());

    // In TLS 1.3 a Client believes that all is well until it reads.
    let port = serve_tls(authority.server("localhost", true));
    let dialer = Dialer::new(&trusting()).unwrap();
    let transport = dialer.dial(&target(&format!("mqtts://localhost:{port}")), WAIT);
    let heard = transport.and_then(|mut transport| transport.read(&mut [0], WAIT));
    assert!(heard.is_err_and(|error| error.to_string().contains("CertificateRequired")));
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let authority = Authority::new();
    let empty = authority.written("empty.pem", "nothing here");
    let missing = authority.folder.path().join("missing.pem");
    let (cert, _) = authority.identity("judge");
    for (security, path) in [
        (Security::default().with_ca(&empty), &empty),
        (Security::default().with_ca(&missing), &missing),
        (Security::default().insecure().with_identity(&cert, &empty), &empty),
    ] {
        let error = Dialer::new(&security).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn who_speaks_no_tls_is_told_from_who_does() {
    let port = serve(|mut stream| {
        let _ = stream.write_all(&[0x20, 2, 0, 0]);
        echo(stream);
    });
    let dialer = Dialer::new(&Security::default().insecure()).unwrap();
    let told = refusal(dialer.dial(&target(&format!("mqtts://localhost:{port}")), WAIT));
    assert!(told.contains("corrupt message") || told.contains("InvalidContentType"), "{told}");
}

#[test]
fn websocket_carries_octets_in_binary_frames() {
    let whole = |frame: Frame| vec![Frame::binary(frame.payload)];
    // The same octets in fragments, with a ping and an empty message between them.
    let broken = |frame: Frame| {
        let mut frames = Frame::fragments(Frame::BINARY, &frame.payload, 999);
        frames.insert(1.min(frames.len() - 1), Frame::ping("x"));
        frames.push(Frame::binary(""));
        // Our own answer to the ping is none to be answered.
        if frame.opcode == Frame::BINARY { frames } else { Vec::new() }
    };
    for reply in [whole as fn(Frame) -> Vec<Frame>, broken] {
        let port = serve(move |stream| serve_websocket(stream, accept, reply));
        let target = Target::websocket("127.0.0.1", port, "/mqtt");
        let mut transport = Dialer::default().dial(&target, WAIT).unwrap();
        said_and_heard(&mut *transport);
        assert!(transport.no_half_close().is_some());
    }
}

#[test]
fn websocket_goes_over_tls() {
    let authority = Authority::new();
    let config = authority.server("localhost", false);
    let port = serve(move |stream| {
        let session = ServerConnection::new(config).unwrap();
        let reply = |frame: Frame| vec![Frame::binary(frame.payload)];
        serve_websocket(StreamOwned::new(session, stream), accept, reply);
    });
    let dialer = Dialer::new(&Security::default().with_ca(authority.file())).unwrap();
    said_and_heard(&mut *dialer.dial(&target(&format!("wss://localhost:{port}")), WAIT).unwrap());
}

#[test]
fn a_farewell_is_the_end_and_can_be_read() {
    let port = serve(|stream| serve_websocket(stream, accept, |_| vec![Frame::close(1003)]));
    let target = Target::websocket("127.0.0.1", port, "/mqtt");
    let mut transport = Dialer::default().dial(&target, WAIT).unwrap();
    transport.write(b"x", WAIT).unwrap();
    assert_eq!(transport.read(&mut [0], WAIT).unwrap(), 0);
    assert_eq!(transport.control_frames()[0].status(), Some(1003));
}

#[test]
fn whoever_says_farewell_first_the_connection_below_ends() {
    let (told, is_over) = std::sync::mpsc::channel();
    let port = serve(move |stream| {
        let reply = |frame: Frame| match frame.opcode {
            // Until the other side has closed too, this server does not hold it for closed.
            Frame::CLOSE => vec![Frame::close(1000)],
            _ => Vec::new(),
        };
        serve_websocket(stream, accept, reply);
        let _ = told.send(());
    });
    let target = Target::websocket("127.0.0.1", port, "/mqtt");
    let mut transport = Dialer::default().dial(&target, WAIT).unwrap();
    transport.write_frame(&Frame::close(1000), WAIT).unwrap();
    assert_eq!(transport.read(&mut [0], WAIT).unwrap(), 0);
    assert_eq!(is_over.recv_timeout(WAIT), Ok(()));
}

#[test]
fn all_but_binary_frames_from_a_server_are_breaches() {
    for (frame, seen) in [
        (Frame::text("x"), "text frame, 1 octet"),
        (Frame::new(3, "x"), "frame of reserved type 3, 1 octet"),
        (Frame::new(11, ""), "frame of reserved type 11, 0 octets"),
        (Frame::continuation("x"), "a continuation of nothing, or a message within another"),
    ] {
        let reply = move |_| vec![frame.clone()];
        let port = serve(move |stream| serve_websocket(stream, accept, reply));
        let target = Target::websocket("127.0.0.1", port, "/mqtt");
        let mut transport = Dialer::default().dial(&target, WAIT).unwrap();
        transport.write(b"x", WAIT).unwrap();
        let error = transport.read(&mut [0], WAIT).unwrap_err();
        let breach = error.downcast::<Breach>().unwrap();
        assert_eq!((breach.seen.as_str(), breach.statement), (seen, "MQTT-6.0.0-1"));
    }
}

#[test]
fn who_opens_no_websocket_says_so() {
    let refuses = |_| b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec();
    let port = serve(move |stream| serve_websocket(stream, refuses, |_| Vec::new()));
    let target = Target::websocket("127.0.0.1", port, "/elsewhere");
    let told = refusal(Dialer::default().dial(&target, WAIT));
    assert!(told.contains("/elsewhere") && told.contains("404"), "{told}");

    let port = serve(move |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 101 Of course\r\n\r\n");
        echo(stream);
    });
    let told = refusal(Dialer::default().dial(&Target::websocket("127.0.0.1", port, "/"), WAIT));
    assert!(told.contains("Upgrade"), "{told}");
}
