//! An endpoint as a command line of another tool, quoted for a POSIX shell. It holds the secrets of
//! the endpoint, as it would not connect without them.

use std::path::Path;

use super::Tool;
use super::draft::usual_type;
use crate::model::quantity::spell_duration;
use crate::model::{Body, Endpoint, Options, Proxy, TransportKind};

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The line, to be run by a POSIX shell.
    pub line: String,
    /// What the tool cannot do, each in a word or two.
    pub left_out: Vec<&'static str>,
}

/// Why there is no such command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotCopy {
    /// The tool speaks WebSocket alone.
    #[error("{} speaks WebSocket only; copy it as curl or as wirescope capture", .0.word())]
    OnlyWebsocket(Tool),
    /// No shell passes it on.
    #[error("an option holds a NUL byte, which no command line can")]
    Nul,
}

/// The command line that connects `tool` to this endpoint over `transport`, or over the endpoint's
/// own where that is not known.
///
/// # Errors
/// [`CannotCopy`] where the tool does not speak the transport.
pub fn copy(
    tool: Tool,
    endpoint: &Endpoint,
    transport: Option<TransportKind>,
) -> Result<Copied, CannotCopy> {
    let transport = transport.or(endpoint.resolved());
    let is_websocket = transport == Some(TransportKind::Websocket);
    let mut line = Line::new(tool, &endpoint.options);
    match tool {
        Tool::Curl => curl(&mut line, endpoint, transport),
        Tool::Wirescope => wirescope(&mut line, endpoint, transport),
        _ if !is_websocket => return Err(CannotCopy::OnlyWebsocket(tool)),
        Tool::Websocat => websocat(&mut line, endpoint),
        Tool::Wscat => wscat(&mut line, endpoint),
    }
    line.finish()
}

/// A command line as it grows.
struct Line<'a> {
    words: Vec<String>,
    left_out: Vec<&'static str>,
    options: &'a Options,
}

impl<'a> Line<'a> {
    fn new(tool: Tool, options: &'a Options) -> Self {
        Self { words: vec![tool.word().to_owned()], left_out: Vec::new(), options }
    }

    fn word(&mut self, word: impl Into<String>) {
        self.words.push(word.into());
    }

    fn flag(&mut self, flag: &str, value: impl Into<String>) {
        self.word(flag);
        self.word(value);
    }

    fn file(&mut self, flag: &str, path: Option<&Path>) {
        if let Some(path) = path {
            self.flag(flag, path.display().to_string());
        }
    }

    fn headers(&mut self) {
        for (name, value) in &self.options.headers {
            self.flag("-H", format!("{name}: {value}"));
        }
    }

