//! Cookies of a session (RFC 6265): what an answer sets is sent back to the same host, as servers
//! behind a load balancer and many long polls depend on it. Pure.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use url::Url;

use crate::model::Headers;

/// Cookies that are kept, the newest.
const MOST: usize = 64;
/// Bytes of a cookie that is kept (RFC 6265, section 6.1).
const LONGEST: usize = 4096;

/// The cookies of one session, shared by its requests. Never written to a file.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<Vec<Cookie>>>);

struct Cookie {
    name: String,
    value: String,
    host: String,
    path: String,
    is_secure: bool,
    until: Option<Timestamp>,
}

impl Jar {
    /// Takes what an answer from `url` sets. Cookies stay with the very host, whatever `Domain`
    /// says: whether `co.uk` may have one is not for us to know.
    pub fn take(&self, url: &Url, headers: &Headers, now: Timestamp) {
        let set = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, value) in set {
            if let Some(cookie) = Cookie::parse(url, value, now) {
                self.put(cookie, now);
            }
        }
    }

    fn put(&self, cookie: Cookie, now: Timestamp) {
        let mut jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jar.retain(|other| !cookie.replaces(other));
        if cookie.lasts(now) {
            jar.push(cookie);
        }
        if jar.len() > MOST {
            jar.remove(0);
        }
    }

    /// What `Cookie` says to `url`, beside what the person at the window set; a cookie of the same
    /// name that the server has set since takes its place.
    pub fn header(&self, url: &Url, own: Option<&str>, now: Timestamp) -> Option<String> {
        let jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fitting: Vec<&Cookie> =
            jar.iter().filter(|cookie| cookie.fits(url) && cookie.lasts(now)).collect();
        // Longer paths first (RFC 6265, section 5.4).
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let own = own.unwrap_or_default().split(';').map(str::trim).filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            !pair.is_empty() && !fitting.iter().any(|cookie| cookie.name == name)
        });
        let mut pairs: Vec<String> = own.map(str::to_owned).collect();
        pairs.extend(fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)));
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl std::fmt::Debug for Jar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(jar.iter().map(|cookie| &cookie.name)).finish()
    }
}

impl Cookie {
    /// Reads a `Set-Cookie` field (RFC 6265, section 5.2).
    fn parse(url: &Url, field: &str, now: Timestamp) -> Option<Self> {
        let is_clean = field.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control());
        if field.len() > LONGEST || !is_clean {
            return None;
        }
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            host: url.host_str()?.to_owned(),
            path: usual_path(url),
            is_secure: false,
            until: None,
        };
        let mut age = None;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.is_secure = true,
                "max-age" => age = value.parse::<i64>().ok().or(age),
                "expires" => cookie.until = DateTimeParser::new().parse_timestamp(value).ok(),
                _ => {}
            }
        }
        if let Some(age) = age {
            let seconds = jiff::SignedDuration::from_secs(age.clamp(0, i64::from(u32::MAX)));
            cookie.until = now.checked_add(seconds).ok();
        }
        (!cookie.name.is_empty()).then_some(cookie)
    }

    fn replaces(&self, other: &Self) -> bool {
        (&self.name, &self.host, &self.path) == (&other.name, &other.host, &other.path)
    }

    fn lasts(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    fn fits(&self, url: &Url) -> bool {
        let is_encrypted = matches!(url.scheme(), "https" | "wss");
        let rest = url.path().strip_prefix(&self.path);
        let is_below = rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        });
        url.host_str() == Some(&self.host) && is_below && (is_encrypted || !self.is_secure)
    }
}

/// The folder of what was asked for (RFC 6265, section 5.1.4).
fn usual_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
        _ => String::from("/"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn set(jar: &Jar, from: &str, field: &str) {
        jar.take(&url(from), &vec![(String::from("Set-Cookie"), field.to_owned())], at(1000));
    }

    #[test]
    fn cookies_go_back_where_they_came_from() {
        let jar = Jar::default();
        set(&jar, "https://h/a/poll?x=1", "sid=1; HttpOnly; SameSite=Lax");
        set(&jar, "https://h/a/poll", "root=2; Path=/; Domain=h");
        set(&jar, "https://h/", "safe=3; Secure");
        set(&jar, "https://other/", "theirs=4");
        let table = [
            ("https://h/a/poll", Some("sid=1; root=2; safe=3")),
            ("https://h/a", Some("sid=1; root=2; safe=3")),
            ("wss://h:9/ab", Some("root=2; safe=3")),
            ("http://h/", Some("root=2")),
            ("https://sub.h/", None),
        ];
        for (to, sent) in table {
            assert_eq!(jar.header(&url(to), None, at(1000)).as_deref(), sent, "{to}");
        }
        assert!(!format!("{jar:?}").contains("=1"));
    }

    #[test]
    fn what_the_server_sets_takes_the_place_of_what_was_typed() {
        let jar = Jar::default();
        assert_eq!(jar.header(&url("http://h/"), Some("a=0; b=0"), at(1)).unwrap(), "a=0; b=0");
        set(&jar, "http://h/", "a=1");
        set(&jar, "http://h/", "a=2");
        assert_eq!(jar.header(&url("http://h/"), Some("a=0; b=0"), at(1)).unwrap(), "b=0; a=2");
    }

    #[test]
    fn cookies_end() {
        let jar = Jar::default();
        set(&jar, "http://h/", "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        set(&jar, "http://h/", "b=1; Expires=Thu, 01 Jan 1970 00:17:00 GMT");
        set(&jar, "http://h/", "c=1; Max-Age=nonsense");
        let sent = |second| jar.header(&url("http://h/"), None, at(second));
        assert_eq!(sent(1005).as_deref(), Some("a=1; b=1; c=1"));
        assert_eq!(sent(1010).as_deref(), Some("b=1; c=1"));
        assert_eq!(sent(1020).as_deref(), Some("c=1"));
        set(&jar, "http://h/", "c=; Max-Age=0");
        assert_eq!(sent(1020), None);
    }

    #[test]
    fn a_jar_does_not_grow_without_end() {
        let jar = Jar::default();
        for n in 0..1000 {
            set(&jar, "http://h/", &format!("n{n}=1"));
        }
        for junk in ["", "=", "; ;", "x", "a=\u{7}", &format!("big={}", "x".repeat(LONGEST))] {
            set(&jar, "http://h/", junk);
        }
        let sent = jar.header(&url("http://h/"), None, at(1000)).unwrap();
        assert_eq!(sent.split("; ").count(), MOST);
        assert!(sent.ends_with("n999=1"));
    }
}
