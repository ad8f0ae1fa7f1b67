//! Errors that a dialect tells in JSON: their status, the word they are called by, the wait they
//! ask for, and what the dialect's rules make of them.

use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::dialect::{Condition, Dialect, RetryAfter, Rule, Unit, is_one_of};
use super::path::JsonPath;
use crate::model::Meta;
use crate::transport::TransportError;
use crate::transport::error::{is_final_status, refusal_hint};

/// Longest sentence of a server that is repeated, in bytes.
const LONGEST: usize = 500;
/// The longest wait a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// What JSON says about an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// The status in it.
    pub(super) status: Option<u16>,
    codes: Vec<String>,
    reason: Option<String>,
    /// The wait it asks for.
    pub(super) wait: Option<Duration>,
}

impl Fault {
    /// What `json` says. Also asked of good answers, some of which have a wait.
    pub(super) fn read(dialect: &Dialect, json: Option<&RawValue>) -> Self {
        let Some(json) = json else { return Self::default() };
        let error = &dialect.error;
        let texts = |paths: &[JsonPath]| -> Vec<String> {
            paths.iter().flat_map(|path| path.texts(json)).collect()
        };
        let status = texts(&error.status).into_iter().find_map(|text| text.parse().ok());
        let mut reason = texts(&error.reason).into_iter().find(|text| !text.is_empty());
        if let Some(reason) = &mut reason {
            reason.truncate(reason.floor_char_boundary(LONGEST));
        }
        let wait = error.retry_after.as_ref().and_then(|place| wait(place, json));
        Self { status, codes: texts(&error.code), reason, wait }
    }

    fn is_called(&self, words: &[String]) -> bool {
        self.codes.iter().any(|code| is_one_of(code, words))
    }

    /// Whether it means that the server knows nothing of us any more.
    pub(super) fn is_restart(&self, dialect: &Dialect, status: u16) -> bool {
        dialect.restart.status.contains(&status) || self.is_called(&dialect.restart.code)
    }

    /// The first rule of the dialect that is about it.
    pub(super) fn rule<'d>(&self, dialect: &'d Dialect, status: u16) -> Option<&'d Rule> {
        let fits = |rule: &&Rule| rule.status.contains(&status) || self.is_called(&rule.code);
        dialect.error.rule.iter().find(fits)
    }

    /// Whether there is more to it than its status.
    pub(super) fn says_something(&self) -> bool {
        self.status.is_some() || self.reason.is_some() || !self.codes.is_empty()
    }

    /// The error, where `cause` is how it begins and `status` what it comes to.
    pub(super) fn error(
        self,
        dialect: &Dialect,
        status: u16,
        cause: &str,
        meta: Meta,
        body: Bytes,
    ) -> TransportError {
        let rule = self.rule(dialect, status);
        let words = self.reason.or_else(|| self.codes.into_iter().next());
        TransportError::Told {
            cause: words.map_or_else(|| cause.to_owned(), |words| format!("{cause}: {words}")),
            hint: rule.map_or_else(|| refusal_hint(status), |rule| &rule.say).to_owned(),
            is_final: rule.and_then(|rule| rule.is_final).unwrap_or(is_final_status(status)),
            retry_after: self.wait,
            meta: Box::new(meta),
            body,
        }
    }
}

fn wait(place: &RetryAfter, json: &RawValue) -> Option<Duration> {
    let number: f64 = place.json.texts(json).pop()?.parse().ok()?;
    let seconds = match place.unit {
        Unit::Seconds => number,
        Unit::Millis => number / 1e3,
    };
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    Some(wait.min(LONGEST_WAIT))
}

/// Whether JSON has one of the values at one of the places.
pub(super) fn has(condition: &Condition, json: &RawValue) -> bool {
    let mut texts = condition.json.iter().flat_map(|path| path.texts(json));
    texts.any(|text| is_one_of(&text, &condition.is))
}
