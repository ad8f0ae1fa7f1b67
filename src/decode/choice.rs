//! Which decoder reads a payload: the one the person chose, or the one that something named, or one
//! that the payload looks like; and what is said when it cannot.

use std::fmt;

use super::context::text_among;
use super::{
    Body, Context, Decoded, Inner, Part, Read, actioncable, base64, cbor, compressed, engineio,
    graphql, grpc, hex, image, json, jsonrpc, mqtt, msgpack, ndjson, phoenix, protobuf, pusher,
    signalr, sockjs, stomp, text, wamp,
};

/// A form of payload. One file and one line in the list of decoders each.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    /// A stable word, as `msgpack`.
    pub id: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Whether it is this form, found without reading it whole.
    pub(super) fit: fn(&Context<'_>) -> Fit,
    /// Reads it.
    pub(super) read: fn(&Context<'_>) -> Result<Read, Unreadable>,
}

/// Whether a payload is of a form, in ascending weight of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is not.
    No,
    /// Only reading it tells; when that fails, it was not. The reason completes "because".
    May(&'static str),
    /// It bears the form's marks; when it cannot be read, it is a broken one. The reason completes
    /// "because".
    Looks(&'static str),
    /// The connection names the form. The reason is what names it, as `subprotocol mqtt`.
    Named(String),
}

impl Fit {
    /// Named by a content type.
    pub(super) fn content_type(name: &str) -> Self {
        Self::Named(format!("content type {name}"))
    }

    /// Named by a subprotocol.
    pub(super) fn subprotocol(name: &str) -> Self {
        Self::Named(format!("subprotocol {name}"))
    }
}

/// Why a payload is not of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unreadable {
    what: String,
    at: Option<usize>,
}

impl Unreadable {
    /// What is wrong, as a clause: `the length is larger than the payload`.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), at: None }
    }

    /// The same, at this byte, from 0.
    #[must_use]
    pub fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }

    /// The same, where the bytes that were read begin at `base`.
    #[must_use]
    pub fn behind(mut self, base: usize) -> Self {
        self.at = self.at.map(|at| at + base);
        self
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.at.map_or(Ok(()), |at| write!(f, ", at byte {at}"))
    }
}

/// Every decoder. What is named comes before what only looks like it; among equals the first.
const DECODERS: &[Decoder] = &[
    engineio::DECODER,
    graphql::DECODER,
    mqtt::DECODER,
    stomp::DECODER,
    signalr::DECODER,
    phoenix::DECODER,
    actioncable::DECODER,
    sockjs::DECODER,
    pusher::DECODER,
    jsonrpc::DECODER,
    wamp::DECODER,
    grpc::DECODER,
    ndjson::DECODER,
    json::DECODER,
    image::DECODER,
    compressed::DECODER,
    base64::DECODER,
    text::DECODER,
    msgpack::DECODER,
    cbor::DECODER,
    protobuf::DECODER,
    hex::DECODER,
];

/// Why a decoder was used that the person chose.
pub(super) const CHOSEN: &str = "chosen by you";
/// Payloads in payloads that are read, at most.
const DEPTH: u8 = 4;
/// Parts of one payload that are read, at most.
pub(super) const PARTS: usize = 64;
/// Memory the parts of one payload may take before no more are read, in bytes: each can be a few
/// bytes that inflate to millions.
const MEMORY: usize = 128 << 20;

/// Every decoder there is, for a menu.
pub fn decoders() -> &'static [Decoder] {
    DECODERS
}

/// The decoder of this id.
pub fn decoder(id: &str) -> Option<&'static Decoder> {
    DECODERS.iter().find(|decoder| decoder.id == id)
}

