//! Where a crowd goes: the address of a server, and what is asked for there.

use std::fmt::Write as _;
use std::net::SocketAddr;

use url::Url;

use crate::model::TransportKind;

/// An address a crowd cannot go to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It is not one.
    #[error("“{0}” is not the address of a server; use one such as http://127.0.0.1:4100")]
    Invalid(String),
    /// It is encrypted.
    #[error("many clients at once speak plain HTTP; use an address that begins with http://")]
    Encrypted,
    /// Nobody knows the name.
    #[error("{0} was not found: {1}")]
    Unknown(String, String),
}

/// The address of a server, looked up once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) addr: SocketAddr,
    /// What stands in `Host`.
    pub(super) authority: String,
    /// Parameters that every request carries, such as `join=…`; perhaps none.
    parameters: String,
}

impl Base {
    /// Looks up `base`, as in `http://127.0.0.1:4100`, perhaps with `?join=…`.
    ///
    /// # Errors
    /// [`BaseError`], whose text says what to use instead.
    pub(super) async fn look_up(base: &str) -> Result<Self, BaseError> {
        let invalid = || BaseError::Invalid(base.chars().take(200).collect());
        let url = Url::parse(base).map_err(|_| invalid())?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(BaseError::Encrypted),
            _ => return Err(invalid()),
        }
        let host = url.host_str().ok_or_else(invalid)?;
        let port = url.port_or_known_default().ok_or_else(invalid)?;
        let authority = format!("{host}:{port}");
        let unknown = |why: String| BaseError::Unknown(host.to_owned(), why);
        let found = tokio::net::lookup_host(&authority).await;
        let addr = found.map_err(|error| unknown(error.to_string()))?.next();
        let addr = addr.ok_or_else(|| unknown(String::from("it has no address")))?;
        Ok(Self { addr, authority, parameters: url.query().unwrap_or_default().to_owned() })
    }

    /// Writes the request of a transport, or of a poll that goes on after `since`, over what is in
    /// `out`.
    pub(super) fn ask(&self, kind: TransportKind, since: Option<u64>, out: &mut String) {
        let path = match kind {
            TransportKind::Websocket => "/ws",
            TransportKind::Sse => "/sse",
            TransportKind::LongPoll => "/poll",
            TransportKind::ShortPoll => "/short",
            TransportKind::Stream => "/stream",
        };
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: d2lyZXNjb3BlJ3MgaGVyZA==\r\n";
        let more = match kind {
            TransportKind::Websocket => upgrade,
            TransportKind::Sse => "Accept: text/event-stream\r\n",
            _ => "",
        };
        out.clear();
        // Writing to a string cannot fail.
        let _ = self.write_line("GET", path, since, out);
        let _ = write!(out, "{more}\r\n");
    }

    /// Writes the request that publishes `body` over what is in `out`.
    pub(super) fn publish(&self, body: &str, out: &mut String) {
        out.clear();
        let _ = self.write_line("POST", "/publish", None, out);
        let length = body.len();
        let kind = "Content-Type: application/json";
        let _ = write!(out, "{kind}\r\nContent-Length: {length}\r\n\r\n{body}");
    }

    /// The path with the parameters every request carries.
    pub(super) fn path(&self, path: &str) -> String {
        let sign = if self.parameters.is_empty() { "" } else { "?" };
        format!("{path}{sign}{}", self.parameters)
    }

    fn write_line(
        &self,
        method: &str,
        path: &str,
        since: Option<u64>,
        out: &mut String,
    ) -> std::fmt::Result {
        write!(out, "{method} {path}")?;
        let mut sign = '?';
        if !self.parameters.is_empty() {
            write!(out, "?{}", self.parameters)?;
            sign = '&';
        }
        if let Some(since) = since {
            write!(out, "{sign}since={since}")?;
        }
        write!(out, " HTTP/1.1\r\nHost: {}\r\nUser-Agent: {AGENT}\r\n", self.authority)
    }
}

/// Tells the server's list of clients who they are.
pub(super) const AGENT: &str = concat!("wirescope-crowd/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_carry_what_the_address_does() {
        let base = Base::look_up("http://127.0.0.1:4100/?join=7F3K").await.expect("an address");
        assert_eq!(base.addr, SocketAddr::from(([127, 0, 0, 1], 4100)));
        let mut out = String::from("old");
        base.ask(TransportKind::LongPoll, Some(12), &mut out);
        assert!(
            out.starts_with("GET /poll?join=7F3K&since=12 HTTP/1.1\r\nHost: 127.0.0.1:4100\r\n")
        );
        assert!(out.ends_with("\r\n\r\n"));
        base.publish("{}", &mut out);
        assert!(out.starts_with("POST /publish?join=7F3K HTTP/1.1\r\n"));
        assert!(out.ends_with("Content-Length: 2\r\n\r\n{}"));
        let plain = Base::look_up("http://127.0.0.1:4100").await.expect("an address");
        plain.ask(TransportKind::ShortPoll, Some(3), &mut out);
        assert!(out.starts_with("GET /short?since=3 HTTP/1.1\r\n"));
        assert_eq!(
            (plain.path("/sse"), base.path("/sse")),
            ("/sse".into(), "/sse?join=7F3K".into())
        );
    }

    #[tokio::test]
    async fn what_is_no_plain_address_is_refused() {
        assert_eq!(Base::look_up("https://x").await, Err(BaseError::Encrypted));
        for wrong in ["", "x", "ftp://x", "http://"] {
            let refused = Base::look_up(wrong).await;
            assert!(matches!(refused, Err(BaseError::Invalid(_))), "{wrong}: {refused:?}");
        }
    }
}
