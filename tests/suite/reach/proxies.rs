//! Every transport through every kind of proxy, and what is said when there is no way.

use std::time::Duration;

use tokio::net::TcpListener;
use url::Url;
use wirescope::model::{Proxy, TransportKind};

use super::way::{Manner, Way};
use super::{WAYS, acceptor, certificate, endpoint, failure, file, hello, run, serve, url};

fn via(text: &str) -> Proxy {
    Proxy::Via(Url::parse(text).unwrap())
}

/// Passes each transport, plain and over TLS, through a proxy at `address`, to a host that only the
/// proxy can find; what the proxy was asked.
async fn passes(address: impl Fn(u16) -> String, encrypted: bool, socks: bool) -> Vec<String> {
    let made = certificate(&["endpoint.invalid", "localhost"]);
    let trusted = file(&made.cert.pem());
    let mut asked = Vec::new();
    for secure in [false, true] {
        let port = serve(secure.then(|| acceptor(&made, &["http/1.1"]))).await;
        let tls = encrypted.then(|| acceptor(&made, &[]));
        let manner = Manner::Pass(port);
        let way = if socks { Way::socks(manner).await } else { Way::http(manner, tls).await };
        for kind in WAYS {
            let mut endpoint = endpoint(kind, &url(kind, secure, "endpoint.invalid"));
            let address = address(way.port);
            endpoint.options.proxy = via(&address);
            endpoint.options.ca_file = Some(trusted.path().to_owned());
            let open = hello(endpoint).await;
            let (scheme, rest) = address.split_once("://").unwrap();
            let place = rest.rsplit('@').next().unwrap();
            assert_eq!(open.meta().proxy, Some(format!("{scheme}://{place}")), "{kind:?}");
            assert_eq!(open.meta().tls.is_some(), secure, "{kind:?}");
            assert!(!format!("{open:?}").contains("hunter2"), "{open:?}");
        }
        asked.extend(way.seen());
    }
    asked
}

#[tokio::test]
async fn http_proxies_lead_everywhere() {
    let asked = passes(|port| format!("http://127.0.0.1:{port}"), false, false).await;
    let forwarded = "http://endpoint.invalid/";
    assert_eq!(asked[0], "endpoint.invalid:80", "a WebSocket needs a tunnel");
    assert!(asked[1].starts_with(forwarded) && asked[3].starts_with(forwarded), "{asked:?}");
    let count = asked.iter().filter(|asked| *asked == "endpoint.invalid:443").count();
    assert!(count >= WAYS.len(), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.contains("endpoint.invalid")), "{asked:?}");
}

#[tokio::test]
async fn http_proxies_are_told_who_asks() {
    let asked = passes(|port| format!("http://me:hunter2%40@127.0.0.1:{port}"), false, false).await;
    // me:hunter2@
    let all = asked.iter().all(|asked| asked.starts_with("Basic bWU6aHVudGVyMkA= "));
    assert!(all, "{asked:?}");
}

#[tokio::test]
async fn encrypted_proxies_lead_everywhere() {
    let asked = passes(|port| format!("https://me:hunter2@localhost:{port}"), true, false).await;
    assert!(asked.iter().all(|asked| asked.starts_with("Basic bWU6aHVudGVyMg== ")), "{asked:?}");
}

#[tokio::test]
async fn socks_proxies_lead_everywhere() {
    let asked = passes(|port| format!("socks5h://127.0.0.1:{port}"), false, true).await;
    let names = ["endpoint.invalid:80", "endpoint.invalid:443"];
    assert!(asked.iter().all(|asked| names.contains(&asked.as_str())), "{asked:?}");
    let asked = passes(|port| format!("socks5h://me:hunter2@127.0.0.1:{port}"), false, true).await;
    assert!(asked.iter().all(|asked| asked.starts_with("me:hunter2 endpoint")), "{asked:?}");
}

#[tokio::test]
async fn with_socks5_names_are_looked_up_here() {
    let way = Way::socks(Manner::Pass(serve(None).await)).await;
    for kind in WAYS {
        let mut endpoint = endpoint(kind, &url(kind, false, "localhost:81"));
        endpoint.options.proxy = via(&format!("socks5://127.0.0.1:{}", way.port));
        hello(endpoint).await;
    }
    let local = ["127.0.0.1:81", "::1:81"];
    assert!(way.seen().iter().all(|asked| local.contains(&asked.as_str())), "{:?}", way.seen());
}

