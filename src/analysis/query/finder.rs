//! Finds a word in bytes, whatever the case of ASCII letters.

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

/// A word of so many bytes is looked for letter by letter; a longer one by an automaton, so that
/// no word and no payload take more than linear time.
const SHORT: usize = 64;
/// Letters from the most frequent on; what is not among them is taken for rarer than any.
const FREQUENT: &[u8] = b"etaoinsrhldcumfpgwybvkxjqz";

/// A word to look for.
#[derive(Debug, Clone)]
pub(super) struct Finder(How);

#[derive(Debug, Clone)]
enum How {
    /// It has no letters.
    Exact(Box<memmem::Finder<'static>>),
    Short {
        word: Box<[u8]>,
        /// The place of its rarest byte, and that in both cases.
        at: usize,
        either: [u8; 2],
    },
    Long(Regex),
    Nowhere,
}

impl Finder {
    pub(super) fn new(word: &str) -> Self {
        let bytes = word.as_bytes();
        if !bytes.iter().any(u8::is_ascii_alphabetic) {
            return Self(How::Exact(Box::new(memmem::Finder::new(bytes).into_owned())));
        }
        if bytes.len() > SHORT {
            // It only fails where it would be too large, which the length of a query rules out.
            let built = RegexBuilder::new(&folded(word)).build();
            return Self(built.map_or(How::Nowhere, How::Long));
        }
        let rarest = bytes.iter().enumerate().max_by_key(|(_, byte)| rarity(**byte));
        let (at, byte) = rarest.map_or((0, 0), |(at, byte)| (at, *byte));
        let either = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        Self(How::Short { word: bytes.into(), at, either })
    }

    /// Whether it occurs.
    pub(super) fn is_in(&self, hay: &[u8]) -> bool {
        match &self.0 {
            How::Exact(finder) => finder.find(hay).is_some(),
            How::Short { word, at, either } => is_in(hay, word, *at, *either),
            How::Long(regex) => regex.is_match(hay),
            How::Nowhere => false,
        }
    }
}

fn is_in(hay: &[u8], word: &[u8], at: usize, [lower, upper]: [u8; 2]) -> bool {
    // Where the rarest byte can be: the rest of the word has to fit on either side.
    let Some(last) = hay.len().checked_sub(word.len()) else { return false };
    let places = &hay[at..=last + at];
    let starts_word = |found: usize| hay[found..found + word.len()].eq_ignore_ascii_case(word);
    if lower == upper {
        memchr::memchr_iter(lower, places).any(starts_word)
    } else {
        memchr::memchr2_iter(lower, upper, places).any(starts_word)
    }
}

/// The higher, the rarer. Punctuation stands everywhere in JSON, digits almost so.
fn rarity(byte: u8) -> usize {
    let lower = byte.to_ascii_lowercase();
    match FREQUENT.iter().position(|frequent| *frequent == lower) {
        Some(place) => 2 + place,
        None if byte.is_ascii_digit() => 3,
        None if byte.is_ascii() => 1,
        None => 2 + FREQUENT.len(),
    }
}

/// An expression for the word in which the case of ASCII letters alone does not matter.
fn folded(word: &str) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphabetic() => {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        }
        c => regex::escape(c.encode_utf8(&mut [0; 4])),
    };
    word.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_case() {
        let long = "Zz".repeat(40);
        let table = [
            ("aapl", r#"{"symbol":"AAPL"}"#, true),
            ("aapl", "AaAAPL", true),
            ("aapl", "AAP", false),
            ("aapl", "", false),
            ("", "", true),
            ("12", "x12", true),
            ("12", "1 2", false),
            ("é1", "xÉ1", false),
            ("Aé1", "xaé1", true),
            ("{\"a", "{\"A\":1}", true),
            ("ab", "b", false),
            ("ab", "xxxAb", true),
            ("ba", "bba", true),
            (&long, &"zZ".repeat(41), true),
            (&long, &"zZ".repeat(39), false),
        ];
        for (word, hay, is_in) in table {
            assert_eq!(Finder::new(word).is_in(hay.as_bytes()), is_in, "{word} in {hay}");
        }
        assert!(Finder::new("b").is_in(b"\xff\xfeB\xff"));
    }
}
