//! The body of an answer that opened nothing: as much of it as is kept, and what is missing.

use std::time::Duration;

use bytes::Buf;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::transport::Missing;

/// The largest body that is kept whole, where messages may be larger, in bytes.
const MOST: usize = 4 << 20;
/// How long each part of it may take.
const PART: Duration = Duration::from_secs(2);
/// How long all of it may take.
const ALL: Duration = Duration::from_secs(10);

/// A body as far as it was read.
#[derive(Debug)]
pub(super) struct Body {
    limit: usize,
    /// Its beginning, coded as it came.
    pub(super) kept: Vec<u8>,
    /// What there would have been more.
    pub(super) missing: Option<Missing>,
}

impl Body {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.min(MOST), kept: Vec::new(), missing: None }
    }

    /// Reads until the body ends, is as long as is kept, breaks, or takes too long.
    pub(super) async fn read(&mut self, body: &mut Incoming) {
        let said = body.size_hint().exact();
        let why = tokio::time::timeout(ALL, self.parts(body)).await;
        let why = why.unwrap_or_else(|_| Some(too_slow(ALL)));
        self.missing = why.map(|why| {
            let kept = self.kept.len() as u64;
            Missing { bytes: said.map(|said| said.saturating_sub(kept)), why }
        });
    }

    /// Why it did not come to the end.
    async fn parts(&mut self, body: &mut Incoming) -> Option<String> {
        loop {
            let frame = match tokio::time::timeout(PART, body.frame()).await {
                Err(_) => return Some(too_slow(PART)),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return Some(format!("its body broke off: {error}")),
                Ok(Some(Ok(frame))) => frame,
            };
            let mut bytes = frame.into_data().unwrap_or_default();
            let room = (self.limit - self.kept.len()).min(bytes.len());
            self.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
            bytes.advance(room);
            if !bytes.is_empty() {
                return Some(format!("of its body only {} bytes are kept", self.limit));
            }
        }
    }
}

fn too_slow(patience: Duration) -> String {
    format!("its body did not come within {}", humantime::format_duration(patience))
}
