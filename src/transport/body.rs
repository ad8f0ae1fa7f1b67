//! A response that does not end: its head, and then its body as it comes, while the composer may
//! send.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use super::exchange::{Asked, Composer};
use super::{Link, TransportError};
use crate::model::Endpoint;
use crate::net::{Answer, Ask, Http};

/// How long the head may take: some servers only send it with their first message.
const HEAD: Duration = Duration::from_mins(5);
/// The longest line and the longest message of a stream that is kept whole, in bytes, where
/// [`Options::max_message`](crate::model::Options::max_message) allows more: what grows without an
/// end in sight is no message.
pub(super) const LONGEST: usize = 16 << 20;
/// Chunks taken without looking left and right, at most.
const IN_A_ROW: u32 = 32;

/// Waits for the head of an answer and tells of it; `None` when the connection should end.
pub(super) async fn head(link: &mut Link, asked: Asked) -> Result<Option<Answer>, TransportError> {
    let answer = match link.unless_stopped(tokio::time::timeout(HEAD, asked)).await {
        None => return Ok(None),
        Some(Err(_)) => return Err(TransportError::TimedOut(HEAD)),
        Some(Ok(answer)) => answer?,
    };
    link.push(answer.event(link.now())).await?;
    link.flush().await?;
    Ok(Some(answer))
}

/// What comes next of a body.
pub(super) enum Next {
    /// A piece of it.
    Chunk(Bytes),
    /// Its end, as HTTP allows it.
    End,
    /// The connection should end.
    Stopped,
}

/// The body of an answer that is being followed.
pub(super) struct Body {
    answer: Answer,
    composer: Composer,
    in_a_row: u32,
}

impl Body {
    pub(super) fn new(
        answer: Answer,
        http: &Http,
        ask: &Ask,
        endpoint: &Endpoint,
    ) -> Result<Self, TransportError> {
        let composer = Composer::new(http.clone(), ask, endpoint)?;
        Ok(Self { answer, composer, in_a_row: 0 })
    }

    /// Waits for the next piece; before it waits, what was pushed is handed over.
    ///
    /// # Errors
    /// The body broke, or the recording has ended.
    pub(super) async fn next(&mut self, link: &mut Link) -> Result<Next, TransportError> {
        // What is there already is taken before anything is handed over, but a stream that never
        // pauses must not keep the composer and the wish to stop waiting.
        self.in_a_row += 1;
        let is_patient = self.in_a_row < IN_A_ROW;
        let ready = if is_patient { self.answer.chunk().now_or_never() } else { None };
        let chunk = if let Some(chunk) = ready {
            chunk
        } else {
            self.in_a_row = 0;
            link.flush().await?;
            let Some(chunk) = self.composer.alongside(link, self.answer.chunk()).await? else {
                return Ok(Next::Stopped);
            };
            chunk
        };
        Ok(chunk?.map_or(Next::End, Next::Chunk))
    }
}
