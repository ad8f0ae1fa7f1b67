//! What there is to show of a comparison, a lesson and a scale run, as plain data at one moment.
//! The report and the command line write the same.

use std::sync::Arc;

use serde::Serialize;

use super::board::really;
use super::lane::Lane;
use super::verdict::verdict;
use crate::analysis::Series;
use crate::model::{LaneSpec, Needs, Network, RunSetup};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// Lanes are being opened; nothing counts yet.
    #[default]
    Opening,
    /// Messages are being sent and counted.
    Running,
    /// No more are sent; lanes catch up.
    CatchingUp,
    /// The figures are final.
    Done,
}

/// A comparison at one moment.
#[derive(Debug, Clone, Default)]
pub struct RunView {
    /// What it was asked for.
    pub setup: Arc<RunSetup>,
    /// What it is doing.
    pub stage: Stage,
    /// Seconds since messages count; it stands still at the end.
    pub elapsed_s: f64,
    /// Messages sent so far.
    pub sent: u64,
    /// One a lane, in the order of the setup.
    pub lanes: Vec<LaneView>,
    /// What follows from it, as soon as there is enough to say something.
    pub verdict: Option<Verdict>,
    /// What was done to connections: since which second of the run, and what. The first is from its
    /// start; at most 64. Empty where nobody here knows, as of another server.
    pub network: Vec<(f64, Arc<Network>)>,
    /// Things that went otherwise than asked for, in sentences.
    pub notes: Vec<String>,
    /// The lesson it belongs to.
    pub lesson: Option<LessonView>,
    /// Why it ended against the person's will, and what to try.
    pub error: Option<(String, String)>,
}

impl RunView {
    /// The same with what a scale run adds to it: what a connection costs, in the figures and in
    /// the verdict.
    #[must_use]
    pub fn with_scale(mut self, scale: &ScaleView) -> Self {
        for lane in &mut self.lanes {
            lane.figures.server_memory = scale.memory(lane.figures.transport);
        }
        self.judged(Some(scale))
    }

    /// The same, judged by these needs instead.
    #[must_use]
    pub fn with_needs(mut self, needs: Needs) -> Self {
        Arc::make_mut(&mut self.setup).needs = needs;
        self.judged(None)
    }

    fn judged(mut self, scale: Option<&ScaleView>) -> Self {
        let lanes: Vec<Lane> = self.lanes.iter().map(|lane| lane.figures.clone()).collect();
        let source = really(&self.setup.source, self.sent, self.elapsed_s);
        self.verdict = verdict(&self.setup.needs, &source, &lanes, scale);
        self
    }
}

/// One lane at one moment.
#[derive(Debug, Clone)]
pub struct LaneView {
    /// What it is.
    pub spec: LaneSpec,
    /// Its figures so far.
    pub figures: Lane,
    /// What it is doing, in a word or two: `Open`, `Waiting`, `Back in 3 s`, `On SSE`.
    pub state: String,
    /// Why, where there is more to say: why the fallback is not on WebSocket.
    pub reason: Option<String>,
    /// Slices of time and outages; seconds of the plots count from the start of the lanes.
    pub series: Arc<Series>,
    /// Latency in milliseconds against the share of messages, 0 to 1, that took no longer; rising
    /// in both, at most 200 points.
    pub distribution: Arc<[(f32, f32)]>,
    /// Second, bytes on the wire so far; rising in both, at most 500 points.
    pub wire: Arc<[(f32, f64)]>,
    /// Second, connections opened so far, likewise.
    pub connections: Arc<[(f32, f64)]>,
}

/// A recommendation. No sentence of it goes beyond what was measured or asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Word of the way that fits best, as in files.
    pub transport: &'static str,
    /// It as people call it.
    pub label: String,
    /// One or two sentences that say it all.
    pub summary: String,
    /// Why, each with its numbers.
    pub reasons: Vec<String>,
    /// What would change it.
    pub would_change: Vec<String>,
}

/// A lesson that can be run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LessonSummary {
    /// Name of its file, which is what it is started by.
    pub id: String,
    /// What it is called: “A proxy that buffers”.
    pub title: String,
    /// What is to be learnt, in a sentence or two.
    pub about: String,
    /// How long it takes, in seconds.
    pub seconds: f64,
}

/// A lesson that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct LessonView {
    /// Which.
    pub lesson: LessonSummary,
    /// Its steps so far and to come.
    pub steps: Vec<StepView>,
    /// Which of them is on.
    pub step: usize,
    /// Seconds of the whole that are over.
    pub elapsed_s: f64,
    /// Herds of clients it has started, in their order.
    pub herds: Vec<Arc<HerdView>>,
    /// Pages with many streams it has opened, likewise.
    pub streams: Vec<Arc<StreamsView>>,
}

