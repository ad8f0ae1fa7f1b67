//! What stands in MQTT's control packets behind their fixed header (section 3).

use super::super::bytes::Cursor;
use super::super::{Builder, Bytes, Part, Unreadable, line};
use super::property::{self, Said, WILL};
use super::{Head, Version, reason};

const QOS: [&str; 3] = ["at most once", "at least once", "exactly once"];
const RETAIN_HANDLING: [&str; 3] =
    ["send retained messages", "send them for a new subscription only", "send none of them"];

/// Reads one packet.
pub(super) struct Reader<'a, 't> {
    data: &'a Bytes,
    head: &'t Head,
    cursor: Cursor<'a>,
    version: Version,
    tree: &'t mut Builder,
    /// Versions 3.1.1 and 5 write it differently.
    pub(super) differs: bool,
    /// The payload of a PUBLISH, or of a will.
    pub(super) part: Option<Part>,
}

type Line = Result<String, Unreadable>;

impl<'a, 't> Reader<'a, 't> {
    /// For a packet of which all bytes are there, and whose object was begun.
    pub(super) fn new(
        data: &'a Bytes,
        head: &'t Head,
        version: Version,
        tree: &'t mut Builder,
    ) -> Self {
        let mut cursor = Cursor::new(&data[..head.end]);
        // The fixed header is there.
        let _ = cursor.take(head.from);
        Self { data, head, cursor, version, tree, differs: false, part: None }
    }

    fn is_5(&self) -> bool {
        self.version == Version::V5
    }

    /// Adds the packet to the tree, and returns its line.
    pub(super) fn read(&mut self) -> Line {
        let name = self.head.name;
        self.tree.key("packet").text(name);
        if name == "PUBLISH" {
            let flags = self.head.flags;
            self.tree.key("dup").bool(flags & 8 != 0);
            self.qos("qos", flags >> 1 & 3)?;
            self.tree.key("retain").bool(flags & 1 != 0);
        }
        self.tree.key("remaining_length").number(self.head.end - self.head.from);
        let line = match name {
            "CONNECT" => self.connect(),
            "CONNACK" => self.connack(),
            "PUBLISH" => self.publish(),
            "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP" => self.acknowledgement(),
            "SUBSCRIBE" => self.subscribe(),
            "SUBACK" | "UNSUBACK" => self.suback(),
            "UNSUBSCRIBE" => self.unsubscribe(),
            "DISCONNECT" | "AUTH" => self.last(),
            _ => Ok(String::from(name)),
        }?;
        if !self.cursor.is_empty() {
            let left = line::size(self.cursor.left());
            return Err(self.cursor.wrong(format!("{left} stand behind what {name} has")));
        }
        self.tree.close();
        Ok(line)
    }

    fn connect(&mut self) -> Line {
        let at = self.cursor.at();
        let protocol = string(&mut self.cursor, "the protocol name")?;
        let level = self.cursor.u8()?;
        let known = Version::of_level(level).filter(|version| {
            protocol == if *version == Version::V3_1 { "MQIsdp" } else { "MQTT" }
        });
        let known = known.ok_or_else(|| {
            let protocol = line::word(protocol);
            Unreadable::new(format!("{protocol} of level {level} is no known version")).at(at)
        })?;
        self.version = known;
        let flags = self.cursor.u8()?;
        let keep_alive = self.cursor.u16()?;
        self.tree.key("protocol_name").text(protocol);
        self.tree.key("protocol_level").number(level).note(format!("MQTT {}", known.name()));
        self.tree
            .key(if self.is_5() { "clean_start" } else { "clean_session" })
            .bool(flags & 2 != 0);
        self.tree.key("keep_alive").number(keep_alive).note("seconds");
        if self.is_5() {
            self.properties(1)?;
        }
        let client = string(&mut self.cursor, "the client identifier")?;
        self.tree.key("client_identifier").text(client);
        if flags & 4 != 0 {
            self.will(flags)?;
        }
        if flags & 0x80 != 0 {
            let user = string(&mut self.cursor, "the user name")?;
            self.tree.key("user_name").text(user);
        }
        if flags & 0x40 != 0 {
            let password = binary(&mut self.cursor)?;
            self.put("password", password);
        }
        let client = if client.is_empty() {
            "without a client identifier".into()
        } else {
            line::word(client)
        };
        Ok(format!("CONNECT {client}, MQTT {}, keep alive {keep_alive} s", known.name()))
    }

