//! What a comparison is asked for: lanes, their source, what the person needs.

use std::time::Duration;

use super::{Retries, Source, TransportKind};

/// How a lane travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Over one transport.
    Over(TransportKind),
    /// WebSocket, otherwise SSE, otherwise long poll, and up again later.
    Fallback,
}

impl Way {
    /// One lane a transport, and the one that falls back.
    pub const ALL: [Self; 6] = [
        Self::Over(TransportKind::Websocket),
        Self::Over(TransportKind::Sse),
        Self::Over(TransportKind::LongPoll),
        Self::Over(TransportKind::ShortPoll),
        Self::Over(TransportKind::Stream),
        Self::Fallback,
    ];

    /// The word of files and reports: that of `--transport`, or `fallback`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Over(kind) => kind.word(),
            Self::Fallback => "fallback",
        }
    }

    /// The name people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Over(kind) => kind.label(),
            Self::Fallback => "Automatic",
        }
    }

    /// The way a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}

/// One lane of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSpec {
    /// How it travels.
    pub way: Way,
    /// What it is called, where that is not its way: “SSE, forgets where it was”.
    pub label: Option<String>,
    /// Whether it says after a loss where it was.
    pub resumes: bool,
    /// How it comes back, where that is not as usual.
    pub retries: Option<Retries>,
}

impl LaneSpec {
    /// A lane as anybody would build it.
    pub fn over(way: Way) -> Self {
        Self { way, label: None, resumes: true, retries: None }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(self.way.label())
    }
}

/// What the person needs from a transport, for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "answers to independent questions")]
pub struct Needs {
    /// The client sends often, too.
    pub two_way: bool,
    /// Payloads are bytes.
    pub binary: bool,
    /// There are proxies in the way that nobody here controls.
    pub proxies: bool,
    /// The client is a browser.
    pub browser: bool,
    /// Nothing may be missed over a reconnect.
    pub resume: bool,
}

/// What a comparison is made with.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSetup {
    /// What is sent. The built-in server's source keeps to it while the run lasts.
    pub source: Source,
    /// How long messages are sent; `None` until it is stopped.
    pub duration: Option<Duration>,
    /// One or more.
    pub lanes: Vec<LaneSpec>,
    /// Another Wirescope server's address, with its `?join=` if it asks for one; `None` for the
    /// built-in server.
    pub other: Option<String>,
    /// What the verdict goes by.
    pub needs: Needs,
}

impl Default for RunSetup {
    fn default() -> Self {
        Self {
            source: Source::default(),
            duration: None,
            lanes: Way::ALL.map(LaneSpec::over).into(),
            other: None,
            needs: Needs::default(),
        }
    }
}

/// A restart of the built-in server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Restart {
    /// How long nobody listens.
    pub down: Duration,
    /// Its history is gone, and ids begin again.
    pub forgets: bool,
}
