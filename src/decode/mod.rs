//! What a payload means. Pure: bytes in, a tree, a text, an image or bytes out; never a panic,
//! linear in the payload, bounded in depth, count and inflated size.
//!
//! # Writing a decoder
//! One file, one line in `DECODERS` in `choice.rs`. The file has a constant
//!
//! ```text
//! pub(super) const DECODER: Decoder = Decoder { id: "stomp", label: "STOMP", fit, read };
//! ```
//!
//! - `fit(&Context) -> Fit` looks at what names the form (`Context::speaks`, content type, path)
//!   and at the first bytes. It must be quick: it is asked for every payload. `Fit::Named` beats
//!   `Fit::Looks` (it bears the form's marks: when it cannot be read, the person is told so), which
//!   beats `Fit::May` (only reading tells). Among equals the first in the list is tried first.
//! - `read(&Context) -> Result<Read, Unreadable>` must work whatever `fit` says: the person may
//!   choose any decoder for any payload. It returns a `Body`, made with `Builder` (see its
//!   example; `Builder::json` puts a JSON document inside), and with
//!   `Read::summary` one line for a packet, as `PUBLISH sensors/1, QoS 1, 12 B`.
//!   What a packet carries goes into `Read::part`: it is read in turn, by choice, at most four
//!   deep and 64 parts, and shown below. Use a part for what is a payload of its own (MQTT's), and
//!   `Builder::json` for what the protocol itself writes as JSON.
//! - `bytes::Cursor` reads binary forms and tells an early end with its place; `members` opens
//!   packets that are JSON, and glances at what may be one; `tuple` names the places of arrays;
//!   `line` keeps what a peer wrote to one short line.
//! - A protocol claims by `Fit::Looks` only what bears its marks: `lookalikes/table.toml` beside
//!   its table in `tests/fixtures/decode` lists what must stay JSON, text or bytes.
//!
//! Errors are clauses: `the topic is longer than the packet`. A loop over a claimed count must read
//! at least a byte a turn, and ask `Builder::is_full` where it builds.

mod actioncable;
mod base64;
mod bytes;
mod cbor;
mod choice;
mod compressed;
mod context;
mod engineio;
mod graphql;
mod grpc;
mod hex;
mod image;
mod json;
mod jsonrpc;
mod line;
mod members;
mod mqtt;
mod msgpack;
mod ndjson;
mod phoenix;
mod protobuf;
mod pusher;
mod schema;
mod signalr;
mod sockjs;
mod stomp;
mod text;
mod tokens;
mod tree;
mod tuple;
mod wamp;

pub use ::bytes::Bytes;

pub use choice::{Decoder, Unreadable, decode, decoder, decoders};
pub use context::{Context, content_type, subprotocol};
pub use schema::{LONGEST, NoSchema, Schema};
pub use tree::{Builder, DEPTH, Shape, Tree, VALUES, Value};

use choice::Fit;

/// A payload, read.
#[derive(Debug)]
pub struct Decoded {
    /// The decoder that read it, as `msgpack`.
    pub decoder: &'static str,
    /// Its name for people, as `MessagePack`.
    pub label: &'static str,
    /// Why it was used, as `subprotocol mqtt`.
    pub why: String,
    /// A form that was expected and could not be read, with what is wrong and what is shown instead.
    pub fell_back: Option<String>,
    /// One line that tells what it is, as `PUBLISH sensors/1, QoS 1, 12 B`.
    pub summary: Option<String>,
    /// What it says.
    pub body: Body,
    /// The payloads it carries.
    pub inner: Vec<Inner>,
    /// How many more it carries that were not read.
    pub left_out: usize,
}

/// A payload within another.
#[derive(Debug)]
pub struct Inner {
    /// What it is to the one around it, as `payload`.
    pub name: String,
    /// Its bytes.
    pub payload: Bytes,
    /// What it means.
    pub decoded: Decoded,
}

/// What a payload says.
#[derive(Debug, Clone)]
pub enum Body {
    /// A document.
    Tree(Tree),
    /// Text in UTF-8, but for what the summary says.
    Text(Bytes),
    /// A picture.
    Image(Image),
    /// Bytes of no known form.
    Bytes(Bytes),
}

/// A picture, ready to be shown.
#[derive(Clone)]
pub struct Image {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Width and height of what is shown, smaller than the picture where that is large.
    pub shown: [u32; 2],
    /// What is shown, four bytes a pixel: red, green, blue, opacity, which nothing was multiplied by.
    pub rgba: Bytes,
}

impl Decoded {
    /// The person chose the decoder.
    pub fn is_chosen(&self) -> bool {
        self.why == choice::CHOSEN
    }

    /// About how much memory it takes besides the payload, in bytes.
    pub fn weight(&self) -> usize {
        let body = match &self.body {
            Body::Tree(tree) => tree.weight(),
            Body::Image(image) => image.rgba.len(),
            Body::Text(_) | Body::Bytes(_) => 0,
        };
        let inner = self.inner.iter();
        body + inner.map(|inner| inner.payload.len() + inner.decoded.weight()).sum::<usize>()
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} × {})", self.width, self.height)
    }
}

/// What a decoder makes of a payload.
#[derive(Debug)]
struct Read {
    body: Body,
    summary: Option<String>,
    parts: Vec<Part>,
    /// Parts beyond those that are read.
    left_out: usize,
}

impl From<Body> for Read {
    fn from(body: Body) -> Self {
        Self { body, summary: None, parts: Vec::new(), left_out: 0 }
    }
}

impl Read {
    /// The same, told in one line.
    fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// The same, carrying this; what is too many is counted, not kept.
    fn part(mut self, part: Part) -> Self {
        if self.parts.len() < choice::PARTS {
            self.parts.push(part);
        } else {
            self.left_out += 1;
        }
        self
    }
}

/// A payload that another carries, to be read in turn.
#[derive(Debug)]
struct Part {
    name: String,
    payload: Bytes,
    /// It stands for a text, rather than for bytes that may happen to be one.
    is_text: bool,
    content_type: Option<String>,
}

impl Part {
    /// A text. Give it a slice of the payload ([`Bytes::slice_ref`]) where it stands there as it is.
    fn text(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { name: name.into(), payload: payload.into(), is_text: true, content_type: None }
    }

    /// Bytes. Text is found among them, too.
    fn bytes(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { is_text: false, ..Self::text(name, payload) }
    }

    /// The same, of this media type; parameters are dropped.
    fn content_type(mut self, name: &str) -> Self {
        let name = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.content_type = (!name.is_empty()).then_some(name);
        self
    }
}

#[cfg(test)]
mod tests;
