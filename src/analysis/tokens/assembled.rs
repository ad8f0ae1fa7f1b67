//! An answer as far as it came: its text by parts, how soon and how fast it came, why it ended.

use super::formats::{Delta, Format, Reading};

/// Bytes of text that are kept of an answer, names of tools aside.
const LONGEST: usize = 4 << 20;
/// Parts that are kept apart.
const PARTS: usize = 256;
/// Bytes of a tool's name or of a reason that are kept.
const WORD: usize = 256;

/// What a part of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What is said.
    Text,
    /// What led to it.
    Thinking,
    /// Arguments of a tool that is to be called.
    Tool,
}

impl Kind {
    /// The name people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Thinking => "Thinking",
            Self::Tool => "Tool",
        }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// Which of several choices or blocks, and which tool call within.
    pub place: (u64, u64),
    /// Name of the tool.
    pub name: Option<String>,
    /// Its text.
    pub text: String,
}

/// Tokens as the server counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Of the request.
    pub input: Option<u64>,
    /// Of the answer.
    pub output: Option<u64>,
}

/// An answer of a language model, put together. Times are nanoseconds since the session began.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// How it was streamed.
    pub format: Format,
    /// Its parts in the order in which they began.
    pub parts: Vec<Part>,
    /// Pieces of text that came.
    pub deltas: u64,
    /// Bytes of text that were left out because there were too many.
    pub cut: u64,
    /// Why it ended, in the server's word.
    pub end: Option<String>,
    /// Its last message came.
    pub is_over: bool,
    /// What the server counted.
    pub usage: Usage,
    asked_ns: Option<u64>,
    first_event_ns: Option<u64>,
    first_ns: Option<u64>,
    last_ns: u64,
    bytes: usize,
}

impl Assembled {
    pub(super) fn new(format: Format, asked_ns: Option<u64>, first_event_ns: Option<u64>) -> Self {
        Self {
            format,
            parts: Vec::new(),
            deltas: 0,
            cut: 0,
            end: None,
            is_over: false,
            usage: Usage::default(),
            asked_ns,
            first_event_ns,
            first_ns: None,
            last_ns: 0,
            bytes: 0,
        }
    }

    /// Milliseconds from the request to the first message, whatever it said.
    pub fn first_event_ms(&self) -> Option<f64> {
        Some(millis(self.first_event_ns?, self.asked_ns?))
    }

    /// Milliseconds from the request to the first piece of text.
    pub fn first_token_ms(&self) -> Option<f64> {
        Some(millis(self.first_ns?, self.asked_ns?))
    }

    /// Pieces of text a second, from the first to the last.
    pub fn deltas_per_second(&self) -> Option<f64> {
        self.per_second(self.deltas)
    }

    /// Tokens a second by the server's own count, once it is told.
    pub fn tokens_per_second(&self) -> Option<f64> {
        self.usage.output.filter(|_| self.end.is_some()).and_then(|count| self.per_second(count))
    }

    /// All of its text, with a line before each part where there are several.
    pub fn text(&self) -> String {
        match &self.parts[..] {
            [only] => only.text.clone(),
            parts => {
                let titled = |part: &Part| [part.title(), part.text.clone()].join("\n");
                parts.iter().map(titled).collect::<Vec<_>>().join("\n\n")
            }
        }
    }

    /// The first is where counting begins, so it is not counted itself.
    fn per_second(&self, count: u64) -> Option<f64> {
        let ms = millis(self.last_ns, self.first_ns?);
        (count > 1 && ms > 0.0).then(|| (count - 1) as f64 * 1e3 / ms)
    }

    pub(super) fn add(&mut self, t_ns: u64, reading: Reading) {
        for delta in reading.deltas {
            if !delta.text.is_empty() {
                self.deltas += 1;
                self.first_ns.get_or_insert(t_ns);
                self.last_ns = t_ns;
            }
            self.put(delta);
        }
        if let Some(mut end) = reading.end {
            end.truncate(end.floor_char_boundary(WORD));
            self.end = Some(end);
        }
        self.is_over |= reading.is_last;
        self.usage.input = reading.usage.input.or(self.usage.input);
        self.usage.output = reading.usage.output.or(self.usage.output);
    }

    fn put(&mut self, delta: Delta) {
        let Delta { place, kind, name, text } = delta;
        let room = LONGEST - self.bytes;
        let kept = &text[..text.floor_char_boundary(room)];
        let is_same = |part: &&mut Part| part.kind == kind && part.place == place;
        // Another name at the same place is another call, of servers that do not number them.
        let known = self.parts.iter_mut().rev().find(is_same).filter(|_| name.is_none());
        if let Some(part) = known {
            part.text.push_str(kept);
        } else if self.parts.len() < PARTS {
            let name = name.map(|mut name| {
                name.truncate(name.floor_char_boundary(WORD));
                name
            });
            self.parts.push(Part { kind, place, name, text: kept.to_owned() });
        } else {
            self.cut += text.len() as u64;
            return;
        }
        self.bytes += kept.len();
        self.cut += (text.len() - kept.len()) as u64;
    }
}

impl Part {
    /// What it is, in words.
    pub fn title(&self) -> String {
        match (&self.name, self.place.0) {
            (Some(name), _) => format!("{} {name}", self.kind.label()),
            (None, 0) => self.kind.label().to_owned(),
            (None, place) => format!("{} {}", self.kind.label(), place + 1),
        }
    }
}

fn millis(to_ns: u64, from_ns: u64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e6
}
