//! Building a tree, value by value. What goes over a limit is remembered and told at the end, so
//! that a decoder reads on as if nothing were wrong, at most as far as its payload.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;

use bytes::Bytes;

use super::super::Unreadable;
use super::{DEPTH, Kind, Node, STEP, Tree, VALUES, escape};

/// Values in the order they begin, with their texts elsewhere.
#[derive(Debug, Default)]
pub(in crate::decode) struct Index {
    nodes: Vec<Node>,
    open: Vec<Open>,
    steps: HashMap<u32, Box<[u32]>>,
    wrong: Option<Unreadable>,
}

/// An array or object that has not ended.
#[derive(Debug)]
struct Open {
    node: u32,
    is_object: bool,
    steps: Vec<u32>,
}

impl Index {
    /// Whether what comes next belongs to an object.
    pub(in crate::decode) fn is_in_object(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_object)
    }

    /// Whether a limit was reached, so that there is no use in reading on.
    pub(in crate::decode) fn is_full(&self) -> bool {
        self.wrong.is_some()
    }

    fn add(&mut self, kind: Kind, key: usize, at: usize, len: usize) {
        if self.nodes.len() >= VALUES {
            let what = "it has more than 16,777,216 values";
            self.wrong.get_or_insert_with(|| Unreadable::new(what));
            return;
        }
        let (Ok(key), Ok(at), Ok(len)) = (key.try_into(), at.try_into(), len.try_into()) else {
            self.wrong.get_or_insert_with(|| Unreadable::new("it is larger than 4 GiB"));
            return;
        };
        let this = self.nodes.len() as u32;
        if let Some(open) = self.open.last_mut() {
            let parent = &mut self.nodes[open.node as usize];
            if parent.len > 0 && (parent.len as usize).is_multiple_of(STEP) {
                open.steps.push(this);
            }
            parent.len += 1;
        } else if !self.nodes.is_empty() {
            self.wrong.get_or_insert_with(|| Unreadable::new("it has more than one value"));
        }
        self.nodes.push(Node { key, at, len, kind });
    }

    pub(in crate::decode) fn open(&mut self, is_object: bool, key: usize) {
        if self.open.len() >= DEPTH {
            let what = "its values lie in each other more than 256 deep";
            self.wrong.get_or_insert_with(|| Unreadable::new(what));
        }
        if self.is_full() {
            return;
        }
        let node = self.nodes.len() as u32;
        self.add(if is_object { Kind::Object } else { Kind::Array }, key, 0, 0);
        self.open.push(Open { node, is_object, steps: Vec::new() });
    }

    pub(in crate::decode) fn close(&mut self) {
        if self.is_full() {
            return;
        }
        let Some(open) = self.open.pop() else { return };
        self.nodes[open.node as usize].at = self.nodes.len() as u32;
        if !open.steps.is_empty() {
            self.steps.insert(open.node, open.steps.into());
        }
    }

    pub(in crate::decode) fn text(&mut self, key: usize, at: usize, len: usize, escaped: bool) {
        self.add(if escaped { Kind::Escaped } else { Kind::Text }, key, at, len);
    }

    pub(in crate::decode) fn number(&mut self, key: usize, at: usize, len: usize) {
        self.add(Kind::Number, key, at, len);
    }

    pub(in crate::decode) fn word(&mut self, key: usize, at: usize, len: usize) {
        self.add(Kind::Word, key, at, len);
    }

    /// The tree, whose texts stand in `data`.
    ///
    /// # Errors
    /// A limit was reached, or there is no value.
    pub(in crate::decode) fn finish(mut self, data: Bytes) -> Result<Tree, Unreadable> {
        while !self.open.is_empty() && !self.is_full() {
            self.close();
        }
        match self.wrong {
            Some(wrong) => Err(wrong),
            None if self.nodes.is_empty() => Err(Unreadable::new("it is empty")),
            None => {
                self.nodes.shrink_to_fit();
                Ok(Tree { data, nodes: self.nodes, steps: self.steps, notes: Vec::new() })
            }
        }
    }
}

/// Builds a tree whose texts do not stand in the payload as they are.
///
/// ```
/// use wirescope::decode::Builder;
/// let mut tree = Builder::default();
/// tree.object();
/// tree.key("packet").text("PUBLISH");
/// tree.key("qos").number(1).note("at least once");
/// tree.key("properties").array().bytes(&[1, 2]).close();
/// tree.close();
/// let tree = tree.finish().unwrap();
/// assert_eq!(tree.root().to_json(), r#"{"packet":"PUBLISH","qos":1,"properties":["AQI="]}"#);
/// ```
#[derive(Debug)]
pub struct Builder {
    index: Index,
    data: Vec<u8>,
    key: usize,
    notes: Vec<(u32, Box<str>)>,
}

impl Default for Builder {
    fn default() -> Self {
        // A byte that is no text, so that no name stands at 0, which means that there is none.
        Self { index: Index::default(), data: vec![0], key: 0, notes: Vec::new() }
    }
}

impl Builder {
    /// The next value is a member of this name.
    pub fn key(&mut self, name: &str) -> &mut Self {
        if !self.index.is_full() {
            self.key = self.data.len() + 1;
            escape::write(&mut self.data, name);
        }
        self
    }

