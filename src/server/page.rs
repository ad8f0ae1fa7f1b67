//! `GET /`: the page that runs every transport in the browser, its parts below `/page/`, and
//! `GET /clock`, by which it compares clocks. The page may load nothing that is not the server's
//! own, talk to nobody else and be framed by nobody. Who opens it without the token of a room finds
//! a door with a place for it.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::guard;
use super::refusal::Refusal;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const INDEX: &str = include_str!("../../assets/page/index.html");
const DOOR: &str = include_str!("../../assets/page/door.html");

/// What the door may do: its own style, named by its hash, since nothing else is served to those
/// who are outside; and asking for the page with the token.
static DOOR_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = DOOR.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
});

/// Name below `/page/`, media type and content.
const PARTS: [(&str, &str, &str); 12] = [
    ("app.js", SCRIPT, include_str!("../../assets/page/app.js")),
    ("clock.js", SCRIPT, include_str!("../../assets/page/clock.js")),
    ("feed.js", SCRIPT, include_str!("../../assets/page/feed.js")),
    ("lane.js", SCRIPT, include_str!("../../assets/page/lane.js")),
    ("messagepack.js", SCRIPT, include_str!("../../assets/page/messagepack.js")),
    ("report.js", SCRIPT, include_str!("../../assets/page/report.js")),
    ("streams.js", SCRIPT, include_str!("../../assets/page/streams.js")),
    ("style.css", CSS, include_str!("../../assets/page/style.css")),
    ("tally.js", SCRIPT, include_str!("../../assets/page/tally.js")),
    ("topics.js", SCRIPT, include_str!("../../assets/page/topics.js")),
    ("transports.js", SCRIPT, include_str!("../../assets/page/transports.js")),
    ("view.js", SCRIPT, include_str!("../../assets/page/view.js")),
];

/// The page itself.
pub(super) async fn index(uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let host = guard::host(&uri, &headers)?;
    let policy = policy(host.as_ref().map_or("", |host| host.as_str()));
    Ok(under(&policy, part(HTML, INDEX)))
}

/// What stands before the page for those who do not say the token.
pub(super) fn door(refusal: &Refusal) -> Response {
    // What is said may hold what a client said.
    let why = refusal.sentence.replace('&', "&amp;").replace('<', "&lt;");
    let response = (refusal.status, part(HTML, DOOR.replace("{why}", &why))).into_response();
    under(&DOOR_POLICY, response)
}

/// Whether this asks for the page to look at it.
pub(super) fn looks_at_it(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    *method == Method::GET
        && uri.path() == "/"
        && accepts.is_some_and(|accept| accept.contains("text/html"))
}

fn under(policy: &str, mut response: Response) -> Response {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A part of the page.
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let found = PARTS.iter().find(|(part, ..)| *part == name);
    found.map(|(_, kind, content)| part(kind, *content)).ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "the page has no such part; open it at /")
    })
}

/// The server's time, in Unix milliseconds, as `ts` of messages has it.
pub(super) async fn clock() -> Response {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (ms, fraction) = (now.as_millis(), now.subsec_micros() % 1000);
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (head, format!("{{\"ts\":{ms}.{fraction:03}}}")).into_response()
}

fn part(kind: &'static str, content: impl IntoResponse) -> Response {
    let head = [
        (header::CONTENT_TYPE, kind),
        // Another version of the program may listen here tomorrow.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (head, content).into_response()
}

/// What the page may do (W3C Content Security Policy, level 3). Some browsers do not take a
/// WebSocket to its own server for `'self'`, so that is named.
fn policy(host: &str) -> String {
    // A host is what a client says; what could end the directive does not get into it.
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".:-[]".contains(&b);
    let sockets = if !host.is_empty() && host.bytes().all(is_plain) {
        format!(" ws://{host} wss://{host}")
    } else {
        String::new()
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{sockets}; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_own_server_and_nothing_a_client_makes_up() {
        assert!(policy("127.0.0.1:41").contains("; connect-src 'self' ws://127.0.0.1:41 wss://1"));
        assert!(policy("[::1]:41").contains(" ws://[::1]:41 "));
        for host in ["", "a;script-src *", "a,b", "a b", "é"] {
            assert!(policy(host).contains("; connect-src 'self'; "), "{host}");
        }
    }

    #[tokio::test]
    async fn the_door_says_why_and_nothing_of_what_a_client_made_up() {
        let response = door(&Refusal::forbidden("“<script>&lt;” & so on"));
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a page");
        let page = String::from_utf8_lossy(&body);
        assert!(page.contains("<p>“&lt;script>&amp;lt;” &amp; so on</p>"), "{page}");
        assert!(!page.contains("<script") && !page.contains("{why}"), "{page}");
        assert!(DOOR_POLICY.contains("style-src 'sha256-") && !DOOR_POLICY.contains("47DEQpj8"));
        assert!(DOOR.contains("<p>{why}</p>") && !DOOR.contains("<script"));
    }

    #[test]
    fn what_the_page_asks_for_is_there() {
        for (_, _, content) in PARTS.iter().chain([&("", HTML, INDEX)]) {
            let imports = content.split("from './").skip(1);
            let linked = content.split("\"/page/").skip(1);
            for rest in imports.chain(linked) {
                let name = rest.split(['\'', '"']).next().unwrap_or_default();
                assert!(PARTS.iter().any(|(part, ..)| *part == name), "{name} is not served");
            }
        }
    }

    /// What came to browsers later than the rest of what the page uses (2022); where such a call is
    /// missing, the page stands still.
    #[test]
    fn phones_of_some_years_ago_have_all_that_the_page_calls() {
        let banned = [
            "roupBy(",
            ".toSorted(",
            ".toReversed(",
            ".toSpliced(",
            ".with(",
            ".findLast",
            "withResolvers(",
            ".fromAsync(",
            ".union(",
            ".intersection(",
            ".difference(",
            ".isSubsetOf(",
            ".isSupersetOf(",
            "Iterator.",
            ".values().",
            ".keys().map(",
            ".entries().",
            "AbortSignal.any(",
            "Promise.try(",
            "URL.parse(",
            "URL.canParse(",
        ];
        for (name, _, content) in PARTS {
            for call in banned {
                assert!(!content.contains(call), "{name} calls {call}");
            }
        }
    }

    #[test]
    fn nothing_in_the_page_is_against_its_policy() {
        for (name, _, content) in PARTS.iter().chain([&("/", HTML, INDEX)]) {
            for banned in [" style=\"", "<style", " onclick=", "javascript:", "innerHTML", "eval("]
            {
                assert!(!content.contains(banned), "{name} has {banned}");
            }
            let without_names = content.replace("http://www.w3.org/2000/svg", "");
            assert!(!without_names.contains("://"), "{name} names another server");
        }
        assert!(INDEX.matches("<script").all(|_| INDEX.contains("<script type=\"module\" src=")));
    }
}
