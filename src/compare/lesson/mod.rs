//! Lessons: what is sent over which lanes, what is done to the network and when, what to watch, and
//! what is told of the figures afterwards. They are data, in `assets/lessons`; whoever runs one
//! does what [`Timeline`] says.

mod figure;
mod file;
mod shelf;
mod timeline;

use std::time::Duration;

pub use figure::{Figure, measured};
pub use file::LessonError;
pub use shelf::{lesson, lessons};
pub use timeline::{Moment, Timeline};

use super::crowd::{Comeback, Protocol};
use super::view::LessonSummary;
use crate::model::{
    LaneSpec, Needs, Network, Restart, RunSetup, ServerOptions, Source, TransportKind,
};

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// What the list of lessons shows.
    pub summary: LessonSummary,
    /// How long messages are sent.
    pub duration: Duration,
    /// What is sent at first.
    pub source: Source,
    /// What the server has to be like.
    pub server: ServerNeeds,
    /// Over what.
    pub lanes: Vec<LaneSpec>,
    /// What the verdict at its end goes by.
    pub needs: Needs,
    /// In order; the first begins at once.
    pub steps: Vec<Step>,
}

/// Settings of the built-in server that a lesson is about; the others stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerNeeds {
    /// Messages kept for those who come back.
    pub history: Option<usize>,
    /// How long a long poll is held.
    pub hold: Option<Duration>,
    /// Time between two heartbeats on quiet streams; `Some(None)` sends none.
    pub heartbeat: Option<Option<Duration>>,
    /// Reconnection time that event streams ask for.
    pub retry: Option<Duration>,
}

/// A step of a lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it begins; the one before ends then.
    pub at: Duration,
    /// What happens now, in a sentence.
    pub what: String,
    /// What to look at, and why it is so.
    pub watch: String,
    /// What is done when it begins, in this order.
    pub acts: Vec<Act>,
    /// What is told of it when it is over.
    pub measures: Vec<Measure>,
}

/// Something that is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// This is what the network is like from now on.
    Network(Box<Network>),
    /// This is sent from now on.
    Source(Source),
    /// Every connection is ended once.
    CutAll,
    /// The server ends and begins again.
    Restart(Restart),
    /// Many clients do something that is counted.
    Crowd(CrowdSpec),
}

/// What many clients do, besides the lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrowdSpec {
    /// They are connected, and come back whenever they lose their server. Takes the place of a
    /// herd that is there.
    Herd {
        /// How many.
        clients: usize,
        /// Over what.
        kind: TransportKind,
        /// How they come back.
        comeback: Comeback,
    },
    /// One page asks one host for event streams. Takes the place of those it has.
    Streams {
        /// How many it asks for.
        streams: usize,
        /// Over what.
        protocol: Protocol,
    },
}

/// A figure that is told of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Of the lane of this name; `None` for what the crowd did.
    pub lane: Option<String>,
    /// Which.
    pub figure: Figure,
}

impl Lesson {
    /// Name of its file, which is what it is started by.
    pub fn id(&self) -> &str {
        &self.summary.id
    }

    /// The comparison it is.
    pub fn setup(&self) -> RunSetup {
        RunSetup {
            source: self.source.clone(),
            duration: Some(self.duration),
            lanes: self.lanes.clone(),
            other: None,
            needs: self.needs,
        }
    }
}

impl ServerNeeds {
    /// The options of a server that is fit for the lesson.
    #[must_use]
    pub fn applied(self, options: ServerOptions) -> ServerOptions {
        ServerOptions {
            history: self.history.unwrap_or(options.history),
            hold: self.hold.unwrap_or(options.hold),
            heartbeat: self.heartbeat.unwrap_or(options.heartbeat),
            retry: self.retry.unwrap_or(options.retry),
            ..options
        }
    }

    /// Whether a server with these options is fit for the lesson as it is.
    pub fn are_met(self, options: &ServerOptions) -> bool {
        self.applied(options.clone()) == *options
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
