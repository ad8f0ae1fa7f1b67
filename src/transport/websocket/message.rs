//! Events out of frames: messages joined from their fragments and inflated, control frames as they
//! came, and the broken rules between them.

use bytes::Bytes;

use super::deflate::{Inflater, Kept};
use super::frame::{Header, Piece, opcode};
use super::rule::{RSV1, Rule, may_be_sent};
use super::utf8::Utf8;
use crate::model::{self, Dir, Event, Kind, Meta, Wire};

/// Fragments of a message that are listed one by one; the last entry sums up those beyond.
const LISTED: usize = 1024;
/// Bytes of a broken frame that are shown.
pub(super) const SHOWN: usize = 64 << 10;
/// How compressed messages say so.
const DEFLATE: &str = "permessage-deflate";

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Messages {
    dir: Dir,
    limit: usize,
    inflater: Option<Inflater>,
    partial: Option<Partial>,
    closed: bool,
}

impl Messages {
    /// Joins messages of at most `limit` bytes; what is beyond is cut. Without an inflater none may
    /// be compressed.
    pub(super) fn new(dir: Dir, limit: usize, inflater: Option<Inflater>) -> Self {
        Self { dir, limit, inflater, partial: None, closed: false }
    }

    /// Whether a frame with this header may come now. What we send ourselves may be anything.
    ///
    /// # Errors
    /// The rule it breaks.
    pub(super) fn admit(&self, header: &Header) -> Result<(), Rule> {
        match self.dir {
            Dir::In if self.closed => Err(Rule::AfterClose(header.opcode)),
            Dir::In => Rule::check(header, self.partial.is_some(), self.inflater.is_some()),
            _ => Ok(()),
        }
    }

    /// Adds what `piece`, here at `t_ns`, completes to `events`.
    ///
    /// # Errors
    /// A rule after which the connection cannot go on; it is among the events already.
    pub(super) fn take(
        &mut self,
        piece: Piece,
        t_ns: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Rule> {
        let header = piece.header;
        if piece.is_first() && self.dir == Dir::In && !header.is_minimal() {
            events.push(violation(t_ns, Rule::NotMinimal, piece.raw().into()));
        }
        let kind = match header.opcode {
            opcode::TEXT => Kind::Text,
            opcode::BINARY => Kind::Binary,
            opcode::PING => Kind::Ping,
            opcode::PONG => Kind::Pong,
            opcode::CLOSE => return self.close(&piece, t_ns, events),
            _ => return self.join(&piece, t_ns, events),
        };
        let is_whole = header.fin && piece.is_first() && piece.is_last();
        let is_plain = header.rsv == 0 && piece.bytes.len() <= self.limit;
        if !(header.is_control() || is_whole && is_plain) {
            return self.join(&piece, t_ns, events);
        }
        if kind == Kind::Text && self.dir == Dir::In && std::str::from_utf8(&piece.bytes).is_err() {
            events.push(violation(t_ns, Rule::Text, piece.raw().into()));
            return Err(Rule::Text);
        }
        let mut event = Event::new(t_ns, self.dir, kind).with_wire(Wire::Exact(wire(&header)));
        event.payload = piece.bytes;
        if !is_told(&header) {
            let frames = vec![listed(&header, t_ns)];
            event = event.with_meta(Meta { frames, ..Meta::default() });
        }
        events.push(event);
        Ok(())
    }

    fn join(&mut self, piece: &Piece, t_ns: u64, events: &mut Vec<Event>) -> Result<(), Rule> {
        let partial =
            self.partial.get_or_insert_with(|| Partial::new(self.dir, &piece.header, self.limit));
        let is_last = piece.is_last() && piece.header.fin;
        if let Err(rule) = partial.add(piece, is_last, self.inflater.as_mut(), t_ns) {
            events.push(violation(t_ns, rule, partial.evidence(rule, &piece.header)));
            return Err(rule);
        }
        if is_last && let Some(partial) = self.partial.take() {
            events.push(partial.event(t_ns, self.dir));
        }
        Ok(())
    }

    fn close(&mut self, piece: &Piece, t_ns: u64, events: &mut Vec<Event>) -> Result<(), Rule> {
        self.closed = true;
        let (code, reason) = split_close(&piece.bytes);
        let words = String::from_utf8_lossy(reason);
        let mut meta = Meta {
            code,
            reason: (!reason.is_empty()).then(|| words.clone().into_owned()),
            ..Meta::default()
        };
        if !is_told(&piece.header) {
            meta.frames.push(listed(&piece.header, t_ns));
        }
        let event = Event::new(t_ns, self.dir, Kind::Close).with_payload(piece.bytes.clone());
        events.push(event.with_wire(Wire::Exact(wire(&piece.header))).with_meta(meta));
        let broken = match code {
            _ if self.dir != Dir::In => None,
            None if !piece.bytes.is_empty() => Some(Rule::ShortClose),
            Some(code) if !may_be_sent(code) => Some(Rule::CloseCode(code)),
            _ if std::str::from_utf8(reason).is_err() => Some(Rule::CloseReason),
            _ => None,
        };
        let Some(rule) = broken else { return Ok(()) };
        events.push(violation(t_ns, rule, piece.raw().into()));
        if rule.fatal().is_some() { Err(rule) } else { Ok(()) }
    }
}

/// A message of which more is to come.
#[derive(Debug)]
struct Partial {
    opcode: u8,
    is_compressed: bool,
    /// What was said so far, inflated.
    said: Kept,
    /// The judge of a text that comes from the peer.
    utf8: Option<Utf8>,
    /// Bytes of all its frames on the wire, and of their payloads.
    wire: u64,
    carried: u64,
    frames: Vec<model::Frame>,
    /// The event tells all there is of its frames.
    is_told: bool,
    /// Where it is compressed, the frame that is coming as it is on the wire.
    raw: Vec<u8>,
}

impl Partial {
    fn new(dir: Dir, first: &Header, limit: usize) -> Self {
        let is_judged = dir == Dir::In && first.opcode == opcode::TEXT;
        Self {
            opcode: first.opcode,
            is_compressed: first.rsv & RSV1 != 0,
            said: Kept::new(limit),
            utf8: is_judged.then(Utf8::default),
            wire: 0,
            carried: 0,
            frames: Vec::new(),
            is_told: first.fin && is_told(first),
            raw: Vec::new(),
        }
    }

