//! Polling: one request after another, held by the server until it has something to say (long
//! poll, RFC 6202) or sent at regular intervals (short poll). A dialect tells what to ask and how
//! to read answers.

mod asking;
mod cursor;
mod dialect;
mod fault;
mod pace;
mod path;
mod piece;
mod pieces;
mod rounds;
mod state;
mod take;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use dialect::{
    Condition, CursorPart, Dialect, DialectError, Empty, Errors, Fold, Gap, Is, Known, Lower, Made,
    Messages, Piece, Recognise, Request, Restart, RetryAfter, Rule, Separator, Shelf, Source,
    Target, Template, Timeout, Unit,
};
pub use path::JsonPath;

use super::exchange::{Asked, send};
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, TransportKind};
use crate::net::Http;
use asking::{Asking, Stage};
use pace::Pace;
use state::State;

/// Long poll in the registry.
pub const LONG: Entry =
    Entry { kind: TransportKind::LongPoll, schemes: ["http", "https"], build: build_long };
/// Short poll in the registry.
pub const SHORT: Entry =
    Entry { kind: TransportKind::ShortPoll, schemes: ["http", "https"], build: build_short };

/// The dialect unless another is chosen.
const USUAL: &str = "generic";
/// How long the answer to a short poll may take.
const SHORT_PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may hold a request whose address says so in a way we do not read.
const LONG_HOLD: Duration = Duration::from_mins(10);

/// How requests follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Each is held by the server; the next follows at once.
    Long,
    /// One each [`crate::model::Options::interval`].
    Short,
}

impl Rhythm {
    const fn kind(self) -> TransportKind {
        match self {
            Self::Long => TransportKind::LongPoll,
            Self::Short => TransportKind::ShortPoll,
        }
    }
}

/// A polled endpoint, and where its session stands.
#[derive(Debug)]
pub struct Poll {
    endpoint: Endpoint,
    rhythm: Rhythm,
    dialect: Arc<Dialect>,
    asking: Asking,
    state: State,
    /// What has to be told about where the dialect is from.
    origin: Option<String>,
}

fn build_long(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    Ok(Box::new(Poll::new(endpoint, Rhythm::Long)?))
}

fn build_short(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    Ok(Box::new(Poll::new(endpoint, Rhythm::Short)?))
}

impl Poll {
    /// A poll of `endpoint` in the dialect its options name.
    ///
    /// # Errors
    /// The dialect or the file of the body cannot be read.
    pub fn new(endpoint: &Endpoint, rhythm: Rhythm) -> Result<Self, TransportError> {
        let name = endpoint.options.dialect.as_deref().unwrap_or(USUAL);
        let (dialect, file) =
            Shelf::usual().load(name).map_err(|e| TransportError::Options(e.to_string()))?;
        let mut poll = Self::with_dialect(endpoint, rhythm, dialect)?;
        if let Some(file) = file {
            let label = rhythm.kind().label();
            tracing::info!("the dialect {name} is read from {}", file.display());
            poll.origin = Some(format!("{label}, its dialect from {}", file.display()));
        }
        Ok(poll)
    }

    /// A poll of `endpoint` in this dialect.
    ///
    /// # Errors
    /// The file of the body cannot be read.
    pub fn with_dialect(
        endpoint: &Endpoint,
        rhythm: Rhythm,
        dialect: Dialect,
    ) -> Result<Self, TransportError> {
        let dialect = Arc::new(dialect);
        let hold = match rhythm {
            Rhythm::Long => dialect.timeout.hold,
            Rhythm::Short => Duration::ZERO,
        };
        let asking = Asking::new(endpoint, &dialect, hold)?;
        let state = State::new(&dialect, endpoint.options.last_event_id.as_deref());
        Ok(Self { endpoint: endpoint.clone(), rhythm, dialect, asking, state, origin: None })
    }

    /// How long an answer may take, or the silence within one.
    fn patience(&self) -> Duration {
        let timeout = &self.dialect.timeout;
        let hold =
            if self.asking.is_hold_given() { timeout.hold.max(LONG_HOLD) } else { timeout.hold };
        match self.rhythm {
            Rhythm::Long => hold.saturating_add(timeout.slack),
            Rhythm::Short => SHORT_PATIENCE,
        }
    }

    fn pace(&self) -> Pace {
        let interval = self.endpoint.options.interval;
        match self.rhythm {
            Rhythm::Long => Pace::held(interval),
            Rhythm::Short => Pace::Regular(interval),
        }
    }

    /// What has to be asked first.
    fn stage(&self) -> Stage {
        if self.state.needs_opening(&self.dialect) { Stage::Open } else { Stage::Poll }
    }

    async fn once(&mut self, link: &mut Link) -> Result<Outcome, TransportError> {
        if let Some(origin) = &self.origin {
            link.chose(self.rhythm.kind(), origin.clone());
        }
        if self.dialect.restart.reconnect {
            self.state.forget(&self.dialect);
        }
        let http = Http::new(&self.endpoint.url, &self.endpoint.options)?;
        let stage = self.stage();
        let asked = self.request(link, &http, stage).await?;
        self.rounds(link, &http, asked, stage).await
    }

    async fn request(
        &self,
        link: &mut Link,
        http: &Http,
        stage: Stage,
    ) -> Result<Asked, TransportError> {
        send(link, http, &self.asking.ask(stage, &self.state)?).await
    }

    /// Whether the request of a stage is no other than a plain GET of the address.
    fn is_asked_plainly(&self, stage: Stage) -> Result<bool, TransportError> {
        let ask = self.asking.ask(stage, &self.state)?;
        let is_there = match stage {
            // The parameters that say how long to hold it may be missing.
            Stage::Poll => ask.url.path() == self.endpoint.url.path(),
            _ => ask.url == self.endpoint.url,
        };
        Ok(ask.method == "GET" && is_there && !self.dialect.recognise.greeting)
    }

    /// Reads the answer to a plain request that is on its way, and asks on until it breaks.
    pub(super) async fn follow(
        &mut self,
        link: &mut Link,
        http: &Http,
        asked: Asked,
    ) -> Result<Outcome, TransportError> {
        let stage = self.stage();
        if self.is_asked_plainly(stage)? {
            return self.rounds(link, http, asked, stage).await;
        }
        let Some(answer) = link.unless_stopped(asked).await else { return Ok(Outcome::Stopped) };
        link.push(answer?.event(link.now())).await?;
        self.once(link).await
    }
}

impl Transport for Poll {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.once(link).await.unwrap_or_else(Outcome::Lost) })
    }

    fn cursor(&self) -> Option<String> {
        self.state.cursor.text().filter(|_| !self.dialect.restart.reconnect)
    }

    fn forget(&mut self) {
        self.state.forget(&self.dialect);
    }
}
