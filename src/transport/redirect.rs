//! Where a redirect leads and what may travel along: one rule for every transport. Pure.

use url::Url;

use crate::model::{Headers, is_secret_header};

/// Redirects followed in a row.
pub const MOST: u32 = 10;

/// Fields that speak of a body that does not travel along (RFC 9110, section 15.4).
const OF_BODY: [&str; 6] = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-language",
    "content-location",
    "transfer-encoding",
];

/// Counts the redirects of one attempt or one request.
#[derive(Debug, Clone, Default)]
pub struct Redirects {
    followed: u32,
}

/// Where to ask next, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The address, with the scheme its sender gave it: a WebSocket may be sent to `https`.
    pub url: Url,
    /// It is to be asked for with GET and without a body, as browsers do after POST.
    pub as_get: bool,
    /// It is of another origin: another scheme, host or port (RFC 6454).
    pub is_elsewhere: bool,
}

/// A redirect that is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// What encrypts is left for what does not.
    #[error("the server sends from {from} to {to}, which is not encrypted")]
    Downgrade {
        /// Scheme and host that were asked.
        from: String,
        /// Scheme and host it points to.
        to: String,
    },
    /// There is nothing we could ask.
    #[error("the server points to “{0}”, which is no address Wirescope could ask")]
    Address(String),
    /// It is asked for over HTTP, and leads to a WebSocket.
    #[error("the server points to a WebSocket at {0}")]
    WebSocket(String),
    /// One redirect leads to the next.
    #[error("{MOST} redirects in a row; the last one points to {0}")]
    TooMany(String),
}

impl RedirectError {
    /// For a redirect from HTTP to a WebSocket.
    pub fn websocket(url: &Url) -> Self {
        Self::WebSocket(site(url))
    }

    /// The likely reason and what to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Downgrade { .. } => {
                "What is sent there could be read on the way; connect to that address by hand if that is no matter"
            }
            Self::Address(_) => {
                "The server or a proxy before it is set up wrong; connect to the right address by hand"
            }
            Self::WebSocket(_) => "Connect to that address over WebSocket",
            Self::TooMany(_) => {
                "The addresses seem to point to each other; it may want a cookie or a login first"
            }
        }
    }
}

impl Redirects {
    /// Goes on counting after `followed` of them.
    pub fn after(followed: u32) -> Self {
        Self { followed }
    }

    /// How many were followed.
    pub fn followed(&self) -> u32 {
        self.followed
    }

    /// Where an answer to `method` at `from` leads; `None` when it is no redirect that can be
    /// followed.
    ///
    /// # Errors
    /// [`RedirectError`]: it should not be followed.
    pub fn follow(
        &mut self,
        from: &Url,
        method: &str,
        status: u16,
        location: Option<&str>,
    ) -> Result<Option<Hop>, RedirectError> {
        let Some(location) = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))
        else {
            return Ok(None);
        };
        let wrong = || RedirectError::Address(shown(location));
        let mut url = from.join(location).map_err(|_| wrong())?;
        let is_spoken = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
        if !is_spoken || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        if is_encrypted(from) && !is_encrypted(&url) {
            return Err(RedirectError::Downgrade { from: site(from), to: site(&url) });
        }
        if self.followed >= MOST {
            return Err(RedirectError::TooMany(site(&url)));
        }
        self.followed += 1;
        let is_elsewhere = origin(from) != origin(&url);
        if !is_elsewhere {
            carry_credentials(from, &mut url);
        }
        Ok(Some(Hop { url, as_get: becomes_get(method, status), is_elsewhere }))
    }
}

impl Hop {
    /// The fields of `headers` that may travel along, and the names of those that give access and
    /// therefore stay behind.
    pub fn headers(&self, headers: &Headers) -> (Headers, Vec<String>) {
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        let mut kept = headers.clone();
        let mut left = Vec::new();
        kept.retain(|(name, _)| {
            let is_secret = self.is_elsewhere && is_secret_header(name);
            if is_secret {
                left.push(name.clone());
            }
            let is_of_body = self.as_get && OF_BODY.iter().any(|other| is(name, other));
            let is_of_host = self.is_elsewhere && is(name, "host");
            !is_secret && !is_of_body && !is_of_host
        });
        (kept, left)
    }
}

