//! Skips through what a WebSocket server sends (RFC 6455, section 5.2): the payload of data frames
//! is handed on in pieces, the rest is told.

use super::response::{Piece, Trouble};

/// Bytes of a control frame's payload, at most.
const CONTROL: u64 = 125;

/// Where in the stream of frames the last piece ended.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; 10],
    /// Bytes of it that came.
    came: u8,
    /// Payload bytes of the frame that are still to come.
    left: u64,
    /// Payload of a ping so far; without memory otherwise.
    ping: Vec<u8>,
}

impl Frames {
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        take: &mut impl FnMut(Piece<'_>),
    ) -> Result<(), Trouble> {
        while let [first, rest @ ..] = bytes {
            if !self.has_head() {
                self.head[usize::from(self.came)] = *first;
                self.came += 1;
                bytes = rest;
                if self.has_head() {
                    self.begin(take)?;
                }
                continue;
            }
            let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (payload, rest) = bytes.split_at(here);
            bytes = rest;
            self.left -= here as u64;
            self.payload(payload, take);
        }
        Ok(())
    }

    fn opcode(&self) -> u8 {
        self.head[0] & 0x0f
    }

    /// Bytes that the head has.
    fn length(&self) -> u8 {
        match self.head[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn has_head(&self) -> bool {
        self.came >= 2 && self.came >= self.length()
    }

    fn begin(&mut self, take: &mut impl FnMut(Piece<'_>)) -> Result<(), Trouble> {
        let [_, second, length @ ..] = self.head;
        self.left = match second & 0x7f {
            126 => u64::from(u16::from_be_bytes([length[0], length[1]])),
            127 => u64::from_be_bytes(length),
            short => u64::from(short),
        };
        if self.head[0] & 0x70 != 0 {
            return Err(Trouble::Broken("a reserved bit of a frame was set"));
        }
        if second & 0x80 != 0 {
            return Err(Trouble::Broken("the server masked a frame"));
        }
        if self.opcode() >= 8 && self.left > CONTROL {
            return Err(Trouble::Broken("a control frame was too long"));
        }
        if self.left == 0 {
            self.payload(&[], take);
        }
        Ok(())
    }

    /// A piece of the payload; with its last one the frame is over.
    fn payload(&mut self, bytes: &[u8], take: &mut impl FnMut(Piece<'_>)) {
        match self.opcode() {
            0..=7 => take(Piece::Data(bytes)),
            9 => self.ping.extend_from_slice(bytes),
            _ => {}
        }
        if self.left > 0 {
            return;
        }
        self.came = 0;
        match self.opcode() {
            8 => take(Piece::End),
            9 => take(Piece::Ping(&std::mem::take(&mut self.ping))),
            _ => {}
        }
    }
}

/// A pong with the payload of the ping it answers, masked as clients have to (section 5.3).
pub(super) fn pong(payload: &[u8], out: &mut Vec<u8>) {
    let payload = &payload[..payload.len().min(CONTROL as usize)];
    let mask = fastrand::u32(..).to_be_bytes();
    out.extend_from_slice(&[0x8a, 0x80 | payload.len() as u8]);
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    /// What was told, data joined.
    fn all(stream: &[u8], size: usize) -> Result<(Vec<u8>, Vec<String>), Trouble> {
        let (mut frames, mut data, mut told) = (Frames::default(), Vec::new(), Vec::new());
        for piece in stream.chunks(size) {
            frames.feed(piece, &mut |piece| match piece {
                Piece::Data(bytes) => data.extend_from_slice(bytes),
                other => told.push(format!("{other:?}")),
            })?;
        }
        Ok((data, told))
    }

    #[test]
    fn frames_are_skipped_however_they_are_cut() {
        let mut stream = vec![0x81, 2, b'h', b'i', 0x89, 2, b'a', b'b', 0x01, 126, 0, 200];
        stream.extend([b'x'; 200]);
        stream.extend([0x80, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        stream.extend(vec![b'y'; 65_536]);
        stream.extend([0x89, 0, 0x8a, 1, b'p', 0x81, 0, 0x88, 2, 3, 232]);
        for size in [1, 2, 3, 7, 100, 1 << 20] {
            let (data, told) = all(&stream, size).expect("nothing is wrong with it");
            assert_eq!(data.len(), 2 + 200 + 65_536, "in pieces of {size}");
            assert_eq!(told, ["Ping([97, 98])", "Ping([])", "End"], "in pieces of {size}");
        }
    }

    #[test]
    fn broken_rules_end_it() {
        for stream in [&[0xc1, 0][..], &[0x81, 0x81], &[0x89, 126, 0, 126]] {
            assert!(all(stream, 1).is_err(), "{stream:?}");
        }
    }

    #[test]
    fn a_pong_says_what_the_ping_said() {
        let mut out = Vec::new();
        pong(b"abc", &mut out);
        assert_eq!(out[..2], [0x8a, 0x83]);
        let mask = [out[2], out[3], out[4], out[5]];
        let said: Vec<u8> = out[6..].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(said, b"abc");
        out.clear();
        pong(&[0; 4000], &mut out);
        assert_eq!(out.len(), 6 + 125);
    }
}
