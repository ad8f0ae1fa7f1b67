//! What the page says of a run: its state, what is compared, numbers that fit.

use std::time::Duration;

use egui::Color32;

use crate::engine::{LaneView, RunView, Stage};
use crate::model::Way;
use crate::ui::format;
use crate::ui::theme::Tokens;

/// Whether it has not come to an end.
pub(super) fn is_on(run: &RunView) -> bool {
    run.stage != Stage::Done && run.error.is_none()
}

/// The colour of a lane. The one that falls back has no transport of its own, and none of theirs.
pub(super) fn color(t: &Tokens, way: Way) -> Color32 {
    match way {
        Way::Over(kind) => t.transport(Some(kind)),
        Way::Fallback => t.text,
    }
}

/// Whether a lane is drawn dashed, being another of the same colour or one that lies over others.
pub(super) fn is_dashed(lanes: &[LaneView], at: usize) -> bool {
    let Some(lane) = lanes.get(at) else { return false };
    let way = lane.spec.way;
    way == Way::Fallback || lanes.iter().take(at).any(|before| before.spec.way == way)
}

/// Minutes and seconds: `16:40`, `1:02:05`.
pub(super) fn minutes(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match s / 3600 {
        0 => format!("{:02}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// The state of a run in a word or two, and its colour.
pub(super) fn state(t: &Tokens, run: Option<&RunView>) -> (Color32, String) {
    let Some(run) = run else { return (t.faint, String::from("Not running")) };
    if run.error.is_some() {
        return (t.bad, String::from("Ended early"));
    }
    let clock = minutes(run.elapsed_s);
    match (run.stage, run.setup.duration) {
        (Stage::Opening, _) => (t.accent, String::from("Opening")),
        (Stage::Running, None) => (t.good, format!("Running {clock}")),
        (Stage::Running, Some(all)) => {
            (t.good, format!("Running {clock} of {}", minutes(all.as_secs_f64())))
        }
        (Stage::CatchingUp, _) => (t.warn, format!("Catching up {clock}")),
        (Stage::Done, _) => (t.faint, format!("Done {clock}")),
    }
}

/// What is compared, where.
pub(super) fn sentence(run: Option<&RunView>) -> String {
    let Some(run) = run else {
        return String::from("One source over every transport, measured rather than quoted");
    };
    let lanes = number(run.lanes.len(), "lane");
    let place = match run.setup.other.as_deref().map(host) {
        Some(host) => format!("measured against {host}"),
        None => String::from("measured on this machine"),
    };
    match &run.lesson {
        Some(lesson) if run.lanes.is_empty() => lesson.lesson.title.clone(),
        Some(lesson) => format!("{}: one source, {lanes}", lesson.lesson.title),
        None => format!("one source, {lanes}, {place}"),
    }
}

/// Host and port of an address, without the token that lets one in.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// A small number in words, and its noun.
fn number(count: usize, noun: &str) -> String {
    const WORDS: [&str; 7] = ["no", "one", "two", "three", "four", "five", "six"];
    let s = if count == 1 { "" } else { "s" };
    match WORDS.get(count) {
        Some(word) => format!("{word} {noun}{s}"),
        None => format!("{count} {noun}{s}"),
    }
}

/// A duration as a value and its unit, apart.
pub(super) fn apart(ms: f64) -> (String, String) {
    let text = format::millis(ms);
    match text.rsplit_once(' ') {
        Some((value, unit)) => (value.to_owned(), unit.to_owned()),
        None => (text, String::new()),
    }
}

/// Two durations with one unit, where they have the same: `0.9 / 1.7 ms`.
pub(super) fn both(first: f64, second: f64) -> String {
    let ((first, one), (second, other)) = (apart(first), apart(second));
    if one == other {
        format!("{first} / {second} {one}")
    } else {
        format!("{first} {one} / {second} {other}")
    }
}

/// A count in few characters: `12,000`, `1.20 M`.
pub(super) fn compact(count: u64) -> String {
    match count {
        0..1_000_000 => format::thousands(count),
        1_000_000..1_000_000_000 => format!("{:.2} M", count as f64 / 1e6),
        _ => format!("{:.2} G", count as f64 / 1e9),
    }
}

/// How long messages are sent.
pub(super) fn duration(duration: Option<Duration>) -> String {
    match duration {
        None => String::from("Until stopped"),
        Some(duration) => format::seconds(duration.as_secs_f64().max(10.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_numbers_are_short() {
        assert_eq!(minutes(1000.9), "16:40");
        assert_eq!(minutes(3725.0), "1:02:05");
        assert_eq!(minutes(-1.0), "00:00");
        assert_eq!(number(1, "lane"), "one lane");
        assert_eq!(number(6, "lane"), "six lanes");
        assert_eq!(number(7, "lane"), "7 lanes");
        assert_eq!(compact(12_000), "12,000");
        assert_eq!(compact(1_204_331), "1.20 M");
    }

    #[test]
    fn two_durations_share_their_unit() {
        assert_eq!(both(0.9, 1.7), "0.9 / 1.7 ms");
        assert_eq!(both(0.05, 1.7), "50 µs / 1.7 ms");
        assert_eq!(both(960.0, 1004.0), "960 / 1,004 ms");
    }

    #[test]
    fn a_token_is_not_told() {
        assert_eq!(host("http://10.0.0.7:4100/?join=7F3K-22QD"), "10.0.0.7:4100");
        assert_eq!(host("10.0.0.7:4100?join=x"), "10.0.0.7:4100");
    }
}
