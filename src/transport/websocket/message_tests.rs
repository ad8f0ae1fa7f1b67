//! What becomes of frames: messages, control frames, broken rules.
#![allow(clippy::unwrap_used)]

use super::super::extension::Side;
use super::super::frame::Decoder;
use super::*;

/// Everything one direction makes of `split`, and the rule that ended it.
fn told<'a>(
    mut messages: Messages,
    split: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Option<Rule>) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for bytes in split {
        decoder.buffer().extend_from_slice(bytes);
        loop {
            match decoder.next(|header| messages.admit(header)) {
                Ok(None) => break,
                Err(rule) => return (events, Some(rule)),
                Ok(Some(piece)) => {
                    if let Err(rule) = messages.take(piece, 7, &mut events) {
                        return (events, Some(rule));
                    }
                }
            }
        }
    }
    (events, None)
}

fn events(dir: Dir, limit: usize, bytes: &[u8]) -> (Vec<Event>, Option<Rule>) {
    told(Messages::new(dir, limit, None), [bytes])
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

#[test]
fn a_message_is_the_same_however_its_bytes_are_split() {
    let mut bytes = b"\x01\x04fr\xc3\xa9\x89\x01p\x80\x05gr\xc3\xbcn\x82\x7e\x00\x80".to_vec();
    bytes.extend([9; 128]);
    let (whole, _) = received(&bytes);
    assert_eq!(whole.len(), 3);
    for at in 0..=bytes.len() {
        let (left, right) = bytes.split_at(at);
        let messages = Messages::new(Dir::In, 1000, None);
        assert_eq!(told(messages, [left, right]), (whole.clone(), None), "split at {at}");
    }
    let messages = Messages::new(Dir::In, 1000, None);
    assert_eq!(told(messages, bytes.chunks(1)), (whole, None), "byte by byte");
}

#[test]
fn a_bad_byte_is_told_before_the_rest_of_the_message_is_there() {
    let table: [(&[&[u8]], &[u8]); 4] = [
        (&[b"\x01\x02ab", b"\x00\x02\xf4\x90"], b"ab\xf4\x90"),
        (&[b"\x81\x09abc", b"\xe2\x28"], b"\x81\x09abc\xe2\x28"),
        (
            &[b"\x81\x7f\x00\x00\x00\x00\x00\x20\x00\x00ok\xff"],
            b"\x81\x7f\x00\x00\x00\x00\x00\x20\x00\x00ok\xff",
        ),
        (&[b"\x01\x01\xc3\x80\x02", b"("], b"\xc3("),
    ];
    for (split, shown) in table {
        let messages = Messages::new(Dir::In, 1 << 20, None);
        let (events, rule) = told(messages, split.iter().copied());
        assert_eq!(rule, Some(Rule::Text), "{split:x?}");
        assert_eq!(words(&events), [("violation", shown, 0)]);
    }
    let messages = Messages::new(Dir::In, 3, None);
    let (events, rule) = told(messages, [&b"\x81\x05abc"[..], b"\xff\xff"]);
    assert_eq!((rule, events.len()), (None, 1), "what is cut is not judged");
}

#[test]
fn frames_are_listed_where_the_event_does_not_tell_them() {
    let frames =
        |dir, bytes: &[u8]| events(dir, 1000, bytes).0.pop().map(|e| e.meta().frames.clone());
    for plain in [&b"\x81\x01a"[..], b"\x89\x01a", b"\x88\x00", b"\x82\x00"] {
        assert_eq!(frames(Dir::In, plain), Some(vec![]), "{plain:x?}");
    }
    let frame = |opcode, mask, header, size| model::Frame {
        opcode,
        fin: true,
        mask,
        header,
        size,
        t_ns: 7,
        ..model::Frame::default()
    };
    assert_eq!(frames(Dir::In, b"\x81\x7e\x00\x01a"), Some(vec![frame(1, None, 4, 1)]));
    let key = Some([1, 2, 3, 4]);
    for code in [1_u8, 2, 8, 9, 10] {
        let sent = [&[0x80 | code, 0x82], &[1, 2, 3, 4][..], b"\x02\xea"].concat();
        assert_eq!(frames(Dir::Out, &sent), Some(vec![frame(code, key, 6, 2)]));
    }
    assert!(events(Dir::In, 1000, b"\x81\x01a").0[0].meta.is_none(), "costs nothing");
    let (large, _) = told(Messages::new(Dir::In, 1000, None), [&b"\x81\x02a"[..], b"b"]);
    assert!(large[0].meta.is_none(), "nor where it came in two reads");
}

/// A direction whose messages are compressed, with a window of 32 KiB.
fn deflated(limit: usize) -> Messages {
    let side = Side { bits: 15, keeps_context: true };
    Messages::new(Dir::In, limit, Some(Inflater::new(side)))
}

#[test]
fn compressed_messages_are_inflated_and_tell_both_sizes() {
    let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    let split = b"\x41\x03\xf2\x48\xcd\x89\x01p\x80\x04\xc9\xc9\x07\x00";
    let again = b"\xc1\x05\xf2\x00\x11\x00\x00";
    let plain = b"\x81\x05Hello";
    let bytes = [&hello[..], split, plain, again].concat();
    for size in [1, 2, 5, 100] {
        let (events, rule) = told(deflated(1000), bytes.chunks(size));
        assert_eq!(rule, None);
        let expected = [
            ("text", &b"Hello"[..], 9),
            ("ping", b"p", 3),
            ("text", b"Hello", 11),
            ("text", b"Hello", 7),
            ("text", b"Hello", 7),
        ];
        assert_eq!(words(&events), expected, "{size} at once");
        let sizes: Vec<_> =
            events.iter().map(|e| (e.meta().encoding.as_deref(), e.meta().compressed)).collect();
        let deflate = |size| (Some("permessage-deflate"), Some(size));
        assert_eq!(sizes, [deflate(7), (None, None), deflate(7), (None, None), deflate(5)]);
        let frames = &events[2].meta().frames;
        let listed: Vec<_> = frames.iter().map(|f| (f.opcode, f.rsv, f.size, f.fin)).collect();
        assert_eq!(listed, [(1, 4, 3, false), (0, 0, 4, true)]);
        assert_eq!(events[0].meta().frames[0].rsv, 4);
        assert!(events[3].meta.is_none());
    }
}

#[test]
fn what_cannot_be_inflated_is_shown_as_it_came() {
    let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc2\x04\xff\xff\xff\xff";
    for size in [1, 100] {
        let (events, rule) = told(deflated(1000), bytes.chunks(size));
        assert_eq!(rule, Some(Rule::Inflate));
        let shown = events[1].payload.clone();
        assert!(bytes[9..].starts_with(&shown) && shown.len() > 2, "{shown:x?}");
        assert_eq!(events[1].kind, Kind::Violation);
    }
}

#[test]
fn inflated_text_is_judged() {
    // A stored block with “a” and a byte that is no UTF-8.
    let (events, rule) = told(deflated(1000), [&b"\xc1\x08\x00\x02\x00\xfd\xffa\xff\x00"[..]]);
    assert_eq!((rule, words(&events)), (Some(Rule::Text), vec![("violation", &b"a\xff"[..], 0)]));
}
