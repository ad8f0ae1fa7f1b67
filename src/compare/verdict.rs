//! Which way fits best: from what the person needs and what was measured. Every sentence is made
//! from a figure of the run, or from what a protocol can and cannot do where the needs ask for it.

mod choice;
#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;

use std::fmt::Write as _;

use self::choice::{Choice, Out, choose, is, same_median};
use super::words::{at_most, bytes, count, counted, number, seconds, time};
use super::{Lane, ScaleRow, ScaleView, Verdict};
use crate::model::{Needs, Shape, Source, TransportKind, Way};

/// Asks for one thing more.
type Switch = fn(&mut Needs);

/// Fewer messages than this tell nothing.
const FEWEST: u64 = 20;
/// Bytes a second that are worth a decision, for one client.
const WORTH: f64 = 100_000.0;
/// The fastest a source goes.
const FASTEST: f64 = 10_000.0;

/// What to use for these needs, as far as these lanes tell; `None` where too little was
/// measured, or where there is nothing to choose from.
/// A scale run adds what a connection costs.
pub fn verdict(
    needs: &Needs,
    source: &Source,
    lanes: &[Lane],
    scale: Option<&ScaleView>,
) -> Option<Verdict> {
    let choice = choose(*needs, source.rate, lanes)?;
    let case = Case { needs: *needs, source, lanes, scale, choice: &choice };
    let best = choice.best;
    Some(Verdict {
        transport: best.transport,
        label: name(best),
        summary: case.summary(),
        reasons: case.reasons(),
        would_change: case.would_change(),
    })
}

/// What a lane is called in a sentence.
fn name(lane: &Lane) -> String {
    if lane.label == TransportKind::Sse.label() {
        return "Server-Sent Events".into();
    }
    lane.label.clone()
}

fn median(lane: &Lane) -> Option<f64> {
    lane.latency_ms.map(|latency| latency.p50)
}

/// `≈` before figures that were partly computed.
fn about(lanes: &[&Lane]) -> &'static str {
    if lanes.iter().any(|lane| lane.wire_is_estimate) { "≈" } else { "" }
}

/// Everything a sentence may be made of.
struct Case<'a> {
    needs: Needs,
    source: &'a Source,
    lanes: &'a [Lane],
    scale: Option<&'a ScaleView>,
    choice: &'a Choice<'a>,
}

