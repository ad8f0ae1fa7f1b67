//! What the window sees: plain data, shared rather than copied, as it was at one moment.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Chunks, Reading};
use crate::analysis::tokens::Assembled;
use crate::analysis::{Percentiles, Phase, Series};
use crate::compare::{LessonSummary, RunView, ScaleView};
use crate::decode::Decoded;
use crate::model::{
    Clock, Dir, Endpoint, Event, Filter, Kind, Reported, Say, ServerOptions, SessionId,
    TransportKind,
};

/// Everything there is to show.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Live sessions and opened captures, oldest first.
    pub sessions: Vec<Arc<SessionView>>,
    /// The built-in server.
    pub server: ServerView,
    /// The comparison, the lessons and the scale run.
    pub compare: CompareView,
    /// Session files on this machine, newest first.
    pub recents: Arc<[RecentCapture]>,
    /// What the person should know, oldest first, until dismissed.
    pub notices: Vec<Notice>,
}

/// Where a session's events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An endpoint.
    Live,
    /// A session file that was opened.
    File,
}

/// One session at one moment.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Its name for commands.
    pub id: SessionId,
    /// Where it comes from.
    pub origin: Origin,
    /// What it connects to.
    pub endpoint: Arc<Endpoint>,
    /// Host, port and path; of a file its name.
    pub title: Arc<str>,
    /// The transport in use; `None` while the answer has not decided it.
    pub transport: Option<TransportKind>,
    /// Its clock; for a file it stands still at the end of the recording.
    pub clock: Option<Clock>,
    /// Wall clock at its start, in nanoseconds since the Unix epoch.
    pub start_wall_ns: i64,
    /// Its time when the snapshot was made, in nanoseconds since it began.
    pub now_ns: u64,
    /// What it is doing.
    pub phase: Phase,
    /// Certificates are not being verified.
    pub insecure: bool,
    /// How long nothing has come, in nanoseconds, if that is longer than it ever was.
    pub silent_ns: Option<u64>,
    /// All events, narrow.
    pub index: Chunks<Entry>,
    /// The filter in force.
    pub filter: Filter,
    /// What passes it; `None` where it lets everything through.
    pub matches: Option<Matches>,
    /// Events whose payloads are at hand.
    pub rows: Rows,
    /// How payloads are read.
    pub reading: Reading,
    /// The event shown in the detail.
    pub selected: Option<Arc<Selected>>,
    /// The answer of a language model that this event is part of, as far as it came.
    pub assembled: Option<Arc<Assembled>>,
    /// Numbers for the status bar.
    pub stats: Stats,
    /// What the plots draw.
    pub series: Arc<Series>,
    /// The recording.
    pub recording: Recording,
    /// What goes on by itself.
    pub sending: Sending,
}

/// What was asked for once and goes on until it is ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sending {
    /// Sent again and again, each time after so long.
    pub repeats: Option<(Say, Duration)>,
    /// WebSocket pings are not answered.
    pub withholds_pongs: bool,
}

/// What is kept in memory of each event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Number in the session file.
    pub n: u64,
    /// Nanoseconds since the session began.
    pub t_ns: u64,
    /// Payload bytes, at most 4 GiB.
    pub size: u32,
    /// Latency in microseconds; [`Entry::NO_LATENCY`] where there is none.
    pub latency_us: u32,
    /// Connection attempt.
    pub attempt: u32,
    /// Who it comes from.
    pub dir: Dir,
    /// What it is.
    pub kind: Kind,
}

impl Entry {
    /// No latency is known.
    pub const NO_LATENCY: u32 = u32::MAX;

    /// Latency in milliseconds, where known.
    pub fn latency_ms(&self) -> Option<f64> {
        (self.latency_us != Self::NO_LATENCY).then(|| f64::from(self.latency_us) / 1e3)
    }
}

/// What passes a filter.
#[derive(Debug, Clone)]
pub struct Matches {
    /// Positions in the index, in order.
    pub at: Chunks<u32>,
    /// How many events were looked at so far; less than the index while the search goes on.
    pub searched: usize,
}

/// Events by number, shortened to what a row can show; not all of those on the screen may have
/// arrived yet.
pub type Rows = Arc<HashMap<u64, Arc<Event>>>;

/// The event in the detail, whole.
#[derive(Debug)]
pub struct Selected {
    /// Its number.
    pub n: u64,
    /// Differs whenever this was put together anew, as when its payload is read otherwise.
    pub edition: u64,
    /// The event with all of its payload.
    pub event: Event,
    /// The payload, read.
    pub decoded: Decoded,
    /// Milliseconds from sending to receiving, where known.
    pub latency_ms: Option<f64>,
    /// Its place in the sender's sequence, where known.
    pub seq: Option<i64>,
    /// Nanoseconds since the event before it.
    pub since_previous_ns: Option<u64>,
    /// The event that opened the connection it came over, or tells why it did not.
    pub handshake: Option<Event>,
}

/// Numbers of one session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Messages received.
    pub received: u64,
    /// Messages sent.
    pub sent: u64,
    /// Payload bytes received.
    pub bytes_in: u64,
    /// Payload bytes sent.
    pub bytes_out: u64,
    /// Bytes on the wire, both ways.
    pub wire: u64,
    /// Messages received in the last second.
    pub rate: f64,
    /// Payload bytes received in the last second.
    pub byte_rate: f64,
    /// Milliseconds from the request of the newest attempt to the first message of its stream.
    pub first_event_ms: Option<f64>,
    /// Latencies, where any were measured.
    pub latency: Option<Percentiles>,
    /// Numbered messages that never came, came twice, came out of order; `None` where messages
    /// carry no numbers.
    pub sequence: Option<(u64, u64, u64)>,
    /// Connections after the first.
    pub reconnects: u32,
}

