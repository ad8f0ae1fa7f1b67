//! Values of options as people write them, and what is said of those that cannot be.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::args::Target;
use crate::analysis::query::{Query, QueryError};
use crate::model::{Endpoint, Proxy, ServerOptions, Source};

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
    let size = bytes(text)?;
    within(from(Source { size, ..Source::default() })).map(|options| options.source.size)
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
    let found =
        humantime::parse_duration(text).map_err(|e| format!("{e}; try 500ms, 25s or 5m"))?;
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

/// A number of bytes, as in `100`, `64k` (1,000), `64KiB` (1,024) or `1.5MB`.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(format!("“{unit}” is no unit of size; try 100, 64KiB or 2MB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("“{number}” is no number"))?;
    let found = number * factor;
    if (1.0..=4e9).contains(&found) {
        Ok(found as usize)
    } else {
        Err(String::from("must be between 1 byte and 4 GB"))
    }
}

pub(super) fn text_or_file(text: &str) -> Result<String> {
    match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("{path} could not be read; --send @FILE wants UTF-8 text")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, wanted) in
            [("100", 100), ("64KiB", 65_536), ("1.5MB", 1_500_000), ("2m", 2_000_000)]
        {
            assert_eq!(bytes(text), Ok(wanted));
        }
        for text in ["", "x", "0", "5 parsecs", "9999GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
