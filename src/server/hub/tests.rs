//! The hub by tables: what a reader gets, what is gone, how many topics there may be.

use super::*;

fn text(text: &str) -> Draft {
    Draft::text("message", text)
}

fn hub_with(history: usize, messages: usize) -> Hub {
    let hub = Hub::new(history);
    for _ in 0..messages {
        hub.publish("t", &text("x")).expect("there is room for a topic");
    }
    hub
}

fn ids(subscription: &mut Subscription) -> Vec<u64> {
    let messages = subscription.take(usize::MAX, usize::MAX).expect("no overrun");
    messages.iter().map(|message| message.id).collect()
}

#[test]
fn a_reader_begins_where_it_asks_as_far_as_the_history_goes() -> Result<(), HubError> {
    // history, published, start → ids, missed, reset
    let table = [
        (10, 5, Start::Now, vec![], 0, false),
        (10, 5, Start::After(0), vec![1, 2, 3, 4, 5], 0, false),
        (10, 5, Start::After(3), vec![4, 5], 0, false),
        (10, 5, Start::After(5), vec![], 0, false),
        (3, 5, Start::After(0), vec![3, 4, 5], 2, false),
        (3, 5, Start::After(2), vec![3, 4, 5], 0, false),
        (0, 5, Start::After(2), vec![], 3, false),
        (10, 2, Start::After(7), vec![1, 2], 0, true),
        (10, 0, Start::After(7), vec![], 0, true),
        (10, 0, Start::After(0), vec![], 0, false),
        (10, 2, Start::After(u64::MAX), vec![1, 2], 0, true),
    ];
    for (history, published, start, expected, missed, reset) in table {
        let mut reader = hub_with(history, published).subscribe("t", start)?;
        let case = format!("history {history}, {published} published, {start:?}");
        assert_eq!((reader.missed, reader.reset), (missed, reset), "{case}");
        assert_eq!(ids(&mut reader), expected, "{case}");
    }
    Ok(())
}

#[test]
fn without_history_a_reader_that_is_there_still_gets_everything() -> Result<(), HubError> {
    let hub = Hub::new(0);
    let mut reader = hub.subscribe("t", Start::Now)?;
    hub.publish("t", &text("a"))?;
    hub.publish("t", &text("b"))?;
    assert_eq!(ids(&mut reader), [1, 2]);
    Ok(())
}

#[test]
fn a_reader_too_far_behind_is_told_how_much_is_gone() -> Result<(), HubError> {
    let hub = Hub::new(10);
    let mut reader = hub.subscribe("t", Start::Now)?;
    for _ in 0..BACKLOG + 3 {
        hub.publish("t", &text("x"))?;
    }
    assert_eq!(reader.take(1, usize::MAX), Err(Overrun { missed: 3 }));
    assert_eq!(reader.cursor(), 0);
    Ok(())
}

#[test]
fn nobody_is_too_slow_for_one_burst() -> Result<(), HubError> {
    let hub = Hub::new(10);
    hub.expect_at_once(3 * BACKLOG);
    let mut reader = hub.subscribe("t", Start::Now)?;
    for _ in 0..3 * BACKLOG {
        hub.publish("t", &text("x"))?;
    }
    assert_eq!(ids(&mut reader).len(), 3 * BACKLOG);
    Ok(())
}

#[test]
fn large_messages_shorten_the_history_rather_than_fill_the_memory() -> Result<(), HubError> {
    let hub = Hub::new(100);
    let large = text(&"x".repeat(10 << 20));
    for _ in 0..5 {
        hub.publish("t", &large)?;
    }
    let reader = hub.subscribe("t", Start::After(0))?;
    assert_eq!(reader.missed, 2);
    let huge = text(&"x".repeat(TOPIC_BYTES + 1));
    hub.publish("t", &huge)?;
    assert_eq!(hub.subscribe("t", Start::After(0))?.missed, 5, "the newest always stays");
    Ok(())
}

