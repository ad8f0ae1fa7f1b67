//! Certificates, theirs and ours: shown, judged, and asked for, alike over every transport.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use wirescope::model::{Endpoint, TransportKind};

use super::{WAYS, acceptor, certificate, endpoint, failure, file, hello, serve, url};
use crate::support::peer::Server;

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key, as PEM.
fn issued(by: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (String, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key)
}

/// A server that wants to be shown a certificate issued by `ours`, with one issued by `theirs`.
fn demanding(
    theirs: &CertifiedIssuer<'static, KeyPair>,
    ours: &CertifiedIssuer<'static, KeyPair>,
    version: &'static SupportedProtocolVersion,
) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![String::from("localhost")]).unwrap();
    let own = params.signed_by(&key, theirs).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ours.der().clone()).unwrap();
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![own.der().clone(), theirs.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn at(kind: TransportKind, port: u16) -> Endpoint {
    endpoint(kind, &url(kind, true, &format!("localhost:{port}")))
}

#[tokio::test]
async fn a_server_that_wants_to_know_us_is_shown_our_certificate() {
    let (theirs, ours, strange) = (authority("theirs"), authority("ours"), authority("strange"));
    let trusted = file(&theirs.pem());
    let (cert, key) = issued(&ours, "me");
    let (cert_file, key_file) = (file(&cert), file(&key.serialize_pem()));
    let (other, other_key) = issued(&strange, "me");
    let stranger = file(&format!("{}{other}", other_key.serialize_pem()));
    for version in [&version::TLS12, &version::TLS13] {
        let port = serve(Some(demanding(&theirs, &ours, version))).await;
        for kind in WAYS {
            let mut endpoint = at(kind, port);
            endpoint.options.ca_file = Some(trusted.path().to_owned());
            let failed = failure(endpoint.clone()).await;
            let cause = failed.meta().cause.clone().unwrap();
            assert!(
                cause.starts_with("TLS with localhost failed: the server "),
                "{kind:?}: {cause}"
            );
            assert!(cause.contains("a client certificate"), "{kind:?} {version:?}: {cause}");
            assert!(failed.meta().hint.as_ref().unwrap().contains("--cert and --key"));

            endpoint.options.cert_file = Some(stranger.path().to_owned());
            let cause = failure(endpoint.clone()).await.meta().cause.clone().unwrap();
            assert!(cause.contains("does not accept the client certificate"), "{kind:?}: {cause}");

            endpoint.options.cert_file = Some(cert_file.path().to_owned());
            endpoint.options.key_file = Some(key_file.path().to_owned());
            let open = hello(endpoint).await;
            let wanted = if version.version == version::TLS13.version {
                "TLS 1.3 · TLS13_"
            } else {
                "TLS 1.2 · TLS_ECDHE_"
            };
            let tls = open.meta().tls.clone().unwrap();
            assert!(tls.starts_with(wanted), "{kind:?}: {tls}");
            let chain = &open.meta().certificates;
            assert_eq!(chain.len(), 2, "{kind:?}");
            assert_eq!(
                (chain[0].names[0].as_str(), chain[1].subject.as_str()),
                ("localhost", "CN=theirs")
            );
            assert_eq!(chain[0].issuer, chain[1].subject);
            let timing = open.meta().timing.unwrap();
            assert!(timing.tcp.is_some() && timing.tls.is_some(), "{kind:?}: {timing:?}");
            assert!(timing.connect.is_none() && timing.dns.is_some(), "{kind:?}: {timing:?}");
        }
    }
}

#[tokio::test]
async fn our_certificate_goes_to_no_other_server() {
    let (theirs, ours) = (authority("theirs"), authority("ours"));
    let trusted = file(&theirs.pem());
    let (cert, key) = issued(&ours, "me");
    let identity = file(&format!("{}{cert}", key.serialize_pem()));
    let there = serve(Some(demanding(&theirs, &ours, &version::TLS13))).await;
    for kind in WAYS {
        let here = Server::start().await;
        let mut endpoint = here.endpoint("/").over(kind);
        endpoint.options.ca_file = Some(trusted.path().to_owned());
        endpoint.options.cert_file = Some(identity.path().to_owned());
        let (failed, _here) = tokio::join!(failure(endpoint), async {
            let (mut peer, _) = here.asked().await;
            let head = format!("302 Found\r\nLocation: https://localhost:{there}/");
            peer.answer(&head, "").await;
            peer
        });
        let cause = failed.meta().cause.clone().unwrap();
        assert!(cause.contains("wants a client certificate"), "{kind:?}: {cause}");
    }
}

#[tokio::test]
async fn what_is_not_trusted_is_shown_all_the_same() {
    let made = certificate(&["localhost"]);
    let port = serve(Some(acceptor(&made, &["http/1.1"]))).await;
    let words = "its certificate is self-signed and not among those trusted here";
    for kind in WAYS {
        let mut endpoint = at(kind, port);
        let failed = failure(endpoint.clone()).await;
        let meta = failed.meta();
        assert_eq!(meta.cause, Some(format!("TLS with localhost failed: {words}")), "{kind:?}");
        assert_eq!(meta.certificates[0].names, ["localhost"], "{kind:?}");
        assert!(meta.hint.as_ref().unwrap().contains("Insecure"));

        endpoint.options.insecure = true;
        let open = hello(endpoint).await;
        let meta = open.meta();
        assert!(meta.insecure && meta.certificates[0].sha256.len() == 64, "{kind:?}");
        assert_eq!(
            meta.hint,
            Some(format!("Accepted without being verified: {words}")),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn the_same_files_are_refused_in_the_same_words() {
    let (ours, other) = (authority("ours"), KeyPair::generate().unwrap());
    let (cert, key) = issued(&ours, "me");
    let (cert, key) = (file(&cert), file(&key.serialize_pem()));
    let foreign = file(&other.serialize_pem());
    let cases = [
        (Some(&cert), None, "it holds no private key"),
        (Some(&cert), Some(&foreign), "the key is not that of the certificate in "),
        (None, Some(&key), "a key is of no use without its certificate"),
    ];
    for (cert, key, words) in cases {
        let mut said = Vec::new();
        for kind in WAYS {
            let mut endpoint = at(kind, 9);
            endpoint.options.cert_file = cert.map(|file| file.path().to_owned());
            endpoint.options.key_file = key.map(|file| file.path().to_owned());
            said.push(failure(endpoint).await.meta().cause.clone().unwrap());
        }
        assert!(said.iter().all(|cause| cause.contains(words) && *cause == said[0]), "{said:?}");
    }
}
