//! Command lines of other tools as endpoints, and endpoints as command lines: a `curl …`,
//! `websocat …` or `wscat …` that was pasted fills the form, and a session can be copied as each.

mod copy;
mod curl;
mod draft;
mod flags;
#[cfg(test)]
mod tests;
mod websocat;
mod words;
mod wscat;

use super::{Endpoint, EndpointError, ProxyError};

pub use copy::{CannotCopy, Copied, copy};

/// Longest command line that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// A program that connects to endpoints from a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// <https://curl.se>
    Curl,
    /// <https://github.com/vi/websocat>, version 1
    Websocat,
    /// <https://github.com/websockets/wscat>
    Wscat,
    /// `wirescope capture`; lines of it are written, not read
    Wirescope,
}

impl Tool {
    /// What it is called on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Websocat => "websocat",
            Self::Wscat => "wscat",
            Self::Wirescope => "wirescope",
        }
    }
}

/// What a command line comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Pasted {
    /// Whose line it is.
    pub tool: Tool,
    /// Where it connects to, and how. What the tool has no flag for is as it is by default.
    pub endpoint: Endpoint,
    /// What was left out or is to be looked at, each in a few words.
    pub notes: Vec<String>,
}

/// A command line that cannot be connected with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PastedError {
    /// A quote is opened and never closed.
    #[error("the line has a {0} that is never closed; paste it whole")]
    Quote(char),
    /// It is longer than any that was meant.
    #[error("the line is longer than {} MiB", LONGEST >> 20)]
    TooLong,
    /// No address is among its words.
    #[error("the {} line has no address", .0.word())]
    NoAddress(Tool),
    /// It waits for others instead.
    #[error("{} listens with {flag} and connects to nothing; start the built-in server instead", tool.word())]
    Listens {
        /// Whose line it is.
        tool: Tool,
        /// What makes it listen.
        flag: String,
    },
    /// A flag ends the line though it needs a value.
    #[error("{0} at the end of the line has no value; paste the line whole")]
    NoValue(String),
    /// The value of a flag cannot be read.
    #[error("{flag}: {why}")]
    Value {
        /// Which flag.
        flag: String,
        /// What is wrong.
        why: String,
    },
    /// Its address is none.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// Its proxy is none.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// Reads a command line; `None` where it is not one of a tool that is known.
pub fn read(line: &str) -> Option<Result<Pasted, PastedError>> {
    let line = line.trim_start();
    let line = line.strip_prefix("$ ").map_or(line, str::trim_start);
    let word: &str = line.split(char::is_whitespace).next().unwrap_or_default();
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let tool = [Tool::Curl, Tool::Websocat, Tool::Wscat].into_iter().find(|t| t.word() == name)?;
    // An address may be called so: `curl/` or `./curl`, but then nothing follows.
    let has_arguments = line.get(word.len()..).is_some_and(|rest| !rest.trim().is_empty());
    (has_arguments || word == tool.word()).then(|| read_of(tool, line))
}

fn read_of(tool: Tool, line: &str) -> Result<Pasted, PastedError> {
    if line.len() > LONGEST {
        return Err(PastedError::TooLong);
    }
    let mut words = words::split(line)?;
    let arguments = words.list.split_off(words.list.len().min(1));
    let mut draft = draft::Draft::new(tool);
    match tool {
        Tool::Curl => curl::read(arguments, &mut draft)?,
        Tool::Websocat => websocat::read(arguments, &mut draft)?,
        Tool::Wscat | Tool::Wirescope => wscat::read(arguments, &mut draft)?,
    }
    let mut pasted = draft.finish()?;
    for name in words.unfilled {
        pasted.notes.push(format!("{name} stands as it is: a shell would have filled it in"));
    }
    if let Some(rest) = words.rest {
        pasted.notes.push(format!("what follows was left out: {}", draft::shortened(&rest)));
    }
    Ok(pasted)
}
