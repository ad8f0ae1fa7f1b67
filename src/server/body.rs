//! Bodies of requests: JSON, of a limited size, in a limited time, and all of them together in a
//! limited memory.

use std::ops::Deref;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Shared;
use super::refusal::Refusal;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read before it is refused. A client that is cut off
/// while it sends may never see the answer.
const COURTESY: usize = 8 << 20;
/// What is counted as one.
const KIB: usize = 1 << 10;
/// What all bodies together may take, in KiB.
const TOGETHER: usize = 64 << 10;

/// The memory that bodies may take.
pub(super) fn memory() -> Semaphore {
    Semaphore::new(TOGETHER)
}

/// A body, and the memory it takes.
#[derive(Debug)]
pub(super) struct Held<'a> {
    bytes: Vec<u8>,
    taken: Option<SemaphorePermit<'a>>,
}

impl<'a> Held<'a> {
    /// Makes room for `len` bytes, of at most `most`; whether there was enough memory.
    fn grow(&mut self, len: usize, most: usize, memory: &'a Semaphore) -> bool {
        if len <= self.bytes.capacity() {
            return true;
        }
        let capacity = len.max(2 * self.bytes.capacity()).min(most);
        let has = self.taken.as_ref().map_or(0, SemaphorePermit::num_permits);
        let more = u32::try_from(capacity.div_ceil(KIB).saturating_sub(has)).unwrap_or(u32::MAX);
        let Ok(more) = memory.try_acquire_many(more) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        self.bytes.reserve_exact(capacity - self.bytes.len());
        true
    }
}

impl Deref for Held<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body that says it is JSON, of at most `most` bytes.
///
/// # Errors
/// It says that it is something else, is larger, too slow, breaks off, there is no memory for it,
/// or the server stops.
pub(super) async fn json<'a>(
    shared: &'a Shared,
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Held<'a>, Refusal> {
    must_be_json(headers)?;
    tokio::select! {
        body = tokio::time::timeout(PATIENCE, read(body, most, &shared.bodies)) => body.map_err(|_| {
            let sentence = format!("the body took longer than {} s", PATIENCE.as_secs());
            Refusal::new(StatusCode::REQUEST_TIMEOUT, sentence)
        })?,
        () = shared.stop.cancelled() => {
            let sentence = "the server is being stopped";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, sentence))
        }
    }
}

/// A form or plain text is what a page can send anywhere without asking, so it is refused.
fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let media = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let sentence = "what is posted here is JSON: send Content-Type: application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence))
}

async fn read(body: Body, most: usize, memory: &Semaphore) -> Result<Held<'_>, Refusal> {
    let nothing = || Held { bytes: Vec::new(), taken: None };
    let (mut kept, mut fits) = (nothing(), true);
    let mut body = Limited::new(body, most + COURTESY);
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(e) if e.is::<LengthLimitError>() => return Err(too_large(most)),
            Err(e) => return Err(Refusal::bad_request(format!("the body broke off: {e}"))),
        };
        let room = (most + 1).saturating_sub(kept.len());
        let data = &data[..data.len().min(room)];
        fits = fits && kept.grow(kept.len() + data.len(), most + 1, memory);
        if fits {
            kept.bytes.extend_from_slice(data);
        } else {
            // The rest is read and lost, so that the client sees the answer.
            kept = nothing();
        }
    }
    match kept.len() {
        _ if !fits => Err(no_memory()),
        len if len > most => Err(too_large(most)),
        _ => Ok(kept),
    }
}

fn no_memory() -> Refusal {
    let sentence = "others are sending more than the server holds at a time; send it again later";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, sentence).with(header::RETRY_AFTER, "5")
}

fn too_large(most: usize) -> Refusal {
    let sentence = format!("a body has at most {most} bytes here");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    const MOST: usize = 10 << 10;

    async fn status(bytes: usize, memory: &Semaphore) -> Result<usize, u16> {
        let read = read(Body::from(vec![b'x'; bytes]), MOST, memory).await;
        read.map(|held| held.len()).map_err(|refusal| refusal.status.as_u16())
    }

    #[tokio::test]
    async fn bodies_take_the_memory_there_is_and_give_it_back() {
        let memory = Semaphore::new(4);
        let first = read(Body::from(vec![b'x'; 2500]), MOST, &memory).await.expect("a body");
        assert_eq!((first.len(), memory.available_permits()), (2500, 1));
        assert_eq!(status(1000, &memory).await, Ok(1000));
        let refusal = read(Body::from(vec![b'x'; 1025]), MOST, &memory).await.expect_err("no room");
        assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refusal.fields, [(header::RETRY_AFTER, "5")]);
        drop(first);
        assert_eq!(memory.available_permits(), 4);
        assert_eq!(status(4096, &memory).await, Ok(4096));
        assert_eq!(status(MOST + 1, &Semaphore::new(64)).await, Err(413));
        assert_eq!(status(MOST, &Semaphore::new(64)).await, Ok(MOST));
    }

    #[tokio::test]
    async fn a_body_that_comes_in_pieces_takes_memory_as_it_grows() {
        let memory = Semaphore::new(8);
        for (pieces, expected) in [(8, Ok(8000)), (9, Err(503))] {
            let pieces = vec![Ok::<_, std::convert::Infallible>(vec![b'x'; 1000]); pieces];
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            let read = read(body, MOST, &memory).await;
            let found = read.map(|held| held.len()).map_err(|refusal| refusal.status.as_u16());
            assert_eq!(found, expected);
        }
        assert_eq!(memory.available_permits(), 8);
    }
}
