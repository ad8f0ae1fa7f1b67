//! STOMP 1.0 to 1.2 (<https://stomp.github.io/stomp-specification-1.2.html>, "STOMP Frames"): frames
//! one after the other, line feeds between them as heart-beats.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::line::{self, Several};
use super::members::utf8;
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "stomp", label: "STOMP", fit, read };

const SUBPROTOCOLS: [&str; 3] = ["v12.stomp", "v11.stomp", "v10.stomp"];

const COMMANDS: [&str; 15] = [
    "CONNECT",
    "STOMP",
    "CONNECTED",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
    "DISCONNECT",
    "MESSAGE",
    "RECEIPT",
    "ERROR",
];

/// Headers of one frame, at most; the specification lets servers set a limit.
const HEADERS: usize = 1024;

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = SUBPROTOCOLS.into_iter().find(|name| context.speaks(name)) {
        return Fit::subprotocol(name);
    }
    let data = context.payload.trim_ascii_start();
    let line = data.iter().take(12).position(|byte| *byte == b'\n').unwrap_or(0);
    let command = data[..line].strip_suffix(b"\r").unwrap_or(&data[..line]);
    let is_command = COMMANDS.iter().any(|known| known.as_bytes() == command);
    if is_command && ends_as_a_frame(data) {
        return Fit::Looks("it begins with a STOMP command and ends with a NUL");
    }
    Fit::No
}

fn ends_as_a_frame(data: &[u8]) -> bool {
    let is_line_end = |byte: &&u8| matches!(byte, b'\n' | b'\r');
    data.iter().rev().find(|byte| !is_line_end(byte)) == Some(&0)
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let data = context.payload;
    let Some(mut next) = frame_at(data, 0) else { return heartbeat(data) };
    let is_1_0 = context.speaks("v10.stomp");
    let mut tree = Builder::default();
    let mut lines = Several::default();
    let mut read = Read::from(Body::Bytes(data.clone()));
    loop {
        let frame = frame(data, next, is_1_0)?;
        let following = frame_at(data, frame.end);
        if lines.count() == 0 && following.is_some() {
            tree.array();
        }
        frame.put(&mut tree);
        lines.add(|| frame.line());
        if !frame.body.is_empty() {
            let part = Part::bytes("body", data.slice_ref(frame.body));
            read = read.part(part.content_type(frame.header("content-type").unwrap_or_default()));
        }
        match following.filter(|_| !tree.is_full()) {
            Some(at) => next = at,
            None => break,
        }
    }
    read.body = Body::Tree(tree.finish()?);
    Ok(read.summary(lines.line()))
}

/// Where the next frame begins, behind line ends that may stand between frames.
fn frame_at(data: &[u8], from: usize) -> Option<usize> {
    let rest = data.get(from..)?;
    let at = rest.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    Some(from + at)
}

/// A message of nothing but line ends keeps the connection alive.
fn heartbeat(data: &[u8]) -> Result<Read, Unreadable> {
    if data.is_empty() {
        return Err(Unreadable::new("it is empty"));
    }
    let mut tree = Builder::default();
    tree.text("heart-beat").note("line ends keep the connection alive");
    Ok(Read::from(Body::Tree(tree.finish()?)).summary("heart-beat"))
}

struct Frame<'a> {
    command: &'a str,
    headers: Vec<Header<'a>>,
    body: &'a [u8],
    /// Bytes the body is to have, where that was said.
    length: Option<usize>,
    /// It ends with this payload.
    is_whole: bool,
    /// Where what follows stands.
    end: usize,
}

struct Header<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    /// An escape that is not defined was left as it stands.
    is_odd: bool,
}

/// Reads the frame that begins at `at`.
fn frame(data: &[u8], at: usize, is_1_0: bool) -> Result<Frame<'_>, Unreadable> {
    let wrong = |what: &str, at: usize| Err(Unreadable::new(what).at(at));
    let (line, mut next) = line_at(data, at)?;
    let Some(command) = COMMANDS.into_iter().find(|known| *known == line) else {
        return wrong("no frame has this command; it may go on from the message before", at);
    };
    // CONNECT and CONNECTED know no escapes, so that 1.0 can read them.
    let is_plain = is_1_0 || command.starts_with("CONNECT");
    let mut headers = Vec::new();
    let mut is_head_whole = false;
    while next < data.len() {
        let (line, after) = line_at(data, next)?;
        if line.is_empty() {
            (is_head_whole, next) = (true, after);
            break;
        }
        if headers.len() == HEADERS {
            return wrong("it has more than 1,024 headers", next);
        }
        headers.push(header(line, next, is_plain)?);
        next = after;
    }
    let mut frame =
        Frame { command, headers, body: &[], length: None, is_whole: false, end: data.len() };
    if is_head_whole {
        body(&mut frame, data, next)?;
    }
    Ok(frame)
}

