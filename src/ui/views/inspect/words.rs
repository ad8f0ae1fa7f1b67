//! One line for any event, and the words and colours of what a session is doing.

use egui::Color32;

use crate::analysis::Phase;
use crate::engine::{Origin, SessionView};
use crate::model::{Dir, Event, Kind, Timing, close_meaning};
use crate::ui::format::{self, Zone};
use crate::ui::scene::now_ns;
use crate::ui::theme::Tokens;
use crate::ui::views::capital;

/// Characters of a payload that a row can show, at most.
const WIDEST: usize = 400;

/// What a row says of an event.
pub(super) fn preview(event: &Event) -> String {
    let meta = event.meta();
    match event.kind {
        kind if kind.is_state() => state(event),
        Kind::Violation => {
            format!("{} · {}", meta.cause.as_deref().unwrap_or("broken rule"), hex(&event.payload))
        }
        Kind::Close => match (meta.code, meta.reason.as_deref().unwrap_or_default()) {
            (Some(code), "") => format!("{code} {}", close_meaning(code)),
            (Some(code), reason) => format!("{code} {}: {reason}", close_meaning(code)),
            (None, _) => String::from("without a code"),
        },
        Kind::Retry => meta.retry_ms.map(|ms| format::millis(ms as f64)).unwrap_or_default(),
        Kind::Request => {
            let target = meta.url.as_deref().unwrap_or_default();
            let body = if event.payload.is_empty() { "" } else { " · " };
            let method = meta.method.as_deref().unwrap_or("GET");
            format!("{method} {target}{body}{}", text_or_hex(event))
        }
        Kind::Response => {
            let reason = meta.reason.as_deref().unwrap_or_default();
            let status = meta.status.map(|status| status.to_string()).unwrap_or_default();
            let took = meta.timing.and_then(|timing| timing.total).map(format::millis);
            let took = took.map(|took| format!(" in {took}")).unwrap_or_default();
            format!("{status} {reason}{took} {}", text_or_hex(event)).trim().to_owned()
        }
        Kind::Event => match event.name.as_deref() {
            Some(name) if name != "message" => format!("{name} · {}", text_or_hex(event)),
            _ => text_or_hex(event),
        },
        Kind::Ping | Kind::Pong | Kind::Binary => hex(&event.payload),
        _ => text_or_hex(event),
    }
}

fn text_or_hex(event: &Event) -> String {
    event.text().map_or_else(|| hex(&event.payload), one_line)
}

/// Text with its line breaks made visible as spaces and its end cut off where no row reaches.
fn one_line(text: &str) -> String {
    text.chars().take(WIDEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Bytes as `77 73 31`.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> =
        bytes.iter().take(WIDEST / 3).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ")
}

fn state(event: &Event) -> String {
    let meta = event.meta();
    let cause = meta.cause.as_deref().unwrap_or_default();
    match event.kind {
        Kind::Connecting => {
            let resume = meta.resume_after.as_deref();
            let resume = resume.map(|id| format!(", resume after id {id}")).unwrap_or_default();
            format!("attempt {}{resume}", event.attempt.max(1))
        }
        Kind::Open => {
            let status = meta.status.map(|status| format!("{status} ")).unwrap_or_default();
            let reason = meta.reason.as_deref().unwrap_or_default();
            let took = meta.timing.map(|timing| took(&timing)).unwrap_or_default();
            let resumed = meta.resume_after.as_deref();
            let resumed = resumed.map(|id| format!(" · resumed after id {id}")).unwrap_or_default();
            let answer = format!("{status}{reason}{took}{resumed}");
            let parts = [warning(event).unwrap_or_default(), answer.trim()];
            let chosen = meta.chosen.as_deref().unwrap_or_default();
            let parts = parts.into_iter().chain([chosen]).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(" · ")
        }
        Kind::Retrying => {
            let next = meta.delay_ms.map(|ms| format::seconds(ms as f64 / 1e3));
            let next = next.map(|next| format!(" in {next}")).unwrap_or_default();
            let count = meta.retry.map(|(at, most)| format!("retry {at} of {most}"));
            format!("{}{next}", count.unwrap_or_else(|| String::from("retry")))
        }
        _ => match meta.hint.as_deref() {
            Some(hint) if !cause.is_empty() => format!("{}. {hint}", capital(cause)),
            _ => capital(cause),
        },
    }
}

/// What is to be known of a connection that did come about; the row begins with it.
pub(super) fn warning(event: &Event) -> Option<&str> {
    event.meta().cause.as_deref().filter(|_| event.kind == Kind::Open)
}

/// ` in 14 ms (DNS 0.2, TCP 0.4, TLS 11.6, answer 1.8)`
fn took(timing: &Timing) -> String {
    let phases: Vec<String> = phases(timing)
        .into_iter()
        .map(|(name, ms)| format!("{name} {}", format::short_millis(ms)))
        .collect();
    let total = timing.total.map(|total| format!(" in {}", format::millis(total)));
    let total = total.unwrap_or_default();
    if phases.is_empty() { total } else { format!("{total} ({})", phases.join(", ")) }
}

/// The phases that took place, in order, in milliseconds.
pub(super) fn phases(timing: &Timing) -> Vec<(&'static str, f64)> {
    [
        ("DNS", timing.dns),
        ("TCP", timing.tcp),
        ("TLS", timing.tls),
        ("connect", timing.connect),
        ("answer", timing.first_byte),
    ]
    .into_iter()
    .filter_map(|(name, ms)| Some((name, ms?)))
    .collect()
}

/// The arrow of a direction.
pub(super) const fn arrow(dir: Dir) -> &'static str {
    match dir {
        Dir::In => "↓",
        Dir::Out => "↑",
        Dir::Local => "•",
    }
}

