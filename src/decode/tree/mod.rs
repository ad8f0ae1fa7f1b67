//! A document as one list of its values in the order they begin, with their texts where they stand
//! in the payload: 16 bytes a value, any child of any list at once, numbers as they were spelled.

mod build;
mod escape;
mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;

pub use build::Builder;
pub(in crate::decode) use build::Index;
pub(in crate::decode) use escape::{end_of_string, read as unescaped};

/// Values a tree holds at most; they take 256 MiB then.
pub const VALUES: usize = 1 << 24;
/// How deep values may lie in each other.
pub const DEPTH: usize = 256;
/// Of a long list, every child by this number is remembered, so that none is far from one that is.
const STEP: usize = 64;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Word,
    Number,
    Text,
    /// Text with escapes, as JSON writes it.
    Escaped,
    Bytes,
    Array,
    Object,
}

/// A value. Of an array or object, `at` is one past its last descendant and `len` counts its
/// children; of anything else they are where it stands in the data, in bytes.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Where the name of a member stands, behind its quotation mark; 0 where it has none.
    key: u32,
    at: u32,
    len: u32,
    kind: Kind,
}

/// What is shown of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `true`, `null`, `undefined` and the like.
    Word,
    /// A number, as it was spelled where the form is a text; `NaN` and `inf` are numbers, too.
    Number,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// Values in order.
    Array,
    /// Values with names, in the order they were sent, a name that came twice among them.
    Object,
}

/// A document.
#[derive(Clone)]
pub struct Tree {
    data: Bytes,
    nodes: Vec<Node>,
    /// Of long lists: where their children number 64, 128, … are.
    steps: HashMap<u32, Box<[u32]>>,
    /// What is to be said of a value besides, by its position in ascending order.
    notes: Vec<(u32, Box<str>)>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({} values)", self.nodes.len())
    }
}

impl Tree {
    /// The value that holds all others.
    pub fn root(&self) -> Value<'_> {
        Value { tree: self, at: 0 }
    }

    /// The value at this position among all of them, from 0 in the order they begin.
    pub fn value(&self, position: u32) -> Option<Value<'_>> {
        ((position as usize) < self.nodes.len()).then_some(Value { tree: self, at: position })
    }

    /// How many values there are.
    pub fn values(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes it takes besides the payload, about.
    pub fn weight(&self) -> usize {
        let steps: usize = self.steps.values().map(|steps| steps.len() * 4 + 24).sum();
        self.nodes.capacity() * size_of::<Node>() + steps + self.notes.len() * 40
    }
}

/// A value of a tree.
#[derive(Debug, Clone, Copy)]
pub struct Value<'t> {
    tree: &'t Tree,
    at: u32,
}

