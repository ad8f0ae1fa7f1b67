//! Dialling: name, address, proxy, encryption, each timed.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::tls::{Noted, Notes, tls_error};
use super::{Bar, Counted, DialError, TlsClient, Traffic, Via};
use crate::model::{Meta, Timing};

/// Lookup and TCP together may take this long, and what a proxy and TLS need as long again.
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

impl Target {
    /// Host and port of an address.
    ///
    /// # Errors
    /// It names no host.
    pub(super) fn of(url: &url::Url) -> Result<Self, DialError> {
        let none = || DialError::Dns {
            host: url.to_string(),
            source: io::Error::new(io::ErrorKind::InvalidInput, "the address names no host"),
        };
        let host = url.host().ok_or_else(none)?.to_owned();
        Ok(Self { host, port: url.port_or_known_default().unwrap_or_default() })
    }
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
    /// TLS over TCP, or over TLS with a proxy.
    Tls(Box<TlsStream<Stream>>),
}

/// A connection and how it came about.
#[derive(Debug)]
pub struct Dialled {
    /// The connection.
    pub stream: Stream,
    /// How long lookup, TCP and TLS took; those of the proxy where there is one, whose answer TCP
    /// includes.
    pub timing: Timing,
    /// The address at the other end: the peer's, or that of the proxy.
    pub remote: SocketAddr,
    /// Bytes below TLS, counted from the first.
    pub traffic: Arc<Traffic>,
    /// The proxy, without what gives access to it.
    pub proxy: Option<String>,
    noted: Noted,
}

impl Dialled {
    /// What is known of the connection, for an event.
    pub fn meta(&self) -> Meta {
        Meta {
            timing: Some(self.timing),
            remote: Some(self.remote.to_string()),
            proxy: self.proxy.clone(),
            ..self.noted.meta()
        }
    }
}

/// Connects to `target`, through a proxy if there is one, over TLS when it is to be `secure`. `tls`
/// is needed for that, and for a proxy that is encrypted itself.
///
/// # Errors
/// [`DialError`]: which phase failed on which part of the way, and how.
pub async fn dial(
    target: &Target,
    secure: bool,
    via: Option<&Via>,
    tls: Option<&TlsClient>,
) -> Result<Dialled, DialError> {
    let mut timing = Timing::default();
    let (tcp, remote) = match via {
        Some(via) => connect(via.target(), &mut timing).await.map_err(|error| of_proxy(via, error)),
        None => connect(target, &mut timing).await,
    }?;
    let traffic = tcp.traffic();
    let mut stream = Stream::Plain(tcp);
    if let Some(via) = via {
        let began = Instant::now();
        stream = pass(via, target, tls, stream).await?;
        timing.tcp = timing.tcp.map(|tcp| tcp + ms(began));
    }
    let mut noted = Noted::default();
    if let Some(tls) = tls.filter(|_| secure) {
        let began = Instant::now();
        (stream, noted) = encrypt(target, tls.config(), stream).await?;
        timing.tls = Some(ms(began));
    }
    Ok(Dialled { stream, timing, remote, traffic, proxy: via.map(Via::name), noted })
}

/// Asks a proxy for a way to `target` and goes no further: for finding out why another could not.
pub(super) async fn try_proxy(
    target: &Target,
    via: &Via,
    tls: &TlsClient,
) -> Result<(), DialError> {
    let mut timing = Timing::default();
    let reached = connect(via.target(), &mut timing).await;
    let (tcp, _) = reached.map_err(|error| of_proxy(via, error))?;
    pass(via, target, Some(tls), Stream::Plain(tcp)).await.map(drop)
}

async fn connect(
    target: &Target,
    timing: &mut Timing,
) -> Result<(Counted<TcpStream>, SocketAddr), DialError> {
    let late = || DialError::TimedOut { address: target.to_string(), seconds: PATIENCE.as_secs() };
    let tcp = patiently(reach(target, timing)).await.ok_or_else(late)??;
    let remote = tcp.peer_addr().map_err(|source| connect_error(target, source))?;
    // Small frames should leave at once; a system that cannot do it still works.
    let _ = tcp.set_nodelay(true);
    Ok((Counted::new(tcp), remote))
}

/// Has the proxy at the other end of `stream` make it a way to `target`.
async fn pass(
    via: &Via,
    target: &Target,
    tls: Option<&TlsClient>,
    mut stream: Stream,
) -> Result<Stream, DialError> {
    if let Some(tls) = tls.filter(|_| via.is_encrypted()) {
        let encrypted = encrypt(via.target(), tls.to_proxy(), stream).await;
        stream = encrypted.map_err(|error| of_proxy(via, error))?.0;
    }
    let late = || DialError::Barred {
        proxy: via.name(),
        target: target.to_string(),
        cause: format!("no answer within {} s", PATIENCE.as_secs()),
        bar: Bar::Broken,
    };
    patiently(via.open(stream, target)).await.ok_or_else(late)?
}

fn of_proxy(via: &Via, error: DialError) -> DialError {
    DialError::Proxy { proxy: via.name(), error: Box::new(error) }
}

async fn patiently<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, work).await.ok()
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
    config: Arc<ClientConfig>,
    stream: Stream,
) -> Result<(Stream, Noted), DialError> {
    let host = target.host.to_string();
    let name = match &target.host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| {
            let source = io::Error::new(io::ErrorKind::InvalidInput, error);
            DialError::Dns { host: host.clone(), source }
        })?,
        Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
    };
    let notes = Notes::default();
    let shaking = notes.scope(TlsConnector::from(config).connect(name, stream));
    let late = || DialError::TimedOut { address: target.to_string(), seconds: PATIENCE.as_secs() };
    match patiently(shaking).await.ok_or_else(late)? {
        Ok(stream) => Ok((Stream::Tls(Box::new(stream)), notes.read())),
        Err(error) => Err(tls_error(&error, host, notes.read())
            // The network gave way, which another attempt may not meet.
            .unwrap_or_else(|| connect_error(target, error))),
    }
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
