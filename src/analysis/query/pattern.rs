//! Patterns in queries: regular expressions, which run in linear time and are bounded in memory, and
//! words in which `*` stands for anything.

use std::fmt;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::error::Problem;

/// Bytes that a compiled expression may take.
const LARGEST: usize = 1 << 20;
/// Groups within groups, at most.
const DEEPEST: u32 = 48;

/// A regular expression and how it was written.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    source: Box<str>,
    folds: bool,
}

impl Pattern {
    /// Reads an expression, whatever the case where it `folds`.
    ///
    /// # Errors
    /// What is wrong with it, and which bytes of it.
    pub(super) fn new(source: &str, folds: bool) -> Result<Self, (Range<usize>, Problem)> {
        let built = RegexBuilder::new(source)
            .case_insensitive(folds)
            .nest_limit(DEEPEST)
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .build();
        match built {
            Ok(regex) => Ok(Self { regex, source: source.into(), folds }),
            Err(regex::Error::CompiledTooBig(_)) => Err((0..source.len(), Problem::LargeRegex)),
            Err(error) => Err(explain(source, &error)),
        }
    }

    /// Whether it matches anywhere in these bytes.
    pub(super) fn matches(&self, hay: &[u8]) -> bool {
        self.regex.is_match(hay)
    }
}

/// Where an expression is wrong: the crate's own error is a text of several lines.
fn explain(source: &str, error: &regex::Error) -> (Range<usize>, Problem) {
    let parsed = regex_syntax::ParserBuilder::new().nest_limit(DEEPEST).utf8(false).build();
    let parsed = { parsed }.parse(source);
    let (span, text) = match &parsed {
        Err(regex_syntax::Error::Parse(error)) => (error.span(), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (error.span(), error.kind().to_string()),
        _ => return (0..source.len(), Problem::BadRegex(error.to_string())),
    };
    (span.start.offset..span.end.offset, Problem::BadRegex(text))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.source, if self.folds { "i" } else { "" })
    }
}

/// A word in which `*` stands for anything, and the case of ASCII letters does not matter.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    text: Box<str>,
    /// `None` where it holds no `*`.
    regex: Option<Regex>,
}

impl Glob {
    /// Reads a word; one in quotes means every character as it is.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn new(text: &str, is_quoted: bool) -> Result<Self, Problem> {
        let has_star = !is_quoted && text.contains('*');
        let regex = has_star.then(|| {
            let parts: Vec<String> = text.split('*').map(regex::escape).collect();
            let anything = parts.join("(?s-u:.)*");
            RegexBuilder::new(&format!(r"\A(?i:{anything})\z"))
                .size_limit(LARGEST)
                .dfa_size_limit(LARGEST)
                .build()
        });
        let regex = regex.transpose().map_err(|_| Problem::LargeRegex)?;
        Ok(Self { text: text.into(), regex })
    }

    /// How it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything is like it.
    pub(super) fn matches_all(&self) -> bool {
        self.regex.is_some() && self.text.bytes().all(|byte| byte == b'*')
    }

    /// Whether a text is like it.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(text),
            None => text.eq_ignore_ascii_case(self.text.as_bytes()),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
