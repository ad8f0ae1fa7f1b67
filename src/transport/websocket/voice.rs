//! What is said, as the frames it leaves in: whole or in fragments, compressed where that was agreed
//! on (RFC 7692, section 7.2.1).

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::deflate::Deflater;
use super::extension::Deflate;

/// What a control frame may hold (RFC 6455, section 5.5).
const CONTROL: usize = 125;
/// What a close frame may hold behind its code.
const REASON: usize = CONTROL - 2;

/// Makes frames of what is to be sent. Compressed messages refer to those before them, so they have
/// to leave in the order in which they were made.
#[derive(Debug)]
pub(super) struct Voice {
    deflater: Option<Deflater>,
}

impl Voice {
    /// Compresses as agreed.
    pub(super) fn new(deflate: Option<Deflate>) -> Self {
        Self { deflater: deflate.map(|agreed| Deflater::new(agreed.client)) }
    }

    /// A message in one frame.
    pub(super) fn message(&mut self, is_text: bool, payload: Bytes) -> Message {
        self.frame(opcode(is_text), payload, true)
    }

    /// A message in a frame for each of `parts`.
    pub(super) fn fragments(&mut self, is_text: bool, parts: Vec<Bytes>) -> Vec<Message> {
        let mut code = opcode(is_text);
        let mut left = parts.len();
        let fragments = parts.into_iter().map(|part| {
            left -= 1;
            self.frame(std::mem::replace(&mut code, Data::Continue), part, left == 0)
        });
        fragments.collect()
    }

    fn frame(&mut self, code: Data, payload: Bytes, is_last: bool) -> Message {
        let is_first = code != Data::Continue;
        let mut frame = match &mut self.deflater {
            None => Frame::message(payload, OpCode::Data(code), is_last),
            Some(deflater) => {
                let squeezed = deflater.frame(&payload, is_last);
                Frame::message(squeezed, OpCode::Data(code), is_last)
            }
        };
        frame.header_mut().rsv1 = is_first && self.deflater.is_some();
        Message::Frame(frame)
    }
}

fn opcode(is_text: bool) -> Data {
    if is_text { Data::Text } else { Data::Binary }
}

/// A ping with as much of this payload as it may hold.
pub(super) fn ping(payload: Bytes) -> Message {
    Message::Ping(shortened(payload))
}

/// A pong with as much of this payload as it may hold.
pub(super) fn pong(payload: Bytes) -> Message {
    // As a message the engine would put it in the place of the pong it owes.
    Message::Frame(Frame::pong(shortened(payload)))
}

/// A close frame with this code, whether or not it may be sent, and as much of the reason as fits;
/// an empty one without a code.
pub(super) fn close(code: Option<u16>, reason: &str) -> Message {
    let end = reason.floor_char_boundary(REASON);
    let reason = reason.get(..end).unwrap_or_default();
    Message::Close(code.map(|code| CloseFrame { code: code.into(), reason: reason.into() }))
}

fn shortened(mut payload: Bytes) -> Bytes {
    payload.truncate(CONTROL);
    payload
}