/// The state of a recording.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The user chose its place.
    pub is_saved: bool,
    /// Events are still being added.
    pub is_running: bool,
    /// Why it stopped against the user's will, and what to try.
    pub error: Option<(String, String)>,
    /// While it is being saved: events copied and events there are, both 0 where nothing has to be
    /// copied.
    pub saving: Option<(u64, u64)>,
}

/// The built-in server at one moment.
#[derive(Debug, Clone, Default)]
pub struct ServerView {
    /// Where it can be reached, as in `http://127.0.0.1:4100`; `None` while it is stopped.
    pub url: Option<String>,
    /// It is starting or stopping.
    pub is_busy: bool,
    /// Its settings.
    pub options: ServerOptions,
    /// Numbers a transport.
    pub transports: Vec<TransportStats>,
    /// TCP connections turned away because there were too many.
    pub refused: u64,
    /// How others come in, while the room is open.
    pub join: Option<Arc<JoinView>>,
    /// Who is connected, oldest first; at most 500.
    pub clients: Arc<[ClientView]>,
    /// Clients that are connected, also beyond those listed.
    pub client_count: u64,
    /// Topics there are.
    pub topics: Arc<[TopicView]>,
    /// Why it could not start or take a setting, and what to try.
    pub error: Option<String>,
}

/// How others in this network reach the built-in server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinView {
    /// The address with the token, as in `http://192.168.1.5:4100/?join=7F3K-22QD`.
    pub url: String,
    /// The token.
    pub token: String,
    /// Modules a side of the QR code of the address, without the quiet zone.
    pub qr_side: usize,
    /// Row by row, whether a module is dark.
    pub qr: Vec<bool>,
}

/// A client of the built-in server.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientView {
    /// Its number, for cutting it.
    pub id: u64,
    /// Its transport.
    pub kind: TransportKind,
    /// Where it comes from, without the port.
    pub address: String,
    /// What it is, made short from its `User-Agent`: `Chrome 156 · Android`, `curl 8.9`.
    pub agent: String,
    /// The same in full.
    pub user_agent: String,
    /// When it came, in nanoseconds since the Unix epoch.
    pub since_wall_ns: i64,
    /// Messages handed to it.
    pub delivered: u64,
    /// Bytes at its socket, both ways.
    pub wire: u64,
    /// Messages it is behind by.
    pub behind: u64,
    /// Who it says it is, as a tab of the browser page does.
    pub name: Option<String>,
    /// What it measured itself and told.
    pub reported: Option<Reported>,
}

/// A topic of the built-in server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicView {
    /// Its name.
    pub name: String,
    /// Messages so far.
    pub messages: u64,
    /// Who follows it now.
    pub followers: u64,
}

/// Comparing transports.
#[derive(Debug, Clone, Default)]
pub struct CompareView {
    /// The comparison that runs or the last one.
    pub run: Option<Arc<RunView>>,
    /// Lessons there are.
    pub lessons: Arc<[LessonSummary]>,
    /// The scale run that runs or the last one.
    pub scale: Option<Arc<ScaleView>>,
    /// The recording of the comparison.
    pub capture: Option<PathBuf>,
}

/// What the built-in server counted for one transport.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransportStats {
    /// Its word, as in `websocket` or `stream`.
    pub transport: String,
    /// Connected now.
    pub active: u64,
    /// Connected ever.
    pub opened: u64,
    /// Connections that are over.
    pub closed: u64,
    /// HTTP requests, handshakes of WebSockets included.
    pub requests: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Messages sent.
    pub messages_out: u64,
    /// Bytes of the messages received.
    pub payload_in: u64,
    /// Bytes of the messages sent.
    pub payload_out: u64,
    /// Bytes on the wire, received.
    pub wire_in: u64,
    /// Bytes on the wire, sent.
    pub wire_out: u64,
    /// Clients that came back.
    pub reconnects: u64,
    /// Connections that ended in an error.
    pub errors: u64,
    /// Clients dropped because they read too slowly; each is an error too.
    pub slow: u64,
    /// Median duration of a connection, in seconds.
    pub duration_p50: Option<f64>,
    /// Mean duration of a connection, in seconds.
    pub duration_mean: Option<f64>,
    /// 95 of 100 connections lasted no longer, in seconds.
    pub duration_p95: Option<f64>,
    /// 99 of 100 connections lasted no longer, in seconds.
    pub duration_p99: Option<f64>,
}

/// A session file on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentCapture {
    /// Where it is.
    pub path: PathBuf,
    /// Its name without folder.
    pub name: String,
    /// Transport, or how many there are.
    pub what: String,
    /// What was connected to.
    pub title: String,
    /// Events.
    pub events: u64,
    /// Bytes.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since the Unix epoch.
    pub modified_wall_ns: i64,
    /// The user chose its place.
    pub is_saved: bool,
    /// It was cut off rather than ended.
    pub was_cut_off: bool,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It worked.
    Info,
    /// It did not.
    Error,
}

/// Something the person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number, for dismissing it.
    pub id: u64,
    /// How much it matters.
    pub severity: Severity,
    /// What happened.
    pub text: String,
    /// The likely cause and what to try.
    pub hint: Option<String>,
}
