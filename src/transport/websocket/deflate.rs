//! Messages in and out of DEFLATE as permessage-deflate wants them (RFC 7692, section 7.2), in
//! bounded memory whatever they inflate to.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::extension::Side;

/// What a compressed message ends with on its way through the inflater and lacks on the wire
/// (section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Room for what is inflated beyond the limit, only to keep the window right.
const SINK: usize = 32 << 10;
/// The smallest window the compressor has, as a power of two.
const LEAST_BITS: u8 = 9;

/// What comes of a message, of which only so much is kept.
#[derive(Debug)]
pub(super) struct Kept {
    limit: usize,
    /// The beginning of the message.
    pub(super) bytes: Vec<u8>,
    /// Bytes that were left out.
    pub(super) cut: u64,
}

impl Kept {
    /// Room for `limit` bytes, none of which is taken yet.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), cut: 0 }
    }

    /// Adds what comes next.
    pub(super) fn add(&mut self, more: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len()).min(more.len());
        self.bytes.extend_from_slice(more.get(..room).unwrap_or_default());
        self.cut += (more.len() - room) as u64;
    }

    /// Cuts what is beyond the limit.
    fn settle(&mut self) {
        let excess = self.bytes.len().saturating_sub(self.limit);
        self.bytes.truncate(self.limit);
        self.cut += excess as u64;
    }
}

/// The data are no DEFLATE stream, or refer to more than the window agreed on holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Corrupt;

/// Inflates the messages of one direction.
#[derive(Debug)]
pub(super) struct Inflater {
    stream: Decompress,
    keeps_context: bool,
    /// The last thing that came was a final block.
    ended: bool,
    /// Something came of the message.
    begun: bool,
    sink: Vec<u8>,
}

impl Inflater {
    /// Inflates what is compressed as agreed for `side`.
    pub(super) fn new(side: Side) -> Self {
        Self {
            stream: Decompress::new_with_window_bits(false, side.bits.max(LEAST_BITS)),
            keeps_context: side.keeps_context,
            ended: false,
            begun: false,
            sink: Vec::new(),
        }
    }

    /// Inflates what comes next of a message.
    ///
    /// # Errors
    /// [`Corrupt`], after which nothing that comes can be inflated.
    pub(super) fn inflate(&mut self, mut input: &[u8], kept: &mut Kept) -> Result<(), Corrupt> {
        while !input.is_empty() {
            self.begun = true;
            let (used, status) = self.step(input, kept)?;
            input = input.get(used..).unwrap_or_default();
            self.ended = status == Status::StreamEnd;
            if self.ended {
                // A final block ends a stream, and not the message (section 7.2.3.4).
                self.stream.reset(false);
            }
        }
        Ok(())
    }

    /// Ends a message.
    ///
    /// # Errors
    /// [`Corrupt`], as above.
    pub(super) fn finish(&mut self, kept: &mut Kept) -> Result<(), Corrupt> {
        // Peers that send nothing at all for an empty message mean an empty message.
        if self.begun && !self.ended {
            self.inflate(&TAIL, kept)?;
        }
        self.begun = false;
        if !self.keeps_context {
            self.stream.reset(false);
        }
        Ok(())
    }

    /// Inflates until `input` is used up, a stream ends, or there is room no more for a moment.
    fn step(&mut self, input: &[u8], kept: &mut Kept) -> Result<(usize, Status), Corrupt> {
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let is_full = kept.bytes.len() >= kept.limit;
            let out = if is_full { &mut self.sink } else { &mut kept.bytes };
            if is_full {
                out.clear();
                out.reserve(SINK);
            } else {
                out.reserve((rest.len() * 4).max(64).min(kept.limit - out.len()));
            }
            let (came, went) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress_vec(rest, out, FlushDecompress::Sync)
                .map_err(|_| Corrupt)?;
            let has_room = out.len() < out.capacity();
            used += (self.stream.total_in() - came) as usize;
            let made = self.stream.total_out() - went;
            if is_full {
                kept.cut += made;
            } else {
                kept.settle();
            }
            if status == Status::StreamEnd || has_room && used == input.len() {
                return Ok((used, status));
            }
            if self.stream.total_in() == came && made == 0 {
                return if used == input.len() { Ok((used, status)) } else { Err(Corrupt) };
            }
        }
    }
}

/// Compresses the messages of one direction.
#[derive(Debug)]
pub(super) struct Deflater {
    stream: Compress,
    keeps_context: bool,
}

impl Deflater {
    /// Compresses as agreed for `side`.
    pub(super) fn new(side: Side) -> Self {
        // Of its window of 512 bytes the compressor refers to the last 250 alone, the rest being
        // what it looks ahead to; so that one does for 256 bytes too.
        let bits = side.bits.max(LEAST_BITS);
        Self {
            stream: Compress::new_with_window_bits(Compression::default(), false, bits),
            keeps_context: side.keeps_context,
        }
    }

    /// The payload of the message's next frame; `is_last` for its last one.
    pub(super) fn frame(&mut self, part: &[u8], is_last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(part.len() / 2 + 64);
        self.squeeze(part, &mut out);
        if is_last {
            if out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
            }
            if out.is_empty() {
                // The compressor has nothing to flush: an empty block (section 7.2.3.6).
                out.push(0);
            }
            if !self.keeps_context {
                self.stream.reset();
            }
        }
        out
    }

    fn squeeze(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        loop {
            out.reserve(input.len() / 2 + 64);
            let (before, length) = (self.stream.total_in(), out.len());
            // It fails for a stream that was finished alone, which this one never is.
            let _ = self.stream.compress_vec(input, out, FlushCompress::Sync);
            let used = (self.stream.total_in() - before) as usize;
            input = input.get(used..).unwrap_or_default();
            let has_room = out.len() < out.capacity();
            if input.is_empty() && has_room || used == 0 && out.len() == length {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "deflate_tests.rs"]
mod tests;