fn is_encrypted(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// RFC 6455 gives `ws` and `http` the same port, and the handshake is HTTP.
fn origin(url: &Url) -> (bool, Option<&str>, Option<u16>) {
    (is_encrypted(url), url.host_str(), url.port_or_known_default())
}

/// Name and password of the address hold for its whole origin, which a `Location` need not repeat.
fn carry_credentials(from: &Url, to: &mut Url) {
    if to.username().is_empty() && to.password().is_none() {
        // Setting these only fails for URLs without a host.
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
    }
}

/// 303 always asks for GET; 301 and 302 turn POST into it by custom (RFC 9110, section 15.4).
fn becomes_get(method: &str, status: u16) -> bool {
    match status {
        303 => method != "GET" && method != "HEAD",
        301 | 302 => method == "POST",
        _ => false,
    }
}

/// An address without what it may hide.
fn site(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The beginning of a text that the peer chose, without what follows a question mark or looks like
/// credentials.
fn shown(location: &str) -> String {
    let open = location.split('?').next().unwrap_or_default();
    let open = open.rsplit('@').next().unwrap_or_default();
    open.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn follow(from: &str, status: u16, to: &str) -> Result<Option<Hop>, RedirectError> {
        let from = Url::parse(from).unwrap();
        Redirects::default().follow(&from, "GET", status, Some(to))
    }

    #[test]
    fn addresses_are_relative_to_the_one_that_was_asked() {
        let table = [
            ("https://h/a/b?x=1", "c?y=2", "https://h/a/c?y=2", false),
            ("http://h/a", "//other/b", "http://other/b", true),
            ("http://h/a", "https://h/a", "https://h/a", true),
            ("http://h/a", "http://h:80/b", "http://h/b", false),
            ("http://h/a", "http://h:81/b", "http://h:81/b", true),
            ("ws://h/a", "http://h/b", "http://h/b", false),
            ("ws://h/a", "wss://h/b", "wss://h/b", true),
            ("wss://h/a", "/b", "wss://h/b", false),
            ("http://me:pw@h/a", "/b", "http://me:pw@h/b", false),
            ("http://me:pw@h/a", "http://h/b", "http://me:pw@h/b", false),
            ("http://me:pw@h/a", "http://you@h/b", "http://you@h/b", false),
            ("http://me:pw@h/a", "http://other/b", "http://other/b", true),
            ("http://[::1]:1/a", "b", "http://[::1]:1/b", false),
        ];
        for (from, location, to, is_elsewhere) in table {
            let hop = follow(from, 302, location).unwrap().unwrap();
            assert_eq!((hop.url.as_str(), hop.is_elsewhere), (to, is_elsewhere), "{from}");
        }
    }

    #[test]
    fn only_redirects_with_a_location_are_followed() {
        for status in [200, 204, 300, 304, 305, 306, 309, 404] {
            assert_eq!(follow("http://h/", status, "/b"), Ok(None), "{status}");
        }
        let from = Url::parse("http://h/").unwrap();
        assert_eq!(Redirects::default().follow(&from, "GET", 302, None), Ok(None));
    }

    #[test]
    fn methods_change_as_in_browsers() {
        let table = [
            ("POST", [301, 302, 303].as_slice(), true),
            ("POST", &[307, 308], false),
            ("PUT", &[303], true),
            ("PUT", &[301, 302, 307, 308], false),
            ("GET", &[301, 302, 303, 307, 308], false),
            ("HEAD", &[303], false),
        ];
        let from = Url::parse("http://h/").unwrap();
        for (method, statuses, as_get) in table {
            for status in statuses {
                let hop = Redirects::default().follow(&from, method, *status, Some("/b"));
                assert_eq!(hop.unwrap().unwrap().as_get, as_get, "{method} {status}");
            }
        }
    }

    #[test]
    fn encryption_is_not_given_up_and_what_cannot_be_asked_is_named() {
        for (from, to) in [("https://h/", "http://h/"), ("wss://h/", "ws://h/?token=hunter2")] {
            let error = follow(from, 301, to).unwrap_err();
            assert!(matches!(error, RedirectError::Downgrade { .. }), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for to in ["ftp://h/", "mailto:a@b", "http://", "http://[", "http://a b/"] {
            let error = follow("http://h/", 301, to).unwrap_err();
            assert!(matches!(error, RedirectError::Address(_)), "{to}: {error}");
        }
        let long = format!("ftp://me:hunter2@h/{}?hunter2", "x".repeat(1 << 16));
        let words = follow("http://h/", 301, &long).unwrap_err().to_string();
        assert!(words.len() < 300 && !words.contains("hunter2"), "{words}");
    }

    #[test]
    fn a_circle_is_left_after_ten() {
        let url = Url::parse("http://h/").unwrap();
        let mut redirects = Redirects::default();
        for _ in 0..MOST {
            assert!(redirects.follow(&url, "GET", 302, Some("/")).unwrap().is_some());
        }
        let error = redirects.follow(&url, "GET", 302, Some("/")).unwrap_err();
        assert_eq!(error.to_string(), "10 redirects in a row; the last one points to http://h");
    }

    #[test]
    fn secrets_stay_with_the_origin_and_a_body_takes_its_fields_along() {
        let names = ["Host", "Authorization", "Cookie", "X-Api-Key", "Accept", "Content-Type"];
        let headers: Headers =
            names.iter().map(|name| ((*name).to_owned(), String::from("x"))).collect();
        let hop = |as_get, is_elsewhere| Hop {
            url: Url::parse("http://h/").unwrap(),
            as_get,
            is_elsewhere,
        };
        let table = [
            (hop(false, false), names.as_slice(), [].as_slice()),
            (hop(true, false), &names[..5], &[]),
            (hop(false, true), &["Accept", "Content-Type"], &names[1..4]),
            (hop(true, true), &["Accept"], &names[1..4]),
        ];
        for (hop, travel, stay) in table {
            let (kept, left) = hop.headers(&headers);
            let kept: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(
                (kept.as_slice(), left),
                (travel, stay.iter().map(|n| (*n).into()).collect())
            );
        }
    }
}
