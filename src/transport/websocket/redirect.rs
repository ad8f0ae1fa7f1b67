//! Where a redirect leads (RFC 9110, section 15.4): the endpoint to ask next, without the secrets
//! that were meant for another server.

use url::Url;

use crate::model::{Endpoint, is_secret_header, redact_subprotocols};

/// Redirects that are followed in one attempt.
pub(super) const MOST: usize = 10;

/// Whether an answer with this status points elsewhere.
pub(super) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The endpoint that `location` names in an answer from `endpoint`.
///
/// # Errors
/// In a sentence, why it is not followed.
pub(super) fn next(endpoint: &Endpoint, location: &str) -> Result<Endpoint, String> {
    let here = &endpoint.url;
    let mut url = here
        .join(location)
        .map_err(|error| format!("the server redirects to what is no address: {error}"))?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        other => {
            return Err(format!(
                "the server redirects to a {other} address, where there is no WebSocket"
            ));
        }
    };
    if is_secure(here) && scheme == "ws" {
        return Err(format!(
            "the server redirects from an encrypted connection to a plain one, {}, where everything could be read on the way",
            url.host_str().unwrap_or_default()
        ));
    }
    if url.set_scheme(scheme).is_err() || url.host().is_none() {
        return Err(String::from("the server redirects to an address that names no host"));
    }
    let mut next = Endpoint { url, ..endpoint.clone() };
    if is_same(here, &next.url) {
        if next.url.username().is_empty() && next.url.password().is_none() {
            // The name is one that can be set, as it was there before.
            let _ = next.url.set_username(here.username());
            let _ = next.url.set_password(here.password());
        }
    } else {
        forget_secrets(&mut next);
    }
    Ok(next)
}

fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "wss" | "https")
}

/// Whether both are served by the same host and port, in the same way.
fn is_same(one: &Url, other: &Url) -> bool {
    is_secure(one) == is_secure(other)
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Takes out what gives access to the server that was asked first, and what is about it alone.
fn forget_secrets(endpoint: &mut Endpoint) {
    let options = &mut endpoint.options;
    options.headers.retain(|(name, value)| {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let asked: Vec<&str> = value.split(',').map(str::trim).collect();
        let has_token = is("sec-websocket-protocol") && redact_subprotocols(&asked) != asked;
        !is_secret_header(name) && !is("host") && !is("sec-websocket-key") && !has_token
    });
    let public = redact_subprotocols(&options.subprotocols);
    let mut public = public.iter();
    options.subprotocols.retain(|name| public.next() == Some(name));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        let mut endpoint = Endpoint::parse(url).unwrap();
        let own = [
            ("Authorization", "Bearer x"),
            ("cookie", "a=1"),
            ("X-Api-Key", "k"),
            ("Host", "front"),
            ("Origin", "https://o"),
        ];
        endpoint.options.headers =
            own.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        endpoint.options.subprotocols = vec!["chat".into(), "access_token".into(), "s3cret".into()];
        endpoint
    }

    #[test]
    fn addresses_are_resolved_and_their_schemes_mapped() {
        let table = [
            ("ws://h/a/b?q=1", "../c?d#e", "ws://h/c?d#e"),
            ("ws://h/a", "http://h:81/x", "ws://h:81/x"),
            ("ws://h/a", "https://other/x", "wss://other/x"),
            ("wss://h/a", "//other/x", "wss://other/x"),
            ("http://h/a", "/x", "ws://h/x"),
            ("https://h/a", "wss://h/x", "wss://h/x"),
            ("ws://me:pw@h/a", "ws://h/x", "ws://me:pw@h/x"),
            ("ws://me:pw@h/a", "/x", "ws://me:pw@h/x"),
            ("ws://me:pw@h/a", "ws://other/x", "ws://other/x"),
            ("ws://me:pw@h/a", "ws://you:pw@h/x", "ws://you:pw@h/x"),
        ];
        for (from, location, to) in table {
            let found = next(&endpoint(from), location).map(|next| next.url.to_string());
            assert_eq!(found.as_deref(), Ok(to), "{from} → {location}");
        }
    }

    #[test]
    fn what_is_not_followed_is_explained() {
        let table = [
            ("wss://h/", "ws://h/x", "where everything could be read on the way"),
            ("https://h/", "http://other/", "where everything could be read on the way"),
            ("ws://h/", "ftp://h/x", "a ftp address"),
            ("ws://h/", "mailto:a@b", "a mailto address"),
            ("ws://h/", "http://[::1", "no address"),
        ];
        for (from, location, words) in table {
            let sentence = next(&endpoint(from), location).err().unwrap_or_default();
            assert!(sentence.contains(words), "{from} → {location}: {sentence}");
        }
    }

    #[test]
    fn secrets_go_to_the_same_server_alone() {
        let names = |next: &Endpoint| -> Vec<String> {
            next.options.headers.iter().map(|(name, _)| name.clone()).collect()
        };
        for same in ["/x", "ws://h/x", "http://h:80/x"] {
            let next = next(&endpoint("ws://h/"), same).unwrap();
            assert_eq!(next.options, endpoint("ws://h/").options, "{same}");
        }
        for elsewhere in ["ws://other/", "ws://h:81/", "wss://h/"] {
            let next = next(&endpoint("ws://h/"), elsewhere).unwrap();
            assert_eq!(names(&next), ["Origin"], "{elsewhere}");
            assert_eq!(next.options.subprotocols, ["chat", "access_token"], "{elsewhere}");
        }
    }
}
