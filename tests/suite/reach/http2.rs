//! HTTP/2, chosen inside TLS, and IPv6.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use wirescope::model::{Kind, TransportKind};

use super::{WAYS, acceptor, certificate, endpoint, hello, listen, run, speak, url};
use crate::support::left_out;

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// One message, and then silence.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    let accept = request.headers().get("accept").map(|value| value.to_str().unwrap().to_owned());
    let accept = accept.unwrap_or_default();
    let is_again = request.uri().query().is_some_and(|query| query.contains("since"));
    let (kind, text) = if accept.starts_with("text/event-stream") {
        ("text/event-stream", "data: \"hello\"\n\n")
    } else if accept.contains("ndjson") {
        ("application/x-ndjson", "\"hello\"\n")
    } else if is_again {
        std::future::pending().await
    } else {
        ("application/json", r#"{"messages":["hello"],"lastId":1}"#)
    };
    let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from(text)))]);
    let body = if kind == "application/json" {
        BodyExt::boxed(StreamBody::new(first))
    } else {
        let rest = futures_util::stream::pending();
        BodyExt::boxed(StreamBody::new(futures_util::StreamExt::chain(first, rest)))
    };
    Ok(Response::builder().header("content-type", kind).body(body).unwrap())
}

#[tokio::test]
async fn http_2_is_chosen_and_carries_every_http_transport() {
    let made = certificate(&["localhost"]);
    let tls = acceptor(&made, &["h2", "http/1.1"]);
    let port = listen(move |stream| {
        let tls = tls.clone();
        async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        }
    })
    .await;
    for kind in [TransportKind::Sse, TransportKind::LongPoll, TransportKind::Stream] {
        let mut endpoint = endpoint(kind, &url(kind, true, &format!("localhost:{port}")));
        endpoint.options.insecure = true;
        let running = run(endpoint);
        running.memory.until_received(1).await;
        if kind == TransportKind::LongPoll {
            running.memory.until_of(Kind::Request, 2).await;
        }
        let (_, memory) = running.stop().await;
        assert_eq!(memory.received(), ["\"hello\""]);
        let response = memory.of(Kind::Response)[0].meta().clone();
        assert_eq!(response.version.as_deref(), Some("HTTP/2"), "{kind:?}");
        assert!(response.tls.is_some() && !response.certificates.is_empty());
    }
}

#[tokio::test]
async fn every_transport_reaches_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        return left_out("IPv6, as this machine has no ::1", "a kernel with IPv6");
    };
    let port = listener.local_addr().unwrap().port();
    let made = certificate(&["::1"]);
    let tls = acceptor(&made, &["http/1.1"]);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let mut first = [0];
                stream.peek(&mut first).await.unwrap();
                // A TLS record of a handshake begins so.
                if first == [0x16] {
                    if let Ok(stream) = tls.accept(stream).await {
                        speak(stream).await;
                    }
                } else {
                    speak(stream).await;
                }
            });
        }
    });
    let trusted = super::file(&made.cert.pem());
    for kind in WAYS {
        for secure in [false, true] {
            let mut endpoint = endpoint(kind, &url(kind, secure, &format!("[::1]:{port}")));
            endpoint.options.ca_file = Some(trusted.path().to_owned());
            let open = hello(endpoint).await;
            assert_eq!(open.meta().remote, Some(format!("[::1]:{port}")), "{kind:?} {secure}");
        }
    }
}
