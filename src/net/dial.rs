//! Dialling: name, address, connection, encryption, each timed.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::tls::{agreed, tls_cause};
use super::{Counted, DialError, TlsClient, Traffic};
use crate::model::Timing;

/// Lookup and TCP together may take this long, and TLS as long again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an address is alone in the race before the next one joins it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Who to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A connection, plain or encrypted.
#[derive(Debug)]
pub enum Stream {
    /// TCP alone.
    Plain(Counted<TcpStream>),
    /// TLS over TCP.
    Tls(Box<TlsStream<Counted<TcpStream>>>),
}

/// A connection and how it came about.
#[derive(Debug)]
pub struct Dialled {
    /// The connection.
    pub stream: Stream,
    /// How long lookup, TCP and TLS took.
    pub timing: Timing,
    /// The peer's address.
    pub remote: SocketAddr,
    /// TLS version and cipher suite.
    pub tls: Option<String>,
    /// Bytes below TLS, counted from the first.
    pub traffic: Arc<Traffic>,
}

/// Connects to `target`, over TLS when there is a configuration for it.
///
/// # Errors
/// [`DialError`]: which phase failed, and how.
pub async fn dial(target: &Target, tls: Option<&TlsClient>) -> Result<Dialled, DialError> {
    let mut timing = Timing::default();
    let tcp = patiently(target, reach(target, &mut timing)).await?;
    let remote = tcp.peer_addr().map_err(|source| connect_error(target, source))?;
    // Small frames should leave at once; a system that cannot do it still works.
    let _ = tcp.set_nodelay(true);
    let tcp = Counted::new(tcp);
    let traffic = tcp.traffic();
    let Some(tls) = tls else {
        return Ok(Dialled { stream: Stream::Plain(tcp), timing, remote, tls: None, traffic });
    };
    let began = Instant::now();
    let stream = patiently(target, encrypt(target, tls, tcp)).await?;
    timing.tls = Some(ms(began));
    let tls = agreed(stream.get_ref().1);
    Ok(Dialled { stream: Stream::Tls(Box::new(stream)), timing, remote, tls, traffic })
}

async fn patiently<T>(
    target: &Target,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| {
        Err(DialError::TimedOut { address: target.to_string(), seconds: PATIENCE.as_secs() })
    })
}

async fn reach(target: &Target, timing: &mut Timing) -> Result<TcpStream, DialError> {
    let addresses = match &target.host {
        Host::Ipv4(ip) => vec![SocketAddr::new(IpAddr::V4(*ip), target.port)],
        Host::Ipv6(ip) => vec![SocketAddr::new(IpAddr::V6(*ip), target.port)],
        Host::Domain(name) => {
            let began = Instant::now();
            let found = tokio::net::lookup_host((name.as_str(), target.port)).await;
            timing.dns = Some(ms(began));
            found.map_err(|source| DialError::Dns { host: name.clone(), source })?.collect()
        }
    };
    let began = Instant::now();
    let stream = race(in_turns(addresses), HEAD_START, TcpStream::connect).await;
    timing.tcp = Some(ms(began));
    stream.map_err(|source| connect_error(target, source))
}

/// IPv6 and IPv4 in turns, the family of the first address first (RFC 8305, section 4).
fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

/// The first connection that comes about. The next address joins as soon as one has failed, or has
/// had its head start; the others are dropped when one has won.
async fn race<T, F: Future<Output = io::Result<T>>>(
    addresses: Vec<SocketAddr>,
    head_start: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    running.extend(waiting.next().map(&connect));
    loop {
        tokio::select! {
            biased;
            result = running.next(), if !running.is_empty() => match result {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => {
                    last = error;
                    running.extend(waiting.next().map(&connect));
                }
                None => {}
            },
            () = tokio::time::sleep(head_start), if !running.is_empty() && waiting.len() > 0 => {
                running.extend(waiting.next().map(&connect));
            }
            else => return Err(last),
        }
    }
}

async fn encrypt(
    target: &Target,
    tls: &TlsClient,
    tcp: Counted<TcpStream>,
) -> Result<TlsStream<Counted<TcpStream>>, DialError> {
    let failed = |cause: String| DialError::Tls { host: target.host.to_string(), cause };
    let name = match &target.host {
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|error| failed(error.to_string()))?
        }
        Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
    };
    TlsConnector::from(tls.config()).connect(name, tcp).await.map_err(|error| {
        match tls_cause(&error) {
            Some(cause) => failed(cause),
            // The network gave way, which another attempt may not meet.
            None => connect_error(target, error),
        }
    })
}

fn connect_error(target: &Target, source: io::Error) -> DialError {
    DialError::Connect { address: target.to_string(), source }
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(words: &[&str]) -> Vec<SocketAddr> {
        words.iter().filter_map(|word| word.parse().ok()).collect()
    }

    #[test]
    fn families_take_turns_and_the_resolvers_first_choice_stays_first() {
        let table: [(&[&str], &[&str]); 3] = [
            (
                &["[::1]:1", "[::2]:1", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"],
                &["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "10.0.0.3:1"],
            ),
            (&["10.0.0.1:1", "[::1]:1", "[::2]:1"], &["10.0.0.1:1", "[::1]:1", "[::2]:1"]),
            (&[], &[]),
        ];
        for (found, turns) in table {
            assert_eq!(in_turns(addresses(found)), addresses(turns));
        }
    }

    #[tokio::test]
    async fn a_silent_address_does_not_hold_up_the_next_one() {
        let connect = async |address: SocketAddr| {
            if address.port() == 1 { std::future::pending().await } else { Ok(address.port()) }
        };
        let won = race(addresses(&["[::1]:1", "10.0.0.1:2"]), HEAD_START, connect).await;
        assert_eq!(won.ok(), Some(2));
    }

    #[tokio::test]
    async fn the_last_error_is_told_when_no_address_answers() {
        let connect = async |address: SocketAddr| -> io::Result<()> {
            Err(io::Error::other(format!("port {}", address.port())))
        };
        let lost = race(addresses(&["[::1]:1", "10.0.0.1:2"]), HEAD_START, connect).await;
        assert_eq!(lost.map_err(|error| error.to_string()), Err(String::from("port 2")));
        assert!(race(Vec::new(), HEAD_START, connect).await.is_err());
    }
}