#[test]
fn a_batch_ends_at_either_limit_and_the_next_goes_on() -> Result<(), HubError> {
    let hub = hub_with(10, 5);
    let size = hub.subscribe("t", Start::After(0))?.take(1, 1).expect("no overrun")[0].json.len();
    let mut reader = hub.subscribe("t", Start::After(0))?;
    assert_eq!(reader.take(2, usize::MAX).expect("no overrun").len(), 2);
    assert_eq!(reader.take(9, size + 1).expect("no overrun").len(), 2);
    assert_eq!(ids(&mut reader), [5]);
    assert_eq!(reader.cursor(), 5);
    Ok(())
}

#[test]
fn topics_without_readers_make_room_the_longest_silent_first() -> Result<(), HubError> {
    let hub = Hub::new(10);
    hub.keep(&["source".into()]);
    for name in [DEFAULT_TOPIC, "source", "t0"] {
        hub.publish(name, &text("x"))?;
    }
    let reader = hub.subscribe("read", Start::Now)?;
    for n in 1..40 {
        hub.publish(&format!("t{n}"), &text("x"))?;
        hub.publish("t0", &text("x"))?;
    }
    assert_eq!(hub.topics().len(), TOPICS);
    for (name, last) in [(DEFAULT_TOPIC, 1), ("source", 1), ("t0", 40), ("t39", 1), ("t1", 0)] {
        assert_eq!(hub.last_id(name), last, "{name}");
    }
    hub.publish("read", &text("x"))?;
    assert_eq!(reader.place().behind(), 1, "a topic with a reader stays");
    Ok(())
}

#[test]
fn topics_are_limited_and_those_never_used_make_room() -> Result<(), HubError> {
    let hub = Hub::new(10);
    let mut readers = Vec::new();
    for n in 0..TOPICS {
        readers.push(hub.subscribe(&format!("t{n}"), Start::Now)?);
    }
    assert_eq!(hub.publish("one more", &text("x")), Err(HubError::TooMany));
    readers.pop();
    assert_eq!(hub.publish("one more", &text("x")), Ok(1));
    drop(readers);
    hub.publish("and another", &text("x"))?;
    assert_eq!(hub.last_id("one more"), 1, "a topic that was spoken in stays");
    for name in ["", "a\nb", &"x".repeat(65)] {
        assert_eq!(hub.publish(name, &text("x")), Err(HubError::Name));
    }
    Ok(())
}

#[test]
fn many_publishers_leave_no_gap_and_a_reader_joins_without_loss() {
    let hub = Hub::new(100_000);
    let publish = |hub: Hub| {
        move || {
            for _ in 0..500 {
                hub.publish("t", &text("x")).expect("there is room for a topic");
            }
        }
    };
    let publishers: Vec<_> = (0..8).map(|_| std::thread::spawn(publish(hub.clone()))).collect();
    let mut reader = hub.subscribe("t", Start::After(0)).expect("there is room for a topic");
    let mut seen = Vec::new();
    while seen.len() < 4_000 {
        seen.extend(ids(&mut reader));
    }
    assert!(seen.iter().copied().eq(1..=4_000));
    for thread in publishers {
        thread.join().expect("no panic");
    }
}

#[test]
fn trimmed_it_keeps_no_message_but_goes_on_with_the_ids() -> Result<(), HubError> {
    let hub = hub_with(10, 4);
    let mut reader = hub.subscribe("t", Start::After(0))?;
    let taken = reader.take(usize::MAX, usize::MAX).expect("no overrun");
    hub.trim();
    assert!(taken.iter().all(|message| Arc::strong_count(message) == 1), "{taken:?}");
    assert_eq!((hub.last_id("t"), hub.total("t")), (4, 4));
    let mut back = hub.subscribe("t", Start::After(1))?;
    assert_eq!((back.missed, back.reset), (3, false));
    assert_eq!(hub.publish("t", &text("a"))?, 5);
    for reader in [&mut reader, &mut back] {
        assert_eq!(ids(reader), [5]);
    }
    Ok(())
}
