//! Content codings (RFC 9110, section 8.4.1) taken off a body as it comes, each byte as soon as it
//! can be had and never more than a piece at a time. Pure.

use async_compression::codecs::zstd::params::DParameter;
use async_compression::codecs::{
    BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use bytes::{Buf, Bytes};

/// What may be asked for.
pub const OFFERED: &str = "gzip, deflate, br, zstd";

/// Bytes that come out at once, at most.
const PIECE: usize = 32 << 10;
/// Codings one over the other, at most.
const LAYERS: usize = 4;
/// The largest window of zstd, as a power of two (RFC 9659).
const ZSTD_WINDOW: u32 = 23;

/// A body that is not what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodingError {
    /// It breaks the format.
    #[error("the body is not the {coding} it says it is: {cause}")]
    Broken { coding: &'static str, cause: String },
    /// Something follows its end.
    #[error("the {coding} body is followed by something else")]
    Trailing { coding: &'static str },
    /// It ends too early.
    #[error("the answer ended before its {coding} encoding did")]
    Cut { coding: &'static str },
}

/// Takes the codings off a body.
pub(super) struct Decoder {
    /// The outermost first.
    layers: Vec<Layer>,
}

impl Decoder {
    /// For the value of `Content-Encoding`; `None` when it names no coding.
    ///
    /// # Errors
    /// The first coding that is not known here, or more of them than anybody means.
    pub(super) fn new(codings: &str) -> Result<Option<Self>, String> {
        let mut layers = Vec::new();
        for name in codings.split(',').map(str::trim).rev() {
            let Some(coding) = Coding::of(name)? else { continue };
            if layers.len() >= LAYERS {
                return Err(codings.to_owned());
            }
            layers.push(Layer::new(coding));
        }
        Ok((!layers.is_empty()).then_some(Self { layers }))
    }

    /// Takes the next bytes of the body; only when [`Decoder::next`] wants more.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        if let Some(outermost) = self.layers.first_mut() {
            outermost.input = bytes;
        }
    }

    /// The next piece without codings; `None` when more of the body has to come first.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, CodingError> {
        pull(&mut self.layers)
    }

    /// Says that the body is over, after all of it was taken out.
    pub(super) fn end(&self) -> Result<(), CodingError> {
        let cut = self.layers.iter().find(|layer| layer.is_within);
        cut.map_or(Ok(()), |layer| Err(CodingError::Cut { coding: layer.coding.name() }))
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.layers.iter().map(|layer| layer.coding)).finish()
    }
}

fn pull(layers: &mut [Layer]) -> Result<Option<Bytes>, CodingError> {
    let Some((inner, outer)) = layers.split_last_mut() else { return Ok(None) };
    loop {
        if let Some(piece) = inner.next()? {
            return Ok(Some(piece));
        }
        match pull(outer)? {
            Some(piece) => inner.input = piece,
            None => return Ok(None),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn of(name: &str) -> Result<Option<Self>, String> {
        Ok(Some(match name.to_ascii_lowercase().as_str() {
            "" | "identity" => return Ok(None),
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return Err(name.to_owned()),
        }))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Whether one may follow another (RFC 1952, section 2.2; RFC 8878, section 3).
    const fn has_members(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }

    /// The codec for a body that begins so; `None` when two bytes are needed to know.
    fn codec(self, start: &[u8]) -> Option<Box<dyn DecodeV2 + Send>> {
        Some(match self {
            Self::Gzip => Box::new(GzipDecoder::new()),
            // Meant to be zlib, but sent raw by servers of old (RFC 9110, section 8.4.1.2).
            Self::Deflate => match start {
                [] | [_] => return None,
                [first, second, ..] if is_zlib(*first, *second) => Box::new(ZlibDecoder::new()),
                _ => Box::new(DeflateDecoder::new()),
            },
            Self::Brotli => Box::new(BrotliDecoder::new()),
            Self::Zstd => {
                let window = DParameter::window_log_max(ZSTD_WINDOW);
                Box::new(ZstdDecoder::new_with_params(&[window]))
            }
        })
    }
}

/// Whether these begin a zlib stream (RFC 1950, section 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// One coding.
struct Layer {
    coding: Coding,
    codec: Option<Box<dyn DecodeV2 + Send>>,
    /// What has come and was not taken yet.
    input: Bytes,
    /// Where pieces are decoded to.
    space: Vec<u8>,
    /// The first byte of a body whose second one decides.
    held: Option<u8>,
    /// It began and has not ended.
    is_within: bool,
    /// It ended at least once.
    has_ended: bool,
    /// The last piece was full, so there may be more without further input.
    may_hold: bool,
}

impl Layer {
    fn new(coding: Coding) -> Self {
        Self {
            coding,
            codec: None,
            input: Bytes::new(),
            space: Vec::new(),
            held: None,
            is_within: false,
            has_ended: false,
            may_hold: false,
        }
    }

    /// The next piece; `None` when there is nothing without more input.
    fn next(&mut self) -> Result<Option<Bytes>, CodingError> {
        while !self.input.is_empty() || self.may_hold {
            if !self.is_within && !self.begin()? {
                return Ok(None);
            }
            let written = self.step()?;
            self.may_hold = written == PIECE;
            if written > 0 {
                return Ok(self.space.get(..written).map(Bytes::copy_from_slice));
            }
        }
        Ok(None)
    }

    /// Makes ready for a member; false when that takes more input.
    fn begin(&mut self) -> Result<bool, CodingError> {
        self.may_hold = false;
        if self.input.is_empty() {
            return Ok(false);
        }
        if self.has_ended && !self.coding.has_members() {
            return Err(CodingError::Trailing { coding: self.coding.name() });
        }
        if let Some(first) = self.held.take() {
            self.input = Bytes::from([&[first], self.input.as_ref()].concat());
        }
        if let Some(codec) = &mut self.codec {
            codec.reinit().map_err(|error| self.broken(&error))?;
        } else if let Some(codec) = self.coding.codec(&self.input) {
            self.codec = Some(codec);
        } else {
            self.held = self.input.first().copied();
            self.input.clear();
            return Ok(false);
        }
        self.is_within = true;
        Ok(true)
    }

    /// Decodes once into the space; how many bytes that gave.
    fn step(&mut self) -> Result<usize, CodingError> {
        let Some(codec) = &mut self.codec else { return Ok(0) };
        self.space.resize(PIECE, 0);
        let mut input = PartialBuffer::new(self.input.as_ref());
        let mut output = WriteBuffer::new_initialized(&mut self.space);
        let result = codec.decode(&mut input, &mut output);
        let (read, written) = (input.written_len(), output.written_len());
        let was_empty = self.input.is_empty();
        self.input.advance(read);
        match result {
            Ok(true) => {
                self.is_within = false;
                self.has_ended = true;
            }
            Ok(false) if read == 0 && written == 0 && !was_empty => {
                return Err(self.broken(&"it does not go on"));
            }
            Ok(false) => {}
            // Asked for what it may hold, without input, a codec may say that there is nothing.
            Err(_) if was_empty => return Ok(0),
            Err(_) if self.has_ended && written == 0 => {
                return Err(CodingError::Trailing { coding: self.coding.name() });
            }
            Err(error) => return Err(self.broken(&error)),
        }
        Ok(written)
    }

    fn broken(&self, cause: &dyn std::fmt::Display) -> CodingError {
        CodingError::Broken { coding: self.coding.name(), cause: cause.to_string() }
    }
}

#[cfg(test)]
#[path = "coding_tests.rs"]
mod tests;
