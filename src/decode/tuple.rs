//! Messages that are arrays whose first element is their type and whose places have names, as WAMP
//! and SignalR's binary form write them.

use super::members::Item;
use super::tokens::{self, Token, Tokens};
use super::{Builder, Unreadable};

/// A message type.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) code: u8,
    pub(super) name: &'static str,
    /// Names of the places behind the type.
    pub(super) fields: &'static [&'static str],
    /// How many of them there are at least.
    pub(super) least: usize,
}

impl Type {
    /// The type of this code.
    fn find(
        types: &'static [Self],
        code: Option<i128>,
        at: usize,
    ) -> Result<&'static Self, Unreadable> {
        let known = types.iter().find(|kind| Some(i128::from(kind.code)) == code);
        known.ok_or_else(|| Unreadable::new("no message has this type").at(at))
    }

    /// Whether it has so many places, its type among them.
    fn check(&self, count: usize, at: usize) -> Result<(), Unreadable> {
        let (least, most) = (self.least + 1, self.fields.len() + 1);
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let wanted = if least == most { most.to_string() } else { format!("{least} to {most}") };
        Err(Unreadable::new(format!("{} has {wanted} elements, not {count}", self.name)).at(at))
    }

    /// Begins the object of a message.
    fn begin(&self, tree: &mut Builder) {
        tree.object();
        tree.key("type").number(self.code).note(self.name);
    }
}

/// Adds the message that comes next as an object; its pieces begin at `base` in the payload. Also
/// how many bytes it took.
pub(super) fn of_tokens(
    tree: &mut Builder,
    tokens: &mut dyn Tokens<'_>,
    base: usize,
    types: &'static [Type],
) -> Result<(&'static Type, usize), Unreadable> {
    let kind = message(tree, tokens, types).map_err(|error| error.behind(base))?;
    Ok((kind, tokens.at()))
}

fn message(
    tree: &mut Builder,
    tokens: &mut dyn Tokens<'_>,
    types: &'static [Type],
) -> Result<&'static Type, Unreadable> {
    let Token::Array(Some(count)) = tokens.next()? else {
        return Err(Unreadable::new("a message is to be an array").at(0));
    };
    let at = tokens.at();
    let code = match tokens.next()? {
        Token::Int(code) => Some(code),
        _ => None,
    };
    let kind = Type::find(types, code, at)?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    kind.check(count, 0)?;
    kind.begin(tree);
    for field in kind.fields.iter().take(count - 1) {
        tree.key(field);
        tokens::value(tokens, tree)?;
    }
    tree.close();
    Ok(kind)
}

/// Adds the message that JSON elements are as an object; it begins at `at` in the payload.
pub(super) fn of_json(
    tree: &mut Builder,
    items: &[Item<'_>],
    at: usize,
    types: &'static [Type],
) -> Result<&'static Type, Unreadable> {
    let first = items.first().ok_or_else(|| Unreadable::new("the message is empty").at(at))?;
    let kind = Type::find(types, first.number(), first.at)?;
    kind.check(items.len(), at)?;
    kind.begin(tree);
    for (field, item) in kind.fields.iter().zip(&items[1..]) {
        tree.key(field).json(item.value)?;
    }
    tree.close();
    Ok(kind)
}