    /// Adds what came; `is_last` where the message ends with it.
    fn add(
        &mut self,
        piece: &Piece,
        is_last: bool,
        inflater: Option<&mut Inflater>,
        t_ns: u64,
    ) -> Result<(), Rule> {
        let header = &piece.header;
        self.carried = self.carried.saturating_add(piece.bytes.len() as u64);
        if piece.is_last() {
            self.wire = self.wire.saturating_add(wire(header));
            self.list(header, t_ns);
        }
        let before = self.said.bytes.len();
        match inflater.filter(|_| self.is_compressed) {
            None => self.said.add(&piece.bytes),
            Some(inflater) => {
                self.note(piece);
                inflater.inflate(&piece.bytes, &mut self.said).map_err(|_| Rule::Inflate)?;
                if is_last {
                    inflater.finish(&mut self.said).map_err(|_| Rule::Inflate)?;
                }
            }
        }
        let Some(utf8) = &mut self.utf8 else { return Ok(()) };
        let said = self.said.bytes.get(before..).unwrap_or_default();
        // Where the limit cuts, the last character may lack its end.
        let may_end = |utf8: &Utf8| !is_last || self.said.cut > 0 || utf8.may_end();
        if utf8.goes_on(said) && may_end(utf8) { Ok(()) } else { Err(Rule::Text) }
    }

    fn list(&mut self, header: &Header, t_ns: u64) {
        let one = listed(header, t_ns);
        if self.frames.len() < LISTED {
            self.frames.push(one);
        } else if let Some(last) = self.frames.last_mut() {
            *last = model::Frame { size: last.size.saturating_add(header.length), ..one };
        }
    }

    /// Keeps the bytes of a compressed frame, in case they turn out to be no such thing.
    fn note(&mut self, piece: &Piece) {
        if piece.is_first() {
            self.raw.clear();
        }
        let room = SHOWN.saturating_sub(self.raw.len());
        self.raw.extend(piece.raw().into_iter().take(room));
    }

    /// The bytes that broke the rule, in a frame with this header: the frame, where it is the only
    /// one, or else what the message said.
    fn evidence(&mut self, rule: Rule, header: &Header) -> Bytes {
        if rule == Rule::Inflate {
            return std::mem::take(&mut self.raw).into();
        }
        let said = std::mem::take(&mut self.said.bytes);
        let is_only = header.opcode != opcode::CONTINUATION && !self.is_compressed;
        if !is_only {
            return said.into();
        }
        let mut raw = Vec::with_capacity(said.len() + 14);
        header.write(&mut raw);
        raw.extend(said);
        raw.into()
    }

    fn event(mut self, t_ns: u64, dir: Dir) -> Event {
        if self.said.bytes.capacity() / 2 > self.said.bytes.len() {
            self.said.bytes.shrink_to_fit();
        }
        let kind = if self.opcode == opcode::TEXT { Kind::Text } else { Kind::Binary };
        let mut meta = Meta {
            truncated: (self.said.cut > 0).then_some(self.said.cut),
            frames: self.frames,
            ..Meta::default()
        };
        if self.is_told {
            meta.frames.clear();
        }
        if self.is_compressed {
            meta.encoding = Some(String::from(DEFLATE));
            meta.compressed = Some(self.carried);
        }
        let event = Event::new(t_ns, dir, kind)
            .with_payload(self.said.bytes)
            .with_wire(Wire::Exact(self.wire));
        if meta == Meta::EMPTY { event } else { event.with_meta(meta) }
    }
}

/// Bytes of a frame on the wire.
fn wire(header: &Header) -> u64 {
    header.length.saturating_add(u64::from(header.size))
}

/// Whether an event that gives payload and size on the wire tells all there is of its only frame.
fn is_told(header: &Header) -> bool {
    header.rsv == 0 && header.mask.is_none() && header.is_minimal()
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

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
