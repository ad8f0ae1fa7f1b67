//! Reads what is done to connections, as in `delay=20ms,cut=5s/reset` or `sse:buffer=end`.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{BlockedUpgrade, Buffering, Cut, CutHow, Failure, Impairment, Network, Trouble};
use crate::model::TransportKind;
use crate::model::quantity::{parse_bytes, parse_duration};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// A connection that is cut sooner never was one.
const SOONEST: Duration = Duration::from_millis(1);
const FASTEST: usize = 1_000_000_000;
/// Bytes that a proxy may hold back of a response.
const MOST_BUFFERED: usize = 4 << 20;
const RAREST: u32 = 1_000_000;

/// What cannot be done to a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImpairmentError {
    /// There is no such trouble.
    #[error("“{0}” is nothing that can be done to a connection; there are {known}", known = words())]
    Unknown(String),
    /// A trouble without a value.
    #[error("“{0}” has no value; write it as in delay=20ms,cut=5s/reset")]
    NoValue(String),
    /// A value that is not understood or out of range.
    #[error("{trouble} takes {}; “{value}” is something else", trouble.takes())]
    Value {
        /// What was to be done.
        trouble: Trouble,
        /// What was said instead of a value.
        value: String,
    },
    /// When to come back is said by an error.
    #[error("retry-after goes with an error: say which first, as in fail=503,retry-after=5s")]
    NoFailure,
    /// Not a transport.
    #[error("“{0}” is no transport; there are {known}", known = transports(&TransportKind::ALL))]
    Transport(String),
    /// A transport that does not feel it.
    #[error("{trouble} does nothing over {}; it is felt over {}", kind.word(), transports(trouble.felt_by()))]
    NotFelt {
        /// What was to be done.
        trouble: Trouble,
        /// To which.
        kind: TransportKind,
    },
}

fn words() -> String {
    Trouble::ALL.map(Trouble::word).join(", ")
}

fn transports(kinds: &[TransportKind]) -> String {
    kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")
}

impl Impairment {
    /// Reads a list such as `delay=20ms,cut=5s/reset`. The empty list does nothing.
    ///
    /// # Errors
    /// [`ImpairmentError`] of the first that cannot be done.
    pub fn parse(list: &str) -> Result<Self, ImpairmentError> {
        let mut impairment = Self::default();
        impairment.set_all(pairs(list)?)?;
        Ok(impairment)
    }

    /// Does all of these, too, in whatever order they are said.
    ///
    /// # Errors
    /// [`ImpairmentError`] of the first that cannot be done; others may have been set.
    pub fn set_all<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), ImpairmentError> {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        // When to come back is said by an error, which therefore has to be set first.
        pairs.sort_by_key(|(word, _)| *word == Trouble::RetryAfter.word());
        pairs.into_iter().try_for_each(|(word, value)| self.set(word, value))
    }

    /// Does this, too: `set("delay", "20ms")`.
    ///
    /// # Errors
    /// [`ImpairmentError`], which names what is allowed; nothing has changed.
    pub fn set(&mut self, word: &str, value: &str) -> Result<(), ImpairmentError> {
        let word = word.trim();
        let trouble =
            Trouble::from_word(word).ok_or_else(|| ImpairmentError::Unknown(word.to_owned()))?;
        if trouble == Trouble::RetryAfter && self.fail.is_none() {
            return Err(ImpairmentError::NoFailure);
        }
        let value = value.trim();
        self.try_set(trouble, value)
            .ok_or_else(|| ImpairmentError::Value { trouble, value: value.to_owned() })
    }

    /// `None`, and no change, where the value is not one of those it takes.
    fn try_set(&mut self, trouble: Trouble, value: &str) -> Option<()> {
        match trouble {
            Trouble::Delay => self.delay = time(value, Duration::ZERO..=MINUTE)?,
            Trouble::Jitter => self.jitter = time(value, Duration::ZERO..=MINUTE)?,
            Trouble::SlowAccept => self.slow_accept = time(value, Duration::ZERO..=MINUTE)?,
            Trouble::Bandwidth => self.bandwidth = Some(size(value, FASTEST)? as u64),
            Trouble::Cut => self.cut = Some(cut(value)?),
            Trouble::Idle => self.idle = Some(cut(value)?),
            Trouble::Drop => self.drop = Some(every(value, 1)?),
            Trouble::Duplicate => self.duplicate = Some(every(value, 1)?),
            Trouble::Reorder => self.reorder = Some(every(value, 2)?),
            Trouble::Fail => self.fail = Some(self.failure(value)?),
            Trouble::RetryAfter => self.fail.as_mut()?.retry_after = Some(seconds(value)?),
            Trouble::Buffer if value == "end" => self.buffering = Some(Buffering::UntilEnd),
            Trouble::Buffer => {
                self.buffering = Some(Buffering::Bytes(size(value, MOST_BUFFERED)?));
            }
            Trouble::Upgrade => self.blocked_upgrade = Some(BlockedUpgrade::from_word(value)?),
            Trouble::Pongs => self.swallows_pongs = the(value, "off")?,
            Trouble::Heartbeats => self.without_heartbeats = the(value, "off")?,
            Trouble::Compression => self.withholds_compressed = the(value, "withheld")?,
            Trouble::Cors => self.without_cors = the(value, "off")?,
        }
        Some(())
    }

    fn failure(&self, value: &str) -> Option<Failure> {
        let (status, often) = value.split_once('/').unwrap_or((value, "1"));
        let status = status.parse().ok().filter(|status| Failure::STATUSES.contains(status))?;
        let retry_after = self.fail.and_then(|fail| fail.retry_after);
        Some(Failure { status, every: every(often, 1)?, retry_after })
    }
}