impl Case<'_> {
    /// The lane the reader thinks of next, of those that lost no more than they may: WebSocket, or
    /// else SSE, or else the fastest.
    fn rival(&self) -> Option<&Lane> {
        let best = self.choice.best;
        let worked = || {
            let others = self.lanes.iter().filter(|lane| lane.transport != best.transport);
            let others = others.filter(|lane| lane.transport != Way::Fallback.word());
            let others = others.filter(|lane| !self.choice.lost_too_much(lane));
            others.filter_map(|lane| Some((median(lane)?, lane)))
        };
        let of = |kind| worked().map(|(_, lane)| lane).find(|lane| is(lane, kind));
        let fastest = || worked().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, lane)| lane);
        of(TransportKind::Websocket).or_else(|| of(TransportKind::Sse)).or_else(fastest)
    }

    fn summary(&self) -> String {
        let best = self.choice.best;
        let way = if self.needs.two_way { "Two-way" } else { "One-way" };
        let bytes_or_text = if self.is_binary() { "binary" } else { "text" };
        let mut said = Vec::new();
        said.extend(self.against_rival());
        match best.lost {
            0 if best.reconnects > 0 => {
                said.push(format!("nothing lost over {}", counted(best.reconnects, "reconnect")));
            }
            0 if self.needs.resume && best.resumes && is(best, TransportKind::Sse) => {
                said.push("resumes by itself".into());
            }
            0 => {}
            lost => said.push(format!("{} of {} lost", count(lost), count(best.sent))),
        }
        if self.needs.proxies {
            said.extend(passes(best).map(str::to_owned));
        }
        let rate = number(self.source.rate);
        let head = format!("{way}, {rate} msg/s, {bytes_or_text}");
        let first = if said.is_empty() { head } else { format!("{head}: {}", said.join(", ")) };
        match self.rival_saves() {
            Some((rival, saved)) => {
                let about = about(&[best, rival]);
                let name = name(rival);
                format!("{first}. {name} would save {about}{} a message.", bytes(saved))
            }
            None => format!("{first}."),
        }
    }

    fn is_binary(&self) -> bool {
        self.needs.binary || self.source.shape == Shape::Binary
    }

    /// How its median compares to that of its rival.
    fn against_rival(&self) -> Option<String> {
        let own = median(self.choice.best)?;
        let Some(rival) = self.rival() else { return Some(format!("median {}", time(own))) };
        let (theirs, name) = (median(rival)?, name(rival));
        let apart = (own - theirs).abs();
        Some(if time(apart) == time(0.0) {
            format!("as fast as {name}")
        } else if same_median(own, theirs) {
            format!("within {} of {name}", at_most(apart))
        } else {
            format!("median {} against {} over {name}", time(own), time(theirs))
        })
    }

    /// A rival that gets by with fewer bytes, and how many.
    fn rival_saves(&self) -> Option<(&Lane, f64)> {
        let rival = self.rival()?;
        let saved = self.choice.best.wire_per_message()? - rival.wire_per_message()?;
        // What is written must not be nothing.
        (saved >= 1.0).then_some((rival, saved))
    }

    fn reasons(&self) -> Vec<String> {
        let best = self.choice.best;
        let mut reasons = Vec::new();
        reasons.extend(self.asked_for());
        reasons.extend(self.how_fast());
        reasons.push(self.how_complete());
        reasons.extend(self.how_heavy());
        if best.requests > best.connections && best.requests >= best.delivered / 2 {
            let (requests, came) =
                (counted(best.requests, "request"), counted(best.delivered, "message"));
            reasons.push(format!("It took {requests} to get {came}"));
        }
        reasons.extend(self.memory());
        reasons.extend(self.choice.out.iter().map(|(lane, why)| self.is_out(lane, *why)));
        reasons
    }

    /// What a protocol can do that the needs ask for.
    fn asked_for(&self) -> Vec<String> {
        let best = self.choice.best;
        let sends = is(best, TransportKind::Websocket) || best.transport == Way::Fallback.word();
        let mut said = Vec::new();
        if self.needs.two_way {
            said.push(if sends {
                "The client sends as well: a WebSocket carries both ways over one connection".into()
            } else {
                let name = name(best);
                format!("{name} cannot send: each message of the client is a request of its own")
            });
        }
        if self.is_binary() {
            said.push(if sends {
                "A WebSocket carries bytes as they are".into()
            } else {
                let name = name(best);
                format!("{name} carries text only here: bytes go as Base64, a third longer")
            });
        }
        if self.needs.resume && best.resumes && is(best, TransportKind::Sse) {
            said.push("An EventSource reconnects and resumes by itself, with Last-Event-ID".into());
        }
        if self.needs.resume && is(best, TransportKind::Websocket) {
            said.push(
                "WebSocket has no id to resume by: the messages have to carry one, and the client has to say it"
                    .into(),
            );
        }
        said
    }

    fn how_fast(&self) -> Option<String> {
        let own = self.choice.best.latency_ms?;
        let mut text = format!("Median {}, p99 {}", time(own.p50), time(own.p99));
        if let Some((rival, theirs)) = self.rival().and_then(|r| Some((r, r.latency_ms?))) {
            let (p50, p99, name) = (time(theirs.p50), time(theirs.p99), name(rival));
            let _ = write!(text, "; {name} {p50} and {p99}");
        }
        Some(text)
    }

    fn how_complete(&self) -> String {
        let best = self.choice.best;
        let mut text = if best.lost == 0 {
            format!("None of {} was lost", counted(best.sent, "message"))
        } else {
            format!("{} of {} were lost", count(best.lost), counted(best.sent, "message"))
        };
        if best.reconnects > 0 {
            let _ = write!(text, ", over {}", counted(best.reconnects, "reconnect"));
            if let Some(recover) = best.recover_ms {
                let _ = write!(text, " that took up to {}", seconds(recover.max / 1e3));
            }
        }
        let odd = [(best.duplicated, "came twice"), (best.reordered, "came out of order")];
        for (n, what) in odd.into_iter().filter(|(n, _)| *n > 0) {
            let _ = write!(text, ", {} {what}", count(n));
        }
        text
    }

    fn how_heavy(&self) -> Option<String> {
        let best = self.choice.best;
        let about = |lane: &Lane| about(&[lane]);
        let own = best.wire_per_message()?;
        let mut others: Vec<(f64, String)> = (self.lanes.iter())
            .filter(|lane| !std::ptr::eq(*lane, best) && lane.transport != Way::Fallback.word())
            .filter_map(|lane| {
                let wire = lane.wire_per_message()?;
                Some((wire, format!("{} {}{}", name(lane), about(lane), bytes(wire))))
            })
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut text = format!("{}{} on the wire a message", about(best), bytes(own));
        let others: Vec<String> = others.into_iter().map(|(_, text)| text).collect();
        if !others.is_empty() {
            let _ = write!(text, "; {}", others.join(", "));
        }
        Some(text)
    }

    /// What a connection costs the server, at the greatest number of clients both were tried with.
    fn memory(&self) -> Option<String> {
        let rows = &self.scale?.rows;
        let of = |lane: &Lane| {
            let theirs = rows.iter().filter(|row| row.transport == lane.transport);
            theirs.filter(|row| row.memory_per_connection.is_some()).max_by_key(|row| row.held)
        };
        let cost = |row: &ScaleRow| row.memory_per_connection.map(|size| bytes(size as f64));
        let own = of(self.choice.best)?;
        let held = count(own.held as u64);
        let mut text = format!("{} of server memory a connection with {held} open", cost(own)?);
        let rival = self.rival().map(|rival| (rival, of(rival)));
        if let Some((rival, Some(theirs))) = rival
            && theirs.clients == own.clients
        {
            let _ = write!(text, "; {} {}", name(rival), cost(theirs)?);
        }
        Some(text)
    }

    fn is_out(&self, lane: &Lane, why: Out) -> String {
        let best = self.choice.best;
        let (name, other) = (name(lane), name(best));
        match why {
            Out::NeverOpen => format!("{name} never opened in this run"),
            Out::Nothing => {
                format!("{name} delivered nothing of {}", counted(lane.sent, "message"))
            }
            Out::Lost => {
                let (lost, sent) = (count(lane.lost), count(lane.sent));
                format!("{name} lost {lost} of {sent}, {other} {}", count(best.lost))
            }
            Out::CannotSend => format!("{name} cannot send, and the client has to"),
            Out::TextOnly => format!("{name} carries text only here, and payloads are bytes"),
            Out::NeedsUpgrade => {
                format!("{name} needs an upgrade, which a proxy nobody controls may refuse")
            }
            Out::NoBrowserReader => {
                format!("A browser has no reader for {name} of its own; a page reads it with fetch")
            }
            Out::Slow => {
                let p95 = |lane: &Lane| lane.latency_ms.map(|latency| time(latency.p95));
                let both = |lane: &Lane| {
                    let median = median(lane).map_or_else(|| "–".into(), time);
                    format!("{median} and p95 {}", p95(lane).unwrap_or_else(|| "–".into()))
                };
                format!("{name} was slower: median {} against {}", both(lane), both(best))
            }
        }
    }

    fn would_change(&self) -> Vec<String> {
        let mut said = Vec::new();
        let best = self.choice.best;
        let asked: [(bool, Switch, &str); 4] = [
            (self.needs.two_way, |needs| needs.two_way = true, "If the client sends often, too"),
            (self.needs.binary, |needs| needs.binary = true, "If payloads are bytes"),
            (
                self.needs.proxies,
                |needs| needs.proxies = true,
                "If there are proxies nobody controls",
            ),
            (self.needs.resume, |needs| needs.resume = true, "If nothing may be missed"),
        ];
        for (is_needed, switch, when) in asked {
            let mut needs = self.needs;
            switch(&mut needs);
            let other = choose(needs, self.source.rate, self.lanes).map(|choice| choice.best);
            if let Some(other) = other.filter(|other| !is_needed && !std::ptr::eq(*other, best)) {
                said.push(format!("{when}: {}", name(other)));
            }
        }
        if let Some((rival, saved)) = self.rival_saves() {
            let rate = WORTH / saved;
            if self.source.rate < rate && rate <= FASTEST {
                let (rate, name, saved) = (number(rate), name(rival), bytes(saved));
                let worth = bytes(WORTH);
                said.push(format!(
                    "At {rate} msg/s the {saved} that {name} saves would come to {worth} a second for each client"
                ));
            }
        }
        if self.lanes.iter().all(|lane| lane.reconnects == 0) {
            said.push(
                "No lane had to reconnect in this run, so how each comes back was not measured"
                    .into(),
            );
        }
        said
    }
}

/// What a proxy that nobody controls makes of a way.
fn passes(lane: &Lane) -> Option<&'static str> {
    match Way::from_word(lane.transport)? {
        Way::Over(TransportKind::Websocket) => Some("if proxies let the upgrade pass"),
        Way::Over(TransportKind::Sse | TransportKind::Stream) => {
            Some("plain HTTP, as long as no proxy collects the response")
        }
        Way::Over(_) => Some("plain HTTP"),
        Way::Fallback => Some("goes on over SSE or long poll where a proxy refuses the upgrade"),
    }
}
