//! What gives access and so is not written to files meant for others: told by the names of headers
//! and query parameters, and by the looks of subprotocols, which browsers leave as the only place
//! for a token in a WebSocket handshake.

/// Stands in the place of a secret.
pub(super) const REDACTED: &str = "…";
/// The same in an address.
pub(super) const REDACTED_IN_URL: &str = "%E2%80%A6";

/// Kubernetes takes a token behind these words.
const KUBERNETES: &str = "base64url.bearer.authorization.k8s.io";
/// Parts of names that no harmless name has.
const TELLING: [&str; 12] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "jwt",
    "apikey",
    "accesskey",
    "privatekey",
    "subscriptionkey",
    "signature",
    "credential",
];
/// Words that tell only when they stand alone: `auth`, not `author`; `sig`, not `design`.
const WORDS: [&str; 9] =
    ["auth", "sig", "pass", "sid", "session", "sessionid", "sessid", "phpsessid", "jsessionid"];

/// Whether a header's value gives access.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.trim();
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    // `Access-Control-Allow-Credentials` only says that there may be some.
    let starts = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    ["authorization", "proxy-authorization", "cookie", "set-cookie"].into_iter().any(is)
        || is_secret_name(name) && !starts("access-control-")
}

/// Whether a query parameter's value gives access. `join` opens our own server's room.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    ["key", "join"].into_iter().any(|secret| name.eq_ignore_ascii_case(secret))
        || is_secret_name(name)
}

/// Whether a value was taken out before it was stored: `…`, `… (7 bytes)`, `Bearer … (7 bytes)`,
/// or something that ends in `.…`.
pub fn is_redacted(value: &str) -> bool {
    let value = value.trim();
    let stands = |rest: &str| {
        let Some(rest) = rest.strip_prefix(REDACTED) else { return false };
        let length = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(" bytes)"));
        rest.is_empty() || length.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    };
    stands(value)
        || value.split_once(' ').is_some_and(|(_, rest)| stands(rest))
        || value.strip_suffix(REDACTED).is_some_and(|start| start.ends_with('.'))
}

/// The path without the token that Telegram's addresses have in it, as `/bot123:abc/getUpdates`;
/// `None` where there is nothing of the kind.
pub(super) fn redact_path(path: &str) -> Option<String> {
    let public = |segment: &str| {
        let (number, token) = segment.strip_prefix("bot")?.split_once(':')?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        (is_number && !token.is_empty()).then(|| format!("bot{number}:{REDACTED}"))
    };
    let segments = path.split('/').map(|segment| public(segment).unwrap_or_else(|| segment.into()));
    let redacted = segments.collect::<Vec<_>>().join("/");
    (redacted != path).then_some(redacted)
}

/// The subprotocols with the tokens among them taken out; what names a token stays.
pub fn redact_subprotocols<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    let mut announced = false;
    let redacted = names.iter().map(|name| {
        let name = name.as_ref();
        let public = if announced { Some(String::from(REDACTED)) } else { without_token(name) };
        announced = public.is_none() && (is_bearer(name) || is_secret_name(name));
        public.unwrap_or_else(|| name.to_owned())
    });
    redacted.collect()
}

/// The same for the value of `Sec-WebSocket-Protocol`.
pub fn redact_subprotocol_list(value: &str) -> String {
    let names: Vec<&str> = value.split(',').map(str::trim).collect();
    redact_subprotocols(&names).join(", ")
}

/// The subprotocol without the token in it; `None` where there is none.
fn without_token(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix(KUBERNETES) {
        return rest.starts_with('.').then(|| format!("{KUBERNETES}.{REDACTED}"));
    }
    let dots = name.match_indices('.').map(|(at, _)| name.split_at(at).0);
    if let Some(label) = dots.into_iter().find(|label| is_bearer(label) || is_secret_name(label)) {
        return Some(format!("{label}.{REDACTED}"));
    }
    looks_random(name).then(|| String::from(REDACTED))
}

fn is_bearer(name: &str) -> bool {
    words(name).any(|word| word == "bearer" || word == "authorization")
}

/// Whether it is long and changes between small letters, capitals and digits as no name does. A
/// capital at the beginning of a word is no such change.
fn looks_random(name: &str) -> bool {
    let of = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let changes = name
        .as_bytes()
        .windows(2)
        .filter(|pair| match (of(pair[0]), of(pair[1])) {
            (Some(1), Some(0)) => false,
            (Some(one), Some(other)) => one != other,
            _ => false,
        })
        .count();
    name.len() >= 20 && changes * 5 >= name.len()
}