    /// Begins an object; what is added belongs to it until [`close`](Self::close).
    pub fn object(&mut self) -> &mut Self {
        let key = std::mem::take(&mut self.key);
        self.index.open(true, key);
        self
    }

    /// Begins an array; what is added belongs to it until [`close`](Self::close).
    pub fn array(&mut self) -> &mut Self {
        let key = std::mem::take(&mut self.key);
        self.index.open(false, key);
        self
    }

    /// Ends the innermost object or array.
    pub fn close(&mut self) -> &mut Self {
        self.index.close();
        self
    }

    fn leaf(&mut self, kind: Kind, bytes: &[u8]) -> &mut Self {
        if !self.index.is_full() {
            let (key, at) = (std::mem::take(&mut self.key), self.data.len());
            self.data.extend_from_slice(bytes);
            self.index.add(kind, key, at, bytes.len());
        }
        self
    }

    fn displayed(&mut self, kind: Kind, value: impl Display) -> &mut Self {
        if !self.index.is_full() {
            let (key, at) = (std::mem::take(&mut self.key), self.data.len());
            // Writing to a vector does not fail.
            let _ = write!(self.data, "{value}");
            self.index.add(kind, key, at, self.data.len() - at);
        }
        self
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.leaf(Kind::Text, text.as_bytes())
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.leaf(Kind::Bytes, bytes)
    }

    /// Adds a number, written out by [`Display`]: of any size, `NaN` and `inf` among them.
    pub fn number(&mut self, number: impl Display) -> &mut Self {
        self.displayed(Kind::Number, number)
    }

    /// Adds `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.displayed(Kind::Word, value)
    }

    /// Adds `null`.
    pub fn null(&mut self) -> &mut Self {
        self.word("null")
    }

    /// Adds a word of the form that is none of these, as `undefined`.
    pub fn word(&mut self, word: &str) -> &mut Self {
        self.leaf(Kind::Word, word.as_bytes())
    }

    /// Adds a JSON document as it is.
    ///
    /// # Errors
    /// It is none; nothing was added then.
    pub fn json(&mut self, text: &str) -> Result<&mut Self, Unreadable> {
        super::super::json::check(text)?;
        if !self.index.is_full() {
            let (key, base) = (std::mem::take(&mut self.key), self.data.len());
            self.data.extend_from_slice(text.as_bytes());
            super::super::json::index(&mut self.index, &self.data, base, key);
        }
        Ok(self)
    }

    /// Says something of the value that was added last, as what its number means. Of an array or
    /// object say it right after it was begun.
    pub fn note(&mut self, note: impl Into<Box<str>>) -> &mut Self {
        if let Some(last) = self.index.nodes.len().checked_sub(1) {
            let last = last as u32;
            match self.notes.last_mut() {
                Some((at, text)) if *at == last => *text = note.into(),
                _ => self.notes.push((last, note.into())),
            }
        }
        self
    }

    /// Whether a limit was reached, so that there is no use in reading on.
    pub fn is_full(&self) -> bool {
        self.index.is_full()
    }

    /// The tree; what was not closed ends here.
    ///
    /// # Errors
    /// It has too many values, they lie too deep in each other, or there is none.
    pub fn finish(self) -> Result<Tree, Unreadable> {
        let mut tree = self.index.finish(self.data.into())?;
        tree.notes = self.notes;
        Ok(tree)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Value;
    use super::*;

    #[test]
    fn limits_are_told_at_the_end() {
        let mut tree = Builder::default();
        for _ in 0..=DEPTH {
            tree.array();
        }
        assert!(tree.is_full());
        assert!(tree.finish().unwrap_err().to_string().contains("256 deep"));
        assert!(Builder::default().finish().is_err());
        let mut tree = Builder::default();
        tree.number(1).number(2);
        assert!(tree.finish().unwrap_err().to_string().contains("more than one value"));
    }

    #[test]
    fn what_stays_open_ends_with_the_tree() {
        let mut tree = Builder::default();
        tree.object().key("a").array().number(1);
        assert_eq!(tree.finish().unwrap().root().to_json(), r#"{"a":[1]}"#);
    }

    #[test]
    fn json_keeps_its_place_and_its_spelling() {
        let mut tree = Builder::default();
        tree.object().key("data").json(r#" {"a":1.10,"b":["\u00fc",null]} "#).unwrap();
        assert!(tree.key("x").json("{").is_err());
        tree.text("left");
        let tree = tree.finish().unwrap();
        let data = tree.root().get("data").unwrap();
        assert_eq!(data.get("a").and_then(Value::text).as_deref(), Some("1.10"));
        let letter = data.get("b").and_then(|b| b.child(0)).and_then(Value::text);
        assert_eq!(letter.as_deref(), Some("ü"));
        assert_eq!(tree.root().child(1).and_then(Value::key).as_deref(), Some("x"));
    }

    #[test]
    fn notes_belong_to_their_values() {
        let mut tree = Builder::default();
        tree.array().note("list").number(1).note("one").number(2);
        let tree = tree.finish().unwrap();
        assert_eq!(tree.root().note(), Some("list"));
        assert_eq!(tree.root().child(0).and_then(Value::note), Some("one"));
        assert_eq!(tree.root().child(1).and_then(Value::note), None);
    }
}
