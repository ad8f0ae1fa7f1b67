//! TLS: who is trusted, and what is said of it.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wirescope::model::{Endpoint, Kind};
use wirescope::session::End;

use super::scripted::Peer;
use super::{connect, endpoint};
use crate::support::Memory;

/// A server with a certificate of its own for `localhost`; its endpoint, and that certificate as
/// PEM.
async fn serve() -> (Endpoint, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            // A client that does not trust us ends it here.
            let Ok(tls) = acceptor.accept(tcp).await else { continue };
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let mut peer = Peer::new(tls);
            peer.accept("").await;
            peer.write(b"\x81\x06secret").await;
            assert_eq!(peer.frame().await, Some((0x88, vec![0x03, 0xe8])));
            peer.write(b"\x88\x02\x03\xe8").await;
        }
    });
    (endpoint(&format!("wss://localhost:{port}/"), 3), made.cert.pem())
}

async fn talks(endpoint: Endpoint) -> Arc<Memory> {
    let session = connect(endpoint);
    session.memory.until_received(1).await;
    let (_, memory) = session.stop().await;
    assert_eq!(memory.received(), ["secret"]);
    memory
}

#[tokio::test]
async fn an_unknown_authority_is_refused_in_words_and_once() {
    let (endpoint, _) = serve().await;
    let (end, memory) = connect(endpoint).end().await;
    assert!(matches!(end, End::GaveUp(_)));
    assert_eq!((memory.of(Kind::Failed).len(), memory.of(Kind::Open).len()), (1, 0));
    let failed = memory.of(Kind::Failed).remove(0);
    let cause = failed.meta().cause.clone().unwrap();
    assert_eq!(
        cause,
        "TLS with localhost failed: its certificate is self-signed and not among those trusted here"
    );
    assert!(failed.meta().hint.as_ref().unwrap().contains("Insecure"));
}

#[tokio::test]
async fn a_certificate_from_a_file_is_trusted() {
    let (mut endpoint, pem) = serve().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    endpoint.options.ca_file = Some(file.path().to_owned());
    let memory = talks(endpoint).await;
    let open = memory.of(Kind::Open).remove(0);
    assert!(!open.meta().insecure);
    let tls = open.meta().tls.clone().unwrap();
    assert!(tls.starts_with("TLS 1.3 · TLS13_"), "{tls}");
    let timing = open.meta().timing.unwrap();
    assert!(timing.tls.is_some_and(|tls| tls > 0.0) && timing.dns.is_some());
}

#[tokio::test]
async fn insecure_is_accepted_and_marked() {
    let (mut endpoint, _) = serve().await;
    endpoint.options.insecure = true;
    let memory = talks(endpoint).await;
    assert!(memory.of(Kind::Open)[0].meta().insecure);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (mut endpoint, pem) = serve().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    endpoint.options.ca_file = Some(file.path().to_owned());
    endpoint.url.set_host(Some("127.0.0.1")).unwrap();
    let (_, memory) = connect(endpoint).end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.contains("its certificate is for another name"), "{cause}");
}

#[tokio::test]
async fn a_file_without_certificates_says_so() {
    let (mut endpoint, _) = serve().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    for (path, words) in
        [(file.path().to_owned(), "no certificate"), ("/no/such".into(), "/no/such")]
    {
        endpoint.options.ca_file = Some(path);
        let (end, memory) = connect(endpoint.clone()).end().await;
        assert!(matches!(end, End::GaveUp(_)));
        let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
        assert!(cause.contains(words), "{cause}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut peer = Peer::new(tcp);
        peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer.rest().await;
    });
    let (_, memory) = connect(endpoint(&format!("wss://{address}/"), 3)).end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.ends_with("what answers there does not speak TLS"), "{cause}");
    assert_eq!(memory.of(Kind::Retrying).len(), 0);
}
