//! The server's side of a run: what is sent, how much of it, and what the server counts.

use std::sync::Arc;

use super::base::Base;
use super::board::Board;
use super::counter::Ledger;
use super::error::CompareError;
use super::remote::Remote;
use super::run::Target;
use super::taken::Taken;
use super::view::Stage;
use crate::model::{Clock, RunSetup, Source};

/// Where a payload says when it was sent, where that is not the server's own `ts`.
pub(super) const OWN_TS: &str = "ts_sent";

/// A share of what was to be sent that may be missing without a word.
const SHORT: f64 = 0.95;

/// The server that a run goes against.
#[derive(Debug)]
pub(super) enum Side {
    /// The built-in one, whose source is taken over.
    BuiltIn(Taken),
    /// Another one, to which the run publishes by itself.
    Other(Arc<Remote>),
}

impl Side {
    /// Makes sure that there is a server, and quiets its source.
    pub(super) async fn reach(target: Target, setup: &RunSetup) -> Result<Self, CompareError> {
        let source = setup.source.clone().checked()?;
        Ok(match target {
            Target::BuiltIn(control) => Self::BuiltIn(Taken::new(control, source)),
            Target::Other(address) => {
                Self::Other(Arc::new(Remote::reach(&Base::parse(&address)?, source).await?))
            }
        })
    }

    pub(super) fn base(&self) -> Result<Base, CompareError> {
        match self {
            Self::BuiltIn(taken) => {
                Ok(Base::parse(&taken.control.url())?.with_token(taken.control.options().join))
            }
            Self::Other(remote) => Ok(remote.base().clone()),
        }
    }

    /// The other server's address, without what opens it.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Other(remote) => Some(remote.base().shown().to_owned()),
        }
    }

    /// The topic that lanes follow.
    pub(super) fn topic(&self) -> &str {
        match self {
            Self::BuiltIn(taken) => &taken.topic,
            Self::Other(remote) => remote.topic(),
        }
    }

    /// Id of the newest message of that topic.
    pub(super) fn newest(&self) -> u64 {
        match self {
            Self::BuiltIn(taken) => taken.control.last_id(&taken.topic),
            // Its topic is the run's own.
            Self::Other(_) => 0,
        }
    }

    /// Where a payload says when it was sent, if that is not the server's own time.
    pub(super) fn ts_path(&self) -> Option<&'static str> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Other(_) => Some(OWN_TS),
        }
    }

    /// Whether something is done to connections on purpose, so that some messages may never come.
    pub(super) fn is_bad(&self) -> bool {
        match self {
            Self::BuiltIn(taken) => !taken.control.network().is_good(),
            Self::Other(_) => true,
        }
    }

    /// Number of the last message before the run.
    pub(super) async fn before(&self) -> u64 {
        match self {
            Self::BuiltIn(taken) => {
                taken.settled().await;
                taken.last()
            }
            // Its topic is the run's own.
            Self::Other(_) => 0,
        }
    }

    /// Sends messages until `stop`.
    pub(super) async fn send(
        &self,
        clock: Clock,
        stop: impl Future<Output = ()>,
    ) -> Result<(), CompareError> {
        match self {
            Self::BuiltIn(taken) => {
                taken.begin()?;
                stop.await;
            }
            Self::Other(remote) => remote.publish(clock, stop).await,
        }
        Ok(())
    }

    /// Ends the sending; the number of the last message that was sent.
    pub(super) async fn settle(&self) -> u64 {
        match self {
            Self::BuiltIn(taken) => taken.end().await,
            Self::Other(remote) => remote.last(),
        }
    }

    /// Resolves when the server is stopped, with what to say of it; never for another one, which
    /// may come back.
    pub(super) async fn gone(&self) -> CompareError {
        match self {
            Self::BuiltIn(taken) => CompareError::Stopped(taken.control.stopped().await),
            Self::Other(_) => std::future::pending().await,
        }
    }

    /// Messages sent so far, when the one before the run had this number.
    pub(super) fn sent(&self, before: u64) -> u64 {
        match self {
            Self::BuiltIn(taken) => taken.last().saturating_sub(before),
            Self::Other(remote) => remote.sent(),
        }
    }

    /// Changes what is sent, for as long as the run lasts.
    pub(super) fn tell(&self, source: Source) -> Result<(), CompareError> {
        match self {
            Self::BuiltIn(taken) => taken.tell(source),
            Self::Other(_) => Err(CompareError::NotHere),
        }
    }

    /// Notes how much was sent by now, and what the network is like.
    pub(super) fn refresh(&self, board: &Board) {
        if let Self::BuiltIn(taken) = self {
            board.sample_network(taken.control.network());
        }
        let mut state = board.state();
        if state.stage == Stage::Running {
            state.sent = self.sent(state.before);
        }
    }

    /// What the server counted for one of its clients; `None` where it does not tell.
    pub(super) async fn ledger(&self, client: &str) -> Option<Ledger> {
        match self {
            Self::BuiltIn(taken) => taken.control.account(client).map(Ledger::from),
            Self::Other(remote) => remote.ledger(client).await,
        }
    }

    /// Things that went otherwise than asked for, in sentences.
    pub(super) fn notes(&self, sent: u64, seconds: f64) -> Vec<String> {
        match self {
            Self::BuiltIn(taken) => {
                let short = taken.asked().filter(|rate| is_short(*rate, sent, seconds));
                let note = short.map(|rate| {
                    format!(
                        "{:.0} messages a second were sent instead of {rate}: this machine is busy, \
                         or somebody changed the source",
                        sent as f64 / seconds
                    )
                });
                note.into_iter().collect()
            }
            Self::Other(remote) => remote.notes(seconds),
        }
    }
}

/// Whether clearly less was sent than this rate asks for.
pub(super) fn is_short(rate: f64, sent: u64, seconds: f64) -> bool {
    let wanted = rate * seconds;
    wanted >= 10.0 && (sent as f64) < wanted * SHORT
}