impl<'t> Value<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.at as usize]
    }

    /// Its position among all values of the tree.
    pub fn position(self) -> u32 {
        self.at
    }

    /// What it is.
    pub fn shape(self) -> Shape {
        match self.node().kind {
            Kind::Word => Shape::Word,
            Kind::Number => Shape::Number,
            Kind::Text | Kind::Escaped => Shape::Text,
            Kind::Bytes => Shape::Bytes,
            Kind::Array => Shape::Array,
            Kind::Object => Shape::Object,
        }
    }

    /// Children of an array or object; 0 for anything else.
    pub fn len(self) -> usize {
        if self.is_container() { self.node().len as usize } else { 0 }
    }

    /// Whether it has no children.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// An array or an object.
    pub fn is_container(self) -> bool {
        matches!(self.node().kind, Kind::Array | Kind::Object)
    }

    /// Its name, where it is a member of an object.
    pub fn key(self) -> Option<Cow<'t, str>> {
        let from = self.node().key as usize;
        let quote = from.checked_sub(1)?;
        let end = end_of_string(&self.tree.data, quote).max(from + 1) - 1;
        Some(escape::read(&self.tree.data[from..end]))
    }

    /// The bytes it stands for: of a text its letters, escapes and all; of an array or object none.
    pub fn raw(self) -> &'t [u8] {
        let node = self.node();
        let at = node.at as usize;
        if self.is_container() { &[] } else { &self.tree.data[at..at + node.len as usize] }
    }

    /// A text without its escapes, a number or a word; nothing for bytes, arrays and objects.
    pub fn text(self) -> Option<Cow<'t, str>> {
        self.start(usize::MAX)
    }

    /// The same, of at most so many bytes as they stand in the payload.
    pub fn start(self, most: usize) -> Option<Cow<'t, str>> {
        let raw = self.raw();
        let cut = cut(raw, most);
        match self.node().kind {
            Kind::Escaped => Some(escape::read(cut)),
            Kind::Text | Kind::Number | Kind::Word => Some(String::from_utf8_lossy(cut)),
            Kind::Bytes | Kind::Array | Kind::Object => None,
        }
    }

    /// A number, rounded where a float cannot hold it.
    pub fn number(self) -> Option<f64> {
        let text = (self.node().kind == Kind::Number).then(|| self.text()).flatten()?;
        text.parse().ok()
    }

    /// What is to be said of it besides, as the tag it bears.
    pub fn note(self) -> Option<&'t str> {
        let notes = &self.tree.notes;
        let found = notes.binary_search_by_key(&self.at, |(at, _)| *at).ok()?;
        Some(&notes[found].1)
    }

    fn after(self) -> u32 {
        let node = self.node();
        if self.is_container() { node.at } else { self.at + 1 }
    }

    /// The child at this place, from 0.
    pub fn child(self, place: usize) -> Option<Self> {
        if place >= self.len() {
            return None;
        }
        let steps = self.tree.steps.get(&self.at);
        let known = (place / STEP).checked_sub(1).and_then(|step| steps?.get(step).copied());
        let (mut at, missing) = known.map_or((self.at + 1, place), |at| (at, place % STEP));
        for _ in 0..missing {
            at = Self { at, ..self }.after();
        }
        Some(Self { at, ..self })
    }

    /// Its children, in order.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let mut next = self.at + 1;
        (0..self.len()).map(move |_| {
            let child = Self { at: next, ..self };
            next = child.after();
            child
        })
    }

    /// The first member of this name.
    pub fn get(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.key().is_some_and(|key| key == name))
    }

    /// It and everything in it as JSON (RFC 8259); bytes as base64. Numbers stay as they were
    /// spelled, and what JSON has no word for becomes a text.
    pub fn to_json(self) -> String {
        write::json(self)
    }
}

/// The beginning of a text, cut where a character begins.
fn cut(raw: &[u8], most: usize) -> &[u8] {
    if raw.len() <= most {
        return raw;
    }
    let is_start = |at: &usize| raw[*at] & 0xc0 != 0x80;
    let end = (most.saturating_sub(3)..=most).rev().find(is_start).unwrap_or(most);
    &raw[..end]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_value_takes_sixteen_bytes() {
        assert_eq!(size_of::<Node>(), 16);
    }

    #[test]
    fn any_child_of_a_long_list_is_found_at_once() {
        let mut tree = Builder::default();
        tree.array();
        for number in 0..1000 {
            tree.array().number(number).number(-1).close();
        }
        tree.close();
        let tree = tree.finish().unwrap();
        let root = tree.root();
        for place in [0, 1, 63, 64, 65, 127, 128, 640, 999] {
            let first = root.child(place).and_then(|child| child.child(0));
            assert_eq!(first.and_then(Value::number), Some(place as f64));
        }
        assert!(root.child(1000).is_none());
        assert_eq!(root.children().count(), 1000);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("aü".as_bytes(), 2), b"a");
        assert_eq!(cut("aü".as_bytes(), 3), "aü".as_bytes());
        assert_eq!(cut(b"abc", 2), b"ab");
    }
}
