//! What the shape of a dialect file cannot tell: fields that only make sense together.

use super::error::{At, Wrong};
use super::request::Request;
use super::{Dialect, Template};

/// Values that every template may use.
const EVERYWHERE: [&str; 4] = ["cursor", "hold_s", "hold_ms", "path"];
/// Values of what is sent.
const SENT: [&str; 2] = ["text", "base64"];

impl Dialect {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        self.check_names()?;
        let sent: &[&str] = &SENT;
        let requests = [(&self.open, "open"), (&self.fetch, "fetch"), (&self.send, "send")];
        self.check_request(&self.request, &[])?;
        for (request, kind) in requests {
            let Some(request) = request else { continue };
            self.check_request(request, if kind == "send" { sent } else { &[] })?;
        }
        if self.fetch.as_ref().is_some_and(|fetch| fetch.when.is_none()) {
            return wrong(
                At::Table("fetch"),
                "[fetch] needs `when`, the answers after which it is asked",
            );
        }
        self.check_cursor()?;
        self.check_messages()
    }

    /// No value is called like another.
    fn check_names(&self) -> Result<(), Wrong> {
        let reserved = EVERYWHERE.into_iter().chain(SENT);
        for name in reserved.chain(self.made.keys().map(String::as_str)) {
            if self.keep.contains_key(name) {
                return wrong(
                    At::Table("keep"),
                    format!("[keep] cannot keep “{name}”, which means another value"),
                );
            }
        }
        if let Some(name) = EVERYWHERE.into_iter().chain(SENT).find(|n| self.made.contains_key(*n))
        {
            return wrong(
                At::Table("made"),
                format!("[made] cannot make “{name}”, which means another value"),
            );
        }
        Ok(())
    }

    fn check_request(&self, request: &Request, more: &[&str]) -> Result<(), Wrong> {
        for template in request.templates() {
            for name in template.names() {
                self.check_value(name, more, template)?;
            }
        }
        Ok(())
    }

    fn check_value(&self, name: &str, more: &[&str], template: &Template) -> Result<(), Wrong> {
        let own = || self.made.keys().chain(self.keep.keys()).map(String::as_str);
        let known = || EVERYWHERE.into_iter().chain(more.iter().copied()).chain(own());
        if !known().any(|other| other == name) {
            let known: Vec<_> = known().map(|name| format!("{{{name}}}")).collect();
            let words = format!("“{{{name}}}” is no value; expected one of {}", known.join(", "));
            return wrong(At::Byte(template.at()), words);
        }
        if name == "cursor" && self.cursor.len() != 1 {
            let words = "“{cursor}” needs exactly one [[cursor]]; use its `to` for several";
            return wrong(At::Byte(template.at()), words);
        }
        Ok(())
    }

    /// Each part of the cursor is said somewhere.
    fn check_cursor(&self) -> Result<(), Wrong> {
        let requests = [Some(&self.request), self.fetch.as_ref()];
        let mut templates = requests.into_iter().flatten().flat_map(Request::templates);
        let is_said = templates.any(|template| template.names().any(|name| name == "cursor"));
        match self.cursor.iter().find(|part| part.to.get_ref().is_empty() && !is_said) {
            None => Ok(()),
            Some(part) => wrong(
                At::Byte(part.to.span().start),
                "the cursor is never said; expected a place as in { query = \"since\" }, or a \
                 template of [request] with {cursor}",
            ),
        }
    }

    fn check_messages(&self) -> Result<(), Wrong> {
        let messages = &self.messages;
        if messages.json.is_empty() && !messages.body && messages.split.is_none() {
            let words = "[messages] does not say where they are; expected json, body or split";
            return wrong(At::Table("messages"), words);
        }
        for piece in &self.piece {
            if piece.begins.is_some() == piece.has.is_some() {
                let words = "expected either `begins` or `where` beside it, to tell which pieces";
                return wrong(At::Byte(piece.is.span().start), words);
            }
        }
        Ok(())
    }
}

fn wrong<T>(at: At, problem: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, problem: problem.into() })
}
