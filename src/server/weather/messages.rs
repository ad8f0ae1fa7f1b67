//! Messages that are left out, come twice, or come after the one that follows them: decided by
//! their ids alone, so that every client over every transport gets the same.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::model::Impairment;
use crate::server::hub::{Overrun, Subscription};
use crate::server::message::Message;

/// What is done to messages, every so-manieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::server) struct Mangling {
    drop: Option<NonZeroU32>,
    duplicate: Option<NonZeroU32>,
    reorder: Option<NonZeroU32>,
}

impl Mangling {
    pub(in crate::server) fn of(impairment: &Impairment) -> Self {
        let Impairment { drop, duplicate, reorder, .. } = *impairment;
        Self { drop, duplicate, reorder }
    }

    fn drops(self, id: u64) -> bool {
        is_due(self.drop, id)
    }

    fn copies(self, id: u64) -> usize {
        1 + usize::from(is_due(self.duplicate, id))
    }

    /// A message that is left out holds no other back.
    fn holds_back(self, id: u64) -> bool {
        is_due(self.reorder, id) && !self.drops(id)
    }
}

fn is_due(every: Option<NonZeroU32>, id: u64) -> bool {
    every.is_some_and(|every| id.is_multiple_of(u64::from(every.get())))
}

/// Where a stream of messages is shuffled: holds one back until the next has passed.
#[derive(Debug, Default)]
struct Shuffle {
    held: Option<Arc<Message>>,
}

impl Shuffle {
    fn pass(&mut self, how: Mangling, messages: Vec<Arc<Message>>) -> Vec<Arc<Message>> {
        if how == Mangling::default() && self.held.is_none() {
            return messages;
        }
        let mut passed = Vec::with_capacity(messages.len() + 1);
        for message in messages {
            if how.holds_back(message.id) {
                // Two in a row come where what is done changed in between.
                self.release(how, &mut passed);
                self.held = Some(message);
                continue;
            }
            if !how.drops(message.id) {
                push(how, message, &mut passed);
            }
            self.release(how, &mut passed);
        }
        passed
    }

    fn release(&mut self, how: Mangling, passed: &mut Vec<Arc<Message>>) {
        if let Some(held) = self.held.take() {
            push(how, held, passed);
        }
    }
}

fn push(how: Mangling, message: Arc<Message>, passed: &mut Vec<Arc<Message>>) {
    for _ in 1..how.copies(message.id) {
        passed.push(Arc::clone(&message));
    }
    passed.push(message);
}

/// Reads a topic through the weather.
#[derive(Debug)]
pub(in crate::server) struct Reader {
    pub(in crate::server) subscription: Subscription,
    shuffle: Shuffle,
}

impl Reader {
    pub(in crate::server) fn new(subscription: Subscription) -> Self {
        Self { subscription, shuffle: Shuffle::default() }
    }

    /// See [`Subscription::ready`].
    pub(in crate::server) async fn ready(&mut self) {
        self.subscription.ready().await;
    }

    /// As [`Subscription::take`]; may be empty where there is a message that does not pass.
    ///
    /// # Errors
    /// As there.
    pub(in crate::server) fn take(
        &mut self,
        how: Mangling,
        most: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Message>>, Overrun> {
        let messages = self.subscription.take(most, bytes)?;
        Ok(self.shuffle.pass(how, messages))
    }

    /// What need not be held back any more.
    pub(in crate::server) fn release(&mut self, how: Mangling) -> Vec<Arc<Message>> {
        let mut released = Vec::new();
        if self.shuffle.held.as_ref().is_some_and(|held| !how.holds_back(held.id)) {
            self.shuffle.release(how, &mut released);
        }
        released
    }

    /// Id of the message after which the next answer to a poll goes on: one that is held back is
    /// still to come.
    pub(in crate::server) fn cursor(&self) -> u64 {
        self.shuffle.held.as_ref().map_or_else(|| self.subscription.cursor(), |held| held.id - 1)
    }

    /// Whether a message is held back.
    pub(in crate::server) fn holds_back(&self) -> bool {
        self.shuffle.held.is_some()
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::server::hub::{Hub, Start};
    use crate::server::message::Draft;

    fn mangling(list: &str) -> Mangling {
        Mangling::of(&Impairment::parse(list).expect(list))
    }

    /// What comes of the first messages of a topic, read in batches of this size.
    fn read(list: &str, messages: u64, batch: usize) -> Vec<u64> {
        let hub = Hub::new(1000);
        let reader = hub.subscribe("t", Start::Now).expect("a topic");
        let mut reader = Reader::new(reader);
        for _ in 0..messages {
            hub.publish("t", &Draft::text("m", "")).expect("a topic");
        }
        let mut ids = Vec::new();
        for _ in 0..messages {
            let taken = reader.take(mangling(list), batch, 1 << 20).expect("all there");
            ids.extend(taken.iter().map(|message| message.id));
        }
        ids
    }

    #[test]
    fn ids_decide_and_batches_do_not() {
        let table: [(&str, &[u64]); 8] = [
            ("", &[1, 2, 3, 4, 5, 6, 7]),
            ("drop=3", &[1, 2, 4, 5, 7]),
            ("duplicate=3", &[1, 2, 3, 3, 4, 5, 6, 6, 7]),
            ("reorder=3", &[1, 2, 4, 3, 5, 7, 6]),
            ("reorder=2", &[1, 3, 2, 5, 4, 7, 6]),
            ("reorder=3,drop=4", &[1, 2, 3, 5, 7, 6]),
            ("reorder=3,drop=3", &[1, 2, 4, 5, 7]),
            ("reorder=3,duplicate=3", &[1, 2, 4, 3, 3, 5, 7, 6, 6]),
        ];
        for (list, expected) in table {
            for batch in 1..8 {
                assert_eq!(read(list, 7, batch), expected, "{list} in batches of {batch}");
            }
        }
        assert_eq!(read("reorder=7", 7, 3), [1, 2, 3, 4, 5, 6], "until 8 comes");
    }

    #[test]
    fn what_is_held_back_is_released_when_the_weather_changes() {
        let hub = Hub::new(10);
        let mut reader = Reader::new(hub.subscribe("t", Start::Now).expect("a topic"));
        for _ in 0..2 {
            hub.publish("t", &Draft::text("m", "")).expect("a topic");
        }
        let how = mangling("reorder=2");
        assert_eq!(reader.take(how, 10, 1000).expect("all there").len(), 1);
        assert!(reader.holds_back());
        assert_eq!(reader.cursor(), 1, "2 is still to come");
        assert!(reader.release(how).is_empty());
        assert_eq!(reader.release(Mangling::default())[0].id, 2);
        assert_eq!(reader.cursor(), 2);
    }
}
