//! The answer of a language model in the detail: while it comes, once it is over, and from a file.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wirescope::analysis::tokens::Assembled;

use super::*;

/// Answers the next request with an event stream that goes on as the test says.
struct Model {
    stream: TcpStream,
}

impl Model {
    fn ask(bench: &Bench) -> (Self, SessionId) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/messages", listener.local_addr().unwrap());
        let mut endpoint = Endpoint::parse(&url).unwrap().over(TransportKind::Sse);
        endpoint.options.body = Some(wirescope::model::Body::Text(r#"{"stream":true}"#.into()));
        bench.send(Command::Connect(Box::new(endpoint)));
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(br#"{"stream":true}"#) {
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let snapshot = bench.until("an open session", |s| {
            s.sessions.last().is_some_and(|session| session.phase.is_open())
        });
        (Self { stream }, snapshot.sessions.last().unwrap().id)
    }

    fn say(&mut self, name: &str, rest: &str) {
        let event = format!("event: {name}\ndata: {{\"type\":\"{name}\"{rest}}}\n\n");
        self.stream.write_all(event.as_bytes()).unwrap();
    }

    fn text(&mut self, text: &str) {
        let delta =
            format!(",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}");
        self.say("content_block_delta", &delta);
    }
}

fn answer(snapshot: &Snapshot, id: SessionId) -> Option<Arc<Assembled>> {
    find(snapshot, id)?.assembled.clone()
}

#[test]
fn an_answer_grows_in_the_detail_and_is_read_again_later() {
    let bench = Bench::start();
    let (mut model, id) = Model::ask(&bench);
    model.say("message_start", r#","message":{"id":"m","usage":{"input_tokens":3}}"#);
    model.text("Hello");
    let has = |count: u64| move |s: &Snapshot| find(s, id).unwrap().stats.received >= count;
    let snapshot = bench.until("two events", has(2));
    let n = find(&snapshot, id).unwrap().index.last().unwrap().n;
    assert!(find(&snapshot, id).unwrap().stats.first_event_ms.is_some());
    bench.send(Command::Select(id, Some(n)));
    let said = |text: &'static str| {
        move |s: &Snapshot| answer(s, id).is_some_and(|answer| answer.text() == text)
    };
    bench.until("what came", said("Hello"));
    // Nothing is chosen anew: the answer grows where it is shown.
    model.text(", you");
    let snapshot = bench.until("what came since", said("Hello, you"));
    let growing = answer(&snapshot, id).unwrap();
    assert!(growing.first_token_ms() >= growing.first_event_ms() && !growing.is_over);
    bench.send(Command::Select(id, Some(1)));
    bench.until("an event of no answer", |s| {
        find(s, id).unwrap().selected.as_ref().is_some_and(|found| found.n == 1)
            && answer(s, id).is_none()
    });
    model
        .say("message_delta", r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}"#);
    model.say("message_stop", "");
    drop(model);
    let snapshot = bench.until("its end", |s| find(s, id).unwrap().phase.is_over());
    let path = find(&snapshot, id).unwrap().recording.path.clone();
    bench.send(Command::Select(id, Some(n)));
    bench.until("the whole answer", said("Hello, you"));
    bench.send(Command::Close(id));
    bench.until("the file at rest", |s| {
        find(s, id).is_none() && s.recents.iter().any(|r| r.path == path) && !wal(&path)
    });
    bench.send(Command::Open(path));
    let snapshot = bench.until("the file", |s| s.sessions.iter().any(|s| s.phase.is_over()));
    let id = snapshot.sessions[0].id;
    bench.send(Command::Select(id, Some(n)));
    let snapshot = bench.until("the answer in the file", |s| answer(s, id).is_some());
    let found = answer(&snapshot, id).unwrap();
    assert_eq!((found.text().as_str(), found.end.as_deref()), ("Hello, you", Some("end_turn")));
    assert_eq!((found.is_over, found.usage.input, found.usage.output), (true, Some(3), Some(2)));
}

#[test]
fn an_answer_before_the_last_is_put_together_from_the_file() {
    let bench = Bench::start();
    let (mut model, id) = Model::ask(&bench);
    for (id, text) in [("a", "First"), ("b", "Second")] {
        model.say("message_start", &format!(",\"message\":{{\"id\":\"{id}\"}}"));
        model.text(text);
        model.say("message_stop", "");
    }
    let snapshot = bench.until("all", |s| find(s, id).unwrap().stats.received == 6);
    let last = find(&snapshot, id).unwrap().index.last().unwrap().n;
    for (n, text) in [(last - 4, "First"), (last - 1, "Second")] {
        bench.send(Command::Select(id, Some(n)));
        let snapshot = bench.until("the answer", |s| {
            answer(s, id).is_some_and(|answer| answer.text() == text && answer.is_over)
        });
        assert_eq!(find(&snapshot, id).unwrap().selected.as_ref().unwrap().n, n);
    }
}
