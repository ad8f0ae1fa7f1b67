//! The payload in the detail: how it was read, what it carries, and the choice to read it otherwise.

use std::io::Write;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use wirescope::decode::{Bytes, Context, Schema, decode};
use wirescope::engine::{SchemaFile, SessionView, Snapshot};
use wirescope::model::{Command, Dir, Event, Kind, SessionId};

use super::fixture;
use super::stage::Stage;

const FIRST: SessionId = SessionId(1);

fn one(view: SessionView) -> Snapshot {
    Snapshot { sessions: vec![std::sync::Arc::new(view)], ..Snapshot::default() }
}

/// The ticker with this payload in the detail, clicked open.
fn shown(kind: Kind, payload: impl Into<Bytes>, chosen: Option<&'static str>) -> Stage {
    let mut view = fixture::with_event(Event::new(0, Dir::In, kind).with_payload(payload));
    view.reading.decoder = chosen;
    let selected = view.selected.as_ref().expect("a selected event");
    let decoded = decode(&Context::new(&selected.event), chosen);
    let selected = fixture::read_as(selected, decoded);
    view.selected = Some(selected.into());
    let mut stage = Stage::new(one(view));
    stage.click_like(&format!("501 {}", kind.word()));
    stage.all_sent();
    stage
}

fn gzip(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).expect("memory");
    writer.finish().expect("memory")
}

fn open_choice(stage: &mut Stage) {
    stage.window.get_by_role_and_label(Role::ComboBox, "Read as").click();
    stage.window.run();
}

#[test]
fn the_person_chooses_the_decoder_and_goes_back_to_automatic() {
    let mut stage = shown(Kind::Binary, vec![0x81, 0xa1, b'a', 0x01], None);
    assert!(stage.has_like("MessagePack: it reads as a MessagePack map"));
    assert!(stage.has("a 1"));
    open_choice(&mut stage);
    stage.click("CBOR");
    assert_eq!(stage.sent(), [Command::ReadAs(FIRST, Some("cbor"))]);

    let mut stage = shown(Kind::Binary, vec![0x81, 0xa1, b'a', 0x01], Some("cbor"));
    assert!(stage.has_like("Not CBOR: "), "why it fell back");
    open_choice(&mut stage);
    stage.click("Automatic");
    assert_eq!(stage.sent(), [Command::ReadAs(FIRST, None)]);
}

#[test]
fn what_a_payload_carries_is_shown_below_it() {
    let stage = shown(Kind::Binary, gzip(r#"{"inside":7}"#), None);
    assert!(stage.has_like("gzip, 32 B inflated to 12 B"), "the wrapper in a line");
    assert!(stage.has("Inflated · JSON"));
    assert!(stage.has("inside 7"));
}

#[test]
fn a_picture_is_shown_as_one() {
    let mut out = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::new_rgb8(40, 30);
    picture.write_to(&mut out, image::ImageFormat::Png).expect("memory");
    let stage = shown(Kind::Binary, out.into_inner(), None);
    assert!(stage.has("Image, 40 × 30 pixels"));
    assert!(stage.has_like("PNG, 40 × 30 pixels"));
}

#[test]
fn a_descriptor_set_is_asked_for_and_its_messages_are_offered() {
    let mut stage = shown(Kind::Binary, vec![0x08, 0x96, 0x01], None);
    assert!(stage.has_like("1 150"));
    open_choice(&mut stage);
    stage.click("Protobuf descriptor set…");
    assert_eq!(stage.sent(), [Command::SchemaDialog(FIRST)]);

    // A file of one message `M` without fields.
    let set = b"\x0a\x08\x0a\x01f\x22\x03\x0a\x01M";
    let schema = Schema::read(set).expect("a descriptor set");
    let mut view = fixture::with_event(Event::new(0, Dir::In, Kind::Binary).with_payload("x"));
    let path = "/tmp/m.binpb".into();
    view.reading.schema = Some(SchemaFile { path, schema }.into());
    let mut stage = Stage::new(one(view));
    stage.click_like("501 binary");
    stage.all_sent();
    open_choice(&mut stage);
    stage.click("M");
    assert_eq!(stage.sent(), [Command::SchemaMessage(FIRST, Some("M".into()))]);
    open_choice(&mut stage);
    stage.click("No descriptor set");
    assert_eq!(stage.sent(), [Command::Schema(FIRST, None)]);
}