/// The line that begins at `at` without its end, and where the next one begins.
fn line_at(data: &[u8], at: usize) -> Result<(&str, usize), Unreadable> {
    let end = memchr::memchr2(b'\n', 0, &data[at..]).map_or(data.len(), |end| at + end);
    if data.get(end) == Some(&0) {
        return Err(Unreadable::new("the frame ends before its headers do").at(end));
    }
    let line = data[at..end].strip_suffix(b"\r").unwrap_or(&data[at..end]);
    Ok((utf8(line, at)?, (end + 1).min(data.len())))
}

fn header(line: &str, at: usize, is_plain: bool) -> Result<Header<'_>, Unreadable> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| Unreadable::new("a header has no colon").at(at + line.len()))?;
    if is_plain {
        return Ok(Header { name: name.into(), value: value.into(), is_odd: false });
    }
    let mut is_odd = false;
    let (name, value) = (unescaped(name, &mut is_odd), unescaped(value, &mut is_odd));
    Ok(Header { name, value, is_odd })
}

/// A header without its escapes ("Value Encoding").
fn unescaped<'a>(text: &'a str, is_odd: &mut bool) -> Cow<'a, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('c') => out.push(':'),
            Some('\\') => out.push('\\'),
            other => {
                *is_odd = true;
                out.push('\\');
                out.extend(other);
            }
        }
    }
    out.into()
}

/// The body that begins at `from`: as long as the headers say, or up to the NUL.
fn body<'a>(frame: &mut Frame<'a>, data: &'a [u8], from: usize) -> Result<(), Unreadable> {
    let rest = &data[from..];
    let said = frame.header("content-length").map(str::trim).map(str::parse::<usize>);
    let length = match said {
        Some(Ok(length)) => length,
        Some(Err(_)) => return Err(Unreadable::new("content-length is no number").at(from)),
        None => memchr::memchr(0, rest).unwrap_or(rest.len()),
    };
    frame.length = said.is_some().then_some(length);
    frame.body = &rest[..length.min(rest.len())];
    match rest.get(length) {
        Some(0) => (frame.is_whole, frame.end) = (true, from + length + 1),
        Some(_) => {
            let what = "the body is followed by no NUL, so that content-length is wrong";
            return Err(Unreadable::new(what).at(from + length));
        }
        None => {}
    }
    Ok(())
}

impl Frame<'_> {
    /// The first header of this name; those that come again do not count.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| &*header.value)
    }

    fn put(&self, tree: &mut Builder) {
        tree.object();
        tree.key("command").text(self.command);
        tree.key("headers").object();
        for header in &self.headers {
            tree.key(&header.name).text(&header.value);
            if header.is_odd {
                tree.note("with an escape that is not defined, left as it stands");
            }
        }
        tree.close();
        if !self.body.is_empty() {
            let body = tree.key("body");
            match std::str::from_utf8(self.body) {
                Ok(text) => body.text(text),
                Err(_) => body.bytes(self.body),
            };
        }
        if !self.is_whole {
            tree.key("complete").bool(false).note("it goes on in the next message");
        }
        tree.close();
    }

    fn line(&self) -> String {
        let mut line = String::from(self.command);
        let told: &[(&str, &str)] = match self.command {
            "SEND" | "MESSAGE" => &[("destination", " ")],
            "SUBSCRIBE" => &[("destination", " "), ("id", ", id ")],
            "UNSUBSCRIBE" | "ACK" | "NACK" => &[("id", " ")],
            "CONNECT" | "STOMP" => &[("host", " "), ("accept-version", ", version ")],
            "CONNECTED" => &[("version", ", version ")],
            "BEGIN" | "COMMIT" | "ABORT" => &[("transaction", " ")],
            "RECEIPT" => &[("receipt-id", " ")],
            "ERROR" => &[("message", ": ")],
            _ => &[],
        };
        for (name, sign) in told {
            if let Some(value) = self.header(name) {
                let _ = write!(line, "{sign}{}", line::word(value));
            }
        }
        match self.length.filter(|_| !self.is_whole) {
            Some(length) => {
                let _ = write!(line, ", {} of {}", line::size(self.body.len()), line::size(length));
            }
            None if self.body.is_empty() => {}
            None => {
                let _ = write!(line, ", {}", line::size(self.body.len()));
            }
        }
        if !self.is_whole {
            line += ", goes on in the next message";
        }
        line
    }
}
