//! The filter language: words, regular expressions, what every event has, fields of JSON payloads,
//! joined by and, or and not. A query is read once and then asked of a million events.
//!
//! ```text
//! query      = [ conditions { "or" conditions } ]
//! conditions = negation { [ "and" ] negation }
//! negation   = ( "not" | "-" | "!" ) negation | "(" query ")" | condition
//! condition  = word | "phrase" | 'phrase' | /regex/ | /regex/i
//!            | field ":" value { "," value }
//!            | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//!            | field "~" ( /regex/ | word ) | field "in" "(" value { "," value } ")"
//!            | "has" "(" field ")"
//! field      = kind | dir | status | code | name | id | attempt | n | t | gap | latency | size
//!            | wire | [ "$" ] [ "." ] step { "." step | "[" place "]" }
//! ```
//! [`GUIDE`] says what they mean; the window shows it, and the tests try every line of it.

mod cursor;
mod error;
mod expr;
mod facts;
mod finder;
mod guide;
mod literal;
mod matcher;
#[cfg(test)]
mod parse_tests;
mod parser;
#[cfg(test)]
mod pass_tests;
mod path;
mod pattern;
mod terms;
mod units;

use std::fmt;

pub use error::{Problem, QueryError};
pub use facts::{Details, Facts, Needs, Row};
pub use guide::{GUIDE, Topic};

use self::expr::Expr;
use self::matcher::Matcher;

/// A query that was understood.
#[derive(Debug, Clone)]
pub struct Query {
    expr: Expr,
    matcher: Matcher,
}

impl Query {
    /// Reads a query; an empty one lets everything through.
    ///
    /// # Errors
    /// What is wrong first, and where.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let expr = parser::parse(text)?;
        let matcher = Matcher::new(&expr);
        Ok(Self { expr, matcher })
    }

    /// Whether an event passes, as far as the index can tell; `None` where it has to be read.
    pub fn by_index(&self, facts: &Facts) -> Option<bool> {
        self.matcher.by_index(facts)
    }

    /// Whether an event passes.
    pub fn passes(&self, facts: &Facts, row: &Row<'_>) -> bool {
        self.matcher.passes(facts, row)
    }

    /// What it looks at of events that the index cannot tell of.
    pub fn needs(&self) -> Needs {
        self.matcher.needs()
    }
}

/// As it is grouped, in parentheses.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
