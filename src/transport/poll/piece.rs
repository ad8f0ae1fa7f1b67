//! Pieces of an answer: cut apart as they come, told apart by the rules of the dialect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;

use super::dialect::{Dialect, Is, Messages};
use super::fault::has;
use super::path::checked;
use crate::model::{Dir, Event, Kind, Meta};

/// Cuts a body into pieces at a separator, whatever the chunks it comes in.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: u8,
    /// Longest piece, in bytes.
    limit: usize,
    unread: BytesMut,
    /// Bytes of `unread` in which there is no separator.
    seen: usize,
}

/// A piece that is longer than the limit; no more can be cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong(pub(super) Bytes);

impl Splitter {
    pub(super) fn new(separator: u8, limit: usize) -> Self {
        Self { separator, limit, unread: BytesMut::new(), seen: 0 }
    }

    /// Takes what came.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.unread.extend_from_slice(chunk);
    }

    /// The next whole piece, without its separator.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        match memchr::memchr(self.separator, &self.unread[self.seen..]) {
            Some(at) if self.seen + at <= self.limit => {
                let mut piece = self.unread.split_to(self.seen + at + 1);
                self.seen = 0;
                piece.truncate(piece.len() - 1);
                Ok(Some(piece.freeze()))
            }
            None if self.unread.len() <= self.limit => {
                self.seen = self.unread.len();
                Ok(None)
            }
            _ => Err(TooLong(self.unread.split_to(self.limit).freeze())),
        }
    }

    /// What came after the last separator, at the end of the body.
    pub(super) fn rest(&mut self) -> Bytes {
        self.seen = 0;
        self.unread.split().freeze()
    }
}

/// What a piece comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Messages of text.
    Messages(Vec<Bytes>),
    /// A sign of life.
    Heartbeat,
    /// The end of the session, with code and reason where they were told.
    Closed(Option<u16>, String),
    /// An error in JSON.
    Error,
    /// Against the rules, which is this one.
    Wrong(&'static str),
}

/// A piece that was read.
#[derive(Debug)]
pub(super) struct Read<'d> {
    pub(super) content: Content,
    /// Where it has JSON.
    pub(super) json: Bytes,
    /// What is sent back.
    pub(super) reply: Option<&'d str>,
}

/// Reads a piece of an answer in `dialect`.
pub(super) fn read<'d>(dialect: &'d Dialect, raw: &Bytes) -> Read<'d> {
    // What comes from a list was read as JSON before.
    let is_asked =
        dialect.messages.split.is_some() || dialect.piece.iter().any(|p| p.has.is_some());
    let json = if is_asked { checked(raw).ok() } else { None };
    let rule = dialect.piece.iter().find_map(|piece| {
        let after = match (&piece.begins, &piece.has) {
            (Some(begins), _) => raw.strip_prefix(begins.as_bytes())?,
            (None, Some(condition)) => {
                json.filter(|json| has(condition, json)).map(|_| &raw[..])?
            }
            (None, None) => return None,
        };
        Some((piece, raw.slice_ref(after)))
    });
    let messages = &dialect.messages;
    let Some((piece, inner)) = rule else {
        let content = if dialect.has_prefixes() {
            Content::Wrong("a piece of the answer begins as none of the dialect does")
        } else if is_asked && json.is_none() && dialect.wants_json() {
            Content::Wrong("a piece of the answer is no JSON (RFC 8259)")
        } else {
            Content::Messages(vec![unwrapped(messages, raw)])
        };
        return Read { content, json: raw.clone(), reply: None };
    };
    let content = match piece.is.get_ref() {
        Is::Message => Content::Messages(vec![unwrapped(messages, &inner)]),
        Is::List => list(messages, &inner),
        Is::Base64 => match STANDARD.decode(inner.trim_ascii()) {
            Ok(bytes) => Content::Messages(vec![bytes.into()]),
            Err(_) => Content::Wrong("a binary message is no base64 (RFC 4648)"),
        },
        Is::Heartbeat => Content::Heartbeat,
        Is::Closed => closed(&inner),
        Is::Error => Content::Error,
    };
    Read { content, json: inner, reply: piece.reply.as_deref() }
}

