//! Keeps web pages from elsewhere away: a page may read (CORS is open for GET) but neither publish
//! nor open a WebSocket, and a name that was pointed at this machine (DNS rebinding) gets nothing.
//! In a room pages on a participant's own machine are from elsewhere, too, unless they know the
//! token.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri, header};
use url::Url;

use super::refusal::Refusal;

/// Who the request was meant for: `Host`, or the authority of the address line.
///
/// # Errors
/// More than one `Host`, or one that is no host (RFC 9112, section 3.2).
pub(super) fn host(uri: &Uri, headers: &HeaderMap) -> Result<Option<Authority>, Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if let Some(authority) = uri.authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(host) = host else { return Ok(None) };
    let parsed = host.to_str().ok().and_then(|host| host.parse().ok());
    match (parsed, second) {
        (Some(authority), None) => Ok(Some(authority)),
        _ => Err(Refusal::bad_request("a request has one Host header, with a host in it")),
    }
}

/// Refuses names that are not this machine's, which is what a page sends that had its own name
/// pointed at 127.0.0.1. For a server on loopback only.
pub(super) fn meant_for_loopback(host: Option<&Authority>) -> Result<(), Refusal> {
    // Without a host it is HTTP/1.0, so no browser.
    let Some(host) = host else { return Ok(()) };
    if is_loopback(host.host()) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "“{}” is not a name of this machine; use 127.0.0.1 or localhost",
        host.host()
    )))
}

/// Refuses names that somebody else may have pointed at this machine. For a server that is open to
/// a room, which finds it by its address or by a name that only the local network knows.
pub(super) fn meant_for_room(host: Option<&Authority>) -> Result<(), Refusal> {
    let Some(host) = host else { return Ok(()) };
    let name = host.host().trim_end_matches('.').to_ascii_lowercase();
    let is_local = name.rsplit_once('.').is_none_or(|(_, domain)| domain == "local");
    if is_local || ip(&name).is_some() || is_loopback(&name) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "“{}” may be anybody's name for this machine; use its address, as in http://192.168.1.5:4100",
        host.host()
    )))
}

/// Refuses what a page from elsewhere asks for, where that page could do harm. `trusts_own` lets
/// pages of this machine write, which may not be where the server runs.
pub(super) fn origin_may_write(
    host: Option<&Authority>,
    headers: &HeaderMap,
    trusts_own: bool,
) -> Result<(), Refusal> {
    for origin in headers.get_all(header::ORIGIN) {
        let named = origin.to_str().unwrap_or("?");
        let page = Url::parse(named).ok();
        let known = page.as_ref().is_some_and(|page| {
            (trusts_own && page.host_str().is_some_and(is_loopback))
                || host.is_some_and(|host| same(page, host))
        });
        if !known {
            return Err(Refusal::forbidden(format!(
                "a page from “{named}” may read but neither publish nor open a WebSocket here"
            )));
        }
    }
    Ok(())
}

/// Whether this path or method can change something.
pub(super) fn writes(method: &Method, path: &str) -> bool {
    path == "/ws" || !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn same(page: &Url, host: &Authority) -> bool {
    let port = host.port_u16().or(match page.scheme() {
        "https" => Some(443),
        _ => Some(80),
    });
    page.host_str().is_some_and(|name| name.eq_ignore_ascii_case(host.host()))
        && page.port_or_known_default() == port
}

fn is_loopback(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || ip(&name).is_some_and(|ip| ip.to_canonical().is_loopback())
}

/// The address a host is, where it is one rather than a name.
fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn authority(host: &str) -> Authority {
        host.parse().expect("an authority")
    }

    #[test]
    fn only_names_of_this_machine_pass() {
        for host in ["127.0.0.1:4100", "localhost", "LOCALHOST.:80", "a.localhost", "[::1]:4100"] {
            assert_eq!(meant_for_loopback(Some(&authority(host))), Ok(()), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"]
        {
            assert!(meant_for_loopback(Some(&authority(host))).is_err(), "{host}");
        }
        assert_eq!(meant_for_loopback(None), Ok(()));
    }

    #[test]
    fn a_room_finds_the_server_by_what_nobody_else_can_name() {
        for host in [
            "192.168.1.5:4100",
            "[fd00::1]:4100",
            "127.0.0.1",
            "localhost:4100",
            "laptop:4100",
            "Laptop.local.:4100",
        ] {
            assert_eq!(meant_for_room(Some(&authority(host))), Ok(()), "{host}");
        }
        for host in
            ["evil.example:4100", "192.168.1.5.evil.example", "local.example", "x.local.example"]
        {
            assert!(meant_for_room(Some(&authority(host))).is_err(), "{host}");
        }
        assert_eq!(meant_for_room(None), Ok(()));
    }

    #[test]
    fn pages_from_elsewhere_may_not_write() {
        let may = |origin: &'static str, host: &str| {
            let headers: HeaderMap =
                [(header::ORIGIN, HeaderValue::from_static(origin))].into_iter().collect();
            let own = origin_may_write(Some(&authority(host)), &headers, true).is_ok();
            let others = origin_may_write(Some(&authority(host)), &headers, false).is_ok();
            (own, others)
        };
        assert_eq!(may("http://localhost:3000", "127.0.0.1:4100"), (true, false));
        assert_eq!(may("http://127.0.0.1:4100", "127.0.0.1:4100"), (true, true));
        assert_eq!(may("http://192.0.2.7:4100", "192.0.2.7:4100"), (true, true));
        assert_eq!(may("https://Demo.example", "demo.example"), (true, true));
        for origin in [
            "https://evil.example",
            "http://192.0.2.7:8000",
            "null",
            "file://",
            "http://127.0.0.1.evil.example",
            "",
        ] {
            assert_eq!(may(origin, "192.0.2.7:4100"), (false, false), "{origin}");
        }
        assert!(origin_may_write(None, &HeaderMap::new(), false).is_ok(), "no browser");
    }

    #[test]
    fn the_host_comes_from_where_the_request_says() {
        let headers = |hosts: &[&'static str]| -> HeaderMap {
            hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host))).collect()
        };
        let path: Uri = "/x".parse().expect("a path");
        assert_eq!(host(&path, &headers(&[])), Ok(None));
        assert_eq!(host(&path, &headers(&["a:1"])), Ok(Some(authority("a:1"))));
        assert!(host(&path, &headers(&["a b"])).is_err());
        let full: Uri = "http://evil.example/x".parse().expect("an address");
        assert_eq!(host(&full, &headers(&["localhost"])), Ok(Some(authority("evil.example"))));
    }
}
