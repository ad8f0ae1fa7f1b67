//! Binary forms of what JSON says (MessagePack, CBOR), piece by piece, into a tree: without
//! recursion, whatever lengths are claimed.

use std::borrow::Cow;

use super::{Body, Builder, Context, Read, Unreadable};

/// A piece of a document.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'static str),
    Int(i128),
    Float(f64),
    Single(f32),
    /// A number as digits, too large for the others.
    Digits(String),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// So many values follow, or those until [`Token::End`].
    Array(Option<u64>),
    /// So many pairs follow, or those until [`Token::End`].
    Map(Option<u64>),
    End,
    /// What is to be said of the next value.
    Note(Cow<'static, str>),
}

/// Where pieces come from.
pub(super) trait Tokens<'a> {
    fn next(&mut self) -> Result<Token<'a>, Unreadable>;
    /// How many bytes were read.
    fn at(&mut self) -> usize;
    /// Nothing is left.
    fn is_empty(&mut self) -> bool;
}

/// How deep names may lie in each other that are lists.
const NAMES: u8 = 4;

/// An array or map that has not ended.
struct Open {
    /// Values still to come, names among them; `None` until its end is told.
    left: Option<u64>,
    is_map: bool,
    /// A name was read, and its value is next.
    has_name: bool,
}

/// Reads a whole payload: one value, or, where the connection names the form or the person chose
/// it, values after each other.
pub(super) fn read<'a, T: Tokens<'a>>(
    context: &Context<'_>,
    begin: impl Fn() -> T,
) -> Result<Read, Unreadable> {
    let (mut tokens, mut tree) = (begin(), Builder::default());
    value(&mut tokens, &mut tree)?;
    if tokens.is_empty() || tree.is_full() {
        return Ok(Body::Tree(tree.finish()?).into());
    }
    if !context.chosen && context.content_type.is_none() {
        return Err(Unreadable::new("something follows its end").at(tokens.at()));
    }
    sequence(&mut begin())
}

fn sequence<'a>(tokens: &mut impl Tokens<'a>) -> Result<Read, Unreadable> {
    let mut tree = Builder::default();
    tree.array();
    let mut count = 0_u64;
    while !tokens.is_empty() && !tree.is_full() {
        value(tokens, &mut tree)?;
        count += 1;
    }
    tree.close();
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(format!("{count} values after each other")))
}

/// Adds the next value to a tree.
pub(super) fn value(tokens: &mut dyn Tokens<'_>, tree: &mut Builder) -> Result<(), Unreadable> {
    nested(tokens, tree, 0)
}

/// `names` is how many names of maps the value is part of.
fn nested(tokens: &mut dyn Tokens<'_>, tree: &mut Builder, names: u8) -> Result<(), Unreadable> {
    let mut open: Vec<Open> = Vec::new();
    let mut note = Notes::default();
    loop {
        if tree.is_full() {
            return Ok(());
        }
        let at = tokens.at();
        let token = tokens.next()?;
        if let Token::Note(text) = token {
            note.add(&text);
            continue;
        }
        if let Some(within) = open.last_mut()
            && within.is_map
            && !within.has_name
            && token != Token::End
        {
            within.has_name = true;
            within.left = within.left.map(|left| left - 1);
            note = Notes::default();
            if !matches!(token, Token::Text(_)) {
                note.add("its name is no text");
            }
            tree.key(&name(tokens, token, names)?);
            continue;
        }
        if let Some(within) = open.last_mut().filter(|_| token != Token::End) {
            within.has_name = false;
            within.left = within.left.map(|left| left - 1);
        }
        match token {
            Token::Array(left) => {
                tree.array();
                open.push(Open { left, is_map: false, has_name: false });
            }
            Token::Map(pairs) => {
                let left = pairs.map(|pairs| pairs.saturating_mul(2));
                tree.object();
                open.push(Open { left, is_map: true, has_name: false });
            }
            Token::End => match open.pop() {
                Some(Open { left: None, has_name: false, .. }) => drop(tree.close()),
                _ => return Err(Unreadable::new("an end without a beginning").at(at)),
            },
            Token::Note(_) => {}
            leaf => add(tree, &leaf),
        }
        note.tell(tree);
        while open.last().is_some_and(|within| within.left == Some(0)) {
            open.pop();
            tree.close();
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

/// What was said of the next value.
#[derive(Default)]
struct Notes(String);

impl Notes {
    fn add(&mut self, text: &str) {
        // A payload can be made of nothing else.
        if self.0.len() < 200 {
            if !self.0.is_empty() {
                self.0.push_str(", ");
            }
            self.0.push_str(text);
        }
    }

    fn tell(&mut self, tree: &mut Builder) {
        if !self.0.is_empty() {
            tree.note(std::mem::take(&mut self.0));
        }
    }
}

/// A value without others in it.
fn add(tree: &mut Builder, token: &Token<'_>) {
    match token {
        Token::Word(word) => tree.word(word),
        Token::Int(number) => tree.number(number),
        // Debug writes large and small ones with an exponent.
        Token::Float(number) => tree.number(format_args!("{number:?}")),
        Token::Single(number) => tree.number(format_args!("{number:?}")),
        Token::Digits(digits) => tree.number(digits),
        Token::Text(text) => tree.text(text),
        Token::Bytes(bytes) => tree.bytes(bytes),
        Token::Array(_) | Token::Map(_) | Token::End | Token::Note(_) => tree,
    };
}

/// A name of a map, which may be any value.
fn name<'a>(
    tokens: &mut dyn Tokens<'a>,
    token: Token<'a>,
    names: u8,
) -> Result<Cow<'a, str>, Unreadable> {
    let mut tree = Builder::default();
    match token {
        Token::Text(text) => return Ok(text),
        Token::Bytes(bytes) => {
            return Ok(bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect());
        }
        Token::Array(_) | Token::Map(_) if names >= NAMES => {
            let what = "a name in a map is a list with such names itself";
            return Err(Unreadable::new(what).at(tokens.at()));
        }
        Token::Array(_) | Token::Map(_) => {
            let mut tokens = Before { first: Some(token), tokens };
            nested(&mut tokens, &mut tree, names + 1)?;
            return Ok(tree.finish()?.root().to_json().into());
        }
        leaf => add(&mut tree, &leaf),
    }
    Ok(tree.finish()?.root().text().unwrap_or_default().into_owned().into())
}

/// A piece that was read already, and then the others.
struct Before<'t, 'a> {
    first: Option<Token<'a>>,
    tokens: &'t mut dyn Tokens<'a>,
}

impl<'a> Tokens<'a> for Before<'_, 'a> {
    fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        match self.first.take() {
            Some(first) => Ok(first),
            None => self.tokens.next(),
        }
    }

    fn at(&mut self) -> usize {
        self.tokens.at()
    }

    fn is_empty(&mut self) -> bool {
        self.first.is_none() && self.tokens.is_empty()
    }
}
