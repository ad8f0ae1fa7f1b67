//! Frames out of bytes (RFC 6455, section 5.2): incremental, without IO, for both directions, and
//! bounded whatever a header claims.

use bytes::{Buf, Bytes, BytesMut};

/// A frame up to this size waits in the read buffer until it is whole, and its payload is a slice
/// of that buffer; a larger one is gathered apart.
const SMALL: u64 = 64 << 10;

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

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// What stood before the payload.
    pub(super) header: Header,
    /// The payload, unmasked; only its beginning where it was over the limit.
    pub(super) payload: Bytes,
}

impl Frame {
    /// Bytes on the wire, header and payload.
    pub(super) fn wire(&self) -> u64 {
        self.header.length.saturating_add(u64::from(self.header.size))
    }

    /// Bytes of the payload that were left out.
    pub(super) fn cut(&self) -> u64 {
        self.header.length - self.payload.len() as u64
    }

    /// The bytes as they were on the wire, as far as they were kept.
    pub(super) fn raw(&self) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.payload.len() + 14);
        self.header.write(&mut raw);
        let start = raw.len();
        raw.extend_from_slice(&self.payload);
        if let Some(key) = self.header.mask {
            mask(raw.get_mut(start..).unwrap_or_default(), key, 0);
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

/// A frame too large for the read buffer, as far as it has come.
#[derive(Debug)]
struct Gathered {
    header: Header,
    kept: BytesMut,
    come: u64,
}

/// Makes frames of bytes, wherever those were split.
#[derive(Debug)]
pub(super) struct Decoder {
    buffer: BytesMut,
    limit: usize,
    /// A header whose payload is not whole yet; its bytes are still in the buffer.
    announced: Option<Header>,
    large: Option<Gathered>,
}

impl Decoder {
    /// Keeps at most `limit` bytes of a frame's payload.
    pub(super) fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, announced: None, large: None }
    }

    /// Where bytes are to be appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole frame. `admit` is asked as soon as a header is there, before any of its
    /// payload is waited for; what it refuses stays in the buffer for [`Decoder::sample`].
    ///
    /// # Errors
    /// What `admit` said.
    pub(super) fn next<E>(
        &mut self,
        admit: impl FnOnce(&Header) -> Result<(), E>,
    ) -> Result<Option<Frame>, E> {
        if self.large.is_some() {
            return Ok(self.gather());
        }
        let header = if let Some(header) = self.announced {
            header
        } else {
            let Some(header) = Header::parse(&self.buffer) else { return Ok(None) };
            admit(&header)?;
            header
        };
        if header.length > SMALL || header.length > self.limit as u64 {
            self.announced = None;
            self.buffer.advance(usize::from(header.size));
            self.large = Some(Gathered { header, kept: BytesMut::new(), come: 0 });
            return Ok(self.gather());
        }
        let (size, length) = (usize::from(header.size), header.length as usize);
        if self.buffer.len() < size + length {
            self.announced = Some(header);
            return Ok(None);
        }
        self.announced = None;
        self.buffer.advance(size);
        Ok(Some(Frame { header, payload: self.take(length, header.mask) }))
    }

    fn take(&mut self, length: usize, key: Option<[u8; 4]>) -> Bytes {
        if length == 0 {
            return Bytes::new();
        }
        let mut payload = self.buffer.split_to(length);
        if let Some(key) = key {
            mask(&mut payload, key, 0);
        }
        payload.freeze()
    }

    /// Moves what has come of a large frame; the frame once it is whole.
    fn gather(&mut self) -> Option<Frame> {
        let large = self.large.as_mut()?;
        let missing = large.header.length - large.come;
        let here = missing.min(self.buffer.len() as u64) as usize;
        let room = (self.limit - large.kept.len()).min(here);
        let start = large.kept.len();
        large.kept.extend_from_slice(self.buffer.get(..room).unwrap_or_default());
        if let Some(key) = large.header.mask {
            mask(large.kept.get_mut(start..).unwrap_or_default(), key, start as u64);
        }
        self.buffer.advance(here);
        large.come += here as u64;
        if large.come < large.header.length {
            return None;
        }
        let Gathered { header, kept, .. } = self.large.take()?;
        Some(Frame { header, payload: kept.freeze() })
    }

    /// The first `most` bytes of what was not made into frames.
    pub(super) fn sample(&self, most: usize) -> Bytes {
        Bytes::copy_from_slice(self.buffer.get(..most).unwrap_or(&self.buffer))
    }

    /// How far the frame that is not whole has come: its bytes, and all of them where its header
    /// is known. `None` between two frames.
    pub(super) fn unfinished(&self) -> Option<(u64, Option<u64>)> {
        if let Some(Gathered { header, come, .. }) = &self.large {
            let size = u64::from(header.size);
            return Some((size + come, Some(size.saturating_add(header.length))));
        }
        let come = self.buffer.len() as u64;
        let whole = self.announced.map(|header| u64::from(header.size) + header.length);
        (come > 0).then_some((come, whole))
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