/// The colour of a state event, or of any other kind that stands out.
pub(super) fn kind_color(t: &Tokens, kind: Kind) -> Color32 {
    match kind {
        Kind::Closed | Kind::Failed | Kind::Violation => t.bad,
        Kind::Retrying | Kind::Note => t.warn,
        Kind::Open => t.good,
        Kind::Connecting => t.accent,
        _ => t.muted,
    }
}

/// A few words on what the session is doing, and their colour.
pub(super) fn state_words(session: &SessionView, t: &Tokens, zone: &Zone) -> (String, Color32) {
    if session.origin == Origin::File {
        return (String::from("Capture"), t.muted);
    }
    let now = now_ns(session);
    match &session.phase {
        Phase::New => (String::from("Starting"), t.accent),
        Phase::Connecting { attempt: 0 | 1 } => (String::from("Connecting"), t.accent),
        Phase::Connecting { attempt } => (format!("Connecting, attempt {attempt}"), t.accent),
        Phase::Open { since_ns, .. } => match session.silent_ns {
            Some(silent) => {
                (format!("Silent for {}", format::seconds(silent as f64 / 1e9)), t.warn)
            }
            None => (format!("Open {}", format::stopwatch(now.saturating_sub(*since_ns))), t.good),
        },
        Phase::Waiting { until_ns, retry: (at, most), .. } => {
            let left = until_ns.saturating_sub(now) as f64 / 1e9;
            (format!("Retry {at} of {most} in {left:.1} s"), t.warn)
        }
        Phase::Ended { was_open: false, status: Some(status), .. } => {
            (format!("Refused {status}"), t.bad)
        }
        Phase::Ended { was_open: false, .. } => (String::from("Failed"), t.bad),
        Phase::Ended { at_ns, hint, .. } => {
            let at = zone.clock(wall(session, *at_ns));
            (format!("Closed {at}"), if hint.is_some() { t.bad } else { t.muted })
        }
    }
}

/// What is said as long as a connection stands whose certificate nobody verified.
pub(super) const NOT_VERIFIED: &str = "certificate not verified";

/// Whether anyone on the way could read and change what this session says.
pub(super) fn is_insecure(session: &SessionView) -> bool {
    session.insecure && session.origin == Origin::Live && !session.phase.is_over()
}

/// The wall clock at a time of the session.
pub(super) fn wall(session: &SessionView, t_ns: u64) -> i64 {
    session.start_wall_ns.saturating_add_unsigned(t_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meta;

    fn event(dir: Dir, kind: Kind, payload: &str, meta: Meta) -> Event {
        Event::new(0, dir, kind).with_payload(payload.to_owned()).with_meta(meta)
    }

    #[test]
    fn every_kind_has_its_line() {
        let none = Meta::default;
        let timing = Timing { tcp: Some(0.4), total: Some(14.0), ..Timing::default() };
        let table = [
            (event(Dir::In, Kind::Text, "a\nb", none()), "a b"),
            (event(Dir::In, Kind::Binary, "ab", none()), "61 62"),
            (event(Dir::In, Kind::Ping, "ws1", none()), "77 73 31"),
            (
                event(Dir::In, Kind::Close, "", Meta { code: Some(1001), ..none() }),
                "1001 going away",
            ),
            (event(Dir::In, Kind::Retry, "", Meta { retry_ms: Some(3000), ..none() }), "3,000 ms"),
            (
                event(
                    Dir::Local,
                    Kind::Open,
                    "",
                    Meta {
                        status: Some(101),
                        reason: Some("Switching Protocols".into()),
                        timing: Some(timing),
                        ..none()
                    },
                ),
                "101 Switching Protocols in 14 ms (TCP 0.4)",
            ),
            (
                event(
                    Dir::Local,
                    Kind::Open,
                    "",
                    Meta {
                        status: Some(200),
                        cause: Some("back after 3.1 s without a cursor".into()),
                        chosen: Some("SSE, because the answer is text/event-stream".into()),
                        ..none()
                    },
                ),
                "back after 3.1 s without a cursor · 200 · SSE, because the answer is \
                 text/event-stream",
            ),
            (
                event(
                    Dir::Local,
                    Kind::Retrying,
                    "",
                    Meta { delay_ms: Some(2000), retry: Some((2, 10)), ..none() },
                ),
                "retry 2 of 10 in 2.0 s",
            ),
            (
                event(
                    Dir::In,
                    Kind::Response,
                    "",
                    Meta { status: Some(204), reason: Some("No Content".into()), ..none() },
                ),
                "204 No Content",
            ),
        ];
        for (event, wanted) in table {
            assert_eq!(preview(&event), wanted);
        }
    }
}
