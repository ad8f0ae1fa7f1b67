//! Frames out of bytes (RFC 6455, section 5.2): incremental, without IO, for both directions, and
//! bounded whatever a header claims: a payload is handed out as it comes.

use bytes::{Buf, Bytes, BytesMut};

/// Opcodes (RFC 6455, section 11.8).
pub(super) mod opcode {
    pub(crate) const CONTINUATION: u8 = 0;
    pub(crate) const TEXT: u8 = 1;
    pub(crate) const BINARY: u8 = 2;
    pub(crate) const CLOSE: u8 = 8;
    pub(crate) const PING: u8 = 9;
    pub(crate) const PONG: u8 = 10;
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The last frame of its message.
    pub(super) fin: bool,
    /// The three reserved bits; RSV1 is 4.
    pub(super) rsv: u8,
    /// Four bits.
    pub(super) opcode: u8,
    /// The key the payload is masked with.
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub(super) length: u64,
    /// Bytes of the header itself, 2 to 14.
    pub(super) size: u8,
}

impl Header {
    /// The header at the start of `bytes`; `None` while there are too few.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => rest
                .split_first_chunk()
                .map(|(n, rest)| (u64::from(u16::from_be_bytes(*n)), rest))?,
            127 => rest.split_first_chunk().map(|(n, rest)| (u64::from_be_bytes(*n), rest))?,
            short => (u64::from(short), rest),
        };
        let (mask, rest) = if second & 0x80 == 0 {
            (None, rest)
        } else {
            rest.split_first_chunk().map(|(key, rest)| (Some(*key), rest))?
        };
        Some(Self {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 7,
            opcode: first & 0x0f,
            mask,
            length,
            size: (bytes.len() - rest.len()) as u8,
        })
    }

    /// Control frames steer the connection and are never fragmented (RFC 6455, section 5.5).
    pub(super) const fn is_control(&self) -> bool {
        self.opcode & 8 != 0
    }

    /// The length is written in as few bytes as it needs.
    pub(super) const fn is_minimal(&self) -> bool {
        let key = if self.mask.is_some() { 4 } else { 0 };
        match self.size - key {
            2 => true,
            4 => self.length > 125,
            _ => self.length > 0xffff,
        }
    }

    /// Writes the header as it was on the wire.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        out.push(u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode);
        match self.size - if self.mask.is_some() { 4 } else { 0 } {
            2 => out.push(masked | self.length as u8),
            4 => {
                out.push(masked | 0x7e);
                out.extend((self.length as u16).to_be_bytes());
            }
            _ => {
                out.push(masked | 0x7f);
                out.extend(self.length.to_be_bytes());
            }
        }
        out.extend(self.mask.iter().flatten());
    }
}

/// A frame, or a part of one whose payload comes in several reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What stood before the payload.
    pub(super) header: Header,
    /// Bytes of the payload that came before.
    pub(super) start: u64,
    /// What came of the payload, unmasked.
    pub(super) bytes: Bytes,
}

impl Piece {
    /// The frame begins with it.
    pub(super) const fn is_first(&self) -> bool {
        self.start == 0
    }

    /// The frame ends with it.
    pub(super) const fn is_last(&self) -> bool {
        self.start + self.bytes.len() as u64 == self.header.length
    }

    /// Its bytes as they were on the wire, after those of the pieces before.
    pub(super) fn raw(&self) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.bytes.len() + 14);
        if self.is_first() {
            self.header.write(&mut raw);
        }
        let payload = raw.len();
        raw.extend_from_slice(&self.bytes);
        if let Some(key) = self.header.mask {
            mask(raw.get_mut(payload..).unwrap_or_default(), key, self.start);
        }
        raw
    }
}

/// Masks or unmasks `bytes`, of which the first is number `offset` of the payload (section 5.3).
fn mask(bytes: &mut [u8], mut key: [u8; 4], offset: u64) {
    key.rotate_left((offset % 4) as usize);
    for chunk in bytes.chunks_mut(4) {
        for (byte, key) in chunk.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
}

/// Makes frames of bytes, wherever those were split. Holds nothing of a payload itself.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    buffer: BytesMut,
    /// The frame whose header was read, and how much of its payload was handed out.
    current: Option<(Header, u64)>,
}

impl Decoder {
    /// Where bytes are to be appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next frame, or what is here of it; control frames, which are short, come whole. `admit`
    /// is asked as soon as a header is there, before any of its payload is waited for; what it
    /// refuses stays in the buffer for [`Decoder::sample`].
    ///
    /// # Errors
    /// What `admit` said.
    pub(super) fn next<E>(
        &mut self,
        admit: impl FnOnce(&Header) -> Result<(), E>,
    ) -> Result<Option<Piece>, E> {
        let (header, start) = if let Some(current) = self.current {
            current
        } else {
            let Some(header) = Header::parse(&self.buffer) else { return Ok(None) };
            admit(&header)?;
            self.buffer.advance(usize::from(header.size));
            (header, 0)
        };
        let missing = header.length - start;
        let here = missing.min(self.buffer.len() as u64);
        if here < missing && (here == 0 || header.is_control()) {
            self.current = Some((header, start));
            return Ok(None);
        }
        self.current = (here < missing).then_some((header, start + here));
        let bytes = self.take(here as usize, header.mask, start);
        Ok(Some(Piece { header, start, bytes }))
    }

    fn take(&mut self, length: usize, key: Option<[u8; 4]>, start: u64) -> Bytes {
        if length == 0 {
            return Bytes::new();
        }
        let mut payload = self.buffer.split_to(length);
        if let Some(key) = key {
            mask(&mut payload, key, start);
        }
        payload.freeze()
    }

    /// The first `most` bytes of what was not made into frames.
    pub(super) fn sample(&self, most: usize) -> Bytes {
        Bytes::copy_from_slice(self.buffer.get(..most).unwrap_or(&self.buffer))
    }

    /// How far the frame that is not whole has come: its bytes, and all of them where its header
    /// is known. `None` between two frames.
    pub(super) fn unfinished(&self) -> Option<(u64, Option<u64>)> {
        let waiting = self.buffer.len() as u64;
        if let Some((header, start)) = self.current {
            let size = u64::from(header.size);
            return Some((size + start + waiting, Some(size.saturating_add(header.length))));
        }
        (waiting > 0).then_some((waiting, None))
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
