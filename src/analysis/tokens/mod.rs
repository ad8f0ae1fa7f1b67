//! Token streams, as language models are served: puts the text of an answer together from its
//! deltas, and measures how soon and how fast they come.

mod assembled;
mod formats;

use serde_json::Value;

pub use assembled::{Assembled, Kind, Part, Usage};
pub use formats::Format;

use crate::model::{Dir, Event, Kind as EventKind};
use formats::{Reading, read, recognise};

/// Messages of an attempt that are looked at before it counts as something else. After those, a
/// stream that is none of these costs nothing.
const TRIES: u32 = 32;
/// Bytes of a message that is looked at, at most.
const LONGEST: usize = 1 << 20;
/// Bytes of the beginning that have to hold one of the names below.
const BEGINNING: usize = 4096;
/// One of these is in the first message of every format.
const NAMES: [&[u8]; 5] =
    [b"\"choices\"", b"\"message_start\"", b"\"response.", b"\"candidates\"", b"\"done\""];

/// Where an answer is among the events of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Number of its first event.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
    /// When it was asked for, in nanoseconds since the session began.
    asked_ns: Option<u64>,
    /// When the first message came, whatever it said.
    first_event_ns: Option<u64>,
}

/// Watches the messages of a session for token streams.
#[derive(Debug, Default)]
pub struct Tokens {
    is_open: bool,
    asked_ns: Option<u64>,
    first_event_ns: Option<u64>,
    tries: u32,
    format: Option<Format>,
    current: Option<(Assembled, Option<String>)>,
    spans: Vec<Span>,
}

impl Tokens {
    /// Takes the next event, whose number is `n`.
    pub fn observe(&mut self, n: u64, event: &Event) {
        match event.kind {
            EventKind::Event | EventKind::Message if event.dir == Dir::In => self.message(n, event),
            EventKind::Connecting => self.begin(),
            // What is sent later is not what the stream answers.
            EventKind::Request if !self.is_open => self.asked_ns = Some(event.t_ns),
            EventKind::Open => self.is_open = true,
            EventKind::Closed | EventKind::Failed => self.end(n),
            _ => {}
        }
    }

    /// Milliseconds from the request of the newest attempt to the first message that came of it.
    pub fn first_event_ms(&self) -> Option<f64> {
        Some(self.first_event_ns?.saturating_sub(self.asked_ns?) as f64 / 1e6)
    }

    /// The answer that the event with this number is part of.
    pub fn span_of(&self, n: u64) -> Option<Span> {
        let at = self.spans.partition_point(|span| span.last < n);
        self.spans.get(at).filter(|span| span.first <= n).copied()
    }

    /// The answer that is being assembled, if it is this one.
    pub fn current(&self, span: Span) -> Option<&Assembled> {
        let (assembled, _) = self.current.as_ref()?;
        (self.spans.last() == Some(&span)).then_some(assembled)
    }

    /// Watches the events of this answer alone, from its first one on, to assemble it again.
    pub fn again(span: Span) -> Self {
        let Span { asked_ns, first_event_ns, .. } = span;
        Self { tries: TRIES, asked_ns, first_event_ns, ..Self::default() }
    }

    /// What was assembled last.
    pub fn into_assembled(self) -> Option<Assembled> {
        self.current.map(|(assembled, _)| assembled)
    }

    fn begin(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        *self = Self { tries: TRIES, spans, ..Self::default() };
    }

    fn end(&mut self, n: u64) {
        if self.current.is_some()
            && let Some(span) = self.spans.last_mut()
        {
            span.last = n;
        }
        self.tries = 0;
        self.format = None;
    }

    fn message(&mut self, n: u64, event: &Event) {
        if self.first_event_ns.is_none() {
            self.first_event_ns = Some(event.t_ns);
        }
        if self.format.is_none() && self.tries == 0 {
            return;
        }
        let payload = &event.payload[..];
        if payload.trim_ascii() == b"[DONE]" {
            self.done(n);
            return;
        }
        if payload.first() != Some(&b'{') || payload.len() > LONGEST {
            self.tries = self.tries.saturating_sub(1);
            return;
        }
        let found = match self.format {
            Some(format) => parsed(payload).and_then(|value| Some((format, read(format, &value)?))),
            None => self.look(payload),
        };
        if let Some((format, reading)) = found {
            self.format = Some(format);
            self.add(n, event.t_ns, format, reading);
        }
    }

    fn look(&mut self, payload: &[u8]) -> Option<(Format, Reading)> {
        self.tries -= 1;
        let beginning = &payload[..payload.len().min(BEGINNING)];
        let may_be = NAMES.iter().any(|name| memchr::memmem::find(beginning, name).is_some());
        if !may_be {
            return None;
        }
        recognise(&parsed(payload)?)
    }

    fn done(&mut self, n: u64) {
        if let (Some((assembled, _)), Some(span)) = (&mut self.current, self.spans.last_mut()) {
            assembled.is_over = true;
            span.last = n;
        }
    }

    fn add(&mut self, n: u64, t_ns: u64, format: Format, reading: Reading) {
        let is_new = self.current.as_ref().is_none_or(|(assembled, id)| {
            let is_another = matches!((id, &reading.id), (Some(old), Some(new)) if old != new);
            assembled.is_over || reading.begins || is_another
        });
        if is_new {
            self.open(n, format, reading.id.clone());
        }
        if let Some(span) = self.spans.last_mut() {
            span.last = n;
        }
        if let Some((assembled, _)) = &mut self.current {
            assembled.add(t_ns, reading);
        }
    }

    fn open(&mut self, n: u64, format: Format, id: Option<String>) {
        // Only the first answer of a connection is what the request asked for.
        let is_first = self.current.is_none();
        let asked_ns = self.asked_ns.filter(|_| is_first);
        let first_event_ns = self.first_event_ns.filter(|_| is_first);
        self.current = Some((Assembled::new(format, asked_ns, first_event_ns), id));
        self.spans.push(Span { first: n, last: n, asked_ns, first_event_ns });
    }
}

fn parsed(payload: &[u8]) -> Option<Value> {
    serde_json::from_slice(payload).ok()
}
