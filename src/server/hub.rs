//! Topics and what was said in them: every message gets the next id of its topic, the newest are
//! kept, and readers follow with a cursor, so that one who is slow costs nothing but their place.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::message::{Draft, Message};
use crate::model::DEFAULT_TOPIC;

/// Topics at a time.
const TOPICS: usize = 32;
/// Characters in the name of a topic.
const LONGEST_NAME: usize = 64;
/// Messages that a connected client may be behind, where neither the history nor what is published
/// at once asks for more.
const BACKLOG: usize = 1024;
/// Bytes of messages kept in a topic, whatever the history asks for.
const TOPIC_BYTES: usize = 32 << 20;

/// All topics. Clones share them; the messages live as long as the last clone, which is how a
/// server that is started again with the same hub goes on where it stopped.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    topics: Mutex<HashMap<String, Arc<Topic>>>,
    /// Topics that stay although nobody reads them.
    stay: Mutex<Vec<String>>,
    /// Messages that were published, in all topics.
    published: AtomicU64,
    history: AtomicUsize,
    backlog: AtomicUsize,
}

#[derive(Debug)]
struct Topic {
    name: String,
    /// Messages that a restart has forgotten.
    forgotten: u64,
    log: Mutex<Log>,
    /// Id of the newest message.
    newest: watch::Sender<u64>,
}

/// The newest messages of a topic; the last one's id is `last`.
#[derive(Debug, Default)]
struct Log {
    last: u64,
    /// How many messages there were in all topics when this one had its last.
    at: u64,
    bytes: usize,
    kept: VecDeque<Arc<Message>>,
}

/// A topic that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    /// There are as many as there may be, and each is in use.
    #[error(
        "there are {TOPICS} topics already, all of them in use; use one of those, or end who reads them"
    )]
    TooMany,
    /// The name is empty, too long, or holds control characters.
    #[error("the name of a topic has 1 to {LONGEST_NAME} characters and no control characters")]
    Name,
}

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the next message.
    Now,
    /// With the first message after this id.
    After(u64),
}

/// A topic as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicStats {
    /// Its name.
    pub name: String,
    /// Messages so far, those included that a restart has forgotten.
    pub messages: u64,
    /// Readers that follow it now; between two polls a client does not.
    pub followers: u64,
}

/// A reader fell so far behind that this many messages are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrun {
    /// Messages the reader will never see.
    pub missed: u64,
}

/// A reader of a topic.
#[derive(Debug)]
pub struct Subscription {
    place: Place,
    newest: watch::Receiver<u64>,
    /// Messages between the place that was asked for and the oldest that is kept.
    pub missed: u64,
    /// The place that was asked for lies ahead of the topic, so the ids have begun again: reading
    /// starts with the oldest message.
    pub reset: bool,
}

/// Where a reader is in a topic, for others to see.
#[derive(Debug, Clone)]
pub(super) struct Place {
    topic: Arc<Topic>,
    /// Id of the newest message it was given, or the one before its first.
    cursor: Arc<AtomicU64>,
}

impl Place {
    /// Messages it was not given yet.
    pub(super) fn behind(&self) -> u64 {
        self.topic.newest.borrow().saturating_sub(self.cursor())
    }

    fn cursor(&self) -> u64 {
        self.cursor.load(Ordering::Relaxed)
    }
}

impl Hub {
    /// A hub that keeps the newest `history` messages of a topic for those who come back, at most
    /// 32 MiB of them. Ids begin with 1.
    pub fn new(history: usize) -> Self {
        let (topics, stay, published) = (Mutex::default(), Mutex::default(), AtomicU64::new(0));
        let (history, backlog) = (AtomicUsize::new(history), AtomicUsize::new(BACKLOG));
        Self { shared: Arc::new(Shared { topics, stay, published, history, backlog }) }
    }

    /// Makes room for so many messages at once and as many again, so that nobody is too slow for
    /// one burst.
    pub(super) fn expect_at_once(&self, burst: usize) {
        self.shared.backlog.store(BACKLOG.max(2 * burst), Ordering::Relaxed);
    }

