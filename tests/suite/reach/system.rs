//! The proxy that the environment names, which only a program of its own can be given.

use std::process::{Command, Output};

use super::way::{Manner, Way};
use super::{serve, url};
use wirescope::model::TransportKind;

/// Captures one message of `url` with these variables.
async fn capture(
    url: String,
    kind: TransportKind,
    environment: Vec<(&'static str, String)>,
) -> Output {
    let captures = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
        .env("WIRESCOPE_CAPTURES", captures.path())
        .envs(environment)
        .args(["capture", &url, "--transport", kind.word(), "--count", "1", "--max-retries", "0"])
        .args(["--ndjson"]);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_the_proxy_for_every_transport_alike() {
    let way = Way::http(Manner::Pass(serve(None).await), None).await;
    let socks = Way::socks(Manner::Pass(serve(None).await)).await;
    for kind in [TransportKind::Websocket, TransportKind::Sse, TransportKind::LongPoll] {
        for (name, proxy) in [
            ("http_proxy", format!("http://me:hunter2@127.0.0.1:{}", way.port)),
            ("ALL_PROXY", format!("socks5h://me:hunter2@127.0.0.1:{}", socks.port)),
        ] {
            let there = url(kind, false, "endpoint.invalid");
            let output = capture(there, kind, vec![(name, proxy)]).await;
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("hello"), "{name} {kind:?}: {text}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!text.contains("hunter2") && !said.contains("hunter2"), "{text}\n{said}");
        }
    }
    assert_eq!(way.seen().len(), 3, "{:?}", way.seen());
    let all = way.seen().into_iter().all(|asked| asked.starts_with("Basic "));
    assert!(all && socks.seen().iter().all(|asked| asked.starts_with("me:hunter2 ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_this_machine_or_excepted_is_asked_without_it() {
    let way = Way::http(Manner::Answer(b"HTTP/1.1 403 Forbidden\r\n\r\n"), None).await;
    let port = serve(None).await;
    for kind in [TransportKind::Websocket, TransportKind::Sse] {
        let proxy = ("ALL_PROXY", format!("http://127.0.0.1:{}", way.port));
        for host in ["127.0.0.1", "localhost"] {
            let there = url(kind, false, &format!("{host}:{port}"));
            let output = capture(there, kind, vec![proxy.clone()]).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let excepted = ("NO_PROXY", String::from("endpoint.invalid"));
        let there = url(kind, false, "endpoint.invalid");
        let output = capture(there, kind, vec![proxy, excepted]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("endpoint.invalid could not be looked up"), "{said}");
    }
    assert!(way.seen().is_empty(), "{:?}", way.seen());
}
