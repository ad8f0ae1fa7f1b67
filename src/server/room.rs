//! Opening the server to a room: the token that everybody has to know, and where the room finds
//! this machine.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};

use super::query::parameter;
use super::refusal::Refusal;

/// Letters and digits that nobody takes for another: no 0, 1, I or O.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// The cookie that says the token.
const COOKIE: &str = "wirescope_join";

/// A new token, as in `7F3K-22QD`: 40 bits by chance, easy to read out and to type.
///
/// # Errors
/// The system gives no random numbers.
pub fn token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let (first, last) = letters.split_at(4);
    Ok(first.iter().chain(&['-']).chain(last).collect())
}

/// This machine's address in the network that others are likely to share with it; `None` where it
/// is in none. Sends nothing: a UDP socket is only asked which way it would take.
pub fn lan_address() -> Option<IpAddr> {
    // TEST-NET-1 (RFC 5737) and the documentation prefix (RFC 3849), which belong to nobody.
    let ways: [(SocketAddr, SocketAddr); 2] = [
        ((Ipv4Addr::UNSPECIFIED, 0).into(), ([192, 0, 2, 1], 9).into()),
        (
            (Ipv6Addr::UNSPECIFIED, 0).into(),
            (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
        ),
    ];
    ways.into_iter().find_map(|(from, to)| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
    })
}

/// What to open in a browser to come in, as in `http://192.168.1.5:4100/?join=7F3K-22QD`.
pub fn join_url(addr: SocketAddr, token: &str) -> String {
    let ip = Some(addr.ip()).filter(|ip| !ip.is_unspecified()).or_else(lan_address);
    match ip {
        Some(ip) => format!("http://{}/?join={token}", SocketAddr::new(ip, addr.port())),
        // In no network at all, only this machine can come in.
        None => format!("http://localhost:{}/?join={token}", addr.port()),
    }
}

/// Lets in whoever knows the token.
pub(super) struct Room {
    /// As it is shown.
    shown: String,
    plain: String,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// It said the token with the request.
    Said,
    /// Its browser did, whichever page made it ask.
    Cookie,
}

impl Room {
    pub(super) fn new(token: String) -> Self {
        Self { plain: plain(&token), shown: token }
    }

    pub(super) fn token(&self) -> &str {
        &self.shown
    }

    /// The value of `Set-Cookie` that lets a browser in from now on.
    pub(super) fn cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.shown)
    }

    /// Whether a request says the token: with `?join=`, as a bearer token (RFC 6750) or as a cookie.
    pub(super) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<Pass, Refusal> {
        let given = parameter(uri, "join");
        let mut bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        if given.as_deref().is_some_and(|token| self.is(token)) || bearers.any(|t| self.is(t)) {
            return Ok(Pass::Said);
        }
        if cookies(headers).any(|token| self.is(token)) {
            return Ok(Pass::Cookie);
        }
        if headers.contains_key(header::AUTHORIZATION) {
            let sentence = "this is not the token that lets in here; ask the presenter for it";
            let refusal = Refusal::new(StatusCode::UNAUTHORIZED, sentence);
            return Err(refusal.with(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        Err(Refusal::forbidden(match given {
            Some(_) => "this token lets nobody in here, or not any more; ask the presenter for it",
            None => {
                "only those who know the token come in: open the address with ?join=TOKEN that \
                 the presenter shows, or send Authorization: Bearer TOKEN"
            }
        }))
    }

    /// Compares in a time that tells nothing but the length.
    fn is(&self, given: &str) -> bool {
        let given = plain(given);
        let pairs = given.bytes().zip(self.plain.bytes());
        let differences = pairs.fold(0, |differences, (a, b)| differences | (a ^ b));
        given.len() == self.plain.len() && differences == 0
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}

/// What counts of a token: people leave out the dash and the shift key.
fn plain(token: &str) -> String {
    let counts = |c: &char| *c != '-' && !c.is_whitespace();
    token.chars().filter(counts).map(|c| c.to_ascii_uppercase()).collect()
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(HeaderName::from_static("cookie")).iter();
    let pairs = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(';'));
    pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn admitted(uri: &str, lines: &[(&'static str, &'static str)]) -> Result<Pass, u16> {
        let room = Room::new("7F3K-22QD".to_owned());
        let line = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let uri = uri.parse().expect("a path");
        room.admit(&uri, &lines.iter().map(line).collect()).map_err(|no| no.status.as_u16())
    }

    #[test]
    fn whoever_knows_the_token_comes_in_however_it_is_typed() {
        for token in ["7F3K-22QD", "7f3k22qd", "7F3-K22-QD", "7f3k%2022qd", "+7F3K-22QD"] {
            assert_eq!(admitted(&format!("/sse?a=1&join={token}"), &[]), Ok(Pass::Said), "{token}");
        }
        assert_eq!(admitted("/", &[("authorization", "bearer 7F3K22QD")]), Ok(Pass::Said));
        let cookie = [("cookie", "a=b; wirescope_join=7F3K-22QD;c=d")];
        assert_eq!(admitted("/", &cookie), Ok(Pass::Cookie));
        assert_eq!(admitted("/?join=old", &cookie), Ok(Pass::Cookie));
    }

    #[test]
    fn others_are_told_why_not() {
        for uri in ["/", "/?join=", "/?join=7F3K-22Q", "/?join=7F3K-22QDX", "/?join=7F3K-22QE"] {
            assert_eq!(admitted(uri, &[]), Err(403), "{uri}");
        }
        for line in [
            ("cookie", "wirescope_join="),
            ("cookie", "xwirescope_join=7F3K-22QD"),
            ("cookie", "wirescope_join2=7F3K-22QD"),
            ("x-join", "7F3K-22QD"),
        ] {
            assert_eq!(admitted("/", &[line]), Err(403), "{line:?}");
        }
        assert_eq!(admitted("/", &[("authorization", "Bearer no")]), Err(401));
        assert_eq!(admitted("/", &[("authorization", "Basic 7F3K-22QD")]), Err(401));
    }

    #[test]
    fn tokens_differ_and_are_easy_to_read() {
        let tokens = [(); 50].map(|()| token().expect("random numbers"));
        for token in &tokens {
            assert_eq!((token.len(), token.find('-')), (9, Some(4)), "{token}");
            let letters = token.bytes().filter(|byte| *byte != b'-');
            assert!(letters.into_iter().all(|byte| LETTERS.contains(&byte)), "{token}");
        }
        let distinct: std::collections::BTreeSet<_> = tokens.iter().collect();
        assert_eq!(distinct.len(), 50);
    }

    #[test]
    fn the_address_to_share_is_not_one_of_this_machine_alone() {
        if let Some(ip) = lan_address() {
            assert!(!ip.is_loopback() && !ip.is_unspecified());
        }
        let url = |addr: ([u8; 4], u16)| join_url(addr.into(), "AB-CD");
        assert_eq!(url(([192, 168, 1, 5], 41)), "http://192.168.1.5:41/?join=AB-CD");
        assert!(!url(([0, 0, 0, 0], 41)).contains("0.0.0.0"));
        let v6 = join_url((Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1), 41).into(), "AB-CD");
        assert_eq!(v6, "http://[fd00::1]:41/?join=AB-CD");
    }

    #[test]
    fn the_token_is_in_no_log() {
        assert!(!format!("{:?}", Room::new("7F3K-22QD".to_owned())).contains("7F3K"));
    }
}
