//! The source of the built-in server while runs have it: the newest run says what is sent, and when
//! none is left the source is as it was before the first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::CompareError;
use super::view::Stage;
use crate::model::{DEFAULT_TOPIC, Source};
use crate::server::Control;

/// How long the source may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sources that runs of this process have, by the address of their server: a run may begin while
/// the lanes of the one before still end.
static LENT: Mutex<BTreeMap<SocketAddr, Lent>> = Mutex::new(BTreeMap::new());

/// A source that runs have.
#[derive(Debug)]
struct Lent {
    /// The newest run, whose word counts.
    owner: u64,
    runs: usize,
    /// What it was told last by a run.
    told: Source,
    /// What it is to be told after them.
    after: Source,
}

/// The source of the built-in server, taken over for a run. Dropped, it is as it was before, unless
/// somebody else changed it meanwhile: then it stays as they wanted it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) control: Control,
    pub(super) topic: String,
    sending: Mutex<Sending>,
    number: u64,
}

/// What is to be sent while messages count, and whether they do.
#[derive(Debug)]
struct Sending {
    source: Source,
    stage: Stage,
    /// It was changed while messages counted.
    is_changed: bool,
}

impl Taken {
    /// Takes the source over and lets it rest. `source` was checked.
    pub(super) fn new(control: Control, source: Source) -> Self {
        let is_followed = |topic: &&String| *topic == DEFAULT_TOPIC;
        let topic = source.topics.iter().find(is_followed).or(source.topics.first());
        let topic = topic.map_or(DEFAULT_TOPIC, String::as_str).to_owned();
        let number = {
            let now = control.source();
            let mut all = lent();
            let lent = all.entry(control.addr()).or_insert_with(|| Lent {
                owner: 0,
                runs: 0,
                told: now.clone(),
                after: now,
            });
            lent.owner += 1;
            lent.runs += 1;
            lent.owner
        };
        let rest = Source { rate: 0.0, ..source.clone() };
        let sending = Sending { source, stage: Stage::Opening, is_changed: false };
        let taken = Self { control, topic, sending: Mutex::new(sending), number };
        // It was checked before, so this is never refused.
        let _ = taken.give(rest);
        taken
    }

    /// Sends what was asked for, from now on.
    pub(super) fn begin(&self) -> Result<(), CompareError> {
        let mut sending = self.sending();
        sending.stage = Stage::Running;
        self.give(sending.source.clone())
    }

    /// Changes what is sent while messages count. What is said after that is for the time after the
    /// run; nothing is sent before.
    pub(super) fn tell(&self, source: Source) -> Result<(), CompareError> {
        let mut sending = self.sending();
        match sending.stage {
            Stage::Opening => sending.source = source.checked()?,
            Stage::Running => {
                sending.is_changed = true;
                self.give(source)?;
            }
            Stage::CatchingUp | Stage::Done => {
                let source = source.checked()?;
                if let Some(lent) = lent().get_mut(&self.control.addr()) {
                    lent.after = source;
                }
            }
        }
        Ok(())
    }

    /// Messages a second that were asked for, for the topic that lanes follow; `None` where the run
    /// itself changed that on its way.
    pub(super) fn asked(&self) -> Option<f64> {
        let sending = self.sending();
        let topics = sending.source.topics.len().max(1) as f64;
        (!sending.is_changed).then(|| sending.source.rate / topics)
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        // Nothing panics while it is held.
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the server another source; nothing once another run has it.
    fn give(&self, source: Source) -> Result<(), CompareError> {
        let mut all = lent();
        let lent = all.get_mut(&self.control.addr()).filter(|lent| lent.owner == self.number);
        let Some(lent) = lent else { return Ok(()) };
        let now = self.control.source();
        self.control.set_source(source.clone())?;
        if now != lent.told {
            lent.after = now;
        }
        lent.told = source;
        Ok(())
    }

    /// Number of the last message, which goes on where a restart makes ids begin again.
    pub(super) fn last(&self) -> u64 {
        self.control.hub().total(&self.topic)
    }

    /// Waits until the source does what it was told, as long as that makes sense.
    pub(super) async fn settled(&self) {
        let _ = tokio::time::timeout(PATIENCE, self.control.settled()).await;
    }

    /// Lets the source rest again; the number of the last message.
    pub(super) async fn end(&self) -> u64 {
        self.sending().stage = Stage::CatchingUp;
        // Also where somebody else changed it: the rest is only the rate.
        let _ = self.give(Source { rate: 0.0, ..self.control.source() });
        self.settled().await;
        self.last()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let (mut all, addr) = (lent(), self.control.addr());
        let Some(lent) = all.get_mut(&addr) else { return };
        lent.runs -= 1;
        if lent.owner == self.number && self.control.source() == lent.told {
            let _ = self.control.set_source(lent.after.clone());
            lent.told.clone_from(&lent.after);
        }
        if lent.runs == 0 {
            all.remove(&addr);
        }
    }
}

fn lent() -> MutexGuard<'static, BTreeMap<SocketAddr, Lent>> {
    // Nothing panics while it is held.
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}
