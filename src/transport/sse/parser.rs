//! Event streams by WHATWG HTML 9.2.6, with what an inspector wants besides: comments, `retry`,
//! ids as they were sent, sizes on the wire, what broke a rule, what was cut.
//!
//! eventsource-stream puts the events together. It gets normalised lines, one at a time, so that
//! whatever it does not bear (a BOM, CR alone, invalid UTF-8, many lines at once) never reaches it.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::EventStream;
use futures_util::Stream;

use super::lines::{Line, Lines};

/// How much of what broke a rule is shown, in bytes.
const SHOWN: usize = 4096;
const CUT_OFF: &str =
    "an event without the blank line that ends it is discarded (WHATWG HTML 9.2.6)";

/// Something found in an event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub what: What,
    /// Bytes it took in the stream, line ends included.
    pub raw: u64,
    /// Bytes that were left out because they were beyond the limit.
    pub cut: u64,
}

/// What can be found in an event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An event.
    Event {
        /// Its type, where it is not the default `message`.
        name: Option<String>,
        /// Its id, where it was sent with this event; events without inherit the one before.
        id: Option<String>,
        /// Its data, lines joined by LF.
        data: String,
    },
    /// A comment, without its colon and one space after it.
    Comment(String),
    /// A reconnection time in milliseconds.
    Retry(u64),
    /// Something the rules do not allow and a reader has to ignore or repair.
    Violation {
        /// Which rule, and where it stands.
        rule: &'static str,
        /// The line, or its beginning.
        line: Bytes,
    },
}

/// Reads an event stream in chunks of any size. Takes time linear in the bytes, and memory of a
/// few times the limit.
pub struct Parser {
    lines: Lines,
    state: State,
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parser").field("last_id", &self.state.last_id).finish_non_exhaustive()
    }
}

impl Parser {
    /// A parser that keeps at most `limit` bytes of a line and of an event's data. `last_id` is
    /// the last event ID of the connection before.
    pub fn new(limit: usize, last_id: String) -> Self {
        let slot = Slot::default();
        let state = State {
            limit,
            assembler: EventStream::new(slot.clone()),
            slot,
            retry: None,
            last_id: last_id.clone(),
            id_buffer: last_id,
            sent_id: false,
            data_bytes: 0,
            raw: 0,
            begun: 0,
            shown: Vec::new(),
            cut: 0,
        };
        Self { lines: Lines::new(limit), state }
    }

    /// Takes the next bytes of the stream and adds what is complete to `found`.
    pub fn feed(&mut self, chunk: &[u8], found: &mut Vec<Piece>) {
        let state = &mut self.state;
        self.lines.feed(chunk, |line| state.line(line, found));
    }

    /// The reconnection time that was sent last.
    pub fn retry(&self) -> Option<Duration> {
        self.state.retry.map(Duration::from_millis)
    }

    /// The last event ID: what a reconnection resumes after. Empty when there is none.
    pub fn last_id(&self) -> &str {
        &self.state.last_id
    }

    /// Ends the stream. What was begun of an event is discarded (WHATWG HTML 9.2.6), and comes
    /// again with the next connection where the server knows ids; it is told as a violation, with
    /// its beginning.
    pub fn finish(&mut self) -> Option<Piece> {
        let raw = std::mem::take(&mut self.state.begun) + self.lines.unfinished();
        let mut shown = std::mem::take(&mut self.state.shown);
        show(&mut shown, self.lines.partial());
        let what = What::Violation { rule: CUT_OFF, line: shown.into() };
        (raw > 0).then_some(Piece { what, raw, cut: 0 })
    }
}

struct State {
    limit: usize,
    assembler: EventStream<Slot>,
    slot: Slot,
    retry: Option<u64>,
    last_id: String,
    /// Becomes the last event ID with the next blank line, not before: an event that was cut
    /// off has to come again.
    id_buffer: String,
    sent_id: bool,
    data_bytes: usize,
    /// Bytes since the last event, but for comments and the like.
    raw: u64,
    /// Bytes since the last blank line, but for comments and the like.
    begun: u64,
    /// The first of them.
    shown: Vec<u8>,
    cut: u64,
}