    fn will(&mut self, flags: u8) -> Result<(), Unreadable> {
        self.qos("will_qos", flags >> 3 & 3)?;
        self.tree.key("will_retain").bool(flags & 0x20 != 0);
        let said = if self.is_5() { self.properties(WILL)? } else { Said::default() };
        let topic = string(&mut self.cursor, "the will's topic")?;
        self.tree.key("will_topic").text(topic);
        let payload = binary(&mut self.cursor)?;
        self.put("will_payload", payload);
        self.part = Some(self.payload("will payload", payload, &said));
        Ok(())
    }

    fn connack(&mut self) -> Line {
        let flags = self.cursor.u8()?;
        if flags > 1 {
            return Err(self.cursor.wrong("the acknowledge flags are neither 0 nor 1"));
        }
        self.tree.key("session_present").bool(flags == 1);
        self.differs = true;
        let reason = self.reason(if self.is_5() { "reason_code" } else { "return_code" })?;
        if self.is_5() {
            self.properties(2)?;
        }
        let present = if flags == 1 { ", session present" } else { "" };
        Ok(format!("CONNACK: {reason}{present}"))
    }

    fn publish(&mut self) -> Line {
        let at = self.cursor.at();
        let topic = string(&mut self.cursor, "the topic")?;
        if topic.contains(['#', '+']) {
            return Err(Unreadable::new("the topic has a wildcard").at(at));
        }
        if topic.is_empty() && !self.is_5() {
            return Err(Unreadable::new("the topic is empty").at(at));
        }
        self.tree.key("topic_name").text(topic);
        let qos = self.head.flags >> 1 & 3;
        if qos > 0 {
            self.identifier()?;
        }
        self.differs = true;
        let said = if self.is_5() { self.properties(3)? } else { Said::default() };
        let payload = self.cursor.rest();
        self.put("payload", payload);
        if !payload.is_empty() {
            self.part = Some(self.payload("payload", payload, &said));
        }
        let topic = if topic.is_empty() { "by its alias".into() } else { line::word(topic) };
        let retained = if self.head.flags & 1 != 0 { ", retained" } else { "" };
        let again = if self.head.flags & 8 != 0 { ", sent again" } else { "" };
        Ok(format!("PUBLISH {topic}, QoS {qos}{retained}{again}, {}", line::size(payload.len())))
    }

    fn acknowledgement(&mut self) -> Line {
        let id = self.identifier()?;
        let said = self.optional_reason()?;
        Ok(format!(
            "{} {id}{}",
            self.head.name,
            said.map_or_else(String::new, |said| format!(": {said}"))
        ))
    }

    /// DISCONNECT and AUTH.
    fn last(&mut self) -> Line {
        let said = self.optional_reason()?;
        let name = self.head.name;
        Ok(said.map_or_else(|| String::from(name), |said| format!("{name}: {said}")))
    }