    /// Keeps these topics although nobody reads them. Any other one without readers makes room for
    /// a new one when there are too many, that first which has been silent longest.
    pub(super) fn keep(&self, topics: &[String]) {
        *locked(&self.shared.stay) = topics.to_vec();
    }

    /// Keeps this many messages a topic from the next message on.
    pub fn set_history(&self, history: usize) {
        self.shared.history.store(history, Ordering::Relaxed);
    }

    /// Gives `draft` the next id of `topic` and the present time, and hands it to every reader.
    ///
    /// # Errors
    /// [`HubError`] where there is no such topic and none can be made.
    pub fn publish(&self, topic: &str, draft: &Draft) -> Result<u64, HubError> {
        let topic = self.topic(topic)?;
        let mut log = locked(&topic.log);
        let id = log.last + 1;
        // Under the lock, so that times rise with ids.
        let seq = (topic.forgotten > 0).then(|| topic.forgotten + id);
        let message = draft.publish(id, seq, &topic.name, SystemTime::now());
        log.at = self.shared.published.fetch_add(1, Ordering::Relaxed) + 1;
        log.push(message, self.history().max(self.shared.backlog.load(Ordering::Relaxed)));
        topic.newest.send_replace(id);
        Ok(id)
    }

    /// A reader of `topic`. What is published from this moment on reaches it, and what was before
    /// as far as the history goes, without a gap or a repetition between the two.
    ///
    /// # Errors
    /// [`HubError`] where there is no such topic and none can be made.
    pub fn subscribe(&self, topic: &str, start: Start) -> Result<Subscription, HubError> {
        let topic = self.topic(topic)?;
        let log = locked(&topic.log);
        let reachable = self.history().min(log.kept.len()) as u64;
        let oldest = log.last + 1 - reachable;
        let (next, missed, reset) = match start {
            Start::Now => (log.last + 1, 0, false),
            Start::After(id) if id > log.last => (oldest, 0, true),
            Start::After(id) => (oldest.max(id + 1), oldest.saturating_sub(id + 1), false),
        };
        drop(log);
        let newest = topic.newest.subscribe();
        let place = Place { topic, cursor: Arc::new(AtomicU64::new(next - 1)) };
        Ok(Subscription { place, newest, missed, reset })
    }

    /// Id of the newest message of `topic`; 0 where there is none.
    pub fn last_id(&self, topic: &str) -> u64 {
        locked(&self.shared.topics).get(topic).map_or(0, |topic| locked(&topic.log).last)
    }

    /// Messages of `topic` so far, those included that a restart has forgotten.
    pub fn total(&self, topic: &str) -> u64 {
        locked(&self.shared.topics).get(topic).map_or(0, |topic| topic.total())
    }

    /// Forgets every message: ids begin again, and messages carry `seq`, which goes on. Readers are
    /// left with nothing to read.
    pub(super) fn forget(&self) {
        for topic in locked(&self.shared.topics).values_mut() {
            *topic = Topic::new(&topic.name, topic.total());
        }
    }

    /// Lets go of every message that is kept, for a server that has stopped. Ids go on, so clients
    /// that come back are told how many they missed.
    pub fn trim(&self) {
        for topic in locked(&self.shared.topics).values() {
            let mut log = locked(&topic.log);
            *log = Log { last: log.last, ..Log::default() };
        }
    }

    /// Every topic, by name.
    pub fn topics(&self) -> Vec<TopicStats> {
        let stats = |topic: &Arc<Topic>| TopicStats {
            name: topic.name.clone(),
            messages: topic.total(),
            followers: topic.newest.receiver_count() as u64,
        };
        let mut topics: Vec<_> = locked(&self.shared.topics).values().map(stats).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        topics
    }

    /// Tells how many still hold on to the messages.
    #[cfg(test)]
    pub(super) fn remains(&self) -> impl Fn() -> usize + use<> {
        let shared = Arc::downgrade(&self.shared);
        move || shared.strong_count()
    }

