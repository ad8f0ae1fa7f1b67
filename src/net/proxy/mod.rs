//! Which proxy stands between here and an endpoint, decided once for every transport.

mod connect;
mod socks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Host, Url};

pub(super) use self::connect::refusal;
use super::{DialError, Target, percent_decoded};
use crate::model::Proxy;

/// The port of a SOCKS proxy that names none (RFC 1928, section 3).
const SOCKS: u16 = 1080;

/// A proxy on the way to an endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct Via {
    url: Url,
    kind: Kind,
    at: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// CONNECT (RFC 9110, section 9.3.6), perhaps inside TLS.
    Http { encrypted: bool },
    /// SOCKS 5 (RFC 1928); names are looked up here or there.
    Socks { lookup_here: bool },
}

/// Name and password for a proxy.
struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Via {
    /// The proxy for `endpoint`, where the person at the window wants `proxy`. Addresses of this
    /// machine never go through the system's.
    ///
    /// # Errors
    /// The proxy that is named is of a kind that is not spoken here.
    pub fn to(endpoint: &Url, proxy: &Proxy) -> Result<Option<Self>, DialError> {
        match proxy {
            Proxy::Off => Ok(None),
            Proxy::Via(url) => Self::at(url).map(Some),
            Proxy::System if is_local(endpoint) => Ok(None),
            Proxy::System => Self::of(&Matcher::from_system(), endpoint),
        }
    }

    /// What `matcher`, which knows no WebSocket, says of an endpoint.
    fn of(matcher: &Matcher, endpoint: &Url) -> Result<Option<Self>, DialError> {
        let scheme = if is_encrypted(endpoint) { "https" } else { "http" };
        let host = endpoint.host_str().unwrap_or_default();
        let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
        let asked = format!("{scheme}://{host}{port}/").parse();
        let found = asked.ok().and_then(|asked| matcher.intercept(&asked));
        found.map(|found| Self::at(&address(&found)?)).transpose()
    }

    fn at(url: &Url) -> Result<Self, DialError> {
        let kind = match url.scheme() {
            "http" => Kind::Http { encrypted: false },
            "https" => Kind::Http { encrypted: true },
            "socks5" => Kind::Socks { lookup_here: true },
            "socks5h" => Kind::Socks { lookup_here: false },
            other => {
                let cause = format!("“{other}:” is no kind of proxy spoken here");
                return Err(DialError::unusable(name(url), cause));
            }
        };
        let Some(host) = host(url) else {
            return Err(DialError::unusable(name(url), "it names no host"));
        };
        let port = url.port_or_known_default().unwrap_or(SOCKS);
        Ok(Self { url: url.clone(), kind, at: Target { host, port } })
    }

    /// Scheme, host and port, without what gives access.
    pub fn name(&self) -> String {
        name(&self.url)
    }

    /// Whether what is said to the proxy itself is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.kind == Kind::Http { encrypted: true }
    }

    /// Whether requests for plain HTTP are made to the proxy itself instead of through it.
    pub(super) fn forwards(&self, endpoint: &Url) -> bool {
        matches!(self.kind, Kind::Http { .. }) && endpoint.scheme() == "http"
    }

    /// Where it listens.
    pub(super) fn target(&self) -> &Target {
        &self.at
    }

    /// Its address, with what gives access.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What `Proxy-Authorization` says (RFC 9110, section 11.7.2).
    pub(super) fn authorization(&self) -> Option<String> {
        let Credentials { mut user, password } = self.credentials()?;
        user.push(b':');
        user.extend(password);
        Some(format!("Basic {}", BASE64.encode(user)))
    }

    fn credentials(&self) -> Option<Credentials> {
        let is_given = !self.url.username().is_empty() || self.url.password().is_some();
        is_given.then(|| Credentials {
            user: percent_decoded(self.url.username()),
            password: percent_decoded(self.url.password().unwrap_or_default()),
        })
    }

    /// Asks the proxy at the other end of `stream` for a way to `target`.
    pub(super) async fn open<S>(&self, stream: S, target: &Target) -> Result<S, DialError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let opened = match self.kind {
            Kind::Http { .. } => connect::open(stream, target, self.authorization()).await,
            Kind::Socks { lookup_here } => {
                let target = if lookup_here { looked_up(target).await? } else { target.clone() };
                socks::open(stream, &target, self.credentials().as_ref()).await
            }
        };
        opened.map_err(|refusal| refusal.of(self, target))
    }
}

impl std::fmt::Debug for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Via").field(&self.name()).finish()
    }
}

/// Why a proxy gave no way, before it is said which proxy.
#[derive(Debug)]
struct Refusal {
    bar: super::Bar,
    cause: String,
}

impl Refusal {
    fn new(bar: super::Bar, cause: impl Into<String>) -> Self {
        Self { bar, cause: cause.into() }
    }

