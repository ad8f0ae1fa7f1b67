//! Publishes through `POST /publish`, one message after the other, over several connections in
//! turn: a server may limit how fast one of them publishes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::base::Base;
use super::response::{Piece, Reader, Trouble};

/// Connections that publish in turn.
const CONNECTIONS: usize = 8;
/// How long to wait where the server says that it is too fast.
const TOO_FAST: Duration = Duration::from_millis(20);
/// Times to ask again then.
const AGAIN: usize = 500;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are kept.
const ANSWER: usize = 256;

/// The text of a message. With what the server adds, a message has about 170 bytes.
const BODY: &str = "{\"type\":\"scale\",\"text\":\"The quick brown fox jumps over the lazy dog. \
                    The quick brown fox jumps over the lazy dog.\"}";

/// Connections that publish.
pub(super) struct Publisher {
    request: String,
    connections: Vec<Connection>,
    next: usize,
}

struct Connection {
    stream: TcpStream,
    reader: Reader,
}

impl Publisher {
    pub(super) async fn connect(base: &Base) -> Result<Self, Trouble> {
        let mut request = String::new();
        base.publish(BODY, &mut request);
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(base.addr).await.map_err(Trouble::Connect)?;
            // As for the clients.
            let _ = stream.set_nodelay(true);
            connections.push(Connection { stream, reader: Reader::default() });
        }
        Ok(Self { request, connections, next: 0 })
    }

    /// Publishes a message and waits until the server has taken it; its id.
    pub(super) async fn publish(&mut self) -> Result<u64, Trouble> {
        for _ in 0..AGAIN {
            let place = self.next % self.connections.len().max(1);
            self.next = self.next.wrapping_add(1);
            let Some(connection) = self.connections.get_mut(place) else { break };
            let exchange = connection.exchange(&self.request);
            let answered = tokio::time::timeout(PATIENCE, exchange).await;
            match answered.map_err(|_| Trouble::Slow(PATIENCE))?? {
                (200..300, body) => return id(&body),
                (429, _) => tokio::time::sleep(TOO_FAST).await,
                (status, _) => return Err(Trouble::Refused(status)),
            }
        }
        Err(Trouble::Refused(429))
    }
}

impl Connection {
    async fn exchange(&mut self, request: &str) -> Result<(u16, Vec<u8>), Trouble> {
        self.stream.write_all(request.as_bytes()).await?;
        let (mut status, mut body, mut is_over) = (0, Vec::new(), false);
        let mut buffer = [0; 1024];
        while !is_over {
            let came = self.stream.read(&mut buffer).await?;
            if came == 0 {
                return Err(Trouble::Closed);
            }
            self.reader.feed(&buffer[..came], &mut |piece| match piece {
                Piece::Head(answer) => status = answer,
                Piece::Data(data) => {
                    let room = (ANSWER - body.len()).min(data.len());
                    body.extend_from_slice(&data[..room]);
                }
                Piece::Ping(_) => {}
                Piece::End => is_over = true,
            })?;
        }
        Ok((status, body))
    }
}

/// The id in `{"id":12}`.
fn id(body: &[u8]) -> Result<u64, Trouble> {
    #[derive(serde::Deserialize)]
    struct Answer {
        id: u64,
    }
    serde_json::from_slice(body)
        .map(|answer: Answer| answer.id)
        .map_err(|_| Trouble::Broken("the answer to what was published held no id"))
}
