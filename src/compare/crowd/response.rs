//! Reads HTTP/1.1 responses as they come (RFC 9112) and keeps nothing of them but an unfinished
//! head: length, chunks, until the connection ends, or frames after 101.

use super::frames::Frames;

/// Bytes of a head, at most; of trailers and chunk extensions likewise.
const HEAD: usize = 16 << 10;

/// What there is in the bytes that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A head with this status; what follows is its body, or frames after 101.
    Head(u16),
    /// Bytes of a body, or of a WebSocket message.
    Data(&'a [u8]),
    /// A WebSocket ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// The response is complete, or the WebSocket was closed.
    End,
}

/// Why a connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It could not be made.
    #[error("{}", connect_words(.0))]
    Connect(std::io::Error),
    /// It was answered with something else than was asked for.
    #[error("the server answered with {0}")]
    Refused(u16),
    /// It broke.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// The server ended it.
    #[error("the server ended the connection")]
    Closed,
    /// The server broke a rule.
    #[error("{0}")]
    Broken(&'static str),
    /// Nothing came in time.
    #[error("the server did not answer within {} s", .0.as_secs())]
    Slow(std::time::Duration),
}

fn connect_words(error: &std::io::Error) -> String {
    // EMFILE, as every Unix numbers it.
    if cfg!(unix) && error.raw_os_error() == Some(24) {
        return String::from("this process may not open more files");
    }
    if error.kind() == std::io::ErrorKind::AddrNotAvailable {
        let words = "this machine has no free port left towards the server; most systems have \
                     about 28,000";
        return String::from(words);
    }
    format!("connecting failed: {error}")
}

/// Where in the responses of a connection the last piece ended.
#[derive(Debug)]
pub(super) struct Reader {
    phase: Phase,
    /// An unfinished head; without memory otherwise.
    head: Vec<u8>,
}

#[derive(Debug)]
enum Phase {
    Head,
    /// So many bytes of the body are to come.
    Length(u64),
    /// The size of a chunk so far, and how many bytes of its line came.
    Size {
        value: u64,
        came: u16,
        digits: bool,
    },
    /// So many bytes of a chunk, its line end included, are to come.
    Chunk(u64),
    /// Bytes of the trailers so far, and of the line they are in.
    Trailer {
        came: u16,
        line: u16,
    },
    UntilClosed,
    Frames(Frames),
}

impl Default for Reader {
    fn default() -> Self {
        Self { phase: Phase::Head, head: Vec::new() }
    }
}

