//! Properties of MQTT 5 (section 2.2.2.2, table 2-4): 27 of them, each with its type and the packets
//! it may stand in.

use super::super::bytes::Cursor;
use super::super::{Builder, Unreadable};
use super::packet::{binary, string};

/// How a value is written (section 1.5).
#[derive(Clone, Copy)]
enum Form {
    Byte,
    /// A byte of 0 or 1.
    Flag,
    Two,
    Four,
    Variable,
    Text,
    Bytes,
    Pair,
}

struct Property {
    id: u8,
    name: &'static str,
    form: Form,
    /// Numbers of the packet types it may stand in.
    places: &'static [u8],
    /// Its unit, or what it counts.
    note: &'static str,
}

const fn property(
    id: u8,
    name: &'static str,
    form: Form,
    places: &'static [u8],
    note: &'static str,
) -> Property {
    Property { id, name, form, places, note }
}

/// Stands for the properties of a will, which lie in a CONNECT.
pub(super) const WILL: u8 = 0;

const PROPERTIES: [Property; 27] = [
    property(1, "payload_format_indicator", Form::Byte, &[3, WILL], ""),
    property(2, "message_expiry_interval", Form::Four, &[3, WILL], "seconds"),
    property(3, "content_type", Form::Text, &[3, WILL], ""),
    property(8, "response_topic", Form::Text, &[3, WILL], ""),
    property(9, "correlation_data", Form::Bytes, &[3, WILL], ""),
    property(11, "subscription_identifier", Form::Variable, &[3, 8], ""),
    property(17, "session_expiry_interval", Form::Four, &[1, 2, 14], "seconds"),
    property(18, "assigned_client_identifier", Form::Text, &[2], ""),
    property(19, "server_keep_alive", Form::Two, &[2], "seconds"),
    property(21, "authentication_method", Form::Text, &[1, 2, 15], ""),
    property(22, "authentication_data", Form::Bytes, &[1, 2, 15], ""),
    property(23, "request_problem_information", Form::Flag, &[1], ""),
    property(24, "will_delay_interval", Form::Four, &[WILL], "seconds"),
    property(25, "request_response_information", Form::Flag, &[1], ""),
    property(26, "response_information", Form::Text, &[2], ""),
    property(28, "server_reference", Form::Text, &[2, 14], ""),
    property(31, "reason_string", Form::Text, &[2, 4, 5, 6, 7, 9, 11, 14, 15], ""),
    property(33, "receive_maximum", Form::Two, &[1, 2], "packets at once"),
    property(34, "topic_alias_maximum", Form::Two, &[1, 2], "aliases"),
    property(35, "topic_alias", Form::Two, &[3], ""),
    property(36, "maximum_qos", Form::Flag, &[2], ""),
    property(37, "retain_available", Form::Flag, &[2], ""),
    property(
        38,
        "user_property",
        Form::Pair,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, WILL],
        "",
    ),
    property(39, "maximum_packet_size", Form::Four, &[1, 2], "bytes"),
    property(40, "wildcard_subscription_available", Form::Flag, &[2], ""),
    property(41, "subscription_identifier_available", Form::Flag, &[2], ""),
    property(42, "shared_subscription_available", Form::Flag, &[2], ""),
];

/// What properties say of a payload.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) is_text: bool,
}

/// Adds the properties at the cursor, of a packet of this number, and moves behind them.
pub(super) fn read<'a>(
    tree: &mut Builder,
    data: &'a [u8],
    cursor: &mut Cursor<'a>,
    place: u8,
) -> Result<Said<'a>, Unreadable> {
    let length = cursor.varint(4)? as usize;
    let from = cursor.at();
    cursor.take(length)?;
    let mut cursor = Cursor::new(&data[..from + length]);
    cursor.take(from)?;
    let mut said = Said::default();
    let mut seen = 0_u64;
    tree.key(if place == WILL { "will_properties" } else { "properties" }).object();
    while !cursor.is_empty() && !tree.is_full() {
        let at = cursor.at();
        let id = cursor.varint(4)?;
        let known = PROPERTIES.iter().find(|known| u64::from(known.id) == id);
        let wrong = |what: String| Unreadable::new(what).at(at);
        let known = known.ok_or_else(|| wrong(format!("no property has the number {id}")))?;
        if !known.places.contains(&place) {
            return Err(wrong(format!("{} does not belong here", known.name)));
        }
        let may_repeat = id == 38 || (id == 11 && place == 3);
        if seen & (1 << id) != 0 && !may_repeat {
            return Err(wrong(format!("{} comes twice", known.name)));
        }
        seen |= 1 << id;
        tree.key(known.name);
        value(tree, &mut cursor, known, &mut said)?;
    }
    tree.close();
    Ok(said)
}

fn value<'a>(
    tree: &mut Builder,
    cursor: &mut Cursor<'a>,
    known: &Property,
    said: &mut Said<'a>,
) -> Result<(), Unreadable> {
    let at = cursor.at();
    match known.form {
        Form::Byte => {
            let byte = cursor.u8()?;
            if byte > 1 {
                return Err(Unreadable::new(format!("{} is neither 0 nor 1", known.name)).at(at));
            }
            said.is_text = byte == 1;
            tree.number(byte).note(if byte == 1 { "UTF-8 text" } else { "bytes" });
        }
        Form::Flag => {
            let byte = cursor.u8()?;
            if byte > 1 {
                return Err(Unreadable::new(format!("{} is neither 0 nor 1", known.name)).at(at));
            }
            tree.number(byte);
        }
        Form::Two => drop(tree.number(cursor.u16()?)),
        Form::Four => drop(tree.number(cursor.u32()?)),
        Form::Variable => {
            let number = cursor.varint(4)?;
            if number == 0 {
                return Err(Unreadable::new(format!("{} is 0", known.name)).at(at));
            }
            tree.number(number);
        }
        Form::Text => {
            let text = string(cursor, known.name)?;
            if known.id == 3 {
                said.content_type = Some(text);
            }
            tree.text(text);
        }
        Form::Bytes => drop(tree.bytes(binary(cursor)?)),
        Form::Pair => {
            let (name, value) = (string(cursor, known.name)?, string(cursor, known.name)?);
            tree.object();
            tree.key("name").text(name).key("value").text(value);
            tree.close();
        }
    }
    if !known.note.is_empty() {
        tree.note(known.note);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_of_the_table_is_there_once() {
        let ids: Vec<u8> = PROPERTIES.iter().map(|known| known.id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        // The sum of the identifiers in table 2-4, so that none is mistyped.
        assert_eq!((ids.len(), ids.iter().map(|id| u32::from(*id)).sum::<u32>()), (27, 663));
    }
}
