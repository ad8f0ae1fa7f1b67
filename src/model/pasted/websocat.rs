//! websocat's flags, version 1.

use std::time::Duration;

use super::draft::Draft;
use super::flags::{Argument, Syntax};
use super::{PastedError, Tool};
use crate::model::Heartbeat;

const SYNTAX: Syntax = Syntax {
    short: "BHpPFXh",
    long: "address-type autoreconnect-delay-millis basic-auth basic-auth-file buffer-size \
        byte-to-exit-on client-pkcs12-der client-pkcs12-passwd close-reason close-status-code \
        conncap crypto-key exec-args header header-to-env inhibit-pongs just-generate-accept \
        max-messages max-messages-rev max-parallel-conns max-ws-frame-length \
        max-ws-message-length origin ping-interval ping-timeout pkcs12-der pkcs12-passwd \
        preamble preamble-reverse prometheus protocol queue-len request-header request-method \
        request-uri restrict-uri server-header server-protocol server-url socks5 \
        socks5-bind-script socks5-destination static-file tls-domain udp-multicast \
        udp-multicast-iface-v4 udp-multicast-iface-v6 udp-ttl uri websocket-version ws-c-uri",
};

/// Reads the arguments.
pub(super) fn read(arguments: Vec<String>, draft: &mut Draft) -> Result<(), PastedError> {
    let mut words = Vec::new();
    let mut uri = None;
    for argument in SYNTAX.read(arguments)? {
        match argument {
            Argument::Word(word) => words.push(word),
            Argument::Flag(flag, value) => match (flag.as_str(), value) {
                ("--ws-c-uri", Some(value)) => uri = Some(value),
                ("-s" | "--server-mode", _) => {
                    return Err(PastedError::Listens { tool: Tool::Websocat, flag });
                }
                (flag, value) => take(draft, flag, value.as_deref())?,
            },
        }
    }
    if let Some(uri) = uri {
        draft.address(uri);
    }
    for word in words {
        address(draft, word)?;
    }
    Ok(())
}

fn take(draft: &mut Draft, flag: &str, value: Option<&str>) -> Result<(), PastedError> {
    let text = value.unwrap_or_default();
    // Its manual advises `-H=…`, since a bare `-H` takes every word that follows.
    let text = text.strip_prefix('=').filter(|_| !flag.starts_with("--")).unwrap_or(text);
    match flag {
        "-H" | "--header" | "--request-header" => draft.header_line(flag, text)?,
        "--protocol" => draft.header("Sec-WebSocket-Protocol", text),
        "--basic-auth" => draft.basic(text),
        "--origin" => draft.header("Origin", text),
        "-k" | "--insecure" => draft.options.insecure = true,
        "--ping-interval" => {
            let every = text.parse().ok().filter(|s: &u64| (1..=86_400).contains(s));
            let why = || String::from("a whole number of seconds");
            let wrong = || PastedError::Value { flag: flag.to_owned(), why: why() };
            let every = every.map(Duration::from_secs).ok_or_else(wrong)?;
            draft.options.heartbeat = Some(Heartbeat::every(every));
        }
        "-p" | "--preamble" => draft.options.send.push(text.to_owned()),
        "--socks5" => draft.proxy("socks5h", text)?,
        _ => draft.leave_out(flag, value),
    }
    Ok(())
}

/// One of the two ends: the endpoint, ourselves, or a mirror.
fn address(draft: &mut Draft, word: String) -> Result<(), PastedError> {
    let listens = ["ws-l:", "ws-listen:", "l-ws:", "tcp-l:", "tcp-listen:", "unix-l:", "ws-u:"];
    if listens.iter().any(|start| word.contains(start)) {
        return Err(PastedError::Listens { tool: Tool::Websocat, flag: word });
    }
    match word.as_str() {
        "-" | "stdio:" | "inetd:" => {}
        "mirror:" => draft.options.echo = true,
        _ => match ["ws://", "wss://"].iter().find_map(|scheme| word.find(scheme)) {
            // Overlays such as `autoreconnect:` stand before it.
            Some(at) => draft.address(word[at..].to_owned()),
            None if word.contains(':') && !word.contains("://") && !has_port(&word) => {
                draft.leave_out(&word, None);
            }
            None => draft.address(word),
        },
    }
    Ok(())
}

/// `host:port/…`, rather than `cmd:…`.
fn has_port(word: &str) -> bool {
    let after = word.split_once(':').map_or("", |(_, after)| after);
    after.starts_with(|c: char| c.is_ascii_digit())
}
