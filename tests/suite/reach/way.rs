//! Proxies that do what a test tells them to.

use std::sync::PoisonError;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Seen, head, listen};

/// What a proxy does.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    /// Connects whatever is asked for to this port.
    Pass(u16),
    /// Answers this to whatever is asked, and ends it.
    Answer(&'static [u8]),
    /// Never answers.
    Hang,
}

/// A proxy and what it was asked, each as `host:port` with what gave access before it.
pub(super) struct Way {
    pub(super) port: u16,
    pub(super) seen: Seen,
}

impl Way {
    /// A proxy that takes CONNECT and whole addresses, inside TLS where there is an acceptor.
    pub(super) async fn http(manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let seen = Seen::default();
        let noted = seen.clone();
        let serve = move |stream: TcpStream| {
            let (manner, noted, tls) = (manner.clone(), noted.clone(), tls.clone());
            async move {
                match tls {
                    None => drop(http(stream, manner, noted).await),
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            http(stream, manner, noted).await;
                        }
                    }
                }
            }
        };
        Self { port: listen(serve).await, seen }
    }

    /// A SOCKS 5 proxy that asks for name and password where they are offered.
    pub(super) async fn socks(manner: Manner) -> Self {
        let seen = Seen::default();
        let noted = seen.clone();
        let serve = move |stream: TcpStream| {
            let (manner, noted) = (manner.clone(), noted.clone());
            async move {
                let _ = socks(stream, manner, noted).await;
            }
        };
        Self { port: listen(serve).await, seen }
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(seen: &Seen, what: String) {
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    manner: Manner,
    seen: Seen,
) -> Option<()> {
    let asked = head(&mut stream).await?;
    let target = asked.split(' ').nth(1)?.to_owned();
    let access = super::field(&asked, "proxy-authorization");
    note(&seen, [access.unwrap_or_default(), &target].join(" ").trim().to_owned());
    match manner {
        Manner::Hang => std::future::pending().await,
        Manner::Answer(answer) => {
            stream.write_all(answer).await.ok()?;
            stream.shutdown().await.ok()
        }
        Manner::Pass(port) => {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            if asked.starts_with("CONNECT ") {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
                stream.flush().await.ok()?;
            } else {
                server.write_all(asked.as_bytes()).await.ok()?;
            }
            copy_bidirectional(&mut stream, &mut server).await.ok().map(drop)
        }
    }
}

/// Answers in pieces, as a network may deliver them.
async fn socks(mut stream: TcpStream, manner: Manner, seen: Seen) -> std::io::Result<()> {
    let answer = match &manner {
        Manner::Answer(answer) => Some(*answer),
        Manner::Hang => std::future::pending().await,
        Manner::Pass(_) => None,
    };
    let [_, count] = bytes(&mut stream).await?;
    let mut methods = vec![0; usize::from(count)];
    stream.read_exact(&mut methods).await?;
    if let Some(answer) = answer {
        stream.write_all(answer).await?;
        return stream.shutdown().await;
    }
    let mut access = String::new();
    if methods.contains(&2) {
        in_pieces(&mut stream, &[5, 2]).await?;
        let [_, length] = bytes(&mut stream).await?;
        let user = text(&mut stream, length).await?;
        let [length] = bytes(&mut stream).await?;
        access = format!("{user}:{}", text(&mut stream, length).await?);
        in_pieces(&mut stream, &[1, 0]).await?;
    } else {
        in_pieces(&mut stream, &[5, 0]).await?;
    }
    let [_, _, _, kind] = bytes(&mut stream).await?;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(bytes::<4>(&mut stream).await?).to_string(),
        4 => std::net::Ipv6Addr::from(bytes::<16>(&mut stream).await?).to_string(),
        _ => {
            let [length] = bytes(&mut stream).await?;
            text(&mut stream, length).await?
        }
    };
    let port = u16::from_be_bytes(bytes(&mut stream).await?);
    note(&seen, format!("{access} {host}:{port}").trim().to_owned());
    let Manner::Pass(upstream) = manner else { return Ok(()) };
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    in_pieces(&mut stream, b"\x05\x00\x00\x03\x04here\x00\x01").await?;
    copy_bidirectional(&mut stream, &mut server).await.map(drop)
}

async fn in_pieces(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn bytes<const N: usize>(stream: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn text(stream: &mut TcpStream, length: u8) -> std::io::Result<String> {
    let mut text = vec![0; usize::from(length)];
    stream.read_exact(&mut text).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
