//! What passes queries: every relation on events of every sort, and that index and reading agree.

use super::*;
use crate::model::{Dir, Event, Kind, Meta, Wire};

/// Events of every sort, each with its latency in microseconds.
fn events() -> Vec<(Event, Option<u32>)> {
    let text = |payload: &str| Event::new(0, Dir::In, Kind::Text).with_payload(payload.to_owned());
    let meta = |event: Event, meta: Meta| event.with_meta(meta);
    let named = |name: &str, id: &str, payload: &str| Event {
        name: Some(name.into()),
        id: Some(id.into()),
        ..Event::new(0, Dir::In, Kind::Event).with_payload(payload.to_owned())
    };
    let mut events = vec![
        (Event::new(0, Dir::Local, Kind::Connecting), None),
        (
            meta(
                Event::new(0, Dir::Local, Kind::Open),
                Meta { status: Some(101), ..Meta::default() },
            ),
            None,
        ),
        (
            text(r#"{"type":"tick","symbol":"AAPL","price":12.5,"size":100,"seq":17,"x":1}"#),
            Some(900),
        ),
        (text(r#"{"type":"tick","symbol":"MSFT","price":9,"size":5,"ok":true}"#), Some(7_000)),
        (text(r#"{"symb\u006fl":"\u0041APL","price":"12"}"#), None),
        (
            text(r#"{"data":{"items":[{"price":5},{"price":50}]},"error":null,"text":"Limit 7"}"#),
            None,
        ),
        (text(r#"{"symbol":{"AAPL":1},"price":11}"#), None),
        (text(r#"not json "symbol": "AAPL""#), None),
        (text(r#"{"symbol":"AAPL", cut off"#), None),
        (Event::new(0, Dir::In, Kind::Binary).with_payload(vec![0xff, 0, b'{', 0xfe]), None),
        (Event::new(0, Dir::Out, Kind::Ping).with_payload("ws1").with_wire(Wire::Exact(5)), None),
        (
            Event::new(0, Dir::In, Kind::Pong).with_payload("ws1").with_wire(Wire::Exact(5)),
            Some(31),
        ),
        (named("price-update", "48091", "x"), None),
        (named("tick", "1795:1", r#"["AAPL",1]"#), Some(20_000)),
        (text(&"y".repeat(3000)), None),
        (
            meta(
                Event::new(0, Dir::Local, Kind::Closed),
                Meta {
                    code: Some(1006),
                    cause: Some("the connection was reset".into()),
                    ..Meta::default()
                },
            ),
            None,
        ),
        (
            meta(
                Event::new(0, Dir::In, Kind::Close),
                Meta {
                    code: Some(1009),
                    reason: Some("over the SIZE limit".into()),
                    ..Meta::default()
                },
            ),
            None,
        ),
        (
            meta(
                Event::new(0, Dir::Local, Kind::Failed),
                Meta { status: Some(404), ..Meta::default() },
            ),
            None,
        ),
    ];
    for (at, (event, _)) in events.iter_mut().enumerate() {
        event.t_ns = at as u64 * 800_000_000 + if at > 14 { 2_000_000_000 } else { 0 };
        event.attempt = if at > 15 { 2 } else { 1 };
    }
    events
}

/// What the index knows of these events.
fn facts(events: &[(Event, Option<u32>)]) -> Vec<Facts> {
    let mut before = None;
    let fact = |(at, (event, latency_us)): (usize, &(Event, Option<u32>))| Facts {
        n: at as u64 + 1,
        t_ns: event.t_ns,
        gap_ns: before.replace(event.t_ns).map(|before: u64| event.t_ns - before),
        latency_us: *latency_us,
        size: event.payload.len() as u64,
        attempt: event.attempt,
        dir: event.dir,
        kind: event.kind,
    };
    events.iter().enumerate().map(fact).collect()
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Numbers of the events that pass.
fn passing(text: &str) -> Vec<u64> {
    let query = query(text);
    let events = events();
    let facts = facts(&events);
    let passes = |(facts, (event, _)): &(&Facts, &(Event, Option<u32>))| {
        query.by_index(facts).unwrap_or_else(|| query.passes(facts, &Row::from(event)))
    };
    facts.iter().zip(&events).filter(passes).map(|(facts, _)| facts.n).collect()
}

#[test]
fn what_passes() {
    let table: &[(&str, &[u64])] = &[
        ("", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]),
        ("aapl", &[3, 7, 8, 9, 14]),
        ("aapl tick", &[3, 14]),
        ("\"symbol\\\":\\\"AAPL\"", &[3, 9]),
        ("RESET", &[16]),
        ("limit", &[6, 17]),
        ("48091 or price-up", &[13]),
        ("/^y+$/", &[15]),
        ("/\\xfe/", &[]),
        ("/(?-u)\\xfe/", &[10]),
        ("kind:ping,pong", &[11, 12]),
        ("ping", &[11]),
        ("pong -ws1", &[]),
        ("dir:local", &[1, 2, 16, 18]),
        ("dir != in and not kind:ping", &[1, 2, 16, 18]),
        ("size>2kB", &[15]),
        ("size = 0", &[1, 2, 16, 17, 18]),
        ("wire > 4", &[11, 12]),
        ("wire != 5", &[]),
        ("latency>=7", &[4, 14]),
        ("latency < 1", &[3, 12]),
        ("latency != 20ms", &[3, 4, 12]),
        ("has(latency)", &[3, 4, 12, 14]),
        ("not latency:*", &[1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18]),
        ("gap > 1s", &[16]),
        ("t < 1", &[1, 2]),
        ("n in (2, 4) or n > 17", &[2, 4, 18]),
        ("attempt:2", &[17, 18]),
        ("status:*", &[2, 18]),
        ("status:4xx,1xx", &[2, 18]),
        ("status >= 400", &[18]),
        ("status != 404", &[2]),
        ("code:1006", &[16]),
        ("code = 1006 or code > 1008", &[16, 17]),
        ("name:PRICE*", &[13]),
        ("name:price", &[]),
        ("name = tick", &[14]),
        ("name ~ UPD", &[13]),
        ("id > 48090", &[13]),
        ("id:1795:1", &[14]),
        ("id != \"1795:1\"", &[13]),
        ("symbol = \"AAPL\"", &[3, 5, 9]),
        ("symbol = AAPL", &[3, 5, 9]),
        ("symbol = aapl", &[]),
        ("symbol:aapl", &[3, 5, 9]),
        ("symbol:?*", &[]),
        ("symbol:*", &[3, 4, 5, 7, 9]),
        ("symbol:*p*", &[3, 5, 9]),
        ("symbol != \"AAPL\"", &[4, 7]),
        ("has(symbol) -symbol:aapl", &[4, 7]),
        ("symbol in (\"MSFT\", \"X\")", &[4]),
        ("symbol ~ /^A/ or symbol ~ sF", &[3, 4, 5, 9]),
        ("symbol < \"B\"", &[3, 5, 9]),
        ("price > 10", &[3, 7]),
        ("price = \"12\"", &[5]),
        ("price = 12", &[]),
        ("price:12", &[5]),
        ("price:12.50", &[3]),
        ("price in (9, 11)", &[4, 7]),
        (".size > 60", &[3]),
        ("ok = true", &[4]),
        ("ok = \"true\"", &[]),
        ("ok:true", &[4]),
        ("error = null", &[6]),
        ("has(error)", &[6]),
        ("data.items[0].price = 5", &[6]),
        ("data.items[1].price = 5", &[]),
        ("data.items[*].price > 40", &[6]),
        ("data.*[*].price:5", &[6]),
        ("data:*", &[6]),
        ("data = 5", &[]),
        ("$[0] = \"AAPL\"", &[14]),
        ("$[1] = 1", &[14]),
        ("$:*", &[3, 4, 5, 6, 7, 9, 14]),
    ];
    for (text, wanted) in table {
        assert_eq!(passing(text), *wanted, "{text}");
    }
}

#[test]
fn every_example_of_the_guide_lets_some_through_and_some_not() {
    let all = events().len();
    for (example, _) in GUIDE.iter().flat_map(|topic| topic.examples) {
        let passing = passing(example).len();
        assert!(passing > 0 && passing < all, "{example}: {passing} of {all}");
    }
}

#[test]
fn long_numbers_stay_apart_and_the_first_of_equal_names_counts() {
    let event = |payload: &str| Event::new(0, Dir::In, Kind::Text).with_payload(payload.to_owned());
    let table = [
        ("ref = 1541815603606036481", r#"{"ref":1541815603606036480}"#, false),
        ("ref = 1541815603606036480", r#"{"ref":1541815603606036480}"#, true),
        ("ref = 5", r#"{"ref":5.0}"#, true),
        ("a = 1", r#"{"a":1,"a":2}"#, true),
        ("a = 2", r#"{"a":1,"a":2}"#, false),
        ("a.b = 2", r#"{"a":1,"a":{"b":2}}"#, false),
        ("a[*] = 2", r#"{"a":[1,2,"#, true),
        ("a = 1", "\u{feff}{\"a\":1}", false),
    ];
    for (text, payload, passes) in table {
        let event = event(payload);
        let facts = facts(&[(event.clone(), None)]);
        assert_eq!(query(text).passes(&facts[0], &Row::from(&event)), passes, "{text} {payload}");
    }
    let deep = event(&("[".repeat(200_000) + &"]".repeat(200_000)));
    let facts = facts(&[(deep.clone(), None)]);
    let way = "$".to_owned() + &"[0]".repeat(32) + ":*";
    assert!(query(&way).passes(&facts[0], &Row::from(&deep)));
    assert!(!query("$[*][*][*] = 5").passes(&facts[0], &Row::from(&deep)));
}

/// A random query of the sorts of conditions there are.
fn random(noise: &mut fastrand::Rng, depth: u32) -> String {
    const SINGLE: [&str; 22] = [
        "aapl",
        "ping",
        "o",
        "/e/",
        "kind:text",
        "kind != text,open",
        "dir:in",
        "size > 60",
        "size = 3",
        "latency > 1",
        "latency:*",
        "gap > 1s",
        "t > 5",
        "n < 9",
        "attempt = 1",
        "status:*",
        "code > 1",
        "wire = 5",
        "name:*",
        "id > 5",
        "symbol = AAPL",
        "price:*",
    ];
    let sort = if depth > 4 { 9 } else { noise.u8(..10) };
    let mut part = || random(noise, depth + 1);
    match sort {
        0 | 1 => format!("({} or {})", part(), part()),
        2 | 3 => format!("({} {})", part(), part()),
        4 | 5 => format!("not {}", part()),
        _ => SINGLE[noise.usize(..SINGLE.len())].to_owned(),
    }
}

#[test]
fn what_the_index_says_is_what_reading_says() {
    let events = events();
    let facts = facts(&events);
    let mut noise = fastrand::Rng::with_seed(42);
    let mut told = [0_u32; 2];
    for _ in 0..3_000 {
        let text = random(&mut noise, 0);
        let query = query(&text);
        for (facts, (event, _)) in facts.iter().zip(&events) {
            let read = query.passes(facts, &Row::from(event));
            let by_index = query.by_index(facts);
            assert!(by_index.is_none_or(|passes| passes == read), "{text} on {event:?}");
            told[usize::from(by_index.is_some())] += 1;
        }
    }
    assert!(told.iter().all(|told| *told > 1000), "both happen: {told:?}");
}

#[test]
fn what_is_not_needed_is_not_looked_at() {
    let events = events();
    let facts = facts(&events);
    for (text, _) in GUIDE.iter().flat_map(|topic| topic.examples) {
        let query = query(text);
        let needs = query.needs();
        for (facts, (event, _)) in facts.iter().zip(&events) {
            let whole = Row::from(event);
            let row = Row {
                payload: if needs.payload { whole.payload } else { b"" },
                name: whole.name.filter(|_| needs.names),
                id: whole.id.filter(|_| needs.names),
                wire: whole.wire.filter(|_| needs.wire),
                details: if needs.details { whole.details } else { Details::Stored(b"") },
            };
            assert_eq!(query.passes(facts, &row), query.passes(facts, &whole), "{text}");
        }
    }
}

#[test]
fn details_are_the_same_as_they_are_stored() {
    for (event, _) in events() {
        let meta = event.meta();
        let json = serde_json::to_vec(meta).unwrap_or_default();
        let stored = Details::Stored(&json);
        assert_eq!(stored.status(), meta.status);
        assert_eq!(stored.code(), meta.code);
        assert_eq!(stored.cause().as_deref(), meta.cause.as_deref());
        assert_eq!(stored.reason().as_deref(), meta.reason.as_deref());
    }
}
