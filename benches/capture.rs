//! What recording costs: 2,000,000 messages of 128 B over a loopback WebSocket, once into a bare
//! tokio-tungstenite loop that counts them, once into `wirescope capture` in a process of its own.
//! Prints messages a second for both, their ratio, the capture's peak memory, and checks that
//! every message is in the file, in order.

#![allow(clippy::print_stdout)]

use std::net::TcpListener as StdListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SIZE: usize = 128;
/// Messages encoded together, so that the sender is not what is measured.
const BURST: usize = 512;

fn main() -> Result<(), Failure> {
    let count: usize =
        std::env::var("MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000_000);
    for round in 1..=3 {
        let bare = bare(count)?;
        let (recorded, peak_kib) = recorded(count)?;
        println!(
            "round {round}: bare {:.2} M/s, capture {:.2} M/s, ratio {:.2}, peak memory {} MiB",
            rate(count, bare),
            rate(count, recorded),
            bare.as_secs_f64() / recorded.as_secs_f64(),
            peak_kib / 1024,
        );
    }
    Ok(())
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64() / 1e6
}

/// A server on a thread of its own that sends `count` numbered messages to the first client.
fn sender(
    count: usize,
) -> Result<(u16, std::thread::JoinHandle<Result<Instant, Failure>>), Failure> {
    let listener = StdListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    listener.set_nonblocking(true)?;
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (socket, _) = TcpListener::from_std(listener)?.accept().await?;
            send(accept_async(socket).await?, count).await
        })
    });
    Ok((port, thread))
}

async fn send(mut socket: WebSocketStream<TcpStream>, count: usize) -> Result<Instant, Failure> {
    let begun = Instant::now();
    let mut sent = 0;
    while sent < count {
        let burst = BURST.min(count - sent);
        for number in sent..sent + burst {
            let mut text = format!("{number:09} ");
            text.extend(std::iter::repeat_n('x', SIZE - text.len()));
            socket.feed(Message::Text(Utf8Bytes::from(text))).await?;
        }
        socket.flush().await?;
        sent += burst;
    }
    // A normal closure is the end of the capture too.
    let done = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("done") };
    socket.close(Some(done)).await?;
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
    Ok(begun)
}

fn bare(count: usize) -> Result<Duration, Failure> {
    let (port, thread) = sender(count)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let took = runtime.block_on(async {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
        upgrade(&mut socket).await?;
        let config = WebSocketConfig::default();
        let mut socket = WebSocketStream::from_raw_socket(socket, Role::Client, Some(config)).await;
        let begun = Instant::now();
        let mut received = 0;
        while let Some(message) = socket.next().await {
            received += usize::from(matches!(message, Ok(Message::Text(_))));
            if received == count {
                break;
            }
        }
        let took = begun.elapsed();
        socket.close(None).await?;
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        if received == count {
            Ok(took)
        } else {
            Err(Failure::from(format!("{received} of {count}")))
        }
    })?;
    thread.join().map_err(|_| "the sender panicked")??;
    Ok(took)
}

async fn upgrade(socket: &mut TcpStream) -> Result<(), Failure> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    Ok(())
}

/// Runs `wirescope capture` as people do, from connecting to the closed file.
fn recorded(count: usize) -> Result<(Duration, u64), Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.wirescope");
    let (port, thread) = sender(count)?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_wirescope"))
        .args(["-q", "capture", &format!("ws://127.0.0.1:{port}/"), "--max-retries", "0", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()?;
    let peak = peak_of(child.id());
    let ended = child.wait()?;
    let done = Instant::now();
    let begun = thread.join().map_err(|_| "the sender panicked")??;
    if !ended.success() {
        return Err(format!("capture ended with {ended}").into());
    }
    check(&file, count)?;
    Ok((done - begun, peak.join().map_err(|_| "the watcher panicked")?))
}

/// Peak resident memory of a process in KiB, looked at until it is gone.
fn peak_of(pid: u32) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(now) = line.and_then(|l| l.split_whitespace().next()?.parse().ok()) else {
                break;
            };
            peak = now;
            std::thread::sleep(Duration::from_millis(20));
        }
        peak
    })
}

fn check(file: &std::path::Path, count: usize) -> Result<(), Failure> {
    let connection = rusqlite::Connection::open(file)?;
    let mut rows =
        connection.prepare("SELECT payload FROM event WHERE kind = 'text' ORDER BY n")?;
    let mut rows = rows.query([])?;
    let mut next = 0;
    while let Some(row) = rows.next()? {
        let payload: Bytes = row.get::<_, Vec<u8>>(0)?.into();
        let wanted = format!("{next:09} ");
        if payload.len() != SIZE || !payload.starts_with(wanted.as_bytes()) {
            return Err(format!("row {next} is not message {next}").into());
        }
        next += 1;
    }
    if next == count { Ok(()) } else { Err(format!("{next} of {count} are in the file").into()) }
}
