//! Spells what is done to connections, as `parse` reads it.

use std::fmt;

use super::{BlockedUpgrade, Buffering, Cut, CutHow, Impairment, Network, Trouble};
use crate::model::TransportKind;
use crate::model::quantity::{spell_bytes, spell_duration};

impl CutHow {
    /// Every way, the gentlest first.
    pub const ALL: [Self; 4] = [Self::Clean, Self::Fin, Self::Reset, Self::Silence];

    /// Its word in lessons and in `--impair`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Silence => "silence",
        }
    }

    /// The way a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.word() == word)
    }
}

impl BlockedUpgrade {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::BadRequest, Self::UpgradeRequired, Self::Stripped];

    /// Its word in lessons and in `--impair`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadRequest => "400",
            Self::UpgradeRequired => "426",
            Self::Stripped => "strip",
        }
    }

    /// The way a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.word() == word)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", spell_duration(self.after), self.how.word())
    }
}

impl Impairment {
    /// The value of this trouble, as [`Impairment::set`] reads it; `None` where it is not there.
    pub fn get(&self, trouble: Trouble) -> Option<String> {
        let time = |time: std::time::Duration| (!time.is_zero()).then(|| spell_duration(time));
        let switch = |on: bool, word: &str| on.then(|| word.to_owned());
        match trouble {
            Trouble::Delay => time(self.delay),
            Trouble::Jitter => time(self.jitter),
            Trouble::SlowAccept => time(self.slow_accept),
            Trouble::Bandwidth => self.bandwidth.map(spell_bytes),
            Trouble::Cut => self.cut.map(|cut| cut.to_string()),
            Trouble::Idle => self.idle.map(|cut| cut.to_string()),
            Trouble::Drop => self.drop.map(|every| every.to_string()),
            Trouble::Duplicate => self.duplicate.map(|every| every.to_string()),
            Trouble::Reorder => self.reorder.map(|every| every.to_string()),
            Trouble::Fail => self.fail.map(|fail| match fail.every.get() {
                1 => fail.status.to_string(),
                every => format!("{}/{every}", fail.status),
            }),
            Trouble::RetryAfter => self.fail.and_then(|fail| fail.retry_after).map(spell_duration),
            Trouble::Buffer => self.buffering.map(|buffering| match buffering {
                Buffering::Bytes(bytes) => spell_bytes(bytes as u64),
                Buffering::UntilEnd => String::from("end"),
            }),
            Trouble::Upgrade => self.blocked_upgrade.map(|how| how.word().to_owned()),
            Trouble::Pongs => switch(self.swallows_pongs, "off"),
            Trouble::Heartbeats => switch(self.without_heartbeats, "off"),
            Trouble::Compression => switch(self.withholds_compressed, "withheld"),
            Trouble::Cors => switch(self.without_cors, "off"),
        }
    }

    /// Does this no more.
    pub fn clear(&mut self, trouble: Trouble) {
        let good = Self::default();
        match trouble {
            Trouble::Delay => self.delay = good.delay,
            Trouble::Jitter => self.jitter = good.jitter,
            Trouble::SlowAccept => self.slow_accept = good.slow_accept,
            Trouble::Bandwidth => self.bandwidth = None,
            Trouble::Cut => self.cut = None,
            Trouble::Idle => self.idle = None,
            Trouble::Drop => self.drop = None,
            Trouble::Duplicate => self.duplicate = None,
            Trouble::Reorder => self.reorder = None,
            Trouble::Fail => self.fail = None,
            Trouble::RetryAfter => {
                if let Some(fail) = &mut self.fail {
                    fail.retry_after = None;
                }
            }
            Trouble::Buffer => self.buffering = None,
            Trouble::Upgrade => self.blocked_upgrade = None,
            Trouble::Pongs => self.swallows_pongs = false,
            Trouble::Heartbeats => self.without_heartbeats = false,
            Trouble::Compression => self.withholds_compressed = false,
            Trouble::Cors => self.without_cors = false,
        }
    }

    /// What is done, in the order of [`Trouble::ALL`].
    pub fn troubles(&self) -> impl Iterator<Item = Trouble> {
        Trouble::ALL.into_iter().filter(|trouble| self.get(*trouble).is_some())
    }

    /// Those of these that this transport feels.
    #[must_use]
    pub fn felt_by(&self, kind: TransportKind) -> Self {
        let mut felt = self.clone();
        for trouble in Trouble::ALL.into_iter().filter(|trouble| !trouble.applies_to(kind)) {
            felt.clear(trouble);
        }
        felt
    }
}

/// As in `delay=20ms,cut=5s/reset`; empty where nothing is done.
impl fmt::Display for Impairment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for trouble in Trouble::ALL {
            if let Some(value) = self.get(trouble) {
                write!(f, "{separator}{trouble}={value}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}

impl Network {
    /// What is done, as `--impair` takes it: one list where every transport has the same, otherwise
    /// one for each that is not spared.
    pub fn lists(&self) -> Vec<String> {
        // What nobody but one transport can feel is the same for all where that one has it.
        let mut same = Impairment::default();
        for kind in TransportKind::ALL {
            let theirs = self.of(kind);
            for trouble in theirs.troubles() {
                if let Some(value) = theirs.get(trouble) {
                    // It was set to this value there, so it can be here.
                    let _ = same.set(trouble.word(), &value);
                }
            }
        }
        if Self::all(&same) == *self {
            return if self.is_good() { Vec::new() } else { vec![same.to_string()] };
        }
        let each = TransportKind::ALL.into_iter().map(|kind| (kind, self.of(kind)));
        each.filter(|(_, impairment)| **impairment != Impairment::default())
            .map(|(kind, impairment)| format!("{}:{impairment}", kind.word()))
            .collect()
    }
}
