//! What comes before the answer that counts: redirects as hops of their own, and interim answers.

use wirescope::model::{Dir, Event, Kind, Wire};
use wirescope::session::End;

use super::scripted::{once, serve};
use super::{connect, endpoint};

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn told(events: &[Event]) -> Vec<(&'static str, Option<u16>)> {
    events.iter().map(|event| (event.kind.word(), event.meta().status)).collect()
}

#[tokio::test]
async fn each_hop_is_told_and_secrets_stay_with_their_server() {
    let (other, asked_last) = once(async |mut peer| {
        peer.accept("").await;
        assert!(peer.head.starts_with("GET /c?d=1 HTTP/1.1\r\n"), "{}", peer.head);
        let given = ["authorization", "cookie", "x-mine"].map(|name| peer.header(name));
        assert_eq!(given, [None, None, Some("yes".into())]);
        peer.rest().await;
    })
    .await;
    let there = other.clone();
    let address = serve(move |number, mut peer| {
        let there = there.clone();
        async move {
            peer.request().await;
            let given = ["authorization", "cookie", "x-mine"].map(|name| peer.header(name));
            assert_eq!(given.map(|value| value.is_some()), [true, true, true]);
            let answer = if number == 1 {
                String::from(
                    "HTTP/1.1 103 Early Hints\r\nX-oDD: 1\r\n\r\n\
                     HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nmoved",
                )
            } else {
                assert!(peer.head.starts_with("GET /b HTTP/1.1\r\n"), "{}", peer.head);
                format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{there}/c?d=1\r\nContent-Length: 0\r\n\r\n")
            };
            peer.write(answer.as_bytes()).await;
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/a"), 0);
    let own = [("Authorization", "Bearer s3cret"), ("Cookie", "a=1"), ("X-Mine", "yes")];
    endpoint.options.headers = own.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    let session = connect(endpoint);
    session.memory.until_of(Kind::Open, 1).await;
    let (_, memory) = session.stop().await;
    asked_last.await.unwrap();
    let events = memory.events();
    let expected = [
        ("connecting", None),
        ("request", None),
        ("response", Some(103)),
        ("response", Some(302)),
        ("request", None),
        ("response", Some(307)),
        ("open", Some(101)),
    ];
    assert_eq!(told(&events)[..7], expected);
    assert!(events.is_sorted_by_key(|event| event.t_ns), "{events:#?}");
    let [_, asked, hints, found, again, _, open, ..] = &events[..] else { panic!() };
    assert_eq!((asked.dir, hints.dir, found.dir), (Dir::Out, Dir::In, Dir::In));
    assert_eq!(asked.meta().url, Some(format!("ws://{address}/a")));
    assert_eq!(again.meta().url, Some(format!("ws://{address}/b")));
    assert_eq!(open.meta().url, Some(format!("ws://{other}/c?d=1")));
    assert_eq!(open.meta().remote, Some(other));
    assert_eq!(header(&asked.meta().headers, "Authorization"), Some("Bearer s3cret"));
    assert_eq!(header(&hints.meta().headers, "X-oDD"), Some("1"));
    assert_eq!(
        hints.wire,
        Wire::Exact("HTTP/1.1 103 Early Hints\r\nX-oDD: 1\r\n\r\n".len() as u64)
    );
    assert_eq!(found.payload, "moved");
    let head = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nmoved";
    assert_eq!(found.wire, Wire::Exact(head.len() as u64));
    assert_eq!(found.meta().cause, None);
    let behind = "Authorization, Cookie stay behind: it leads to another server";
    assert_eq!(events[5].meta().cause.as_deref(), Some(behind));
    assert!(found.meta().timing.unwrap().total.is_some() && found.meta().method.is_none());
    let fields = asked.meta().headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    let request = "GET /a HTTP/1.1\r\n\r\n".len() + fields.sum::<usize>();
    assert_eq!(asked.wire, Wire::Exact(request as u64));
}

#[tokio::test]
async fn interim_answers_are_told_and_waited_past() {
    let address = serve(async |_, mut peer| {
        peer.request().await;
        peer.write(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        peer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").await;
        peer.upgrade("", b"").await;
        peer.rest().await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.memory.until_of(Kind::Open, 1).await;
    let (_, memory) = session.stop().await;
    let events = memory.events();
    let expected = [
        ("connecting", None),
        ("request", None),
        ("response", Some(100)),
        ("response", Some(103)),
        ("open", Some(101)),
    ];
    assert_eq!(told(&events)[..5], expected);
    let open = &events[4];
    let fields: usize =
        open.meta().headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n".len() + fields;
    assert_eq!(open.wire, Wire::Exact(answer as u64), "the request was told before");
}

#[tokio::test]
async fn redirects_without_end_are_given_up() {
    let address = serve(async |_, mut peer| {
        peer.request().await;
        peer.write(b"HTTP/1.1 301 Moved\r\nLocation: ?again\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let (end, memory) = connect(endpoint(&format!("ws://{address}/"), 5)).end().await;
    assert!(matches!(end, End::GaveUp(_)));
    assert_eq!((memory.of(Kind::Request).len(), memory.of(Kind::Failed).len()), (10, 1));
    let failed = memory.of(Kind::Failed).remove(0);
    let cause = failed.meta().cause.clone().unwrap();
    assert!(cause.contains("10 redirects in a row"), "{cause}");
    assert_eq!(failed.meta().status, Some(301));
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_says_why() {
    let table = [
        ("ftp://host/x", "no address Wirescope could ask"),
        ("http://[::1", "no address Wirescope could ask"),
    ];
    for (location, words) in table {
        let address = serve(move |_, mut peer| async move {
            peer.request().await;
            let head =
                format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            peer.write(head.as_bytes()).await;
        })
        .await;
        let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 5)).end().await;
        let failed = memory.of(Kind::Failed);
        let cause = failed[0].meta().cause.clone().unwrap();
        assert!(cause.contains(words) && failed.len() == 1, "{cause}");
        assert_eq!(header(&failed[0].meta().headers, "Location"), Some(location));
    }
}

#[tokio::test]
async fn an_attempt_can_be_stopped_at_any_hop() {
    let (seen, mut saw) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |number, mut peer| {
        let seen = seen.clone();
        async move {
            peer.request().await;
            if number == 1 {
                peer.write(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
                    .await;
            } else {
                seen.send(()).unwrap();
                assert_eq!(peer.rest().await, b"");
                seen.send(()).unwrap();
            }
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/a"), 5));
    saw.recv().await.unwrap();
    let (end, memory) = session.stop().await;
    assert!(matches!(end, End::Stopped));
    saw.recv().await.expect("the socket of the second hop was closed");
    assert_eq!(memory.of(Kind::Response).len(), 1);
}
