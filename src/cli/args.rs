//! What can be said on the command line, and how it becomes an endpoint or server options.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args as ClapArgs, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::compare_args::CompareArgs;
use super::serve::PlaceArgs;
use super::source::SourceArgs;
use super::values::{
    OrOff, address, duration, duration_or_off, header, history, impairment, impairments, proxy,
    query, target, text_or_file,
};
use crate::analysis::query::Query;
use crate::model::quantity::parse_bytes;
use crate::model::{
    Body, Endpoint, Heartbeat, Network, Options, Proxy, Retries, ServerOptions, TransportKind,
};

/// See every frame of a live WebSocket, SSE or polling endpoint, and keep it
#[derive(Debug, Parser)]
#[command(name = "wirescope", version)]
#[command(after_help = "Examples:
  wirescope                                   open the dashboard
  wirescope wss://host/path                   open it connected
  wirescope ticks.wirescope                   open a session file
  wirescope capture wss://host/path --for 1m  record without a window")]
pub(super) struct Args {
    /// An address to connect to, or a session file to open
    #[arg(value_name = "URL|FILE", value_parser = target)]
    pub(super) target: Option<Target>,

    #[command(subcommand)]
    pub(super) verb: Option<Verb>,

    /// Say less
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,

    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,

    /// Colour what goes to a terminal
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

/// What to open the dashboard with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// A session file.
    File(PathBuf),
    /// An address to connect to.
    Address(Box<Endpoint>),
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Record an endpoint without a window
    Capture(Box<CaptureArgs>),
    /// Run the built-in server without a window
    Serve(ServeArgs),
    /// Run all transports side by side and print a table
    Compare(CompareArgs),
    /// Print a completion script
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// How events travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TransportArg {
    /// Let the address and the answer decide
    Auto,
    /// WebSocket
    Websocket,
    /// Server-sent events
    Sse,
    /// A request that the server holds
    LongPoll,
    /// A request at regular intervals
    ShortPoll,
    /// One answer that does not end: NDJSON, lines, or bytes as they come
    Stream,
}

impl TransportArg {
    fn kind(self) -> Option<TransportKind> {
        match self {
            Self::Auto => None,
            Self::Websocket => Some(TransportKind::Websocket),
            Self::Sse => Some(TransportKind::Sse),
            Self::LongPoll => Some(TransportKind::LongPoll),
            Self::ShortPoll => Some(TransportKind::ShortPoll),
            Self::Stream => Some(TransportKind::Stream),
        }
    }
}

/// Options of `capture`.
// Switches that are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  wirescope capture wss://host/feed -o feed.wirescope
  wirescope capture https://host/events --ndjson --count 100 | jq .text
  wirescope capture ws://localhost:9000 --send '{\"op\":\"subscribe\"}' --for 10s
  wirescope capture http://localhost/lp/room --transport long-poll --dialect nchan")]
