//! Reads a query character by character. What a character means depends on what is expected, as in
//! `-5`, `-ping` and `AAPL-5`, so there are no tokens, only things to ask for.

use std::ops::Range;

use super::error::{Problem, QueryError};
use super::expr::Op;

/// A place in a query.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'q> {
    text: &'q str,
    at: usize,
}

/// Something that was read, and where.
#[derive(Debug, Clone)]
pub(super) struct Read<T> {
    pub(super) what: T,
    pub(super) span: Range<usize>,
}

impl<'q> Cursor<'q> {
    pub(super) fn new(text: &'q str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'q str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub(super) fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The wrong part from `start` to here.
    pub(super) fn since(&self, start: usize, problem: Problem) -> QueryError {
        QueryError::new(start..self.at, problem)
    }

    /// The next character is wrong, or missing.
    pub(super) fn here(&self, problem: Problem) -> QueryError {
        let len = self.peek().map_or(0, char::len_utf8);
        QueryError::new(self.at..self.at + len, problem)
    }

    /// Takes the character, if it is next.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.at += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    /// Takes the sign, if it is next.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let is_next = self.rest().starts_with(sign);
        self.at += if is_next { sign.len() } else { 0 };
        is_next
    }

    /// Takes the keyword, in small letters or capitals, if it is the next word.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let Some(found) = self.rest().get(..keyword.len()) else { return false };
        let after = self.rest()[keyword.len()..].chars().next();
        let ends = after.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '\''));
        let is_keyword = found == keyword || found == keyword.to_ascii_uppercase();
        let is_next = is_keyword && ends;
        self.at += if is_next { keyword.len() } else { 0 };
        is_next
    }

    /// Takes `-` or `!`, if it stands before what it negates.
    pub(super) fn take_negation(&mut self) -> bool {
        let is_next = match (self.peek(), self.second()) {
            (Some('-'), Some(next)) => !next.is_whitespace(),
            (Some('!'), next) => !matches!(next, Some('=' | '~')),
            _ => false,
        };
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes an operator of comparison, if one is next.
    pub(super) fn take_op(&mut self) -> Option<Op> {
        const SIGNS: [(&str, Op); 7] = [
            ("==", Op::Eq),
            ("=", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            ("<", Op::Lt),
            (">=", Op::Ge),
            (">", Op::Gt),
        ];
        SIGNS.into_iter().find(|(sign, _)| self.take_sign(sign)).map(|(_, op)| op)
    }

    /// Takes the characters that may stand in a word outside quotes.
    pub(super) fn word(&mut self) -> Read<&'q str> {
        let start = self.at;
        while let Some(c) = self.peek() {
            let stops = match c {
                '(' | ')' | '"' | '=' | '<' | '>' | '~' | ':' => true,
                '!' => matches!(self.second(), Some('=' | '~')),
                '&' | '|' => self.second() == Some(c),
                c => c.is_whitespace(),
            };
            // A place by name, as in $["a b"], belongs to the word.
            if stops && !(c == '"' && self.at > start && self.take_named_place()) {
                break;
            }
            if !stops {
                self.at += c.len_utf8();
            }
        }
        Read { what: &self.text[start..self.at], span: start..self.at }
    }

    /// Takes `"a b"]` after a `[`.
    fn take_named_place(&mut self) -> bool {
        let rest = self.rest();
        let after_bracket = self.text[..self.at].ends_with('[');
        let end = rest[1..].find('"').map(|end| end + 2);
        match end.filter(|end| after_bracket && rest[*end..].starts_with(']')) {
            Some(end) => {
                self.at += end + 1;
                true
            }
            None => false,
        }
    }

    /// Takes the characters that may stand in a value outside quotes.
    pub(super) fn value_word(&mut self) -> Read<&'q str> {
        let rest = self.rest();
        let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ',');
        let len = rest.find(stops).unwrap_or(rest.len());
        let start = self.at;
        self.at += len;
        Read { what: &rest[..len], span: start..self.at }
    }

    /// Takes text in quotes, if a quote is next.
    pub(super) fn quoted(&mut self) -> Result<Option<Read<String>>, QueryError> {
        let start = self.at;
        let Some(quote @ ('"' | '\'')) = self.peek() else { return Ok(None) };
        self.take(quote);
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.next() {
                None => {
                    let span = start..start + 1;
                    return Err(QueryError::new(span, Problem::UnclosedQuote(quote)));
                }
                Some(c) if c == quote => break,
                Some('\\') => match self.escaped() {
                    Some(c) => text.push(c),
                    None => return Err(self.since(at, Problem::NoSuchEscape)),
                },
                Some(c) => text.push(c),
            }
        }
        Ok(Some(Read { what: text, span: start..self.at }))
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The character that an escape stands for, as in JSON.
    fn escaped(&mut self) -> Option<char> {
        match self.next()? {
            c @ ('"' | '\'' | '\\' | '/') => Some(c),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let digits = self.rest().get(..4)?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                self.at += 4;
                char::from_u32(code)
            }
            _ => None,
        }
    }

    /// Takes `/…/` or `/…/i`, if a slash is next: the expression, and whether it ends in `i`.
    pub(super) fn regex(&mut self) -> Result<Option<Read<(&'q str, bool)>>, QueryError> {
        let start = self.at;
        if !self.take('/') {
            return Ok(None);
        }
        let source = self.at;
        loop {
            match self.next() {
                None => {
                    return Err(QueryError::new(start..start + 1, Problem::UnclosedRegex));
                }
                Some('\\') => drop(self.next()),
                Some('/') => break,
                Some(_) => {}
            }
        }
        let what = &self.text[source..self.at - 1];
        let folds = self.take('i');
        if self.peek().is_some_and(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | ',')) {
            return Err(self.here(Problem::NoSuchFlag));
        }
        Ok(Some(Read { what: (what, folds), span: source..source + what.len() }))
    }
}