    /// Names what this tool cannot do, where it was asked for.
    fn cannot(&mut self, asked: &[(bool, &'static str)]) {
        self.left_out.extend(asked.iter().filter(|(is, _)| *is).map(|(_, what)| *what));
    }

    /// What no other tool does.
    fn only_here(&mut self) {
        let (options, plain) = (self.options, Options::default());
        self.cannot(&[
            (options.retries != plain.retries, "reconnection"),
            (!options.answer_pings, "withheld pongs"),
            (options.every.is_some(), "the repetition"),
            (options.max_message != plain.max_message, "the largest message"),
            (options.dialect.is_some(), "the poll dialect"),
            (options.interval != plain.interval, "the poll interval"),
            (options.post_to.is_some(), "the address for POSTs"),
        ]);
    }

    fn finish(self) -> Result<Copied, CannotCopy> {
        let words = self.words.iter().map(String::as_str);
        let line = shlex::try_join(words).map_err(|_| CannotCopy::Nul)?;
        Ok(Copied { line, left_out: self.left_out })
    }
}

fn curl(line: &mut Line<'_>, endpoint: &Endpoint, transport: Option<TransportKind>) {
    let options = line.options;
    let has =
        |name: &str| options.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let is_sse = transport == Some(TransportKind::Sse);
    let is_websocket = transport == Some(TransportKind::Websocket);
    line.word("-N");
    line.word("-L");
    if options.compression && !is_websocket {
        line.word("--compressed");
    }
    for (name, value) in &options.headers {
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        line.flag("-H", field);
    }
    if is_sse && !has("accept") {
        line.flag("-H", "Accept: text/event-stream");
    }
    if let Some(id) = options.last_event_id.as_ref().filter(|_| is_sse) {
        line.flag("-H", format!("Last-Event-ID: {id}"));
    }
    if is_websocket && !options.subprotocols.is_empty() {
        line.flag("-H", format!("Sec-WebSocket-Protocol: {}", options.subprotocols.join(", ")));
    }
    if let Some(method) = &options.method {
        line.flag("-X", method);
    }
    match &options.body {
        Some(Body::Text(text)) => {
            if !has("content-type") {
                line.flag("-H", format!("Content-Type: {}", usual_type(text)));
            }
            line.flag("--data-raw", text);
        }
        Some(Body::File(path)) => {
            if !has("content-type") {
                // The type of forms, which curl would say, is rarely what a file holds.
                line.flag("-H", "Content-Type:");
            }
            line.flag("--data-binary", format!("@{}", path.display()));
        }
        None => {}
    }
    tls(line, ["-k", "--cacert", "--cert", "--key"]);
    proxy(line, ["-x", "--noproxy"]);
    let url = address(endpoint, is_websocket);
    if url.contains(['[', ']', '{', '}']) {
        line.word("-g");
    }
    line.word(url);
    line.only_here();
    let polls = matches!(transport, Some(TransportKind::LongPoll | TransportKind::ShortPoll));
    line.cannot(&[
        (polls, "polling: curl asks once"),
        (polls && options.last_event_id.is_some(), "the cursor"),
        (!options.send.is_empty(), "the messages to send"),
        (options.echo, "the echo"),
    ]);
}

fn websocat(line: &mut Line<'_>, endpoint: &Endpoint) {
    let options = line.options;
    // A bare `-H` takes every word that follows.
    for (name, value) in &options.headers {
        line.word(format!("-H={name}: {value}"));
    }
    if !options.subprotocols.is_empty() {
        line.word(format!("--protocol={}", options.subprotocols.join(", ")));
    }
    if options.insecure {
        line.word("-k");
    }
    let every = options.heartbeat.filter(|_| options.heartbeat != Options::default().heartbeat);
    if let Some(heartbeat) = every {
        line.flag("--ping-interval", heartbeat.every.as_secs().max(1).to_string());
    }
    for text in &options.send {
        line.word(format!("--preamble={text}"));
    }
    let mut has_other_proxy = false;
    if let Proxy::Via(url) = &options.proxy {
        match (url.scheme(), url.host_str(), url.port().unwrap_or(1080)) {
            ("socks5h", Some(host), port) if url.username().is_empty() => {
                line.flag("--socks5", format!("{host}:{port}"));
            }
            _ => has_other_proxy = true,
        }
    }
    line.word(address(endpoint, true));
    if options.echo {
        line.word("mirror:");
    }
    line.only_here();
    line.cannot(&[
        (has_other_proxy, "the proxy"),
        (options.ca_file.is_some(), "the CA file: set SSL_CERT_FILE"),
        (options.cert_file.is_some(), "the client certificate"),
    ]);
}

fn wscat(line: &mut Line<'_>, endpoint: &Endpoint) {
    let options = line.options;
    line.flag("-c", address(endpoint, true));
    line.headers();
    for name in &options.subprotocols {
        line.flag("-s", name);
    }
    tls(line, ["-n", "--ca", "--cert", "--key"]);
    if let Proxy::Via(url) = &options.proxy {
        line.flag("--proxy", url.as_str());
    }
    if let Some(text) = options.send.first() {
        line.flag("-x", text);
    }
    line.only_here();
    line.cannot(&[
        (options.send.len() > 1, "all messages to send but the first"),
        (options.heartbeat != Options::default().heartbeat, "pings"),
        (options.echo, "the echo"),
    ]);
}

fn wirescope(line: &mut Line<'_>, endpoint: &Endpoint, transport: Option<TransportKind>) {
    let (options, plain) = (line.options, Options::default());
    line.word("capture");
    line.word(endpoint.url.as_str());
    if let Some(transport) = transport.filter(|_| transport != endpoint_default(endpoint)) {
        line.flag("--transport", transport.word());
    }
    line.headers();
    for name in &options.subprotocols {
        line.flag("--subprotocol", name);
    }
    let retries = options.retries;
    let changed = |is: bool, value: String| is.then_some(value);
    let flags = [
        ("--method", options.method.clone()),
        ("--dialect", options.dialect.clone()),
        (
            "--interval",
            changed(options.interval != plain.interval, spell_duration(options.interval)),
        ),
        ("--last-event-id", options.last_event_id.clone()),
        ("--max-retries", changed(retries.most != plain.retries.most, retries.most.to_string())),
        ("--ping", {
            let every =
                options.heartbeat.map_or_else(|| "off".into(), |beat| spell_duration(beat.every));
            changed(options.heartbeat != plain.heartbeat, every)
        }),
        ("--max-message", {
            changed(options.max_message != plain.max_message, options.max_message.to_string())
        }),
        ("--post-to", options.post_to.clone()),
        ("--every", options.every.map(spell_duration)),
        ("--seq", options.seq_path.clone()),
        ("--ts", options.ts_path.clone()),
    ];
    for (flag, value) in flags {
        if let Some(value) = value {
            line.flag(flag, value);
        }
    }
    let is_file = |text: &str| text.starts_with('@');
    match &options.body {
        Some(Body::Text(text)) if is_file(text) => line.left_out.push("a body that begins with @"),
        Some(Body::Text(text)) => line.flag("--data", text),
        Some(Body::File(path)) => line.flag("--data", format!("@{}", path.display())),
        None => {}
    }
    for text in options.send.iter().filter(|text| !is_file(text)) {
        line.flag("--send", text);
    }
    for (is_on, flag) in [(!options.compression, "--no-compression"), (options.echo, "--echo")] {
        if is_on {
            line.word(flag);
        }
    }
    tls(line, ["--insecure", "--cacert", "--cert", "--key"]);
    match &options.proxy {
        Proxy::System => {}
        Proxy::Off => line.flag("--proxy", "off"),
        Proxy::Via(url) => line.flag("--proxy", url.as_str()),
    }
    let waits = |retries: crate::model::Retries| (retries.first, retries.longest);
    line.cannot(&[
        (waits(retries) != waits(plain.retries), "the waits of reconnection"),
        (!options.answer_pings, "withheld pongs"),
        (options.send.iter().any(|text| is_file(text)), "messages that begin with @"),
    ]);
}

/// The transport that an address has without a word.
fn endpoint_default(endpoint: &Endpoint) -> Option<TransportKind> {
    Endpoint { transport: None, ..endpoint.clone() }.resolved()
}

fn tls(line: &mut Line<'_>, [insecure, ca, cert, key]: [&str; 4]) {
    let options = line.options;
    if options.insecure {
        line.word(insecure);
    }
    line.file(ca, options.ca_file.as_deref());
    line.file(cert, options.cert_file.as_deref());
    line.file(key, options.key_file.as_deref());
}

fn proxy(line: &mut Line<'_>, [via, off]: [&str; 2]) {
    match &line.options.proxy {
        Proxy::System => {}
        Proxy::Off => line.flag(off, "*"),
        Proxy::Via(url) => line.flag(via, url.as_str()),
    }
}

/// The address with the scheme that the tools expect of a WebSocket's.
fn address(endpoint: &Endpoint, is_websocket: bool) -> String {
    let mut url = endpoint.url.clone();
    if is_websocket {
        let scheme = if matches!(url.scheme(), "https" | "wss") { "wss" } else { "ws" };
        // All of them are of one kind, so that it is never refused.
        let _ = url.set_scheme(scheme);
    }
    url.into()
}