impl Reader {
    /// Takes the next bytes and hands on what is in them.
    ///
    /// # Errors
    /// The server broke a rule, so that what follows is not understood.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        take: &mut impl FnMut(Piece<'_>),
    ) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            bytes = match &mut self.phase {
                Phase::Head => self.head(bytes, take)?,
                Phase::UntilClosed => {
                    take(Piece::Data(bytes));
                    return Ok(());
                }
                Phase::Frames(frames) => return frames.feed(bytes, take),
                Phase::Length(left) => {
                    let (data, rest) = bytes.split_at(fitting(*left, bytes));
                    *left -= data.len() as u64;
                    take(Piece::Data(data));
                    if *left == 0 {
                        self.over(take);
                    }
                    rest
                }
                Phase::Chunk(_) => self.chunk(bytes, take),
                Phase::Size { .. } | Phase::Trailer { .. } => {
                    let (first, rest) = bytes.split_at(1);
                    self.framing(first[0], take)?;
                    rest
                }
            };
        }
        Ok(())
    }

    fn over(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        self.phase = Phase::Head;
        take(Piece::End);
    }

    fn head<'a>(
        &mut self,
        bytes: &'a [u8],
        take: &mut impl FnMut(Piece<'_>),
    ) -> Result<&'a [u8], Trouble> {
        if self.head.is_empty()
            && let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n")
            && end <= HEAD
        {
            let (head, rest) = bytes.split_at(end + 4);
            self.begin(head, take)?;
            return Ok(rest);
        }
        // The end may lie across the pieces.
        let before = self.head.len();
        let room = (HEAD + 4).saturating_sub(before).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        let from = before.saturating_sub(3);
        let Some(end) = memchr::memmem::find(&self.head[from..], b"\r\n\r\n") else {
            if self.head.len() >= HEAD + 4 {
                return Err(Trouble::Broken("the head of a response was longer than 16 KiB"));
            }
            return Ok(&bytes[room..]);
        };
        let head = std::mem::take(&mut self.head);
        let end = from + end + 4;
        self.begin(&head[..end], take)?;
        Ok(&bytes[end - before..])
    }

    fn begin(&mut self, head: &[u8], take: &mut impl FnMut(Piece<'_>)) -> Result<(), Trouble> {
        let status = status(head).ok_or(Trouble::Broken("the answer was no HTTP/1.1 response"))?;
        if (100..200).contains(&status) && status != 101 {
            // The final one follows.
            return Ok(());
        }
        take(Piece::Head(status));
        self.phase = match status {
            101 => Phase::Frames(Frames::default()),
            204 | 304 => {
                self.over(take);
                return Ok(());
            }
            _ => body(head)?,
        };
        if matches!(self.phase, Phase::Length(0)) {
            self.over(take);
        }
        Ok(())
    }

    fn chunk<'a>(&mut self, bytes: &'a [u8], take: &mut impl FnMut(Piece<'_>)) -> &'a [u8] {
        let Phase::Chunk(left) = &mut self.phase else { return bytes };
        let (here, rest) = bytes.split_at(fitting(*left, bytes));
        let data = fitting(left.saturating_sub(2), here);
        *left -= here.len() as u64;
        if *left == 0 {
            self.phase = Phase::Size { value: 0, came: 0, digits: true };
        }
        if data > 0 {
            take(Piece::Data(&here[..data]));
        }
        rest
    }

    /// A byte between chunks or behind the last.
    fn framing(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) -> Result<(), Trouble> {
        match &mut self.phase {
            Phase::Size { value, came, digits } => {
                *came += 1;
                let digit = char::from(byte).to_digit(16).filter(|_| *digits);
                if let Some(digit) = digit {
                    if *value >> 56 != 0 {
                        return Err(Trouble::Broken("a chunk was too large"));
                    }
                    *value = *value << 4 | u64::from(digit);
                } else if *came == 1 {
                    return Err(Trouble::Broken("a chunk had no size"));
                } else if byte == b'\n' {
                    self.phase = match *value {
                        0 => Phase::Trailer { came: 0, line: 0 },
                        size => Phase::Chunk(size + 2),
                    };
                } else if usize::from(*came) > HEAD {
                    return Err(Trouble::Broken("the extension of a chunk was too long"));
                } else {
                    *digits = false;
                }
            }
            Phase::Trailer { came, line } => {
                *came += 1;
                if usize::from(*came) > HEAD {
                    return Err(Trouble::Broken("the trailers of a response were too long"));
                }
                match byte {
                    b'\n' if *line == 0 => self.over(take),
                    b'\n' => *line = 0,
                    b'\r' => {}
                    _ => *line += 1,
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// How many of `bytes` are among the next `left`.
fn fitting(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5).filter(|_| rest[0].is_ascii_digit() && rest[1] == b' ')?;
    let status = digits.iter().try_fold(0, |status: u16, digit| {
        digit.is_ascii_digit().then(|| status * 10 + u16::from(digit - b'0'))
    })?;
    (100..600).contains(&status).then_some(status)
}

/// How the body is delimited (RFC 9112, section 6.3).
fn body(head: &[u8]) -> Result<Phase, Trouble> {
    let mut length = None;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if value.eq_ignore_ascii_case(b"chunked") {
                return Ok(Phase::Size { value: 0, came: 0, digits: true });
            }
            return Err(Trouble::Broken("the response had an unknown transfer coding"));
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let number = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            length = Some(number.ok_or(Trouble::Broken("Content-Length was no number"))?);
        }
    }
    Ok(length.map_or(Phase::UntilClosed, Phase::Length))
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    /// What is in it, data joined, in pieces of this size.
    fn told(stream: &[u8], size: usize) -> Result<String, Trouble> {
        let (mut reader, mut told) = (Reader::default(), String::new());
        for piece in stream.chunks(size) {
            reader.feed(piece, &mut |piece| match piece {
                Piece::Head(status) => told.extend(["<", &status.to_string(), ">"]),
                Piece::Data(bytes) => told.push_str(&String::from_utf8_lossy(bytes)),
                Piece::Ping(_) => told.push_str("<ping>"),
                Piece::End => told.push_str("<end>"),
            })?;
        }
        Ok(told)
    }

    #[test]
    fn responses_are_read_however_they_are_cut() {
        let table: [(&[u8], &str); 6] = [
            (
                b"HTTP/1.1 200 OK\r\nContent-LENGTH: 5\r\n\r\nhelloHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                "<200>hello<end><204><end><200><end>",
            ),
            (
                b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n00A;x=\"1\"\r\n0123456789\r\n0\r\nx: y\r\n\r\nHTTP/1.0 404 No\r\n",
                "<200>hello0123456789<end>",
            ),
            (b"HTTP/1.0 200 OK\r\n\r\nto the end", "<200>to the end"),
            (b"HTTP/1.1 101 Switching\r\n\r\n\x81\x02hi\x89\x00\x88\x00", "<101>hi<ping><end>"),
            (b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno", "<503>no<end>"),
            (b"", ""),
        ];
        for (stream, wanted) in table {
            for size in 1..=stream.len().max(1) {
                assert_eq!(told(stream, size).expect("no rule is broken"), wanted, "{size}");
            }
        }
    }

    #[test]
    fn nonsense_ends_it_and_nothing_grows_without_bound() {
        let long = |start: &str| [start.as_bytes(), "a".repeat(40_000).as_bytes()].concat();
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let table = [
            b"SSH-2.0-x\r\n\r\n".to_vec(),
            b"HTTP/1.1 2000 OK\r\ncontent-length: x\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n".to_vec(),
            long("HTTP/1.1 200 OK\r\n"),
            format!("{chunked}\r\n").into_bytes(),
            format!("{chunked}fffffffffffffffff\r\n").into_bytes(),
            long(&format!("{chunked}1;")),
            long(&format!("{chunked}0\r\n")),
        ];
        for stream in table {
            for size in [1, 17, 100_000] {
                let text = String::from_utf8_lossy(&stream);
                assert!(told(&stream, size).is_err(), "{size}: {}", &text[..text.len().min(80)]);
            }
        }
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut random = fastrand::Rng::with_seed(7);
        let starts =
            ["", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "HTTP/1.1 101 S\r\n\r\n"];
        for round in 0..3000 {
            let mut stream = starts[round % starts.len()].as_bytes().to_vec();
            stream.extend(
                (0..random.usize(..300)).map(|_| b"0\r\n:;a\x81\x7f\xff"[random.usize(..9)]),
            );
            let _ = told(&stream, random.usize(1..50));
        }
    }
}
