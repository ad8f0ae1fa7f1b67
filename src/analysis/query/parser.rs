//! Puts a query together: or of ands of nots of conditions, by recursive descent of bounded depth.

use super::cursor::Cursor;
use super::error::{Problem, QueryError};
use super::expr::{Expr, Term};
use super::pattern::Pattern;
use super::terms;

/// Bytes of a query, at most.
const LONGEST: usize = 4096;
/// Parentheses and nots within each other, at most.
const DEEPEST: u32 = 64;

/// Reads a query; an empty one lets everything through.
///
/// # Errors
/// What is wrong first, and where.
pub(super) fn parse(text: &str) -> Result<Expr, QueryError> {
    if text.len() > LONGEST {
        let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST);
        let start = end.unwrap_or(text.len());
        return Err(QueryError::new(start..text.len(), Problem::TooLong(LONGEST)));
    }
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0 };
    parser.cursor.skip_spaces();
    if parser.cursor.peek().is_none() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any("")?;
    match parser.cursor.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.cursor.here(Problem::UnopenedParenthesis)),
    }
}

struct Parser<'q> {
    cursor: Cursor<'q>,
    depth: u32,
}

impl Parser<'_> {
    /// Conditions joined by or. `after` is what stands before them.
    fn any(&mut self, after: &str) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(after)?];
        while self.cursor.take_keyword("or") || self.cursor.take_sign("||") {
            parts.push(self.all(" after or")?);
        }
        Ok(one_or(parts, Expr::Any))
    }

    /// Conditions joined by and, or by nothing.
    fn all(&mut self, after: &str) -> Result<Expr, QueryError> {
        let mut parts = vec![self.not(after)?];
        loop {
            self.cursor.skip_spaces();
            if self.cursor.take_keyword("and") || self.cursor.take_sign("&&") {
                parts.push(self.not(" after and")?);
            } else if self.is_over() {
                return Ok(one_or(parts, Expr::All));
            } else {
                parts.push(self.not("")?);
            }
        }
    }

    /// Whether the conditions that are joined by and end here.
    fn is_over(&self) -> bool {
        let mut ahead = Cursor::clone(&self.cursor);
        matches!(ahead.peek(), None | Some(')'))
            || ahead.take_keyword("or")
            || ahead.take_sign("||")
    }

    fn not(&mut self, after: &str) -> Result<Expr, QueryError> {
        self.cursor.skip_spaces();
        let start = self.cursor.at();
        if self.cursor.take_keyword("not") {
            self.deeper(start, |parser| parser.not(" after not"))
                .map(|part| Expr::Not(Box::new(part)))
        } else if self.cursor.take_negation() {
            self.deeper(start, |parser| parser.not("")).map(|part| Expr::Not(Box::new(part)))
        } else {
            self.single(after)
        }
    }

    fn deeper(
        &mut self,
        start: usize,
        read: impl FnOnce(&mut Self) -> Result<Expr, QueryError>,
    ) -> Result<Expr, QueryError> {
        if self.depth == DEEPEST {
            return Err(self.cursor.since(start, Problem::TooDeep));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn single(&mut self, after: &str) -> Result<Expr, QueryError> {
        let start = self.cursor.at();
        if self.cursor.take('(') {
            let inner = self.deeper(start, |parser| parser.any(" after ("))?;
            if !self.cursor.take(')') {
                let span = start..start + 1;
                return Err(QueryError::new(span, Problem::UnclosedParenthesis));
            }
            return Ok(inner);
        }
        let expected = || Problem::ExpectedTerm(after.to_owned());
        let mut ahead = Cursor::clone(&self.cursor);
        if ahead.take_keyword("and")
            || ahead.take_keyword("or")
            || ahead.take_sign("&&")
            || ahead.take_sign("||")
        {
            return Err(ahead.since(start, expected()));
        }
        if matches!(self.cursor.peek(), None | Some(')')) {
            return Err(self.cursor.here(expected()));
        }
        if let Some(read) = self.cursor.quoted()? {
            return Ok(Expr::Term(Term::Word(read.what)));
        }
        if let Some(read) = self.cursor.regex()? {
            return terms::pattern(&read).map(|pattern: Pattern| Expr::Term(Term::Regex(pattern)));
        }
        terms::read(&mut self.cursor).map(Expr::Term)
    }
}

/// A group of several; a single one needs none.
fn one_or(mut parts: Vec<Expr>, group: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            group(parts)
        }
    }
}