pub(super) struct CaptureArgs {
    /// Where to connect
    #[arg(value_name = "URL", value_parser = address)]
    url: Endpoint,
    /// How to connect
    #[arg(long, value_enum, default_value = "auto")]
    transport: TransportArg,
    /// File to record into; without it a place is chosen and printed
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write every event to stdout, one JSON object a line
    #[arg(long)]
    pub(super) ndjson: bool,
    /// Write only events that pass, as in 'symbol = "AAPL" and size > 60'; all are recorded
    #[arg(long, value_name = "QUERY", value_parser = query, requires = "ndjson")]
    pub(super) filter: Option<Query>,
    /// End after this time, as in 90s or 5m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(super) duration: Option<Duration>,
    /// End after this many received messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Header field of the request; can be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// WebSocket subprotocol; can be repeated
    #[arg(long = "subprotocol", value_name = "NAME")]
    subprotocols: Vec<String>,
    /// HTTP method
    #[arg(short = 'X', long = "method", value_name = "METHOD")]
    method: Option<String>,
    /// Body of the request, or @FILE
    #[arg(short = 'd', long = "data", value_name = "BODY|@FILE", allow_hyphen_values = true)]
    body: Option<String>,
    /// Text to send once open, or @FILE; can be repeated
    #[arg(long = "send", value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    send: Vec<String>,
    /// Where sends go as POSTs over HTTP transports; the address itself unless said
    #[arg(long, value_name = "URL")]
    post_to: Option<String>,
    /// Repeat the sends at this interval
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    every: Option<Duration>,
    /// Poll dialect: bayeux, consul, couchdb, dropbox, engineio, etcd, generic, kubernetes, matrix,
    /// nchan, phoenix, sockjs, telegram, zulip, one of your own in wirescope/dialects of the
    /// configuration, or the path of a .toml file
    #[arg(long, value_name = "NAME|FILE")]
    dialect: Option<String>,
    /// Time between two short polls
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    interval: Duration,
    /// Resume after this id or cursor
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    last_event_id: Option<String>,
    /// Attempts after one that failed; 0 never reconnects
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_retries: u32,
    /// Time between two WebSocket pings, or off
    #[arg(long, value_name = "DURATION|off", value_parser = duration_or_off, default_value = "25s")]
    ping: OrOff,
    /// Accept any certificate
    #[arg(long)]
    insecure: bool,
    /// Trust this certificate authority too (PEM)
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Our own certificate (PEM), for servers that ask for one
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The key of our certificate (PEM); looked for in the file of --cert unless said
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Proxy to go through, as in http://host:3128 or socks5h://host:1080; the system's unless said
    #[arg(long, value_name = "URL|off", value_parser = proxy)]
    proxy: Option<Proxy>,
    /// Do not offer compression
    #[arg(long)]
    no_compression: bool,
    /// Send every received message back
    #[arg(long)]
    echo: bool,
    /// Largest message that is kept whole
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value = "64MiB")]
    max_message: usize,
    /// Where the sequence number is in a JSON message, as in data.seq
    #[arg(long, value_name = "PATH")]
    seq: Option<String>,
    /// Where the send time is in a JSON message
    #[arg(long, value_name = "PATH")]
    ts: Option<String>,
}

impl CaptureArgs {
    /// The endpoint these arguments describe. Reads the files that `--send @FILE` names.
    pub(super) fn endpoint(&self) -> Result<Endpoint> {
        let mut endpoint = self.url.clone();
        endpoint.transport = self.transport.kind();
        endpoint.options = Options {
            headers: self.headers.clone(),
            subprotocols: self.subprotocols.clone(),
            method: self.method.clone(),
            body: self.body.as_deref().map(|body| match body.strip_prefix('@') {
                Some(path) => Body::File(path.into()),
                None => Body::Text(body.to_owned()),
            }),
            dialect: self.dialect.clone(),
            interval: self.interval,
            last_event_id: self.last_event_id.clone(),
            resume: true,
            retries: Retries { most: self.max_retries, ..Retries::default() },
            heartbeat: self.ping.0.map(Heartbeat::every),
            insecure: self.insecure,
            ca_file: self.cacert.clone(),
            cert_file: self.cert.clone(),
            key_file: self.key.clone(),
            proxy: self.proxy.clone().unwrap_or_default(),
            compression: !self.no_compression,
            answer_pings: true,
            echo: self.echo,
            max_message: self.max_message,
            send: self.send.iter().map(|text| text_or_file(text)).collect::<Result<_>>()?,
            post_to: self.post_to.clone(),
            every: self.every,
            seq_path: self.seq.clone(),
            ts_path: self.ts.clone(),
        };
        Ok(endpoint)
    }
}

const SERVE_EXAMPLES: &str = "Examples:
  wirescope serve
  wirescope serve --listen 127.0.0.1:0 --rate 0
  wirescope serve --room
  wirescope serve --shape orders --rate 100 --burst 20 --topic eu --topic us
  wirescope serve --impair delay=80ms,jitter=40ms --impair sse:buffer=end
  curl -N http://127.0.0.1:4100/sse
  curl -H 'Content-Type: application/json' -d '{\"text\":\"hello\"}' http://127.0.0.1:4100/publish";

