//! Cuts the body of a stream into messages: lines, JSON texts, or chunks as they came. Takes time
//! linear in the bytes, and memory of one message.

use bytes::Bytes;

use super::values::Values;

/// How messages lie in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One a line, ended by LF or CRLF.
    Lines,
    /// JSON texts one after the other, whatever is between them; a list that is the whole body
    /// gives its elements.
    Json,
    /// JSON texts each begun by a record separator (RFC 7464).
    Sequence,
    /// No framing is known: each piece as it came.
    Chunks,
}

impl Framing {
    /// The framing that goes with a media type, in lower case and without parameters.
    pub fn of(media_type: &str) -> Self {
        match media_type {
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "application/x-json-stream"
            | "application/stream+json"
            | "application/json-l"
            | "text/plain"
            | "text/x-ndjson"
            | "text/jsonl" => Self::Lines,
            "application/json-seq" => Self::Sequence,
            "application/json" => Self::Json,
            other if other.ends_with("+json-seq") => Self::Sequence,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Chunks,
        }
    }
}

/// Something found in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub what: What,
    /// Bytes it took in the body, with what separates it from its neighbours.
    pub raw: u64,
}

/// What can be found in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A message, or its beginning, and how many bytes beyond the limit were left out.
    Message(Bytes, u64),
    /// A blank line: a sign of life.
    Blank,
    /// A message that ended before its time, or its beginning, and the rule that it breaks.
    Broken(Bytes, &'static str),
}

/// Reads a body in chunks of any size.
#[derive(Debug)]
pub struct Records(Inner);

#[derive(Debug)]
enum Inner {
    Lines(Lines),
    Json(Values),
    Chunks(usize),
}

impl Records {
    /// For a body with this framing; at most `limit` bytes of a message are kept.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Self(match framing {
            Framing::Lines => Inner::Lines(Lines(Growing::new(limit))),
            Framing::Json => Inner::Json(Values::new(limit, false)),
            Framing::Sequence => Inner::Json(Values::new(limit, true)),
            Framing::Chunks => Inner::Chunks(limit),
        })
    }

    /// Takes the next bytes of the body and adds what is complete to `found`.
    pub fn feed(&mut self, chunk: &Bytes, found: &mut Vec<Record>) {
        match &mut self.0 {
            Inner::Lines(lines) => lines.feed(chunk, found),
            Inner::Json(values) => values.feed(chunk, found),
            Inner::Chunks(limit) => {
                let kept = chunk.slice(..chunk.len().min(*limit));
                let cut = (chunk.len() - kept.len()) as u64;
                let raw = chunk.len() as u64;
                found.push(Record { what: What::Message(kept, cut), raw });
            }
        }
    }

    /// What is left at the end of the body: a message without a separator after it.
    pub fn finish(&mut self) -> Option<Record> {
        let left = match &mut self.0 {
            Inner::Lines(lines) => &mut lines.0,
            Inner::Json(values) => values.rest(),
            Inner::Chunks(_) => return None,
        };
        (!left.is_empty()).then(|| left.take(&[], 0))
    }
}

/// A message that is being gathered.
#[derive(Debug)]
pub(super) struct Growing {
    limit: usize,
    kept: Vec<u8>,
    cut: u64,
    raw: u64,
}

impl Growing {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), cut: 0, raw: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.cut == 0
    }

    /// Adds bytes that belong to the message.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.cut += (bytes.len() - room) as u64;
        self.raw += bytes.len() as u64;
    }

    /// Counts bytes around the message.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.raw += bytes as u64;
    }

    /// The message with these last bytes and so many after it that do not belong to it.
    pub(super) fn take(&mut self, last: &[u8], after: u64) -> Record {
        let (bytes, cut) = self.bytes(last);
        let raw = std::mem::take(&mut self.raw) + after;
        Record { what: What::Message(bytes, cut), raw }
    }

    /// The message cut off where it should not end.
    pub(super) fn broken(&mut self, rule: &'static str) -> Record {
        let raw = std::mem::take(&mut self.raw);
        Record { what: What::Broken(self.bytes(&[]).0, rule), raw }
    }

    /// A line without a message.
    pub(super) fn blank(&mut self, after: u64) -> Record {
        Record { what: What::Blank, raw: std::mem::take(&mut self.raw) + after }
    }

    fn bytes(&mut self, last: &[u8]) -> (Bytes, u64) {
        // Most messages lie whole in one chunk. Copied, because a slice would keep all of the chunk
        // in memory as long as the message.
        if self.is_empty() && last.len() <= self.limit {
            self.raw += last.len() as u64;
            return (Bytes::copy_from_slice(last), 0);
        }
        self.push(last);
        // A message of the limit's length is no reason to hold that much for ever.
        let kept = if self.kept.capacity() > 64 << 10 {
            Bytes::from(std::mem::take(&mut self.kept))
        } else {
            let kept = Bytes::copy_from_slice(&self.kept);
            self.kept.clear();
            kept
        };
        (kept, std::mem::take(&mut self.cut))
    }
}

#[derive(Debug)]
struct Lines(Growing);

impl Lines {
    fn feed(&mut self, mut chunk: &[u8], found: &mut Vec<Record>) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(end);
            chunk = &rest[1..];
            found.push(self.line(line));
        }
        self.0.push(chunk);
    }

    fn line(&mut self, last: &[u8]) -> Record {
        let mut line = self.0.take(last, 1);
        if let What::Message(bytes, cut) = &mut line.what {
            let is_whole = *cut == 0;
            if is_whole && bytes.ends_with(b"\r") {
                bytes.truncate(bytes.len() - 1);
            }
            if is_whole && bytes.is_empty() {
                line.what = What::Blank;
            }
        }
        line
    }
}