    fn history(&self) -> usize {
        self.shared.history.load(Ordering::Relaxed)
    }

    fn topic(&self, name: &str) -> Result<Arc<Topic>, HubError> {
        let mut topics = locked(&self.shared.topics);
        if let Some(topic) = topics.get(name) {
            return Ok(Arc::clone(topic));
        }
        let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
        if !fits || name.contains(char::is_control) {
            return Err(HubError::Name);
        }
        if topics.len() >= TOPICS {
            let silent = self.silent(&topics).ok_or(HubError::TooMany)?;
            topics.remove(&silent);
        }
        let topic = Topic::new(name, 0);
        topics.insert(name.to_owned(), Arc::clone(&topic));
        Ok(topic)
    }

    /// The topic that can be missed most easily, if any can.
    fn silent(&self, topics: &HashMap<String, Arc<Topic>>) -> Option<String> {
        let stay = locked(&self.shared.stay);
        let others = topics.values().filter(|topic| {
            // Nobody can come by another reference while the map is locked.
            let is_used = Arc::strong_count(topic) > 1;
            !is_used && topic.name != DEFAULT_TOPIC && !stay.contains(&topic.name)
        });
        let silent = others.min_by_key(|topic| locked(&topic.log).at)?;
        Some(silent.name.clone())
    }
}

impl Topic {
    fn new(name: &str, forgotten: u64) -> Arc<Self> {
        let newest = watch::Sender::new(0);
        Arc::new(Self { name: name.to_owned(), forgotten, log: Mutex::default(), newest })
    }

    fn total(&self) -> u64 {
        self.forgotten + *self.newest.borrow()
    }
}

impl Log {
    fn push(&mut self, message: Message, most: usize) {
        self.last = message.id;
        self.bytes += message.size();
        self.kept.push_back(Arc::new(message));
        // The newest stays, however large: readers have not seen it yet.
        while self.kept.len() > 1 && (self.kept.len() > most || self.bytes > TOPIC_BYTES) {
            if let Some(oldest) = self.kept.pop_front() {
                self.bytes -= oldest.size();
            }
        }
    }
}

impl Subscription {
    /// Name of the topic.
    pub fn topic(&self) -> &str {
        &self.place.topic.name
    }

    /// Where it is, now and later.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Id of the newest message this reader was given, or the one before its first.
    pub fn cursor(&self) -> u64 {
        self.place.cursor()
    }

    /// Resolves as soon as there is something to [`take`](Self::take). May be dropped at any time.
    pub async fn ready(&mut self) {
        while *self.newest.borrow_and_update() <= self.place.cursor() {
            if self.newest.changed().await.is_err() {
                // Cannot be: the sender is in the topic this holds.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The next messages, as many as there are, at most `most` and not much more than `bytes`.
    ///
    /// # Errors
    /// [`Overrun`] where messages in between are gone; the reader keeps its place.
    pub fn take(&mut self, most: usize, bytes: usize) -> Result<Vec<Arc<Message>>, Overrun> {
        let next = self.cursor() + 1;
        let log = locked(&self.place.topic.log);
        let oldest = log.last + 1 - log.kept.len() as u64;
        if next < oldest {
            return Err(Overrun { missed: oldest - next });
        }
        let mut room = bytes;
        let skipped = usize::try_from(next - oldest).unwrap_or(usize::MAX);
        let messages: Vec<_> = log
            .kept
            .iter()
            .skip(skipped)
            .take(most)
            .take_while(|message| {
                let fits = room > 0;
                room = room.saturating_sub(message.size());
                fits
            })
            .cloned()
            .collect();
        drop(log);
        // Only this reader writes it.
        self.place.cursor.fetch_add(messages.len() as u64, Ordering::Relaxed);
        Ok(messages)
    }
}

/// Nothing panics while it holds one of these locks, and a log is whole between two statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