fn list(messages: &Messages, inner: &Bytes) -> Content {
    match serde_json::from_slice::<Vec<&RawValue>>(inner) {
        Ok(list) => {
            let text =
                |json: &RawValue| unwrapped(messages, &inner.slice_ref(json.get().as_bytes()));
            Content::Messages(list.into_iter().map(text).collect())
        }
        Err(_) => Content::Wrong("a list of messages is no JSON list (RFC 8259)"),
    }
}

/// A list of code and reason, or nothing that can be read.
fn closed(inner: &Bytes) -> Content {
    let told: Option<(u16, String)> = serde_json::from_slice(inner).ok();
    let (code, reason) = told.map_or((None, String::new()), |(code, reason)| (Some(code), reason));
    Content::Closed(code, reason)
}

/// What a message stands for: the text of a JSON string where the dialect says so.
fn unwrapped(messages: &Messages, raw: &Bytes) -> Bytes {
    if messages.unwrap
        && raw.trim_ascii_start().first() == Some(&b'"')
        && let Ok(text) = serde_json::from_slice::<String>(raw)
    {
        return text.into();
    }
    raw.clone()
}

/// The event of a message without its payload; its time and size on the wire are not set. `cursor` is its id unless it has its own.
pub(super) fn message(messages: &Messages, payload: &Bytes, cursor: Option<&str>) -> Event {
    let json =
        if messages.id.is_some() || messages.name.is_some() { checked(payload).ok() } else { None };
    let own = |path: &Option<super::JsonPath>| path.as_ref()?.texts(json?).pop();
    let mut event = Event::new(0, Dir::In, Kind::Message);
    event.id = own(&messages.id).as_deref().or(cursor).map(Into::into);
    event.name = own(&messages.name).map(Into::into);
    event
}

/// The event of a piece that is no message; its time and size on the wire are not set.
pub(super) fn control(kind: Kind, raw: &Bytes, cause: Option<String>) -> Event {
    let event = Event::new(0, Dir::In, kind).with_payload(Bytes::copy_from_slice(raw));
    if cause.is_some() { event.with_meta(Meta { cause, ..Meta::default() }) } else { event }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_same_in_whatever_chunks_they_come() {
        let body = b"one\n\ntwo\nthree";
        for size in 1..=body.len() {
            let mut splitter = Splitter::new(b'\n', 5);
            let mut pieces = Vec::new();
            for chunk in body.chunks(size) {
                splitter.push(chunk);
                while let Ok(Some(piece)) = splitter.next() {
                    pieces.push(piece);
                }
            }
            pieces.push(splitter.rest());
            assert_eq!(pieces, ["one", "", "two", "three"], "{size}");
        }
    }

    #[test]
    fn a_piece_beyond_the_limit_is_cut_there() {
        for body in ["123456", "123456\n7"] {
            let mut splitter = Splitter::new(b'\n', 5);
            splitter.push(body.as_bytes());
            assert_eq!(splitter.next(), Err(TooLong("12345".into())), "{body}");
        }
    }

    #[test]
    fn whatever_comes_is_read_without_panic_and_within_what_came() {
        let mut random = fastrand::Rng::with_seed(7);
        let scraps: [&[u8]; 16] = [
            b"a[",
            b"]",
            b"\"",
            b"{\"type\":",
            b"\"ERROR\"",
            b"}",
            b",",
            b"4",
            b"b",
            b"c[3000,",
            b"\\u",
            b"\xff",
            b"\x1e",
            b"\n",
            b"AAA=",
            b"1e999",
        ];
        let known = super::super::Shelf::new(None).known();
        for dialect in known.iter().filter_map(|known| Dialect::load(&known.name).ok()) {
            for _ in 0..500 {
                let count = random.usize(..12);
                let pick = |_| scraps[random.usize(..scraps.len())];
                let raw: Bytes = (0..count).map(pick).collect::<Vec<_>>().concat().into();
                if let Content::Messages(texts) = read(&dialect, &raw).content {
                    let bytes: usize = texts.iter().map(Bytes::len).sum();
                    assert!(bytes <= raw.len(), "{raw:?}");
                }
                let _ = super::super::fault::Fault::read(&dialect, checked(&raw).ok());
            }
        }
    }
}
