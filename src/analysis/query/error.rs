//! What can be wrong with a query, where, and what was expected instead.

use std::ops::Range;

use thiserror::Error;

/// A query that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct QueryError {
    /// Bytes of the query that are wrong; empty at its end, where something is missing.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub problem: Problem,
}

impl QueryError {
    pub(super) fn new(span: Range<usize>, problem: Problem) -> Self {
        Self { span, problem }
    }

    /// The wrong part of `query`, which is the one that was read, in characters; at least one, also
    /// behind the last.
    pub fn chars(&self, query: &str) -> Range<usize> {
        let upto = |at| query.get(..at).unwrap_or(query).chars().count();
        let start = upto(self.span.start);
        start..upto(self.span.end).max(start + 1)
    }

    /// A line for beneath `query` where every character is as wide: carets under what is wrong.
    pub fn carets(&self, query: &str) -> String {
        let wrong = self.chars(query);
        format!("{}{}", " ".repeat(wrong.start), "^".repeat(wrong.len()))
    }
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Longer than anybody types.
    #[error("a filter may have {0} bytes at most")]
    TooLong(usize),
    /// Parentheses within parentheses within parentheses.
    #[error("too many parentheses and nots within each other")]
    TooDeep,
    /// Nothing where a condition belongs.
    #[error("expected a condition{0}")]
    ExpectedTerm(String),
    /// An operator without a field.
    #[error("expected a field before {0}; text with {0} in it goes in quotes")]
    ExpectedField(String),
    /// Nothing where a value belongs.
    #[error("expected a value after {0}")]
    ExpectedValue(String),
    /// A quote that is not closed.
    #[error("this quote is never closed; expected another {0}")]
    UnclosedQuote(char),
    /// A regular expression that is not closed.
    #[error(
        "this regular expression is never closed with /; text that begins with / goes in quotes"
    )]
    UnclosedRegex,
    /// A parenthesis that is not closed.
    #[error("this parenthesis is never closed; expected )")]
    UnclosedParenthesis,
    /// A parenthesis that was not opened.
    #[error("there is no ( that this closes; text with ) in it goes in quotes")]
    UnopenedParenthesis,
    /// A quote within a word.
    #[error("text with quotes in it goes in quotes itself, as in '{{\"type\"'")]
    QuoteInWord,
    /// A colon after what is no field.
    #[error("no field can be named so; text with : in it goes in quotes")]
    ColonInWord,
    /// A word before a parenthesis.
    #[error(
        "only has is followed by a parenthesis, as in has(symbol); and goes between conditions"
    )]
    NoSuchFunction,
    /// Not what `has` takes.
    #[error("expected one field, as in has(symbol)")]
    ExpectedHas,
    /// A kind that there is not.
    #[error("no kind of event is called so; one of {0}")]
    NoSuchKind(String),
    /// A direction that there is not.
    #[error("no direction is called so; one of in, out, local")]
    NoSuchDir,
    /// An operator the field does not take.
    #[error("{0} is compared with : = != or in (…)")]
    NoOrder(&'static str),
    /// A pattern for a number.
    #[error("{0} is a number and takes : = != < <= > >= or in (…)")]
    NoPattern(&'static str),
    /// No number where one belongs.
    #[error("expected a number, as in {0}")]
    ExpectedNumber(&'static str),
    /// A unit that there is not.
    #[error("no such unit; one of {0}")]
    NoSuchUnit(&'static str),
    /// Order among what has none.
    #[error("expected a number, or text in quotes")]
    ExpectedOrdered,
    /// No list after `in`.
    #[error("expected , or ) in the list")]
    ExpectedListEnd,
    /// The way to a JSON field does not go on.
    #[error("expected a name, or a place in [ ], as in items[0].price")]
    ExpectedStep,
    /// A way that is too long.
    #[error("a path may have {0} steps at most")]
    LongPath(usize),
    /// A backslash before what needs none.
    #[error("no such escape; a backslash itself is written \\\\")]
    NoSuchEscape,
    /// Something after a regular expression.
    #[error("only i may follow a regular expression; text with / in it goes in quotes")]
    NoSuchFlag,
    /// A regular expression that is none.
    #[error("not a regular expression: {0}")]
    BadRegex(String),
    /// A regular expression that would take too much memory.
    #[error("this regular expression is too large; repeat less in it")]
    LargeRegex,
}
