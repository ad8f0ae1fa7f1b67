//! What is known of the chosen event beside its payload, each a word and its value.

use super::frame_list::frame_words;
use super::words::wall;
use crate::engine::{Selected, SessionView};
use crate::model::{Dir, Event, Kind, Meta, Wire, close_meaning};
use crate::ui::format;
use crate::ui::scene::Scene;

/// Width of the panel from which a time is told with its date.
const FULL_TIME: f32 = 332.0;

/// A word, its value, and whether it is bad.
pub(super) type Fact = (&'static str, String, bool);

/// All of them, in order; `room` is the width they have.
pub(super) fn facts(
    session: &SessionView,
    selected: &Selected,
    scene: Scene<'_>,
    room: f32,
) -> Vec<Fact> {
    let event = &selected.event;
    let meta = event.meta();
    let when = match event.dir {
        Dir::In => "Received",
        Dir::Out => "Sent",
        Dir::Local => "At",
    };
    let at = wall(session, event.t_ns);
    // With its date where there is room for it: a time that is cut off says nothing.
    let at = if room > FULL_TIME { scene.zone.full(at) } else { scene.zone.clock_us(at) };
    let mut facts: Vec<Fact> = vec![(when, at, false)];
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name, value, false));
        }
    };
    let how = if event.kind == Kind::Pong { "Round trip" } else { "Latency, from send time" };
    add(how, selected.latency_ms.map(format::millis));
    add("Since previous", selected.since_previous_ns.map(format::gap));
    add("Sequence", selected.seq.map(format::signed));
    add("Event", event.name.as_deref().map(str::to_owned));
    add("Id", event.id.as_deref().map(str::to_owned));
    add("Close code", meta.code.map(|code| format!("{code}, {}", close_meaning(code))));
    add("Status", meta.status.map(|status| status.to_string()));
    add("Payload / on the wire", sizes(event));
    add("Compressed", compression(event));
    add("Encoding", meta.encoding.clone());
    add("Frame", frame_words(event));
    add("Connection", Some(connection(selected)));
    if let Some(cut) = meta.truncated {
        facts.push(("Left out", format!("{} over the limit", format::size(cut)), true));
    }
    if selected.handshake.as_ref().is_some_and(|event| event.meta().insecure) {
        facts.push(("Certificate", String::from("not verified"), true));
    }
    facts
}

fn sizes(event: &Event) -> Option<String> {
    if event.kind.is_state() {
        return None;
    }
    let payload = format::size(event.payload.len() as u64);
    Some(match event.wire {
        Wire::Unknown => format!("{payload} / unknown"),
        Wire::Exact(wire) => format!("{payload} / {}", format::size(wire)),
        Wire::Estimated(wire) => format!("{payload} / ≈ {}", format::size(wire)),
    })
}

/// `41 B of 87 B, 47 %`
fn compression(event: &Event) -> Option<String> {
    let Meta { compressed, truncated, .. } = event.meta();
    let small = (*compressed)?;
    let whole = event.payload.len() as u64 + truncated.unwrap_or_default();
    let percent = small as f64 * 100.0 / whole as f64;
    let percent = if whole == 0 { String::new() } else { format!(", {percent:.0} %") };
    Some(format!("{} of {}{percent}", format::size(small), format::size(whole)))
}

fn connection(selected: &Selected) -> String {
    let from = selected.handshake.as_ref().map(Event::meta);
    let parts = [
        Some(format!("attempt {}", selected.event.attempt.max(1))),
        from.and_then(|meta| meta.remote.clone()),
        from.and_then(|meta| meta.tls.clone()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_told_with_its_share() {
        let event = |compressed, payload: &'static str| {
            let meta = Meta { compressed, ..Meta::default() };
            Event::new(0, Dir::In, Kind::Text).with_payload(payload).with_meta(meta)
        };
        let table = [
            (event(Some(4), "0123456789"), Some("4 B of 10 B, 40 %")),
            (event(Some(25), ""), Some("25 B of 0 B")),
            (event(None, "0123456789"), None),
        ];
        for (event, wanted) in table {
            assert_eq!(compression(&event).as_deref(), wanted);
        }
    }
}