/// A step of a lesson.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepView {
    /// When it begins, in seconds.
    pub at_s: f64,
    /// What happens: “The proxy now holds responses back until 16 kB have come together”.
    pub what: String,
    /// What to watch, and why it is so.
    pub watch: String,
    /// What was measured in it, once it is over, in a sentence with numbers.
    pub measured: Option<String>,
}

/// A scale run at one moment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScaleView {
    /// One a transport and number of clients, those that are done.
    pub rows: Vec<ScaleRow>,
    /// What is being done, with how far it is, 0 to 1.
    #[serde(skip)]
    pub doing: Option<(String, f32)>,
    /// Files this process may hold open, and what it was before it was raised.
    pub file_limit: Option<(u64, u64)>,
    /// Why it ended early, and what to try.
    #[serde(skip)]
    pub error: Option<(String, String)>,
}

impl ScaleView {
    /// Bytes of the server's memory a connection of this transport, as its newest row has it.
    pub fn memory(&self, transport: &str) -> Option<u64> {
        let mut rows = self.rows.iter().rev().filter(|row| row.transport == transport);
        rows.find_map(|row| row.memory_per_connection)
    }
}

/// What so many clients of one transport cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleRow {
    /// Its word.
    pub transport: &'static str,
    /// Clients that were to be opened.
    pub clients: usize,
    /// Clients that were open at once.
    pub held: usize,
    /// Milliseconds until all of them were open.
    pub setup_ms: f64,
    /// Bytes of the server process a client, by its resident memory; `None` where the system does
    /// not tell.
    pub memory_per_connection: Option<u64>,
    /// Messages handed to clients a second, all clients together.
    pub fan_out_per_s: f64,
    /// Milliseconds from publishing to arrival: half are faster.
    pub p50_ms: Option<f64>,
    /// 99 of 100 are faster.
    pub p99_ms: Option<f64>,
    /// Messages that should have arrived and did not.
    pub lost: u64,
    /// What kept it from more, where something did.
    pub note: Option<String>,
}

/// Clients that come back after their server was gone, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HerdView {
    /// Word of their transport.
    pub transport: &'static str,
    /// Word of how they come back, as in [`Comeback::word`](super::crowd::Comeback::word).
    pub comeback: &'static str,
    /// It as people call it: “Exponential backoff with jitter”.
    pub label: &'static str,
    /// How many there are.
    pub clients: usize,
    /// How many are open now.
    pub connected: usize,
    /// Seconds since the herd was started.
    pub elapsed_s: f64,
    /// Seconds a slice.
    pub slice_s: f64,
    /// Connections attempted to come back, in each slice since the start; opening the herd is not
    /// among them. At most 6,000.
    pub attempts: Vec<u32>,
    /// Clients that were open at the end of each slice, likewise.
    pub open: Vec<u32>,
    /// Attempts to come back that failed.
    pub failed: u64,
    /// When the last outage began, in seconds since the start: the first client was lost while
    /// all were open.
    pub lost_at_s: Option<f64>,
    /// Seconds from then until all were open again; `None` before.
    pub back_after_s: Option<f64>,
}

impl HerdView {
    /// Attempts in the busiest slice.
    pub fn peak(&self) -> u32 {
        self.attempts.iter().copied().max().unwrap_or(0)
    }

    /// Attempts in all.
    pub fn attempted(&self) -> u64 {
        self.attempts.iter().copied().map(u64::from).sum()
    }
}

/// Event streams that one page opens to one host, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamsView {
    /// Word of what they travel over, as in [`Protocol::word`](super::crowd::Protocol::word).
    pub protocol: &'static str,
    /// It as people call it: `HTTP/1.1`.
    pub label: &'static str,
    /// TCP connections open now.
    pub connections: usize,
    /// Seconds since the page asked for the streams.
    pub elapsed_s: f64,
    /// One a stream, in the order they were asked for.
    pub streams: Vec<StreamView>,
}

/// One of these streams. Times are milliseconds since the page asked for the streams.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StreamView {
    /// When its request was sent; `None` while it waits for a connection.
    pub asked_ms: Option<f64>,
    /// When its head came.
    pub opened_ms: Option<f64>,
    /// When its first message came.
    pub first_ms: Option<f64>,
    /// Messages so far.
    pub messages: u64,
    /// Why it is over.
    pub error: Option<String>,
}

impl StreamView {
    /// What it is doing, in words for people.
    pub fn state(&self) -> &'static str {
        match self {
            Self { error: Some(_), .. } => "Failed",
            Self { first_ms: Some(_), .. } => "Receiving",
            Self { opened_ms: Some(_), .. } => "Open, nothing yet",
            Self { asked_ms: Some(_), .. } => "Asked",
            _ => "Waiting for a free connection",
        }
    }
}

impl StreamsView {
    /// Streams that wait for a connection.
    pub fn waiting(&self) -> usize {
        self.streams.iter().filter(|stream| stream.asked_ms.is_none()).count()
    }
}
