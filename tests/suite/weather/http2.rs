//! Many requests on one connection (HTTP/2): what is done to it, and when it is given up.

use tokio::io::AsyncReadExt;
use wirescope::server::{Hub, Limits, Server};

use super::tap::Tap;
use super::{LIMIT, make, millis, quiet, soon, start};
use wirescope::model::TransportKind;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The frame that every client begins with, empty (RFC 9113, section 6.5).
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const MAX_CONCURRENT_STREAMS: u16 = 3;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap()
}

#[tokio::test]
async fn what_is_asked_in_passing_does_not_save_a_stream() {
    let server = start().await;
    let client = client();
    let get = |path: &str| client.get(format!("{}{path}", server.url())).send();
    let stream = soon("the head", get("/sse")).await.unwrap();
    soon("the time", get("/clock")).await.unwrap();
    assert_eq!(server.stats().connections.opened, 1);
    make(&server, "cut=50ms/fin");
    soon("the end", stream.bytes()).await.expect_err("no clean end");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_given_up() {
    let limits = Limits { stall: millis(200), ..Limits::default() };
    let server = Server::start_within(quiet(), Hub::new(10), limits).await.unwrap();
    let mut tap = Tap::silent(&server, TransportKind::Sse).await;
    tap.send(PREFACE).await;
    tap.send(&SETTINGS).await;
    let rest = tap.stream.read_to_end(&mut tap.received);
    // Unanswered bytes may make a reset of the end.
    let _ = tokio::time::timeout(LIMIT, rest).await.expect("an end");
    // Identifier and value, six bytes each, after the head of the first frame.
    let length = usize::from(tap.received[2]);
    let mut settings = tap.received[9..9 + length].chunks(6);
    let most = settings.find(|pair| pair[..2] == MAX_CONCURRENT_STREAMS.to_be_bytes());
    assert_eq!(most.map(|pair| &pair[2..]), Some(&[0, 0, 0, 64][..]));
    server.stop().await;
}
