//! JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>): requests, notifications and responses,
//! alone or as a batch.

use std::borrow::Cow;

use super::line::{self, Several};
use super::members::{self, Item, Level, glance};
use super::{Body, Builder, Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "jsonrpc", label: "JSON-RPC", fit, read };

/// How a message ends whose version stands last.
const ENDINGS: [&str; 2] = ["\"jsonrpc\":\"2.0\"}", "\"jsonrpc\": \"2.0\"}"];

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text.map(str::trim_ascii) else { return Fit::No };
    let level = glance(text);
    let first = level.items.first().filter(|item| item.is_object());
    let is_message = if text.starts_with('[') {
        first.is_some_and(|item| is_message(&glance(item.value)))
    } else {
        // What ends the object is one of its own members.
        is_message(&level)
            || text.starts_with('{') && ENDINGS.iter().any(|ending| text.ends_with(ending))
    };
    if is_message { Fit::Looks("it says jsonrpc 2.0") } else { Fit::No }
}

fn is_message(level: &Level<'_>) -> bool {
    level.text("jsonrpc").is_some_and(|version| version == "2.0")
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let text = members::text(context)?;
    let mut tree = Builder::default();
    let mut lines = Several::default();
    if text.trim_ascii_start().starts_with('[') {
        tree.array();
        for item in members::elements(text, 0)? {
            let line = message(&mut tree, item)?;
            lines.add(|| line);
            if tree.is_full() {
                break;
            }
        }
        tree.close();
        if lines.count() == 0 {
            return Err(Unreadable::new("a batch is not to be empty").at(0));
        }
    } else {
        let line = message(&mut tree, Item::new(text, 0))?;
        lines.add(|| line);
    }
    let count = lines.count();
    let line = lines.line();
    let line = if count > 1 { format!("batch of {count}: {line}") } else { line };
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line))
}

fn message(tree: &mut Builder, item: Item<'_>) -> Result<String, Unreadable> {
    let level = members::object(item.value, item.at)?;
    if !is_message(&level) {
        return Err(Unreadable::new("it does not say jsonrpc 2.0").at(item.at));
    }
    let line = summary(&level, item.at)?;
    let error = level.get("error").filter(Item::is_object);
    let code = error.and_then(|error| members::object(error.value, error.at).ok());
    tree.object();
    for member in &level.items {
        tree.key(&member.key());
        match &code {
            Some(error) if member.key() == "error" && member.is_object() => {
                error.put(tree, |name, item| {
                    let code = item.number().filter(|_| name == "code")?;
                    meaning(code).map(String::from)
                })?;
            }
            _ => {
                tree.json(member.value)?;
            }
        }
    }
    tree.close();
    Ok(line)
}

fn summary(level: &Level<'_>, at: usize) -> Result<String, Unreadable> {
    let id = level.get("id").map(|id| id.text().unwrap_or(Cow::Borrowed(id.value)));
    let id = id.map(|id| line::word(&id));
    if let Some(item) = level.get("method") {
        let method = item.text();
        let method = method.ok_or_else(|| Unreadable::new("the method is no text").at(item.at))?;
        let method = line::word(&method);
        return Ok(match id {
            Some(id) => format!("request {id}: {method}"),
            None => format!("notification: {method}"),
        });
    }
    let id = id.ok_or_else(|| Unreadable::new("it has neither a method nor an id").at(at))?;
    if let Some(error) = level.get("error") {
        let detail = members::object(error.value, error.at).unwrap_or_default();
        let code = detail.get("code").map_or("without a code", |code| code.value);
        let known = detail.get("code").and_then(|code| code.number()).and_then(meaning);
        let said = detail.text("message").map(|text| line::word(&text));
        let said = said.or(known.map(String::from)).unwrap_or_default();
        return Ok(format!("error {id}: {} {said}", line::word(code)).trim_end().to_owned());
    }
    if level.get("result").is_none() {
        return Err(Unreadable::new("it has no method, no result and no error").at(at));
    }
    Ok(format!("result {id}"))
}

/// What an error's code means (section 5.1).
fn meaning(code: i64) -> Option<&'static str> {
    Some(match code {
        -32700 => "parse error",
        -32600 => "invalid request",
        -32601 => "method not found",
        -32602 => "invalid params",
        -32603 => "internal error",
        -32099..=-32000 => "an error of the server's own",
        -32768..=-32100 => "reserved",
        _ => return None,
    })
}