#[tokio::test]
async fn a_proxy_that_gives_no_way_is_named_with_its_reason() {
    let http: [(&[u8], &str, &str); 5] = [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            "it answered 407 Proxy Authentication Required",
            "name and password",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 32\r\n\r\n<p>Port 443 is\r\n not for you</p>",
            "it answered 403 Forbidden: <p>Port 443 is not for you</p>",
            "rules forbid",
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\nno such host", "502 Bad Gateway: no such host", "itself"),
        (b"\x05\x00hello, this is something else\r\n\r\n", "what it answered is no HTTP", "another kind"),
        (b"", "it ended the connection without an answer", "overloaded"),
    ];
    for (answer, cause, hint) in http {
        let way = Way::http(Manner::Answer(answer), None).await;
        barred(&format!("http://127.0.0.1:{}", way.port), cause, hint).await;
    }
    let socks: [(&[u8], &str, &str); 5] = [
        (b"\x05\xff", "it wants to know who asks", "name and password"),
        (
            b"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00",
            "it answered 2, not allowed by its rules",
            "rules forbid",
        ),
        (
            b"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00",
            "it answered 5, connection refused",
            "itself",
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what it answered is no SOCKS 5", "another kind"),
        (b"", "it ended the connection", "overloaded"),
    ];
    for (answer, cause, hint) in socks {
        let way = Way::socks(Manner::Answer(answer)).await;
        barred(&format!("socks5h://127.0.0.1:{}", way.port), cause, hint).await;
    }
}

/// The same words for every transport, where the proxy is asked for a tunnel.
async fn barred(proxy: &str, cause: &str, hint: &str) {
    for kind in WAYS {
        let mut endpoint = endpoint(kind, &url(kind, true, "endpoint.invalid"));
        endpoint.options.proxy = via(&proxy.replace("://", "://me:hunter2@"));
        if proxy.starts_with("socks") {
            endpoint.options.proxy = via(proxy);
        }
        endpoint.options.insecure = true;
        let failed = failure(endpoint).await;
        let meta = failed.meta();
        let said = meta.cause.clone().unwrap();
        let start = format!("the proxy {proxy} gives no way to endpoint.invalid:443: ");
        assert!(said.starts_with(&start), "{kind:?}: {said}");
        assert!(said.contains(cause), "{kind:?}: {said}");
        assert!(meta.hint.as_ref().unwrap().contains(hint), "{kind:?}: {:?}", meta.hint);
        assert_eq!(meta.proxy.as_deref(), Some(proxy), "{kind:?}");
        assert!(!format!("{failed:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_proxy_that_speaks_for_the_endpoint_is_told_apart() {
    let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 7\r\n\r\nwho is?";
    let way = Way::http(Manner::Answer(answer), None).await;
    let mut endpoint = endpoint(TransportKind::Sse, "http://endpoint.invalid/");
    endpoint.options.proxy = via(&format!("http://127.0.0.1:{}", way.port));
    let failed = failure(endpoint).await;
    let proxy = format!("http://127.0.0.1:{}", way.port);
    let words = "it answered 407 Proxy Authentication Required: who is?";
    let cause = format!("the proxy {proxy} gives no way to endpoint.invalid: {words}");
    assert_eq!(failed.meta().cause, Some(cause));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_and_not_the_endpoint() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for scheme in ["http", "socks5h", "https"] {
        let proxy = format!("{scheme}://127.0.0.1:{port}");
        for kind in WAYS {
            for secure in [false, true] {
                let mut endpoint = endpoint(kind, &url(kind, secure, "endpoint.invalid"));
                endpoint.options.proxy = via(&proxy);
                let failed = failure(endpoint).await;
                let cause = failed.meta().cause.clone().unwrap();
                let words = format!("127.0.0.1:{port} refused the connection");
                assert_eq!(cause, format!("the proxy {proxy} cannot be reached: {words}"));
                assert!(failed.meta().hint.as_ref().unwrap().contains("--proxy off"));
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_named_too() {
    let made = certificate(&["localhost"]);
    let way = Way::http(Manner::Hang, Some(acceptor(&made, &[]))).await;
    let proxy = format!("https://localhost:{}", way.port);
    for kind in WAYS {
        let mut endpoint = endpoint(kind, &url(kind, true, "endpoint.invalid"));
        endpoint.options.proxy = via(&proxy);
        let cause = failure(endpoint).await.meta().cause.clone().unwrap();
        let words = "TLS with localhost failed: its certificate is self-signed";
        assert!(
            cause.starts_with(&format!("the proxy {proxy} cannot be reached: {words}")),
            "{cause}"
        );
    }
    assert!(way.seen().is_empty());
}

#[tokio::test]
async fn a_proxy_that_never_answers_is_given_up_and_named() {
    let hung = async |kind| {
        let way = Way::http(Manner::Hang, None).await;
        let mut endpoint = endpoint(kind, &url(kind, true, "endpoint.invalid"));
        endpoint.options.proxy = via(&format!("http://127.0.0.1:{}", way.port));
        endpoint.options.insecure = true;
        let cause = failure(endpoint).await.meta().cause.clone().unwrap();
        assert!(cause.contains("gives no way to endpoint.invalid:443: no answer "), "{cause}");
    };
    tokio::join!(hung(TransportKind::Websocket), hung(TransportKind::Sse));
}

#[tokio::test]
async fn stopping_leaves_no_way_half_made() {
    for kind in [TransportKind::Websocket, TransportKind::LongPoll] {
        let way = Way::http(Manner::Hang, None).await;
        let mut endpoint = endpoint(kind, &url(kind, true, "endpoint.invalid"));
        endpoint.options.proxy = via(&format!("http://127.0.0.1:{}", way.port));
        endpoint.options.insecure = true;
        let running = run(endpoint);
        while way.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        let began = std::time::Instant::now();
        running.stop().await;
        assert!(began.elapsed() < Duration::from_secs(9), "it waited for the proxy");
    }
}