/// Options of `serve`.
#[derive(Debug, ClapArgs)]
#[command(after_help = SERVE_EXAMPLES)]
#[command(after_long_help = format!("{SERVE_EXAMPLES}\n\n{}", impairments()))]
pub(super) struct ServeArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    source: SourceArgs,
    /// Messages kept for those who come back
    #[arg(long, value_name = "N", value_parser = history, default_value = "100")]
    history: usize,
    /// How long a long poll is held
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "25s")]
    hold: Duration,
    /// Time between two heartbeats on quiet streams, or off
    #[arg(long, value_name = "DURATION|off", value_parser = duration_or_off, default_value = "15s")]
    heartbeat: OrOff,
    /// Reconnection time that event streams ask for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "3s")]
    retry: Duration,
    /// Make the network bad on purpose, for all transports or for one, as in delay=80ms,jitter=40ms
    /// or sse:buffer=end; can be repeated, and --help lists what there is
    #[arg(long, value_name = "[TRANSPORT:]LIST", value_parser = impairment)]
    impair: Vec<String>,
    /// End when standard input does: for programs that start a server and must not leave it behind
    #[arg(long, hide = true)]
    pub(super) while_stdin: bool,
}

impl ServeArgs {
    /// The server options these arguments describe.
    pub(super) fn options(&self) -> Result<ServerOptions> {
        let network = Network::parse(self.impair.iter().map(String::as_str))?;
        Ok(ServerOptions {
            network,
            listen: self.place.listen(),
            join: self.place.token(),
            source: self.source.source(),
            history: self.history,
            hold: self.hold,
            heartbeat: self.heartbeat.0,
            retry: self.retry,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::model::pasted;

    #[test]
    fn the_grammar_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn arguments_become_an_endpoint() -> Result<()> {
        let line =
            "wirescope -q capture localhost:1/x --transport sse -H A:b --ping off --max-retries 0";
        let args = Args::try_parse_from(line.split(' '))?;
        let Some(Verb::Capture(capture)) = args.verb else { anyhow::bail!("not a capture") };
        let endpoint = capture.endpoint()?;
        assert_eq!(endpoint.transport, Some(TransportKind::Sse));
        assert_eq!(endpoint.options.headers, [("A".into(), "b".into())]);
        assert_eq!((endpoint.options.heartbeat, endpoint.options.retries.most), (None, 0));
        Ok(())
    }

    #[test]
    fn impairments_become_a_network_and_those_that_do_nothing_are_refused() -> Result<()> {
        let line = "wirescope serve --impair delay=80ms --impair sse:buffer=end,cut=5s/reset";
        let args = Args::try_parse_from(line.split(' '))?;
        let Some(Verb::Serve(serve)) = args.verb else { anyhow::bail!("not a server") };
        let network = serve.options()?.network;
        assert_eq!(network.of(TransportKind::Websocket).to_string(), "delay=80ms");
        let wanted = "delay=80ms,cut=5s/reset,buffer=end";
        assert_eq!(network.of(TransportKind::Sse).to_string(), wanted);
        let refused = Args::try_parse_from(["wirescope", "serve", "--impair", "sse:pongs=off"]);
        let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("it is felt over websocket"), "{error}");
        Ok(())
    }

    #[test]
    fn what_the_window_copies_can_be_typed() -> Result<()> {
        let mut endpoint = Endpoint::parse("https://h/events")?.over(TransportKind::Sse);
        endpoint.options.post_to = Some("/publish".into());
        endpoint.options.every = Some(Duration::from_secs(3));
        endpoint.options.last_event_id = Some("-1".into());
        endpoint.options.body = Some(Body::Text("-x".into()));
        let copied = pasted::copy(pasted::Tool::Wirescope, &endpoint, None)?;
        let words = shlex::split(&copied.line).unwrap_or_default();
        let args = Args::try_parse_from(words)?;
        let Some(Verb::Capture(capture)) = args.verb else { anyhow::bail!("not a capture") };
        assert_eq!(capture.endpoint()?, endpoint, "{}", copied.line);
        Ok(())
    }

    #[test]
    fn an_address_is_no_subcommand() -> Result<()> {
        let args = Args::try_parse_from(["wirescope", "wss://h/"])?;
        let address = Box::new(Endpoint::parse("wss://h/")?);
        assert_eq!(args.target, Some(Target::Address(address)));
        let args = Args::try_parse_from(["wirescope", "not-there.wirescope"])?;
        assert_eq!(args.target, Some(Target::File("not-there.wirescope".into())));
        let captured = Args::try_parse_from(["wirescope", "capture", "ticks.wirescope"]);
        let error = captured.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("is a session file and no address"), "{error}");
        Ok(())
    }
}
