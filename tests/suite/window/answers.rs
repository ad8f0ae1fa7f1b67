//! The answer of a language model beneath the event it is part of.

use std::sync::Arc;

use wirescope::analysis::tokens::Tokens;
use wirescope::engine::Snapshot;
use wirescope::model::{Dir, Event, Kind};

use super::fixture;
use super::stage::Stage;

fn deltas(texts: &[&str]) -> Tokens {
    let mut tokens = Tokens::default();
    tokens.observe(1, &Event::new(0, Dir::Local, Kind::Connecting));
    tokens.observe(2, &Event::new(0, Dir::Out, Kind::Request));
    for (n, text) in (3..).zip(texts) {
        let data = format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
        let event = Event::new(n * 100_000_000, Dir::In, Kind::Event).with_payload(data);
        tokens.observe(n, &event);
    }
    tokens
}

fn stage(tokens: Tokens) -> Stage {
    let mut view = fixture::with_payload("{\"choices\":[]}");
    view.assembled = tokens.into_assembled().map(Arc::new);
    let mut stage = Stage::new(Snapshot { sessions: vec![Arc::new(view)], ..Snapshot::default() });
    stage.click_like("501 text");
    stage
}

#[test]
fn an_answer_tells_its_text_and_its_speed() {
    let stage = stage(deltas(&["Hello", ", ", "you"]));
    assert!(stage.has("Hello, you"));
    assert!(stage.has("Format: OpenAI chat completions"));
    assert!(stage.has("First token, from the request: 300 ms"));
    assert!(stage.has("Pieces of text: 3, 10.0 a second"));
    assert!(stage.has("Ended: not yet"));
}

#[test]
fn a_long_answer_is_shown_as_far_as_it_can_be_read() {
    let long = "word ".repeat(10_000);
    let stage = stage(deltas(&[&long]));
    assert!(stage.has_like("more; copy the answer to read all of it"));
}

#[test]
fn what_is_no_answer_has_none() {
    assert!(!stage(Tokens::default()).has_like("Pieces of text"));
}