impl State {
    fn line(&mut self, line: Line<'_>, found: &mut Vec<Piece>) {
        if line.bytes.is_empty() {
            self.raw += line.raw;
            self.dispatch(found);
            return;
        }
        let line = if line.cut > 0 { at_char(line) } else { line };
        let text = String::from_utf8_lossy(line.bytes);
        if matches!(text, Cow::Owned(_)) {
            let rule = "invalid UTF-8, read as U+FFFD (WHATWG HTML 9.2.5)";
            found.push(violation(rule, line.bytes));
        }
        if let Some(comment) = text.strip_prefix(':') {
            let comment = comment.strip_prefix(' ').unwrap_or(comment).to_owned();
            found.push(Piece { what: What::Comment(comment), raw: line.raw, cut: line.cut });
            return;
        }
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => self.data(value, line.cut),
            "retry" => return self.retry(value, line, found),
            _ if line.cut > 0 => {
                self.cut += line.cut;
                let rule = "a field longer than the limit was ignored";
                found.push(violation(rule, line.bytes));
            }
            "event" => self.forward(format!("event: {value}\n")),
            "id" if value.contains('\0') => {
                let rule = "an id with NUL is ignored (WHATWG HTML 9.2.6)";
                found.push(violation(rule, line.bytes));
            }
            "id" => {
                value.clone_into(&mut self.id_buffer);
                self.sent_id = true;
            }
            // Fields of other names are ignored (WHATWG HTML 9.2.6).
            _ => {}
        }
        self.raw += line.raw;
        self.begun += line.raw;
        show(&mut self.shown, line.bytes);
        show(&mut self.shown, b"\n");
    }

    fn data(&mut self, value: &str, cut: u64) {
        let room = self.limit.saturating_sub(self.data_bytes);
        let kept = &value[..value.floor_char_boundary(room)];
        self.cut += cut + (value.len() - kept.len()) as u64;
        // A further empty line would still grow the buffer by its LF.
        if room > 0 || self.data_bytes == 0 {
            self.data_bytes += kept.len() + 1;
            self.forward(format!("data: {kept}\n"));
        } else {
            self.cut += 1;
        }
    }

    fn retry(&mut self, value: &str, line: Line<'_>, found: &mut Vec<Piece>) {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        if value.is_empty() || !digits || line.cut > 0 {
            let rule = "a retry that is not all digits is ignored (WHATWG HTML 9.2.6)";
            found.push(Piece { raw: line.raw, ..violation(rule, line.bytes) });
            return;
        }
        // Only a number beyond u64 fails: as good as never.
        let ms = value.parse().unwrap_or(u64::MAX);
        self.retry = Some(ms);
        found.push(Piece { what: What::Retry(ms), raw: line.raw, cut: 0 });
    }

    fn dispatch(&mut self, found: &mut Vec<Piece>) {
        if self.last_id != self.id_buffer {
            self.last_id.clone_from(&self.id_buffer);
        }
        let sent_id = std::mem::take(&mut self.sent_id);
        self.data_bytes = 0;
        self.begun = 0;
        self.shown.clear();
        self.slot.put(String::from("\n"));
        let Some(event) = self.assembled() else { return };
        let what = What::Event {
            name: Some(event.event).filter(|name| name != "message"),
            id: sent_id.then(|| self.id_buffer.clone()),
            data: event.data,
        };
        let raw = std::mem::take(&mut self.raw);
        found.push(Piece { what, raw, cut: std::mem::take(&mut self.cut) });
    }

    fn forward(&mut self, line: String) {
        self.slot.put(line);
        let nothing = self.assembled();
        debug_assert!(nothing.is_none(), "only a blank line completes an event");
    }

    fn assembled(&mut self) -> Option<eventsource_stream::Event> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.assembler).poll_next(&mut context) {
            Poll::Ready(Some(Ok(event))) => Some(event),
            // Normalised lines are valid UTF-8 and parse; the slot never ends.
            Poll::Ready(_) | Poll::Pending => None,
        }
    }
}

/// The line without the beginning of a character at its end, which only the cut left there.
fn at_char(line: Line<'_>) -> Line<'_> {
    match std::str::from_utf8(line.bytes) {
        Err(error) if error.error_len().is_none() => {
            let (bytes, rest) = line.bytes.split_at(error.valid_up_to());
            Line { bytes, cut: line.cut + rest.len() as u64, ..line }
        }
        _ => line,
    }
}

/// Adds bytes to what is shown, as far as there is room.
fn show(shown: &mut Vec<u8>, bytes: &[u8]) {
    let room = SHOWN.saturating_sub(shown.len()).min(bytes.len());
    shown.extend_from_slice(&bytes[..room]);
}

fn violation(rule: &'static str, line: &[u8]) -> Piece {
    let line = Bytes::copy_from_slice(&line[..line.len().min(SHOWN)]);
    Piece { what: What::Violation { rule, line }, raw: 0, cut: 0 }
}

/// A stream of the one line that was put there last.
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<Option<String>>>);

impl Slot {
    fn put(&self, line: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
    }
}

impl Stream for Slot {
    type Item = Result<String, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(line) => Poll::Ready(Some(Ok(line))),
            None => Poll::Pending,
        }
    }
}