    /// A reason and properties, which version 5 leaves out where there is nothing to say.
    fn optional_reason(&mut self) -> Result<Option<&'static str>, Unreadable> {
        if !self.is_5() || self.cursor.is_empty() {
            return Ok(None);
        }
        let reason = self.reason("reason_code")?;
        if !self.cursor.is_empty() {
            self.properties(self.head.number)?;
        }
        Ok(Some(reason))
    }

    fn subscribe(&mut self) -> Line {
        let id = self.identifier()?;
        self.differs = true;
        if self.is_5() {
            self.properties(8)?;
        }
        self.tree.key("subscriptions").array();
        let (mut first, mut count) = (None, 0);
        while !self.cursor.is_empty() && !self.tree.is_full() {
            let filter = self.filter()?;
            let options = self.cursor.u8()?;
            let reserved = if self.is_5() { 0xc0 } else { 0xfc };
            if options & reserved != 0 {
                return Err(self.cursor.wrong("the options have bits that are reserved"));
            }
            self.tree.object();
            self.tree.key("topic_filter").text(filter);
            self.qos("qos", options & 3)?;
            if self.is_5() {
                self.tree.key("no_local").bool(options & 4 != 0);
                self.tree.key("retain_as_published").bool(options & 8 != 0);
                let handling = options >> 4 & 3;
                let note = RETAIN_HANDLING.get(usize::from(handling));
                let note = note.ok_or_else(|| self.cursor.wrong("no retain handling is 3"))?;
                self.tree.key("retain_handling").number(handling).note(*note);
            }
            self.tree.close();
            first = first.or(Some(filter));
            count += 1;
        }
        self.filters("SUBSCRIBE", id, first, count)
    }

    fn unsubscribe(&mut self) -> Line {
        let id = self.identifier()?;
        self.differs = true;
        if self.is_5() {
            self.properties(10)?;
        }
        self.tree.key("topic_filters").array();
        let (mut first, mut count) = (None, 0);
        while !self.cursor.is_empty() && !self.tree.is_full() {
            let filter = self.filter()?;
            self.tree.text(filter);
            first = first.or(Some(filter));
            count += 1;
        }
        self.filters("UNSUBSCRIBE", id, first, count)
    }

    fn filter(&mut self) -> Result<&'a str, Unreadable> {
        let at = self.cursor.at();
        let filter = string(&mut self.cursor, "a topic filter")?;
        if filter.is_empty() {
            return Err(Unreadable::new("a topic filter is empty").at(at));
        }
        Ok(filter)
    }

    /// Ends a list of filters, of which there must be one.
    fn filters(&mut self, name: &str, id: u16, first: Option<&str>, count: usize) -> Line {
        self.tree.close();
        let first =
            first.ok_or_else(|| self.cursor.wrong(format!("{name} names no topic filter")))?;
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        Ok(format!("{name} {id}: {}{more}", line::word(first)))
    }

    fn suback(&mut self) -> Line {
        let (id, name) = (self.identifier()?, self.head.name);
        self.differs = true;
        if self.is_5() {
            self.properties(self.head.number)?;
        } else if name == "UNSUBACK" {
            return Ok(format!("UNSUBACK {id}"));
        }
        self.tree.key(if self.is_5() { "reason_codes" } else { "return_codes" }).array();
        let (mut first, mut count) = (None, 0);
        while !self.cursor.is_empty() && !self.tree.is_full() {
            let reason = self.code()?;
            first = first.or(Some(reason));
            count += 1;
        }
        self.tree.close();
        let first = first.ok_or_else(|| self.cursor.wrong(format!("{name} says no reason")))?;
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        Ok(format!("{name} {id}: {first}{more}"))
    }

    fn properties(&mut self, place: u8) -> Result<Said<'a>, Unreadable> {
        property::read(self.tree, self.data, &mut self.cursor, place)
    }

    fn reason(&mut self, key: &str) -> Result<&'static str, Unreadable> {
        self.tree.key(key);
        self.code()
    }

    /// Adds the code at the cursor with its name.
    fn code(&mut self) -> Result<&'static str, Unreadable> {
        let (at, name) = (self.cursor.at(), self.head.name);
        let code = self.cursor.u8()?;
        let reason = reason::name(name, code, self.version);
        let wrong = || Unreadable::new(format!("{name} has no reason {code}")).at(at);
        let reason = reason.ok_or_else(wrong)?;
        self.tree.number(code).note(reason);
        Ok(reason)
    }

    fn identifier(&mut self) -> Result<u16, Unreadable> {
        let at = self.cursor.at();
        let id = self.cursor.u16()?;
        if id == 0 {
            return Err(Unreadable::new("the packet identifier is 0").at(at));
        }
        self.tree.key("packet_identifier").number(id);
        Ok(id)
    }

    fn qos(&mut self, key: &str, qos: u8) -> Result<(), Unreadable> {
        let note = QOS.get(usize::from(qos));
        let note = note.ok_or_else(|| self.cursor.wrong("no QoS is 3"))?;
        self.tree.key(key).number(qos).note(*note);
        Ok(())
    }

    /// Adds bytes, as text where they are.
    fn put(&mut self, key: &str, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.tree.key(key).text(text),
            Err(_) => self.tree.key(key).bytes(bytes),
        };
    }

    fn payload(&self, name: &str, payload: &'a [u8], said: &Said<'_>) -> Part {
        let payload = self.data.slice_ref(payload);
        let part =
            if said.is_text { Part::text(name, payload) } else { Part::bytes(name, payload) };
        part.content_type(said.content_type.unwrap_or_default())
    }
}

/// A text behind its length (section 1.5.4).
pub(super) fn string<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<&'a str, Unreadable> {
    let at = cursor.at();
    let length = usize::from(cursor.u16()?);
    if length > cursor.left() {
        return Err(Unreadable::new(format!("{what} is longer than the packet")).at(at));
    }
    let text = cursor.text(length)?;
    if text.contains('\0') {
        return Err(Unreadable::new(format!("{what} holds a NUL")).at(at));
    }
    Ok(text)
}

/// Bytes behind their length (section 1.5.6).
pub(super) fn binary<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Unreadable> {
    let length = cursor.u16()?;
    cursor.take(usize::from(length))
}