/// Reads a payload with the decoder of the id `chosen`, or with the one that fits best. It always
/// comes to something: bytes at worst.
pub fn decode(context: &Context<'_>, chosen: Option<&str>) -> Decoded {
    let mut fell_back = None;
    if let Some(decoder) = chosen.and_then(decoder) {
        let context = &Context { chosen: true, ..context.clone() };
        match (decoder.read)(context) {
            Ok(read) => return decoded(context, decoder, CHOSEN.into(), None, read),
            Err(error) => fell_back = Some(format!("Not {}: {error}", decoder.label)),
        }
    }
    for (decoder, fit) in candidates(context) {
        if chosen == Some(decoder.id) {
            continue;
        }
        match (decoder.read)(context) {
            Ok(read) => return decoded(context, decoder, why(&fit), fell_back, read),
            Err(error) if fell_back.is_none() => fell_back = broken(decoder, &fit, &error),
            Err(_) => {}
        }
    }
    let read = Read::from(Body::Bytes(context.payload.clone()));
    decoded(context, &hex::DECODER, "nothing else reads it".into(), fell_back, read)
}

/// Decoders that may read it, the best first.
fn candidates(context: &Context<'_>) -> Vec<(&'static Decoder, Fit)> {
    let weight = |fit: &Fit| match fit {
        Fit::Named(_) => 0,
        Fit::Looks(_) => 1,
        Fit::May(_) => 2,
        Fit::No => 3,
    };
    let fits = DECODERS.iter().map(|decoder| (decoder, (decoder.fit)(context)));
    let mut fits: Vec<_> = fits.filter(|(_, fit)| *fit != Fit::No).collect();
    // Stable, so that the list breaks ties.
    fits.sort_by_key(|(_, fit)| weight(fit));
    fits
}

fn why(fit: &Fit) -> String {
    match fit {
        Fit::Named(name) => name.clone(),
        Fit::Looks(reason) | Fit::May(reason) => (*reason).to_owned(),
        Fit::No => String::new(),
    }
}

/// What is said of a form that was expected and is not there.
fn broken(decoder: &Decoder, fit: &Fit, error: &Unreadable) -> Option<String> {
    let label = decoder.label;
    match fit {
        Fit::Named(name) => Some(format!("Not {label}, which {name} names: {error}")),
        Fit::Looks(reason) => Some(format!("Not {label}, although {reason}: {error}")),
        Fit::May(_) | Fit::No => None,
    }
}

fn decoded(
    context: &Context<'_>,
    decoder: &Decoder,
    why: String,
    fell_back: Option<String>,
    read: Read,
) -> Decoded {
    let Read { body, summary, parts, left_out } = read;
    let fell_back = fell_back.map(|why_not| format!("{why_not}; shown as {}", decoder.label));
    let count = parts.len() + left_out;
    let is_deep = context.depth >= DEPTH;
    let (mut inner, mut taken) = (Vec::new(), 0);
    for part in parts {
        // Fewer the deeper, or they would multiply.
        if is_deep || taken > MEMORY || inner.len() >= PARTS >> (2 * context.depth) {
            break;
        }
        let part = within(context, part);
        taken += part.payload.len() + part.decoded.weight();
        inner.push(part);
    }
    let left_out = count - inner.len();
    Decoded {
        decoder: decoder.id,
        label: decoder.label,
        why,
        fell_back,
        summary,
        body,
        inner,
        left_out,
    }
}

fn within(outer: &Context<'_>, part: Part) -> Inner {
    let Part { name, payload, is_text, content_type } = part;
    let utf8 = is_text.then(|| std::str::from_utf8(&payload).ok()).flatten();
    let text = utf8.or_else(|| text_among(&payload));
    let context = Context {
        payload: &payload,
        text,
        kind: if is_text { crate::model::Kind::Text } else { crate::model::Kind::Binary },
        subprotocol: None,
        content_type: content_type.as_deref(),
        url: None,
        opening: None,
        depth: outer.depth + 1,
        chosen: false,
        ..outer.clone()
    };
    let decoded = decode(&context, None);
    Inner { name, payload: payload.clone(), decoded }
}
