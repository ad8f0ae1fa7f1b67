//! Lines that people paste, and that what is copied reads as what it came from.

use std::time::Duration;

use super::*;
use crate::model::{Body, Heartbeat, Options, Proxy, TransportKind};

fn pasted(line: &str) -> Pasted {
    match read(line) {
        Some(Ok(pasted)) => pasted,
        other => panic!("{line}: {other:?}"),
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn only_command_lines_are_command_lines() {
    for line in ["", "curl", "curlew x", "https://curl.se/ x", "localhost:3000/curl", "ws://h"] {
        let found = read(line);
        assert!(found.is_none() || line == "curl", "{line}: {found:?}");
    }
    for line in ["curl h", "$ curl h", "  /usr/bin/curl h", "curl.exe h", "curl\th", "$ wscat -c h"]
    {
        assert!(matches!(read(line), Some(Ok(_))), "{line}");
    }
}

#[test]
fn a_line_of_curl_is_the_request_it_would_make() {
    let line = r#"curl -sN -XPOST 'https://api.example.com/v1/chat?x=1' \
        -H 'Accept: text/event-stream' -H "X-Room: a \"b\"" -H 'X-Empty;' -A 'me/1' \
        -u me:secret -b 'a=1; b=2' -e https://e/ --compressed -L --http2 -m 10 -o out.txt \
        -d '{"stream":true}' -d x -x proxy:3128 -U pu:pp -k --cacert ca.pem --cert c.pem:pw \
        --key k.pem | jq ."#;
    let Pasted { endpoint, notes, .. } = pasted(line);
    assert_eq!(endpoint.url.as_str(), "https://api.example.com/v1/chat?x=1");
    assert_eq!(endpoint.transport, Some(TransportKind::Sse));
    let options = endpoint.options;
    assert_eq!(
        options.headers,
        [
            pair("X-Room", "a \"b\""),
            pair("X-Empty", ""),
            pair("User-Agent", "me/1"),
            pair("Cookie", "a=1; b=2"),
            pair("Referer", "https://e/"),
            pair("Authorization", "Basic bWU6c2VjcmV0"),
            pair("Content-Type", "application/x-www-form-urlencoded"),
        ]
    );
    assert_eq!(options.method, None, "POST is usual with a body");
    assert_eq!(options.body, Some(Body::Text("{\"stream\":true}&x".into())));
    assert!(options.compression && options.insecure);
    assert_eq!(options.ca_file, Some("ca.pem".into()));
    assert_eq!(options.cert_file, Some("c.pem".into()));
    assert_eq!(options.key_file, Some("k.pem".into()));
    let Proxy::Via(proxy) = options.proxy else { panic!("no proxy") };
    assert_eq!(proxy.as_str(), "http://pu:pp@proxy:3128/");
    assert_eq!(
        notes,
        [
            "left out: -s, --http2, -m 10, -o",
            "the password of --cert was left out",
            "what follows was left out: | jq .",
        ]
    );
}

#[test]
fn short_lines_of_curl() {
    let url = |line: &str| pasted(line).endpoint.url.to_string();
    assert_eq!(url("curl example.com"), "http://example.com/", "as curl guesses");
    assert_eq!(
        url("curl -G -d a=1 --data-urlencode 'q=a b&c' 'h/p?x#f'"),
        "http://h/p?x&a=1&q=a+b%26c#f"
    );
    assert_eq!(url("curl --retry 3 --url h"), "http://h/");
    let options = |line: &str| pasted(line).endpoint.options;
    let plain = Options { compression: false, ..Options::default() };
    assert_eq!(options("curl h"), plain, "without --compressed curl asks for none");
    assert_eq!(options("curl -H 'Accept-Encoding: gzip, br' h"), Options::default());
    assert_eq!(options("curl --json '{\"a\":1}' h").headers, [pair("Accept", "application/json")]);
    assert_eq!(options("curl -d @b.json -H 'Content-Type:' h").headers, []);
    assert_eq!(options("curl -d @b.json h").body, Some(Body::File("b.json".into())));
    assert_eq!(options("curl -X GET -d x h").method.as_deref(), Some("GET"));
    assert_eq!(options("curl --noproxy '*' h").proxy, Proxy::Off);
    let proxy = |line: &str| match options(line).proxy {
        Proxy::Via(url) => url.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(proxy("curl --socks5-hostname p:1080 h"), "socks5h://p:1080");
    assert_eq!(proxy("curl --socks5 p:1080 h"), "socks5://p:1080");
    assert_eq!(proxy("curl -x socks5h://p:1080 h"), "socks5h://p:1080");
    let notes = pasted("curl -H \"Authorization: Bearer $TOKEN\" h other -F a=b").notes;
    assert_eq!(
        notes,
        [
            "left out: -F",
            "left out: other",
            "$TOKEN stands as it is: a shell would have filled it in",
        ]
    );
}

#[test]
fn what_browsers_copy_of_a_websocket_is_one() {
    let line = "curl 'wss://h.example/ws?x=1' \\\n  -H 'Upgrade: websocket' \\\n  \
        -H 'Origin: https://h.example' \\\n  -H 'Connection: Upgrade' \\\n  \
        -H 'Sec-WebSocket-Key: abc==' \\\n  -H 'Sec-WebSocket-Version: 13' \\\n  \
        -H 'Sec-WebSocket-Protocol: graphql-ws, v2' \\\n  \
        -H 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits' \\\n  \
        -H $'User-Agent: it\\'s \\u0021' \\\n  -H 'Accept-Encoding: gzip, deflate, br'";
    let Pasted { endpoint, notes, .. } = pasted(line);
    assert_eq!(endpoint.url.as_str(), "wss://h.example/ws?x=1");
    assert_eq!(endpoint.transport, Some(TransportKind::Websocket));
    assert_eq!(
        endpoint.options,
        Options {
            headers: vec![pair("Origin", "https://h.example"), pair("User-Agent", "it's !")],
            subprotocols: vec!["graphql-ws".into(), "v2".into()],
            ..Options::default()
        }
    );
    assert!(notes.is_empty(), "{notes:?}");
    let upgrade = pasted("curl -H 'Upgrade: websocket' https://h/").endpoint;
    assert_eq!(upgrade.url.as_str(), "wss://h/");
}

#[test]
fn what_browsers_copy_for_cmd_is_read() {
    let line = "curl ^\"https://h/a?b=1^&c=^%^2F^\" ^\r\n  -H ^\"X: \\^\"q\\^\" $HOME^\" ^\r\n  \
        --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"";
    let Pasted { endpoint, notes, .. } = pasted(line);
    assert_eq!(endpoint.url.as_str(), "https://h/a?b=1&c=%2F");
    assert_eq!(endpoint.options.headers[0], pair("X", "\"q\" $HOME"));
    assert_eq!(endpoint.options.body, Some(Body::Text("{\"a\":1}".into())));
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn lines_of_websocat_and_wscat() {
    let line = "websocat -k -1 -H='X: y' --protocol a,b --ping-interval 7 --basic-auth me:x \
        --origin http://o -t -B 65536 autoreconnect:wss://h/p mirror:";
    let Pasted { endpoint, notes, .. } = pasted(line);
    assert_eq!(endpoint.url.as_str(), "wss://h/p");
    let options = endpoint.options;
    assert_eq!(options.subprotocols, ["a", "b"]);
    assert_eq!(
        options.headers,
        [pair("X", "y"), pair("Authorization", "Basic bWU6eA=="), pair("Origin", "http://o"),]
    );
    assert_eq!(options.heartbeat, Some(Heartbeat::every(Duration::from_secs(7))));
    assert!(options.insecure && options.echo);
    assert_eq!(notes, ["left out: -1, -t, -B 65536"]);

    let line = "wscat -n -P --auth me:x -o http://o -s a -s b -H 'X:y' -p 8 -x hello -w 5 \
        --proxy http://p:1 -c localhost:80/p";
    let Pasted { endpoint, notes, .. } = pasted(line);
    assert_eq!(endpoint.url.as_str(), "ws://localhost/p");
    assert_eq!(endpoint.options.subprotocols, ["a", "b"]);
    assert_eq!(endpoint.options.send, ["hello"]);
    assert_eq!(endpoint.options.headers.len(), 3);
    assert_eq!(notes, ["left out: -p 8, -w 5"]);
    let uri = pasted("websocat --ws-c-uri=wss://h/p - ws-c:tcp:1.2.3.4:80").endpoint.url;
    assert_eq!(uri.as_str(), "wss://h/p");
}

#[test]
fn lines_that_cannot_be_connected_with_say_why() {
    let table = [
        ("curl 'x", "the line has a ' that is never closed"),
        ("curl -s", "the curl line has no address"),
        ("curl ftp://h/", "is no scheme Wirescope speaks"),
        ("curl h -H", "-H at the end of the line has no value"),
        ("curl h -H nonsense", "-H: “nonsense” is no header"),
        ("curl h -x ftp://p", "is no proxy"),
        ("wscat -l 8080", "wscat listens with -l"),
        ("websocat -s 1234", "websocat listens with -s"),
        ("websocat ws-l:127.0.0.1:80 mirror:", "websocat listens"),
        ("websocat ws://h --ping-interval soon", "a whole number of seconds"),
        ("wscat -c ''", "is not an address"),
    ];
    for (line, wanted) in table {
        let Some(Err(error)) = read(line) else { panic!("{line}: {:?}", read(line)) };
        assert!(error.to_string().contains(wanted), "{line}: {error}");
    }
    let long = format!("curl {}", "x".repeat(LONGEST));
    assert_eq!(read(&long), Some(Err(PastedError::TooLong)));
}

fn endpoint(url: &str, transport: Option<TransportKind>, options: Options) -> Endpoint {
    let Ok(Endpoint { url, .. }) = Endpoint::parse(url) else { panic!("{url}") };
    Endpoint { url, transport, options }
}

fn line(tool: Tool, endpoint: &Endpoint) -> String {
    match copy(tool, endpoint, None) {
        Ok(copied) => copied.line,
        Err(error) => panic!("{error}"),
    }
}

/// Options that every tool can say, with whatever a shell might trip over.
fn awkward() -> Options {
    Options {
        headers: vec![
            pair("X-Quote", r#"it's "so" $HOME `id` \ ! # * ~ ; & | < > () {} [] %20 ^"#),
            pair("Cookie", "a=1; b=ü"),
            pair("Authorization", "Bearer abc"),
        ],
        insecure: true,
        ..Options::default()
    }
}

#[test]
fn what_is_copied_reads_as_what_it_came_from() {
    use TransportKind::{Sse, Websocket};
    let files = Options {
        ca_file: Some("/tmp/my ca.pem".into()),
        cert_file: Some("c.pem".into()),
        key_file: Some("k.pem".into()),
        ..awkward()
    };
    let proxy = |url: &str| Proxy::parse(url).unwrap_or_default();
    let body = |text: &str| Some(Body::Text(text.into()));
    let table = [
        (Tool::Curl, "https://h/p?a=1&b=[2]#f", None, awkward()),
        (
            Tool::Curl,
            "http://me:pw@h:81/",
            Some(Sse),
            Options { last_event_id: Some("42".into()), compression: false, ..files.clone() },
        ),
        (Tool::Curl, "https://h/", None, Options { body: body("{\"a\":'1\n'}"), ..awkward() }),
        (Tool::Curl, "https://h/", None, Options { body: body("@x"), ..Options::default() }),
        (
            Tool::Curl,
            "https://h/",
            None,
            Options {
                body: Some(Body::File("/tmp/a b".into())),
                method: Some("PUT".into()),
                proxy: proxy("socks5h://me:x@p:1080"),
                ..awkward()
            },
        ),
        (
            Tool::Curl,
            "wss://h/",
            Some(Websocket),
            Options { subprotocols: vec!["a".into(), "b".into()], proxy: Proxy::Off, ..awkward() },
        ),
        (
            Tool::Websocat,
            "wss://h/p?x=1&y",
            Some(Websocket),
            Options {
                subprotocols: vec!["a".into(), "b".into()],
                heartbeat: Some(Heartbeat::every(Duration::from_secs(5))),
                send: vec!["{\"op\":\"it's\"}".into(), "-x".into()],
                proxy: proxy("socks5h://p:9050"),
                echo: true,
                ..awkward()
            },
        ),
        (
            Tool::Wscat,
            "ws://[::1]:8080/",
            Some(Websocket),
            Options {
                subprotocols: vec!["a".into(), "b".into()],
                send: vec!["hello 'you'".into()],
                proxy: proxy("http://p:3128"),
                ..files
            },
        ),
    ];
    for (tool, url, transport, options) in table {
        let wanted = endpoint(url, transport, options);
        let line = line(tool, &wanted);
        assert_eq!(pasted(&line).endpoint, wanted, "{line}");
    }
}

#[test]
fn copied_lines_read_well() {
    let plain = |url: &str, kind| endpoint(url, Some(kind), Options::default());
    let socket = plain("wss://h/p?a=1&b=2", TransportKind::Websocket);
    assert_eq!(line(Tool::Websocat, &socket), "websocat 'wss://h/p?a=1&b=2'");
    assert_eq!(line(Tool::Wscat, &socket), "wscat -c 'wss://h/p?a=1&b=2'");
    assert_eq!(line(Tool::Wirescope, &socket), "wirescope capture 'wss://h/p?a=1&b=2'");
    let sse = plain("https://h/e", TransportKind::Sse);
    let wanted = "curl -N -L --compressed -H 'Accept: text/event-stream' https://h/e";
    assert_eq!(line(Tool::Curl, &sse), wanted);
    let wanted = "wirescope capture https://h/e --transport sse";
    assert_eq!(line(Tool::Wirescope, &sse), wanted);
}

#[test]
fn what_a_tool_cannot_do_is_said() {
    let sse = endpoint("https://h/e", Some(TransportKind::Sse), Options::default());
    for tool in [Tool::Websocat, Tool::Wscat] {
        assert_eq!(copy(tool, &sse, None), Err(CannotCopy::OnlyWebsocket(tool)));
    }
    let poll = endpoint(
        "https://h/e",
        Some(TransportKind::LongPoll),
        Options { dialect: Some("nchan".into()), ..Options::default() },
    );
    let copied = copy(Tool::Curl, &poll, None).map(|copied| copied.left_out);
    assert_eq!(copied, Ok(vec!["the poll dialect", "polling: curl asks once"]));
    let nul = Options { body: Some(Body::Text("\0".into())), ..Options::default() };
    let nul = endpoint("https://h/e", None, nul);
    assert_eq!(copy(Tool::Curl, &nul, None), Err(CannotCopy::Nul));
}

#[test]
fn whatever_is_pasted_is_survived() {
    let parts = [
        "curl ",
        "wscat ",
        "websocat ",
        "'",
        "\"",
        "\\",
        "$'",
        "$(",
        "`",
        "^\"",
        "^",
        "-H ",
        "-d ",
        "-d @",
        "-X",
        "-G ",
        "--json ",
        "\\u",
        "\\x",
        "\\ud83d",
        "\n",
        "|",
        "&",
        ">",
        "ü",
        "\0",
        "http://h",
        "ws://[",
        "-c ",
        "-x ",
        "--cert :",
        "-- ",
        "=",
        "#",
        "mirror:",
        "@",
        ";",
        ":",
    ];
    let mut seed = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(parts[(seed >> 33) as usize % parts.len()]);
        }
        for start in ["curl ", "wscat ", "websocat "] {
            let _ = read(&format!("{start}{text}"));
        }
    }
}
