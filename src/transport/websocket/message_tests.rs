//! What becomes of frames: messages, control frames, broken rules.
#![allow(clippy::unwrap_used)]

use super::super::frame::Decoder;
use super::*;

/// Everything one direction makes of `bytes`, and the rule that ended it.
fn events(dir: Dir, limit: usize, bytes: &[u8]) -> (Vec<Event>, Option<Rule>) {
    let mut decoder = Decoder::new(limit);
    decoder.buffer().extend_from_slice(bytes);
    let mut messages = Messages::new(dir, limit);
    let mut events = Vec::new();
    loop {
        match decoder.next(|header| messages.admit(header)) {
            Ok(None) => return (events, None),
            Err(rule) => return (events, Some(rule)),
            Ok(Some(frame)) => {
                if let Err(rule) = messages.take(frame, 7, &mut events) {
                    return (events, Some(rule));
                }
            }
        }
    }
}

fn received(bytes: &[u8]) -> (Vec<Event>, Option<Rule>) {
    events(Dir::In, 1000, bytes)
}

fn words(events: &[Event]) -> Vec<(&'static str, &[u8], u64)> {
    let words = |e: &Event| (e.kind.word(), e.wire.bytes().unwrap_or_default());
    events.iter().map(|e| (words(e).0, &e.payload[..], words(e).1)).collect()
}

/// Opcode, payload bytes and FIN of the frames of a message.
fn listed(event: &Event) -> Vec<(u8, u64, bool)> {
    event.meta().frames.iter().map(|frame| (frame.opcode, frame.size, frame.fin)).collect()
}

#[test]
fn fragments_are_joined_and_listed_and_control_frames_pass_between_them() {
    let (events, rule) = received(b"\x01\x02ab\x00\x00\x89\x01p\x80\x03cde\x82\x01z");
    assert_eq!(rule, None);
    assert_eq!(
        words(&events),
        [("ping", &b"p"[..], 3), ("text", b"abcde", 11), ("binary", b"z", 3)]
    );
    assert_eq!(listed(&events[1]), [(1, 2, false), (0, 0, false), (0, 3, true)]);
    assert!(events[2].meta.is_none());
    assert!(events.iter().all(|event| event.t_ns == 7 && event.dir == Dir::In));
}

#[test]
fn a_message_over_the_limit_is_cut_and_says_by_how_much() {
    let (cut, _) = events(Dir::In, 4, b"\x81\x06abcdef\x01\x03abc\x00\x03def\x80\x01g");
    assert_eq!(words(&cut), [("text", &b"abcd"[..], 8), ("text", b"abcd", 13)]);
    assert_eq!((cut[0].meta().truncated, cut[1].meta().truncated), (Some(2), Some(3)));
    assert_eq!(listed(&cut[1]), [(1, 3, false), (0, 3, false), (0, 1, true)]);
}

#[test]
fn a_character_the_limit_cuts_in_two_breaks_no_rule() {
    let mut bytes = b"\x81\x06abc".to_vec();
    bytes.extend("é!".as_bytes());
    let (cut, rule) = events(Dir::In, 4, &bytes);
    assert_eq!((rule, cut[0].kind, cut[0].payload.len()), (None, Kind::Text, 4));
}

#[test]
fn text_that_is_no_utf_8_is_shown_as_the_rule_it_breaks() {
    let (events, rule) = received(b"\x81\x02\xc3(");
    assert_eq!(rule, Some(Rule::Text));
    assert_eq!(words(&events), [("violation", &b"\x81\x02\xc3("[..], 0)]);
    let (events, rule) = received(b"\x01\x01\xc3\x80\x01(");
    assert_eq!((rule, words(&events)), (Some(Rule::Text), vec![("violation", &b"\xc3("[..], 0)]));
    // A character may be split between two fragments.
    assert_eq!(received(b"\x01\x01\xc3\x80\x01\xa9").0[0].text(), Some("é"));
}

#[test]
fn close_frames_are_told_as_sent() {
    type Row = (&'static [u8], Option<u16>, Option<&'static str>, Option<Rule>);
    let table: [Row; 8] = [
        (b"\x88\x00", None, None, None),
        (b"\x88\x02\x03\xe8", Some(1000), None, None),
        (b"\x88\x05\x03\xf6bye", Some(1014), Some("bye"), None),
        (b"\x88\x02\x0f\xa1", Some(4001), None, None),
        (b"\x88\x02\x03\xed", Some(1005), None, Some(Rule::CloseCode(1005))),
        (b"\x88\x02\x00\x00", Some(0), None, Some(Rule::CloseCode(0))),
        (b"\x88\x01\x03", None, None, Some(Rule::ShortClose)),
        (b"\x88\x04\x03\xe8\xc3(", Some(1000), Some("\u{fffd}("), Some(Rule::CloseReason)),
    ];
    for (bytes, code, reason, broken) in table {
        let (events, ended) = received(bytes);
        assert_eq!(events[0].kind, Kind::Close, "{bytes:02x?}");
        assert_eq!(events[0].meta().code, code, "{bytes:02x?}");
        assert_eq!(events[0].meta().reason.as_deref(), reason, "{bytes:02x?}");
        assert_eq!(events[0].payload, bytes[2..], "{bytes:02x?}");
        let cause = events.get(1).and_then(|event| event.meta().cause.clone());
        assert_eq!(cause, broken.map(|rule| rule.to_string()), "{bytes:02x?}");
        assert_eq!(ended, broken.filter(|rule| rule.fatal().is_some()), "{bytes:02x?}");
    }
}

#[test]
fn nothing_may_follow_a_close_frame() {
    let (events, rule) = received(b"\x88\x00\x81\x01a");
    assert_eq!((events.len(), rule), (1, Some(Rule::AfterClose(1))));
}

#[test]
fn a_wasteful_length_is_told_and_the_message_too() {
    let (events, rule) = received(b"\x81\x7e\x00\x01a");
    assert_eq!(rule, None);
    assert_eq!(words(&events), [("violation", &b"\x81\x7e\x00\x01a"[..], 0), ("text", b"a", 5)]);
}

#[test]
fn what_we_send_is_unmasked_and_not_judged() {
    let (events, rule) = events(Dir::Out, 1000, b"\x81\x82\x01\x02\x03\x04\xc2*");
    assert_eq!(rule, None);
    assert_eq!(words(&events), [("text", &b"\xc3("[..], 8)]);
    assert_eq!(events[0].dir, Dir::Out);
}

#[test]
fn endless_fragments_are_listed_up_to_a_bound() {
    let mut bytes = b"\x02\x01a".to_vec();
    bytes.extend(b"\x00\x01b".repeat(2 * LISTED));
    bytes.extend(b"\x80\x01c");
    let (events, _) = events(Dir::In, 10, &bytes);
    let listed = &listed(&events[0]);
    assert_eq!(listed.len(), LISTED);
    assert_eq!(listed.iter().map(|part| part.1).sum::<u64>(), 2 * LISTED as u64 + 2);
    assert!(listed[LISTED - 1].2);
}
