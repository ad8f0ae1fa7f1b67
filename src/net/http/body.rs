//! The body of an answer as it comes, with its codings taken off and both sizes counted.

use std::io;
use std::time::Instant;

use bytes::Bytes;

use super::HttpError;
use super::coding::{CodingError, Decoder};

/// A body that is being read.
#[derive(Debug)]
pub(super) struct Body {
    response: reqwest::Response,
    decoder: Option<Decoder>,
    received: u64,
    decoded: u64,
    held: Option<Held>,
    last: u8,
    is_over: bool,
}

/// Bytes that came compressed and gave nothing yet: whoever compresses them may be holding back the
/// rest of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How many there are.
    pub bytes: u64,
    /// When the first of them came.
    pub since: Instant,
}

impl Body {
    /// A body, and the coding in it that is not known here, if any; it is passed on as it is then.
    pub(super) fn new(response: reqwest::Response, codings: &str) -> (Self, Option<String>) {
        let (decoder, unknown) = match Decoder::new(codings) {
            Ok(decoder) => (decoder, None),
            Err(unknown) => (None, Some(unknown)),
        };
        let (received, decoded, held, last) = (0, 0, None, b'\n');
        (Self { response, decoder, received, decoded, held, last, is_over: false }, unknown)
    }

    /// The next piece, `None` at the end. Safe to drop and call again.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            if let Some(piece) = self.ready().await? {
                return Ok(Some(piece));
            }
            if self.is_over {
                return Ok(None);
            }
            let chunk = self.response.chunk().await;
            let Some(bytes) = chunk.map_err(|error| HttpError::from_body(&error))? else {
                self.is_over = true;
                self.decoder.as_ref().map_or(Ok(()), Decoder::end)?;
                return Ok(None);
            };
            self.received += bytes.len() as u64;
            let Some(decoder) = &mut self.decoder else {
                self.decoded = self.received;
                return Ok(Some(bytes));
            };
            let fresh = Held { bytes: 0, since: Instant::now() };
            self.held.get_or_insert(fresh).bytes += bytes.len() as u64;
            decoder.feed(bytes);
        }
    }

    /// What can be decoded of what has come.
    async fn ready(&mut self) -> Result<Option<Bytes>, HttpError> {
        let Some(decoder) = &mut self.decoder else { return Ok(None) };
        // A few bytes can become many: whoever else waits for this thread gets their turn.
        tokio::task::consume_budget().await;
        let piece = decoder.next()?;
        if let Some(piece) = &piece {
            self.decoded += piece.len() as u64;
            self.held = None;
            self.last = piece.last().copied().unwrap_or(self.last);
        }
        Ok(piece)
    }

    /// Bytes as they came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Bytes without codings.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Whether what was decoded so far ends with a line.
    pub(super) fn ends_a_line(&self) -> bool {
        matches!(self.last, b'\n' | b'\r')
    }

    /// What came and gave nothing yet.
    pub(super) fn held(&self) -> Option<Held> {
        self.held
    }
}

impl From<CodingError> for HttpError {
    fn from(error: CodingError) -> Self {
        match error {
            CodingError::Cut { .. } => {
                Self::Io(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()))
            }
            other => Self::Answer(other.to_string()),
        }
    }
}
