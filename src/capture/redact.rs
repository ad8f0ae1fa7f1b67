//! Takes secrets out of an event before it is recorded. Captures are made to be shared, so what is
//! written down says that a secret was there and how long it was, never what it was.

use url::Url;

use crate::model::{
    Endpoint, Event, Headers, Meta, Options, is_secret_header, redact_subprotocol_list,
    redact_subprotocols,
};

const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// Replaces the values of secret header fields and the secrets of addresses. Costs nothing for an
/// event without details, which is nearly every one.
pub(super) fn redact(event: &mut Event) {
    let Some(meta) = event.meta.as_deref_mut() else { return };
    redact_chosen(meta);
    redact_headers(&mut meta.headers);
    redact_headers(&mut meta.request_headers);
    for address in [&mut meta.url, &mut meta.proxy].into_iter().flatten() {
        redact_address(address);
    }
}

fn redact_headers(headers: &mut Headers) {
    for (name, value) in headers {
        if is_secret_header(name) {
            *value = redact_value(name, value);
        } else if is(name, SUBPROTOCOL) {
            *value = redact_subprotocol_list(value);
        } else if is(name, "location") || is(name, "content-location") || is(name, "referer") {
            redact_address(value);
        }
    }
}

/// An answer may give back the very token that was asked with, which only the question tells.
fn redact_chosen(meta: &mut Meta) {
    let asked = meta.request_headers.iter().filter(|(name, _)| is(name, SUBPROTOCOL));
    let asked: Vec<&str> = asked.flat_map(|(_, list)| list.split(',')).map(str::trim).collect();
    let public = redact_subprotocols(&asked);
    for (_, chosen) in meta.headers.iter_mut().filter(|(name, _)| is(name, SUBPROTOCOL)) {
        if let Some(at) = asked.iter().position(|name| *name == chosen.trim()) {
            chosen.clone_from(&public[at]);
        }
    }
}

fn is(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// `Bearer abc` becomes `Bearer … (3 bytes)`: the scheme is what explains a 401.
fn redact_value(name: &str, value: &str) -> String {
    let scheme = name.to_ascii_lowercase().ends_with("authorization");
    match value.split_once(' ') {
        Some((scheme_name, secret)) if scheme => {
            format!("{scheme_name} … ({} bytes)", secret.len())
        }
        _ => format!("… ({} bytes)", value.len()),
    }
}

/// A `Location` may be relative; any base will do, as it is taken off again.
const BASE: &str = "http://relative.invalid/";

fn redact_address(address: &mut String) {
    if !address.contains(['?', '@']) && !address.contains("/bot") {
        return;
    }
    let relative = !address.contains("://");
    let parsed = if relative {
        Url::parse(BASE).and_then(|base| base.join(address))
    } else {
        Url::parse(address)
    };
    let Ok(url) = parsed else { return };
    let public = Endpoint { url, transport: None, options: Options::default() }.redacted().url;
    let text = public.as_str();
    *address = match text.strip_prefix(BASE) {
        Some(rest) if relative && address.starts_with('/') => format!("/{rest}"),
        Some(rest) if relative => rest.to_owned(),
        _ => text.to_owned(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Kind};

    #[test]
    fn secret_values_go_and_their_length_stays() {
        let secret = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut event = Event::new(0, Dir::Local, Kind::Open).with_meta(Meta {
            url: Some(String::from("https://me:hunter2@h/p?access_token=hunter2&room=1")),
            proxy: Some(String::from("socks5h://me:hunter2@proxy:1080")),
            headers: vec![
                secret("Proxy-Authorization", "Basic hunter2"),
                secret("Set-Cookie", "sid=hunter2"),
                secret("Location", "/login?token=hunter2&next=1"),
                secret("sec-websocket-protocol", "hunter2"),
            ],
            request_headers: vec![
                secret("authorization", "Bearer hunter2"),
                secret("X-Api-Key", "hunter2"),
                secret("Accept", "*/*"),
                secret("Sec-WebSocket-Protocol", "chat, bearer, hunter2"),
            ],
            ..Meta::default()
        });
        redact(&mut event);
        let meta = event.meta();
        assert!(!format!("{meta:?}").contains("hunter2"), "{meta:?}");
        assert_eq!(meta.headers[1].1, "… (11 bytes)");
        assert!(
            meta.headers[2].1.starts_with("/login?token=")
                && meta.headers[2].1.ends_with("&next=1")
        );
        assert!(meta.proxy.as_deref().is_some_and(|proxy| proxy.ends_with("@proxy:1080")));
        assert_eq!(meta.request_headers[0].1, "Bearer … (7 bytes)");
        assert_eq!(meta.request_headers[1].1, "… (7 bytes)");
        assert_eq!(meta.request_headers[2].1, "*/*");
        assert_eq!(meta.request_headers[3].1, "chat, bearer, …");
        assert!(meta.url.as_deref().is_some_and(|url| url.contains("room=1")));
    }
}
