//! MQTT 3.1, 3.1.1 and 5 (OASIS, <https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html>,
//! sections 2 and 3; over WebSocket section 6): control packets, several in a message, and one that
//! goes on in the next.

mod packet;
mod property;
mod reason;

use super::bytes::Cursor;
use super::line::Several;
use super::{Body, Builder, Bytes, Context, Decoder, Fit, Read, Unreadable, line};
use crate::model::Kind;

pub(super) const DECODER: Decoder = Decoder { id: "mqtt", label: "MQTT", fit, read };

/// A version of the protocol, as CONNECT tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Version {
    V3_1,
    V3_1_1,
    V5,
}

impl Version {
    fn of_level(level: u8) -> Option<Self> {
        // Bridges set the highest bit.
        match level & 0x7f {
            3 => Some(Self::V3_1),
            4 => Some(Self::V3_1_1),
            5 => Some(Self::V5),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V3_1 => "3.1",
            Self::V3_1_1 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// Packet types by number, with the four bits that stand beside it (section 2.1.3).
const PACKETS: [(&str, u8); 16] = [
    ("", 0),
    ("CONNECT", 0),
    ("CONNACK", 0),
    ("PUBLISH", 0),
    ("PUBACK", 0),
    ("PUBREC", 0),
    ("PUBREL", 2),
    ("PUBCOMP", 0),
    ("SUBSCRIBE", 2),
    ("SUBACK", 0),
    ("UNSUBSCRIBE", 2),
    ("UNSUBACK", 0),
    ("PINGREQ", 0),
    ("PINGRESP", 0),
    ("DISCONNECT", 0),
    ("AUTH", 0),
];

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = ["mqtt", "mqttv3.1"].into_iter().find(|name| context.speaks(name)) {
        return Fit::subprotocol(name);
    }
    if version_of_connect(context.payload).is_some() {
        return Fit::Looks("it begins with an MQTT CONNECT");
    }
    let began = context.opening.and_then(|opening| version_of_connect(opening));
    match began.filter(|_| context.kind == Kind::Binary) {
        Some(_) => Fit::Named(String::from("the CONNECT the connection began with")),
        None => Fit::No,
    }
}

/// The version that a CONNECT at the beginning tells.
fn version_of_connect(data: &[u8]) -> Option<Version> {
    let mut cursor = Cursor::new(data);
    if cursor.u8().ok()? != 0x10 {
        return None;
    }
    cursor.varint(4).ok()?;
    let length = cursor.u16().ok()?;
    let name = cursor.take(usize::from(length)).ok()?;
    let version = Version::of_level(cursor.u8().ok()?)?;
    (name == if version == Version::V3_1 { &b"MQIsdp"[..] } else { b"MQTT" }).then_some(version)
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let data = context.payload;
    if data.is_empty() {
        return Err(Unreadable::new("it is empty"));
    }
    let opening = context.opening.and_then(|opening| version_of_connect(opening));
    let stated = if let Some(version) = version_of_connect(data) {
        Some((version, "its CONNECT says so"))
    } else if let Some(version) = opening {
        Some((version, "the CONNECT of this connection says so"))
    } else if context.speaks("mqttv3.1") {
        Some((Version::V3_1, "the subprotocol says so"))
    } else {
        None
    };
    if let Some((version, why)) = stated {
        let note = format!("MQTT {}: {why}", version.name());
        return packets(data, version, &note).map(|(read, _)| read);
    }
    let five = packets(data, Version::V5, "MQTT 5: only its layout fits, no CONNECT was seen");
    let older =
        packets(data, Version::V3_1_1, "MQTT 3.1.1: only its layout fits, no CONNECT was seen");
    match (older, five) {
        (Ok((_, false)), Ok((_, false))) => {
            packets(data, Version::V5, "MQTT 3.1.1 or 5, which write it alike")
                .map(|(read, _)| read)
        }
        // Of one that is read either way, 3.1.1 would ask for an odd payload or an odd reply.
        (Ok(_), Ok(_)) => {
            let note = "MQTT 5: its layout fits, but that of 3.1.1 does, too; no CONNECT was seen";
            packets(data, Version::V5, note).map(|(read, _)| read)
        }
        (Ok((read, _)), Err(_)) | (Err(_), Ok((read, _))) => Ok(read),
        (Err(older), Err(five)) if older == five => Err(older),
        (Err(older), Err(five)) => {
            Err(Unreadable::new(format!("in version 3.1.1 {older}; in version 5 {five}")))
        }
    }
}

/// Reads all packets as this version has them; also whether versions 3.1.1 and 5 write one of them
/// differently.
fn packets(data: &Bytes, version: Version, note: &str) -> Result<(Read, bool), Unreadable> {
    let mut tree = Builder::default();
    let mut lines = Several::default();
    let mut read = Read::from(Body::Bytes(data.clone()));
    let (mut at, mut differs) = (0, false);
    while at < data.len() && !tree.is_full() {
        let Some(head) = head(data, at, version)? else {
            begin(&mut tree, &lines, note, false);
            lines.add(|| partial(&mut tree, &data[at..]));
            break;
        };
        begin(&mut tree, &lines, note, head.end < data.len());
        let mut reader = packet::Reader::new(data, &head, version, &mut tree);
        let line = reader.read()?;
        differs |= reader.differs;
        if let Some(part) = reader.part {
            read = read.part(part);
        }
        lines.add(|| line);
        at = head.end;
    }
    read.body = Body::Tree(tree.finish()?);
    Ok((read.summary(lines.line()), differs))
}

/// Begins a list where more than one packet follows, and a packet.
fn begin(tree: &mut Builder, lines: &Several, note: &str, follows: bool) {
    let is_first = lines.count() == 0;
    if is_first && follows {
        tree.array().note(note);
    }
    tree.object();
    if is_first && !follows {
        tree.note(note);
    }
}

/// The fixed header of a packet.
struct Head {
    number: u8,
    name: &'static str,
    flags: u8,
    /// Where its variable header begins, and where it ends.
    from: usize,
    end: usize,
}

/// Reads the fixed header at `at`; nothing where the packet goes on in the next message.
fn head(data: &[u8], at: usize, version: Version) -> Result<Option<Head>, Unreadable> {
    let mut cursor = Cursor::new(data);
    cursor.take(at)?;
    let first = cursor.u8()?;
    let (number, flags) = (first >> 4, first & 0x0f);
    let (name, wanted) = PACKETS[usize::from(number)];
    let wrong = |what: String| {
        let lost = "it may go on from the message before";
        Err(Unreadable::new(format!("{what}; {lost}")).at(at))
    };
    if name.is_empty() || (name == "AUTH" && version < Version::V5) {
        return wrong(format!("no packet has the type {number}"));
    }
    if name == "PUBLISH" && flags & 0b0110 == 0b0110 {
        return wrong(String::from("a PUBLISH has no QoS of 3"));
    }
    // Version 3.1 has QoS and DUP also in other packets.
    if name != "PUBLISH" && flags != wanted && version > Version::V3_1 {
        return wrong(format!("{name} is to have the flags {wanted}, not {flags}"));
    }
    let rest = &data[cursor.at()..];
    // A length that is cut off, as all its bytes say that it goes on.
    if rest.len() < 4 && rest.iter().all(|byte| byte & 0x80 != 0) {
        return Ok(None);
    }
    let length = cursor.varint(4)? as usize;
    let from = cursor.at();
    Ok((length <= cursor.left()).then_some(Head { number, name, flags, from, end: from + length }))
}

/// Adds what is known of a packet that goes on in the next message, and returns its line.
fn partial(tree: &mut Builder, rest: &[u8]) -> String {
    let mut cursor = Cursor::new(rest);
    let name = cursor.u8().map_or("", |first| PACKETS[usize::from(first >> 4)].0);
    let length = cursor.varint(4).ok();
    tree.key("packet").text(name);
    if let Some(length) = length {
        tree.key("remaining_length").number(length);
    }
    let here = if length.is_some() { cursor.rest().len() } else { 0 };
    tree.key("complete").bool(false).note("it goes on in the next message");
    tree.close();
    match length {
        Some(length) => {
            let (here, all) = (line::size(here), line::size(length as usize));
            format!("{name}, {here} of {all}, goes on in the next message")
        }
        None => format!("{name}, goes on in the next message"),
    }
}