    fn of(self, via: &Via, target: &Target) -> DialError {
        let (proxy, target) = (via.name(), target.to_string());
        DialError::Barred { proxy, target, cause: self.cause, bar: self.bar }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        let cause = match error.kind() {
            std::io::ErrorKind::UnexpectedEof => String::from("it ended the connection"),
            _ => format!("the connection to it broke: {error}"),
        };
        Self::new(super::Bar::Broken, cause)
    }
}

/// A name as the address that is asked for where the proxy is not to know names.
async fn looked_up(target: &Target) -> Result<Target, DialError> {
    let Host::Domain(name) = &target.host else { return Ok(target.clone()) };
    let dns = |source| DialError::Dns { host: name.clone(), source };
    let mut found = tokio::net::lookup_host((name.as_str(), target.port)).await.map_err(dns)?;
    let first = found.next().ok_or_else(|| dns(std::io::ErrorKind::NotFound.into()))?;
    let host = match first.ip() {
        std::net::IpAddr::V4(ip) => Host::Ipv4(ip),
        std::net::IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    Ok(Target { host, port: target.port })
}

/// Whether an endpoint is on this machine.
pub(super) fn is_local(url: &Url) -> bool {
    match host(url) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn is_encrypted(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// The host; schemes the URL standard does not know keep addresses as names.
fn host(url: &Url) -> Option<Host> {
    match url.host()?.to_owned() {
        Host::Domain(name) if name.is_empty() => None,
        Host::Domain(name) => Host::parse(&name).ok(),
        ip => Some(ip),
    }
}

fn name(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(SOCKS);
    format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The address of a proxy the system names, with its credentials back in it.
fn address(found: &Intercept) -> Result<Url, DialError> {
    let wrong = || DialError::unusable(found.uri().to_string(), "its address cannot be read");
    let mut url = Url::parse(&found.uri().to_string()).map_err(|_| wrong())?;
    let basic = found.basic_auth().and_then(|value| value.to_str().ok());
    let pair = basic
        .and_then(|value| BASE64.decode(value.strip_prefix("Basic ")?).ok())
        .and_then(|pair| String::from_utf8(pair).ok());
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':')).or(found.raw_auth());
    if let Some((user, password)) = pair {
        // A user name may hold what would be taken for an escape.
        url.set_username(&user.replace('%', "%25")).map_err(|()| wrong())?;
        let password = Some(password.replace('%', "%25")).filter(|password| !password.is_empty());
        url.set_password(password.as_deref()).map_err(|()| wrong())?;
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_system_is_asked_for_what_is_not_on_this_machine() {
        let matcher = Matcher::builder()
            .http("http://plain:1")
            .https("http://me:p%40%25ss@secret")
            .no("direct.example, 10.0.0.0/8")
            .build();
        let table = [
            ("ws://h/", Some("http://plain:1")),
            ("http://h:8080/", Some("http://plain:1")),
            ("wss://h/", Some("http://secret:80")),
            ("https://h/", Some("http://secret:80")),
            ("https://direct.example/", None),
            ("wss://a.direct.example:444/", None),
            ("ws://10.1.2.3/", None),
        ];
        for (endpoint, proxy) in table {
            let via = Via::of(&matcher, &url(endpoint)).unwrap();
            assert_eq!(via.map(|via| via.name()).as_deref(), proxy, "{endpoint}");
        }
        let via = Via::of(&matcher, &url("wss://h/")).unwrap().unwrap();
        assert_eq!(via.authorization().unwrap(), format!("Basic {}", BASE64.encode("me:p@%ss")));
        for local in
            ["ws://localhost/", "http://a.localhost/", "wss://127.9.9.9/", "https://[::1]/"]
        {
            assert!(Via::to(&url(local), &Proxy::System).unwrap().is_none(), "{local}");
        }
    }

    #[test]
    fn a_proxy_that_is_named_is_taken_for_every_address() {
        let table = [
            ("http://p", "http://p:80", false),
            ("https://me:pw@p:3128", "https://p:3128", true),
            ("socks5://p", "socks5://p:1080", false),
            ("socks5h://me@[::1]:9", "socks5h://[::1]:9", false),
        ];
        for (given, name, encrypted) in table {
            let via = Via::to(&url("ws://localhost/"), &Proxy::Via(url(given))).unwrap().unwrap();
            assert_eq!((via.name().as_str(), via.is_encrypted()), (name, encrypted));
            assert!(!format!("{via:?}").contains("pw"));
        }
        let via = Via::at(&url("socks5h://me@[::1]:9")).unwrap();
        assert_eq!(via.at.to_string(), "[::1]:9");
        assert!(Via::to(&url("ws://h/"), &Proxy::Off).unwrap().is_none());
        let error = Via::at(&url("socks4://me:hunter2@p:1")).unwrap_err().to_string();
        assert!(error.contains("“socks4:” is no kind of proxy") && !error.contains("hunter2"));
    }
}