impl Network {
    /// Reads lists such as `delay=20ms` (for every transport that feels it) and `sse:buffer=end`,
    /// each added to those before.
    ///
    /// # Errors
    /// [`ImpairmentError`] of the first that cannot be done.
    pub fn parse<'a>(lists: impl IntoIterator<Item = &'a str>) -> Result<Self, ImpairmentError> {
        let mut network = Self::default();
        lists.into_iter().try_for_each(|list| network.add(list))?;
        Ok(network)
    }

    /// Does this, too: `[TRANSPORT:]LIST`, without a transport to all that feel it.
    ///
    /// # Errors
    /// [`ImpairmentError`] of the first that cannot be done; others may have been set.
    pub fn add(&mut self, list: &str) -> Result<(), ImpairmentError> {
        let Some((word, list)) = list.split_once(':') else {
            let pairs = pairs(list)?;
            // What nobody knows is an error although nobody feels it.
            Impairment::default().set_all(pairs.iter().copied())?;
            for kind in TransportKind::ALL {
                let felt = pairs.iter().filter(|(word, _)| {
                    Trouble::from_word(word.trim()).is_some_and(|trouble| trouble.applies_to(kind))
                });
                self.of_mut(kind).set_all(felt.copied())?;
            }
            return Ok(());
        };
        let kind = TransportKind::from_word(word.trim())
            .ok_or_else(|| ImpairmentError::Transport(word.trim().to_owned()))?;
        let pairs = pairs(list)?;
        for (word, _) in &pairs {
            let trouble = Trouble::from_word(word.trim());
            if let Some(trouble) = trouble.filter(|trouble| !trouble.applies_to(kind)) {
                return Err(ImpairmentError::NotFelt { trouble, kind });
            }
        }
        self.of_mut(kind).set_all(pairs)
    }
}

fn pairs(list: &str) -> Result<Vec<(&str, &str)>, ImpairmentError> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| item.split_once('=').ok_or_else(|| ImpairmentError::NoValue(item.to_owned())))
        .collect()
}

fn time(value: &str, allowed: RangeInclusive<Duration>) -> Option<Duration> {
    parse_duration(value).ok().filter(|time| allowed.contains(time))
}

/// As `Retry-After` counts them (RFC 9110, section 10.2.3).
fn seconds(value: &str) -> Option<Duration> {
    time(value, Duration::ZERO..=HOUR).filter(|time| time.subsec_nanos() == 0)
}

fn size(value: &str, most: usize) -> Option<usize> {
    parse_bytes(value).ok().filter(|size| (1..=most).contains(size))
}

fn cut(value: &str) -> Option<Cut> {
    let (after, how) = value.split_once('/').unwrap_or((value, CutHow::Fin.word()));
    Some(Cut { after: time(after, SOONEST..=HOUR)?, how: CutHow::from_word(how)? })
}

fn every(value: &str, least: u32) -> Option<NonZeroU32> {
    let every = value.parse().ok().filter(|every| (least..=RAREST).contains(every))?;
    NonZeroU32::new(every)
}

fn the(value: &str, only: &str) -> Option<bool> {
    (value == only).then_some(true)
}
