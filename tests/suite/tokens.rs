//! Token streams: what is assembled of recorded ones, that it stays within bounds, and that the
//! engine shows it for each event of an answer, while it comes and from a file.

use serde::Deserialize;
use wirescope::analysis::tokens::{Assembled, Tokens};
use wirescope::model::{Dir, Event, Kind};

const MS: u64 = 1_000_000;
const ASKED: u64 = 5 * MS;
const TABLES: [&str; 2] = [
    include_str!("../fixtures/tokens/openai.toml"),
    include_str!("../fixtures/tokens/others.toml"),
];

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    kind: String,
    format: Option<String>,
    #[serde(default)]
    deltas: u64,
    end: Option<String>,
    #[serde(default)]
    is_over: bool,
    input: Option<u64>,
    output: Option<u64>,
    first_token_ms: Option<f64>,
    per_second: Option<f64>,
    parts: Vec<(String, String)>,
    stream: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    at: u64,
    name: Option<String>,
    data: String,
}

/// The beginning of an attempt: events 1 to 3.
fn begin(tokens: &mut Tokens) {
    tokens.observe(1, &Event::new(0, Dir::Local, Kind::Connecting));
    tokens.observe(2, &Event::new(ASKED, Dir::Out, Kind::Request));
    tokens.observe(3, &Event::new(ASKED + MS, Dir::Local, Kind::Open));
}

fn event(kind: Kind, at: u64, data: &str) -> Event {
    Event::new(ASKED + at * MS, Dir::In, kind).with_payload(data.to_owned())
}

fn assembled(tokens: &Tokens, n: u64) -> Option<&Assembled> {
    tokens.current(tokens.span_of(n)?)
}

#[test]
fn answers_are_put_together_from_their_deltas() {
    for case in TABLES.iter().flat_map(|table| toml::from_str::<Table>(table).unwrap().case) {
        let place = &case.name;
        let mut tokens = Tokens::default();
        begin(&mut tokens);
        let kind = if case.kind == "message" { Kind::Message } else { Kind::Event };
        for (n, message) in (4..).zip(&case.stream) {
            let mut event = event(kind, message.at, &message.data);
            event.name = message.name.as_deref().map(Into::into);
            tokens.observe(n, &event);
        }
        let first = case.stream[0].at as f64;
        assert_eq!(tokens.first_event_ms(), Some(first), "{place}");
        let Some(format) = case.format else {
            assert_eq!(tokens.span_of(4), None, "{place}");
            continue;
        };
        let found = assembled(&tokens, 4).unwrap_or_else(|| panic!("{place}"));
        let parts: Vec<_> = found.parts.iter().map(|p| (p.title(), p.text.clone())).collect();
        assert_eq!(parts, case.parts, "{place}");
        assert_eq!(found.format.label(), format, "{place}");
        assert_eq!((found.deltas, found.cut), (case.deltas, 0), "{place}");
        assert_eq!((&found.end, found.is_over), (&case.end, case.is_over), "{place}");
        assert_eq!((found.usage.input, found.usage.output), (case.input, case.output), "{place}");
        assert_eq!(found.first_event_ms(), Some(first), "{place}");
        assert_eq!(found.first_token_ms(), case.first_token_ms, "{place}");
        assert_eq!(found.deltas_per_second(), case.per_second, "{place}");
    }
}

const HELLO: &str = r#"{"id":"a","choices":[{"delta":{"content":"Hello"}}]}"#;
const OTHER: &str = r#"{"id":"b","choices":[{"delta":{"content":"Other"}}]}"#;

#[test]
fn an_answer_spans_its_events_and_another_begins_after_it() {
    let mut tokens = Tokens::default();
    begin(&mut tokens);
    for (n, data) in (4..).zip([HELLO, HELLO, "[DONE]", OTHER, HELLO]) {
        tokens.observe(n, &event(Kind::Event, n, data));
    }
    tokens.observe(9, &Event::new(ASKED * 9, Dir::Local, Kind::Closed));
    let span = |n| tokens.span_of(n).map(|span| (span.first, span.last));
    assert_eq!([span(3), span(5), span(6)], [None, Some((4, 6)), Some((4, 6))]);
    assert_eq!([span(7), span(8), span(9)], [Some((7, 7)), Some((8, 9)), Some((8, 9))]);
    assert_eq!(span(10), None);
    let last = assembled(&tokens, 9).unwrap();
    assert_eq!((last.text(), last.first_token_ms()), ("Hello".into(), None), "not asked for alone");
    assert_eq!(assembled(&tokens, 5), None, "no longer in memory");
    let mut again = Tokens::again(tokens.span_of(5).unwrap());
    for n in 4..=6 {
        let data = if n == 6 { "[DONE]" } else { HELLO };
        again.observe(n, &event(Kind::Event, n, data));
    }
    let again = again.into_assembled().unwrap();
    assert_eq!((again.text(), again.is_over), ("HelloHello".into(), true));
    assert_eq!(again.first_token_ms(), Some(4.0));
}

#[test]
fn what_is_assembled_stays_within_bounds() {
    let mut tokens = Tokens::default();
    begin(&mut tokens);
    let long = "é".repeat(100_000);
    let data = format!(r#"{{"choices":[{{"delta":{{"content":"{long}"}}}}]}}"#);
    for n in 4..30 {
        tokens.observe(n, &event(Kind::Event, n, &data));
    }
    let found = assembled(&tokens, 4).unwrap();
    assert!(found.parts[0].text.len() <= 4 << 20);
    assert_eq!(found.parts[0].text.len() as u64 + found.cut, 26 * 200_000);
    for n in 30..1000 {
        let data = format!(r#"{{"choices":[{{"index":{n},"delta":{{"content":"x"}}}}]}}"#);
        tokens.observe(n, &event(Kind::Event, n, &data));
    }
    assert!(assembled(&tokens, 4).unwrap().parts.len() <= 256);
}

#[test]
fn a_stream_of_something_else_is_looked_at_no_further() {
    let mut tokens = Tokens::default();
    begin(&mut tokens);
    for n in 4..100 {
        tokens.observe(n, &event(Kind::Event, n, r#"{"type":"tick"}"#));
    }
    tokens.observe(100, &event(Kind::Event, 100, HELLO));
    assert_eq!(tokens.span_of(100), None);
    begin(&mut tokens);
    tokens.observe(104, &event(Kind::Event, 104, HELLO));
    assert!(tokens.span_of(104).is_some(), "another connection, another look");
}
