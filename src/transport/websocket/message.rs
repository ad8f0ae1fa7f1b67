//! Events out of frames: messages joined from their fragments, control frames as they came, and
//! the broken rules between them.

use bytes::{Bytes, BytesMut};

use super::frame::{Frame, Header, opcode};
use super::rule::{Rule, may_be_sent};
use crate::model::{self, Dir, Event, Kind, Meta, Wire};

/// Fragments of a message that are listed one by one; the last entry sums up those beyond.
const LISTED: usize = 1024;
/// Bytes of a broken frame that are shown.
pub(super) const SHOWN: usize = 64 << 10;

/// A message whose last frame has not come.
#[derive(Debug, Default)]
struct Partial {
    opcode: u8,
    payload: BytesMut,
    cut: u64,
    wire: u64,
    frames: Vec<model::Frame>,
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Messages {
    dir: Dir,
    limit: usize,
    partial: Option<Partial>,
    closed: bool,
}

impl Messages {
    /// Joins messages of at most `limit` bytes; what is beyond is cut.
    pub(super) fn new(dir: Dir, limit: usize) -> Self {
        Self { dir, limit, partial: None, closed: false }
    }

    /// Whether a frame with this header may come now. What we send ourselves may be anything.
    ///
    /// # Errors
    /// The rule it breaks.
    pub(super) fn admit(&self, header: &Header) -> Result<(), Rule> {
        match self.dir {
            Dir::In if self.closed => Err(Rule::AfterClose(header.opcode)),
            Dir::In => Rule::check(header, self.partial.is_some()),
            _ => Ok(()),
        }
    }

    /// Adds what `frame`, whole at `t_ns`, completes to `events`.
    ///
    /// # Errors
    /// A rule after which the connection cannot go on; it is among the events already.
    pub(super) fn take(
        &mut self,
        frame: Frame,
        t_ns: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Rule> {
        let header = frame.header;
        if !header.is_minimal() && self.dir == Dir::In {
            let start = frame.raw();
            events.push(violation(t_ns, Rule::NotMinimal, start.into()));
        }
        let kind = match header.opcode {
            opcode::TEXT => Kind::Text,
            opcode::BINARY => Kind::Binary,
            opcode::PING => Kind::Ping,
            opcode::PONG => Kind::Pong,
            opcode::CLOSE => return self.close(&frame, t_ns, events),
            _ => return self.join(&frame, t_ns, events),
        };
        if !header.fin && !header.is_control() {
            return self.join(&frame, t_ns, events);
        }
        let cut = frame.cut();
        if kind == Kind::Text && self.dir == Dir::In && !is_text(&frame.payload, cut > 0) {
            events.push(violation(t_ns, Rule::Text, frame.raw().into()));
            return Err(Rule::Text);
        }
        let wire = Wire::Exact(frame.wire());
        let mut event =
            Event::new(t_ns, self.dir, kind).with_payload(frame.payload).with_wire(wire);
        if cut > 0 {
            event = event.with_meta(Meta { truncated: Some(cut), ..Meta::default() });
        }
        events.push(event);
        Ok(())
    }

    fn join(&mut self, frame: &Frame, t_ns: u64, events: &mut Vec<Event>) -> Result<(), Rule> {
        let header = frame.header;
        let partial = self
            .partial
            .get_or_insert_with(|| Partial { opcode: header.opcode, ..Partial::default() });
        partial.add(frame, t_ns, self.limit);
        if !header.fin {
            return Ok(());
        }
        let Some(partial) = self.partial.take() else { return Ok(()) };
        let (text, cut) = (partial.opcode == opcode::TEXT, partial.cut);
        let payload = partial.payload.freeze();
        if text && self.dir == Dir::In && !is_text(&payload, cut > 0) {
            events.push(violation(t_ns, Rule::Text, payload));
            return Err(Rule::Text);
        }
        let meta =
            Meta { truncated: (cut > 0).then_some(cut), frames: partial.frames, ..Meta::default() };
        let kind = if text { Kind::Text } else { Kind::Binary };
        let event = Event::new(t_ns, self.dir, kind).with_payload(payload).with_meta(meta);
        events.push(event.with_wire(Wire::Exact(partial.wire)));
        Ok(())
    }

    fn close(&mut self, frame: &Frame, t_ns: u64, events: &mut Vec<Event>) -> Result<(), Rule> {
        self.closed = true;
        let (code, reason) = split_close(&frame.payload);
        let words = String::from_utf8_lossy(reason);
        let meta = Meta {
            code,
            reason: (!reason.is_empty()).then(|| words.clone().into_owned()),
            ..Meta::default()
        };
        let event = Event::new(t_ns, self.dir, Kind::Close).with_payload(frame.payload.clone());
        events.push(event.with_wire(Wire::Exact(frame.wire())).with_meta(meta));
        let broken = match code {
            _ if self.dir != Dir::In => None,
            None if !frame.payload.is_empty() => Some(Rule::ShortClose),
            Some(code) if !may_be_sent(code) => Some(Rule::CloseCode(code)),
            _ if std::str::from_utf8(reason).is_err() => Some(Rule::CloseReason),
            _ => None,
        };
        let Some(rule) = broken else { return Ok(()) };
        events.push(violation(t_ns, rule, frame.raw().into()));
        if rule.fatal().is_some() { Err(rule) } else { Ok(()) }
    }
}

impl Partial {
    fn add(&mut self, frame: &Frame, t_ns: u64, limit: usize) {
        let room = limit.saturating_sub(self.payload.len());
        let kept = frame.payload.get(..room).unwrap_or(&frame.payload);
        self.payload.extend_from_slice(kept);
        let length = frame.header.length;
        self.cut = self.cut.saturating_add(length - kept.len() as u64);
        self.wire = self.wire.saturating_add(frame.wire());
        let one = listed(&frame.header, t_ns);
        if self.frames.len() < LISTED {
            self.frames.push(one);
        } else if let Some(last) = self.frames.last_mut() {
            *last = model::Frame { size: last.size.saturating_add(length), ..one };
        }
    }
}

/// A frame as it is listed under its message.
fn listed(header: &Header, t_ns: u64) -> model::Frame {
    model::Frame {
        opcode: header.opcode,
        fin: header.fin,
        rsv: header.rsv,
        mask: header.mask,
        header: header.size,
        size: header.length,
        t_ns,
    }
}

/// The event that tells of a broken rule, with the bytes that broke it.
pub(super) fn violation(t_ns: u64, rule: Rule, mut bytes: Bytes) -> Event {
    let cut = bytes.len().saturating_sub(SHOWN) as u64;
    bytes.truncate(SHOWN);
    let meta = Meta {
        cause: Some(rule.to_string()),
        truncated: (cut > 0).then_some(cut),
        ..Meta::default()
    };
    Event::new(t_ns, Dir::In, Kind::Violation).with_payload(bytes).with_meta(meta)
}

/// Code and reason of a close frame's payload, as far as they are there.
fn split_close(payload: &[u8]) -> (Option<u16>, &[u8]) {
    match payload.split_first_chunk() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None => (None, &[]),
    }
}

/// Whether the bytes are UTF-8; where they were cut the last character may be incomplete.
fn is_text(bytes: &[u8], cut: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => cut && error.error_len().is_none(),
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
