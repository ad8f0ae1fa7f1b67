//! Values of options as people write them, and what is said of those that cannot be.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::args::Target;
use crate::analysis::query::{Query, QueryError};
use crate::model::quantity::{parse_bytes, parse_duration};
use crate::model::{
    Endpoint, Network, Proxy, ServerOptions, Shape, Source, TransportKind, Trouble,
};

/// A duration, or none where `off` was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrOff(pub(super) Option<Duration>);

/// A file that is there or is called like one; everything else is an address.
pub(super) fn target(text: &str) -> Result<Target, String> {
    let path = Path::new(text);
    if is_called_like_a_file(text) || path.is_file() {
        return Ok(Target::File(path.to_owned()));
    }
    address(text).map(|endpoint| Target::Address(Box::new(endpoint)))
}

pub(super) fn address(text: &str) -> Result<Endpoint, String> {
    if is_called_like_a_file(text) {
        let open = "open it with `wirescope FILE`, or record into it with `-o FILE`";
        return Err(format!("“{text}” is a session file and no address; {open}"));
    }
    Endpoint::parse(text).map_err(|error| error.to_string())
}

/// A filter; what is wrong with it is marked beneath it.
pub(super) fn query(text: &str) -> Result<Query, String> {
    let explain = |error: QueryError| {
        // A mark beneath a line needs a single one.
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{error}\n\n  {line}\n  {}", error.carets(&line))
    };
    Query::parse(text).map_err(explain)
}

fn is_called_like_a_file(text: &str) -> bool {
    text.ends_with(".wirescope") && !text.contains("://")
}

/// Messages a second, as many as the server can send.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().map_err(|_| String::from("is no number; try 10 or 0.5"))?;
    within(from(Source { rate, ..Source::default() })).map(|options| options.source.rate)
}

/// Payload bytes, as many as the server puts into a message.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let size = parse_bytes(text)?;
    within(from(Source { size, ..Source::default() })).map(|options| options.source.size)
}

/// Messages at once, as many as the server sends.
pub(super) fn burst(text: &str) -> Result<u32, String> {
    let burst = text.parse().map_err(|_| String::from("is no whole number; try 5"))?;
    within(from(Source { burst, ..Source::default() })).map(|options| options.source.burst)
}

/// What messages look like.
pub(super) fn shape(text: &str) -> Result<Shape, String> {
    Shape::from_word(text).ok_or_else(|| {
        let words = Shape::ALL.map(Shape::word).join(", ");
        format!("is no shape of messages; there are {words}")
    })
}

/// A topic that messages can go to.
pub(super) fn topic(text: &str) -> Result<String, String> {
    let topics = vec![text.to_owned()];
    within(from(Source { topics, ..Source::default() })).map(|_| text.to_owned())
}

/// Messages kept, as many as the server keeps.
pub(super) fn history(text: &str) -> Result<usize, String> {
    let history = text.parse().map_err(|_| String::from("is no whole number; try 100"))?;
    within(ServerOptions { history, ..ServerOptions::default() }).map(|options| options.history)
}

fn from(source: Source) -> ServerOptions {
    ServerOptions { source, ..ServerOptions::default() }
}

fn within(options: ServerOptions) -> Result<ServerOptions, String> {
    options.checked().map_err(|error| error.to_string())
}

/// Times are added to the clock, which has an end.
const LONGEST: Duration = Duration::from_hours(366 * 24);

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let found = parse_duration(text)?;
    if found.is_zero() {
        Err(String::from("must be longer than nothing"))
    } else if found > LONGEST {
        Err(String::from("must not be longer than a year"))
    } else {
        Ok(found)
    }
}

pub(super) fn duration_or_off(text: &str) -> Result<OrOff, String> {
    if text == "off" { Ok(OrOff(None)) } else { duration(text).map(|d| OrOff(Some(d))) }
}

pub(super) fn proxy(text: &str) -> Result<Proxy, String> {
    Proxy::parse(text).map_err(|error| error.to_string())
}

pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').ok_or("a header is written as in 'Authorization: Bearer abc'")?;
    if name.trim().is_empty() {
        return Err(String::from("the header has no name"));
    }
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// What is done to connections, checked.
pub(super) fn impairment(text: &str) -> Result<String, String> {
    Network::parse([text]).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Everything that can be done to connections, for the help of `--impair`.
pub(super) fn impairments() -> String {
    let mut text = String::from("What --impair can do:\n");
    for trouble in Trouble::ALL {
        let felt_by: Vec<_> = trouble.felt_by().iter().map(|kind| kind.word()).collect();
        let felt_by = if felt_by.len() == TransportKind::ALL.len() {
            String::from("all transports")
        } else {
            felt_by.join(", ")
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n  {trouble}={}\n      {}\n      Felt by {felt_by}. Takes {}\n",
            trouble.example(),
            trouble.imitates(),
            trouble.takes()
        );
    }
    text
}

pub(super) fn text_or_file(text: &str) -> Result<String> {
    match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("{path} could not be read; --send @FILE wants UTF-8 text")),
        None => Ok(text.to_owned()),
    }
}
