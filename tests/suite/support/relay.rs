//! A plain TCP relay that counts what passes, and knows nothing of what that means but who said at
//! first that they are `client=NAME`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What passed for one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// TCP connections.
    pub connections: u64,
    /// Heads of HTTP requests.
    pub requests: u64,
    /// Bytes both ways.
    pub bytes: u64,
}

impl Passed {
    /// What passed since then.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            connections: self.connections - earlier.connections,
            requests: self.requests - earlier.requests,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

/// What had passed by when, in milliseconds since 1970.
type Counts = Arc<Mutex<BTreeMap<String, Vec<(f64, Passed)>>>>;

/// Relays to a port of this machine.
pub struct Relay {
    /// Where it listens, on loopback.
    pub port: u16,
    counts: Counts,
    _guard: DropGuard,
}

impl Relay {
    pub async fn to(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counts = Counts::default();
        let end = CancellationToken::new();
        let (counting, ended) = (Arc::clone(&counts), end.clone());
        tokio::spawn(async move {
            let accepting = async {
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
                    for stream in [&client, &server] {
                        stream.set_nodelay(true).unwrap();
                    }
                    tokio::spawn(relay(client, server, Arc::clone(&counting)));
                }
            };
            tokio::select! { () = accepting => {} () = ended.cancelled() => {} }
        });
        Self { port, counts, _guard: end.drop_guard() }
    }

    /// What had passed by then for whoever's name ends so. The time is in milliseconds since 1970.
    pub fn passed(&self, end: &str, by_ms: f64) -> Passed {
        let counts = self.counts.lock().unwrap();
        let (_, all) = counts.iter().find(|(name, _)| name.ends_with(end)).unwrap();
        let count = all.partition_point(|(at_ms, _)| *at_ms <= by_ms);
        count.checked_sub(1).map(|last| all[last].1).unwrap_or_default()
    }
}

async fn relay(client: TcpStream, server: TcpStream, counts: Counts) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let name = Arc::new(Mutex::new(None));
    let up = pass(from_client, to_server, Arc::clone(&name), Arc::clone(&counts), true);
    let down = pass(from_server, to_client, name, counts, false);
    tokio::join!(up, down);
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    name: Arc<Mutex<Option<String>>>,
    counts: Counts,
    is_up: bool,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let read = &bytes[..count];
        let first = is_up && name.lock().unwrap().is_none();
        if first {
            *name.lock().unwrap() = Some(client(read));
        }
        let who = name.lock().unwrap().clone().unwrap_or_default();
        {
            let mut counts = counts.lock().unwrap();
            let all = counts.entry(who).or_default();
            let mut passed = all.last().map(|(_, passed)| *passed).unwrap_or_default();
            passed.bytes += count as u64;
            passed.connections += u64::from(first);
            if is_up {
                passed.requests +=
                    read.windows(11).filter(|w| w == b" HTTP/1.1\r\n").count() as u64;
            }
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            all.push((now.as_secs_f64() * 1e3, passed));
        }
        if to.write_all(read).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Who asks for messages; nothing for requests that ask for numbers.
fn client(head: &[u8]) -> String {
    let line = String::from_utf8_lossy(head).lines().next().unwrap_or_default().to_owned();
    let target = line.split(' ').nth(1).unwrap_or_default();
    let Some(query) = target.strip_prefix("/stats").map_or(target.split_once('?'), |_| None) else {
        return String::new();
    };
    let mut pairs = query.1.split('&');
    pairs.find_map(|pair| pair.strip_prefix("client=")).unwrap_or_default().to_owned()
}
