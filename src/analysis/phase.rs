//! What a session is doing, told from its events alone, so that a live session and one read from a
//! file show the same face.

use crate::model::{Event, Kind, TransportKind};

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Phase {
    /// Nothing has happened yet.
    #[default]
    New,
    /// An attempt is under way.
    Connecting {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Messages may flow.
    Open {
        /// Which attempt, from 1.
        attempt: u32,
        /// Since when, in nanoseconds since the session began.
        since_ns: u64,
    },
    /// Lost, and to be tried again.
    Waiting {
        /// When the next attempt begins, in nanoseconds since the session began.
        until_ns: u64,
        /// Which retry it is, and how many there will be at most.
        retry: (u32, u32),
        /// Why it was lost.
        cause: String,
        /// What to try.
        hint: Option<String>,
    },
    /// Over.
    Ended {
        /// Since when, in nanoseconds since the session began.
        at_ns: u64,
        /// Whether it had been open, or the person ended the wait for the next attempt; rather than
        /// that the last attempt never got that far.
        was_open: bool,
        /// HTTP status of a refusal.
        status: Option<u16>,
        /// Close code.
        code: Option<u16>,
        /// Why.
        cause: String,
        /// What to try; `None` where there is nothing to mend.
        hint: Option<String>,
        /// Number of the event that tells it, whose payload is the start of a refusal's body.
        n: u64,
    },
}

impl Phase {
    /// Whether messages may flow.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Whether nothing more will happen by itself.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// Follows the state events of a session.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Where it stands now.
    pub phase: Phase,
    /// Connections that came about after the first.
    pub reconnects: u32,
    /// The transport that is really used, where the endpoint left the choice open.
    pub transport: Option<TransportKind>,
    /// Certificates are not being verified.
    pub insecure: bool,
    opened: u32,
    hint: Option<String>,
}

impl Story {
    /// Takes the next event; only state events change anything.
    pub fn observe(&mut self, n: u64, event: &Event) {
        let meta = event.meta();
        match event.kind {
            Kind::Connecting => self.phase = Phase::Connecting { attempt: event.attempt },
            Kind::Open => {
                self.reconnects = self.opened;
                self.opened = self.opened.saturating_add(1);
                self.insecure = meta.insecure;
                self.transport = meta.transport.or(self.transport);
                self.phase = Phase::Open { attempt: event.attempt, since_ns: event.t_ns };
            }
            Kind::Closed | Kind::Failed => {
                self.hint.clone_from(&meta.hint);
                self.phase = Phase::Ended {
                    at_ns: event.t_ns,
                    was_open: event.kind == Kind::Closed,
                    status: meta.status,
                    code: meta.code,
                    cause: meta.cause.clone().unwrap_or_default(),
                    hint: meta.hint.clone(),
                    n,
                };
            }
            Kind::Retrying => {
                let delay = meta.delay_ms.unwrap_or_default().saturating_mul(1_000_000);
                self.phase = Phase::Waiting {
                    until_ns: event.t_ns.saturating_add(delay),
                    retry: meta.retry.unwrap_or_default(),
                    cause: meta.cause.clone().unwrap_or_default(),
                    hint: self.hint.take(),
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Meta};

    fn event(t_ns: u64, attempt: u32, kind: Kind, meta: Meta) -> Event {
        Event { attempt, ..Event::new(t_ns, Dir::Local, kind).with_meta(meta) }
    }

    #[test]
    fn a_break_and_a_return_are_followed() {
        let mut story = Story::default();
        let lost = Meta { cause: Some("reset".into()), code: Some(1001), ..Meta::default() };
        let wait = Meta { delay_ms: Some(2), retry: Some((1, 10)), ..lost.clone() };
        story.observe(1, &event(0, 1, Kind::Connecting, Meta::default()));
        assert_eq!(story.phase, Phase::Connecting { attempt: 1 });
        story.observe(2, &event(5, 1, Kind::Open, Meta::default()));
        assert!(story.phase.is_open() && story.reconnects == 0);
        story.observe(3, &event(9, 1, Kind::Closed, lost));
        assert!(story.phase.is_over());
        story.observe(4, &event(10, 1, Kind::Retrying, wait));
        let Phase::Waiting { until_ns, retry, .. } = story.phase else { panic!("not waiting") };
        assert_eq!((until_ns, retry), (2_000_010, (1, 10)));
        story.observe(5, &event(20, 2, Kind::Open, Meta::default()));
        assert_eq!(story.reconnects, 1);
    }
    #[test]
    fn a_wait_that_the_person_ends_is_over() {
        let mut story = Story::default();
        let hint = Meta { hint: Some("start it".into()), ..Meta::default() };
        let by_you = Meta { cause: Some("disconnected by you".into()), ..Meta::default() };
        let wait = Meta { delay_ms: Some(u64::MAX), ..Meta::default() };
        story.observe(1, &event(5, 1, Kind::Failed, hint));
        story.observe(2, &event(u64::MAX, 1, Kind::Retrying, wait));
        assert!(matches!(story.phase, Phase::Waiting { until_ns: u64::MAX, .. }));
        story.observe(3, &event(8, 1, Kind::Closed, by_you));
        let Phase::Ended { was_open, cause, hint, .. } = story.phase else { panic!("not over") };
        assert_eq!((was_open, cause.as_str(), hint), (true, "disconnected by you", None));
    }
}