fn is_secret_name(name: &str) -> bool {
    let squeezed: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let squeezed = squeezed.to_ascii_lowercase();
    TELLING.iter().any(|part| squeezed.contains(part))
        || words(name).any(|word| {
            // Tokens in the plural are counted, as in `max_tokens`.
            WORDS.contains(&word.as_str()) || word.contains("token") && word != "tokens"
        })
}

/// The words of `X-Auth-Token`, `auth_token` or `authToken`, in small letters.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = before.is_ascii_lowercase() && c.is_ascii_uppercase();
        if begins || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_and_harmless_ones_left_alone() {
        let secret = [
            "X-Amz-Signature",
            "X-Amz-Credential",
            "X-Amz-Security-Token",
            "X-Goog-Signature",
            "X-Goog-Credential",
            "X-Auth-Token",
            "X-Auth",
            "X-Api-Key",
            "AWSAccessKeyId",
            "access_key",
            "access-token",
            "accessToken",
            "client_secret",
            "id_token",
            "jwt",
            "X-JWT-Assertion",
            "userPwd",
            "PWD",
            "sig",
            "signature",
            "credentials",
            "session",
            "sessionId",
            "X-Session-Id",
            "PHPSESSID",
            "Ocp-Apim-Subscription-Key",
            "auth",
        ];
        let harmless = [
            "author",
            "authority",
            "design",
            "designation",
            "signal",
            "monkey",
            "keyboard",
            "keys",
            "compass",
            "obsession",
            "max_tokens",
            "room",
            "Accept",
            "Sec-WebSocket-Key",
            "Idempotency-Key",
            "WWW-Authenticate",
            "Access-Control-Allow-Credentials",
            "ETag",
        ];
        for name in secret {
            assert!(is_secret_header(name) && is_secret_parameter(name), "{name}");
        }
        for name in harmless {
            assert!(!is_secret_header(name), "{name}");
        }
        assert!(is_secret_parameter("key") && is_secret_parameter("join"));
        assert!(!is_secret_parameter("author") && !is_secret_parameter("joined"));
        assert!(is_secret_header("Cookie") && is_secret_header("authorization"));
    }

    #[test]
    fn tokens_among_subprotocols_go_and_names_stay() {
        let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jV";
        let kubernetes = format!("{KUBERNETES}.aHVudGVyMg");
        let table: [(&[&str], &[&str]); 9] = [
            (&["graphql-ws", "bearer", "hunter2"], &["graphql-ws", "bearer", "…"]),
            (&["access_token", "hunter2", "chat"], &["access_token", "…", "chat"]),
            (&[jwt, "chat"], &["…", "chat"]),
            (
                &[&kubernetes, "base64.binary.k8s.io"],
                &["base64url.bearer.authorization.k8s.io.…", "base64.binary.k8s.io"],
            ),
            (
                &["realtime", "openai-insecure-api-key.sk-hunter2"],
                &["realtime", "openai-insecure-api-key.…"],
            ),
            (&["0b4f1c9e-7d3a-4b52-9e0f-6a1d2c8b7f35"], &["…"]),
            (&["9f86d081884c7d659a2feaa0c55ad015"], &["…"]),
            (&["dGhlIHNhbXBsZSBub25jZQ=="], &["…"]),
            (&[KUBERNETES], &[KUBERNETES]),
        ];
        for (names, expected) in table {
            assert_eq!(redact_subprotocols(names), expected, "{names:?}");
        }
        let names = [
            "graphql-transport-ws",
            "protobuf.reliable.webpubsub.azure.v1",
            "wamp.2.msgpack.batched",
            "v12.stomp",
            "ocpp2.0.1",
            "base64.binary.k8s.io",
            "com.microsoft.minecraft.wsencrypt",
            "MarketDataFeedProtocolVersion2",
            "actioncable-v1-json",
        ];
        for name in names {
            assert_eq!(redact_subprotocols(&[name]), [name]);
        }
    }

    #[test]
    fn what_was_taken_out_is_known_again() {
        for value in ["…", "… (7 bytes)", "Bearer … (7 bytes)", "Bearer …", "api-key.…"] {
            assert!(is_redacted(value), "{value}");
        }
        for value in ["", "Bearer abc", "and so on…", "… and more", "… (many bytes)"] {
            assert!(!is_redacted(value), "{value}");
        }
    }
}
