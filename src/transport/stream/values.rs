//! Finds where JSON texts end in a stream, without reading what is in them: brackets are counted,
//! strings skipped. What is no JSON ends with its line.

use super::records::{Growing, Record};

/// Begins a text of a JSON text sequence (RFC 7464, section 2.2).
const RS: u8 = 0x1E;
const CUT_OFF: &str = "a JSON text was cut off by the beginning of the next one (RFC 7464, 2.3)";

/// Where in a text the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Between two texts.
    Between,
    /// In a number or a word, or between the parts of a list or an object.
    Text,
    /// In a string.
    String,
    /// After a backslash in a string.
    Escape,
    /// In something that is no JSON, to the end of the line.
    Junk,
}

/// Cuts a stream of JSON texts.
#[derive(Debug)]
pub(super) struct Values {
    text: Growing,
    at: At,
    /// Brackets that are open, without the one of the list that is the whole body.
    depth: u32,
    /// The body is one list, whose elements are the messages; unknown before its first byte.
    is_list: Option<bool>,
    /// A text began or ended in the line.
    is_line_used: bool,
    is_sequence: bool,
}

impl Values {
    pub(super) fn new(limit: usize, is_sequence: bool) -> Self {
        Self {
            text: Growing::new(limit),
            at: At::Between,
            depth: 0,
            is_list: is_sequence.then_some(false),
            is_line_used: false,
            is_sequence,
        }
    }

    /// The text that has not ended.
    pub(super) fn rest(&mut self) -> &mut Growing {
        &mut self.text
    }

    pub(super) fn feed(&mut self, mut chunk: &[u8], found: &mut Vec<Record>) {
        while let Some(&first) = chunk.first() {
            let used = match self.at {
                At::Between => self.between(first, found),
                At::String => self.string(chunk, found),
                At::Escape => {
                    self.text.push(&chunk[..1]);
                    self.at = At::String;
                    1
                }
                At::Text => self.inside(chunk, found),
                At::Junk => self.junk(chunk, found),
            };
            chunk = &chunk[used..];
        }
    }

    /// Takes a byte outside of any text; gives 0 where a text begins with it.
    fn between(&mut self, byte: u8, found: &mut Vec<Record>) -> usize {
        let splits = self.is_list == Some(true);
        match byte {
            b'\n' if !std::mem::take(&mut self.is_line_used) => {
                found.push(self.text.blank(1));
                return 1;
            }
            b'\n' | b'\r' | b' ' | b'\t' => {}
            RS if self.is_sequence => self.is_line_used = true,
            b'[' if self.is_list.is_none() => {
                self.is_list = Some(true);
                self.is_line_used = true;
            }
            b',' | b'[' | b']' if splits => self.is_line_used = true,
            // A BOM, which is no part of JSON (RFC 8259, section 8.1).
            0xEF | 0xBB | 0xBF if self.is_list.is_none() => {}
            _ => {
                self.is_list.get_or_insert(false);
                self.is_line_used = true;
                let is_json =
                    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n');
                self.at = if is_json { At::Text } else { At::Junk };
                return 0;
            }
        }
        self.text.skip(1);
        1
    }

    /// Takes bytes of a text up to the next one that may end it or begin a string.
    fn inside(&mut self, chunk: &[u8], found: &mut Vec<Record>) -> usize {
        for (at, &byte) in chunk.iter().enumerate() {
            match byte {
                b'"' => {
                    // A string right after a number is the beginning of another text.
                    self.text.push(&chunk[..=at]);
                    self.at = At::String;
                    return at + 1;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => {
                    self.depth = 0;
                    return self.end(&chunk[..=at], found);
                }
                RS if self.is_sequence => return self.cut_off(&chunk[..at], found),
                b'\n' | b'\r' | b' ' | b'\t' | b',' | b'}' | b']' if self.depth == 0 => {
                    return self.end(&chunk[..at], found);
                }
                _ => {}
            }
        }
        self.text.push(chunk);
        chunk.len()
    }

    fn string(&mut self, chunk: &[u8], found: &mut Vec<Record>) -> usize {
        let end = if self.is_sequence {
            chunk.iter().position(|byte| matches!(*byte, b'"' | b'\\' | b'\n' | RS))
        } else {
            memchr::memchr3(b'"', b'\\', b'\n', chunk)
        };
        let Some(end) = end else {
            self.text.push(chunk);
            return chunk.len();
        };
        match chunk[end] {
            RS => return self.cut_off(&chunk[..end], found),
            b'"' if self.depth == 0 => return self.end(&chunk[..=end], found),
            b'"' => self.at = At::Text,
            b'\\' => self.at = At::Escape,
            // No string goes on over the end of a line: this is no JSON, and what follows may be.
            _ => return self.end(&chunk[..end], found),
        }
        self.text.push(&chunk[..=end]);
        end + 1
    }

    fn junk(&mut self, chunk: &[u8], found: &mut Vec<Record>) -> usize {
        let ends = |byte: &u8| *byte == b'\n' || self.is_sequence && *byte == RS;
        let Some(end) = chunk.iter().position(ends) else {
            self.text.push(chunk);
            return chunk.len();
        };
        self.end(&chunk[..end], found)
    }

    /// Ends the text with these bytes.
    fn end(&mut self, last: &[u8], found: &mut Vec<Record>) -> usize {
        found.push(self.text.take(last, 0));
        self.at = At::Between;
        self.depth = 0;
        last.len()
    }

    fn cut_off(&mut self, last: &[u8], found: &mut Vec<Record>) -> usize {
        self.text.push(last);
        found.push(self.text.broken(CUT_OFF));
        self.at = At::Between;
        self.depth = 0;
        last.len()
    }
}
