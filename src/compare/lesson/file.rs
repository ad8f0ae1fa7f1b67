//! The file of a lesson: TOML, read strictly, so that a word that is misspelt is an error with the
//! name of the file and the field.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{Act, CrowdSpec, Figure, Lesson, Measure, ServerNeeds, Step};
use crate::compare::LessonSummary;
use crate::compare::crowd::{Comeback, Protocol};
use crate::model::{
    DEFAULT_TOPIC, Impairment, LaneSpec, Needs, Network, Restart, Retries, Shape, Source,
    TransportKind, Trouble, Way,
};

/// Seconds a lesson takes, at least and at most: a room watches it.
const SECONDS: std::ops::RangeInclusive<u64> = 15..=90;

/// A file that is no lesson.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lesson {id}.toml: {what}")]
pub struct LessonError {
    /// Name of the file, without `.toml`.
    pub id: String,
    /// Which field is wrong, and why.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    about: String,
    duration: String,
    source: SourceText,
    #[serde(default)]
    server: ServerText,
    #[serde(default)]
    needs: NeedsText,
    lanes: Vec<LaneText>,
    steps: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    rate: f64,
    #[serde(default = "one")]
    burst: u32,
    #[serde(default = "hundred")]
    size: usize,
    #[serde(default)]
    shape: Shape,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerText {
    history: Option<usize>,
    hold: Option<String>,
    heartbeat: Option<String>,
    retry: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "as in the needs it becomes")]
struct NeedsText {
    two_way: bool,
    binary: bool,
    proxies: bool,
    browser: bool,
    resume: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaneText {
    way: String,
    label: Option<String>,
    #[serde(default = "yes")]
    resumes: bool,
    retries: Option<RetriesText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetriesText {
    most: u32,
    first: String,
    longest: String,
    jitter: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepText {
    at: String,
    what: String,
    watch: String,
    network: Option<BTreeMap<String, BTreeMap<String, String>>>,
    source: Option<SourceText>,
    crowd: Option<CrowdText>,
    restart: Option<RestartText>,
    #[serde(default)]
    cut_all: bool,
    measured: Vec<MeasureText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestartText {
    down: String,
    #[serde(default)]
    forgets: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum CrowdText {
    Herd { clients: usize, transport: String, comeback: String },
    Streams { streams: usize, protocol: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureText {
    lane: Option<String>,
    figures: Vec<String>,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn hundred() -> usize {
    100
}

/// Reads the lesson of the file `id`.toml.
///
/// # Errors
/// [`LessonError`] naming the field.
pub(super) fn parsed(id: &str, text: &str) -> Result<Lesson, LessonError> {
    let wrong = |what| LessonError { id: id.to_owned(), what };
    let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    file.lesson(id).map_err(wrong)
}

impl File {
    fn lesson(self, id: &str) -> Result<Lesson, String> {
        let duration = time("duration", &self.duration)?;
        if !SECONDS.contains(&duration.as_secs()) {
            let (least, most) = (SECONDS.start(), SECONDS.end());
            return Err(format!("duration: a lesson takes {least} to {most} s"));
        }
        let needs = self.needs;
        let lesson = Lesson {
            summary: LessonSummary {
                id: id.to_owned(),
                title: self.title,
                about: self.about,
                seconds: duration.as_secs_f64(),
            },
            duration,
            source: self.source.source("source")?,
            server: self.server.needs()?,
            lanes: numbered("lanes", self.lanes, LaneText::spec)?,
            needs: Needs {
                two_way: needs.two_way,
                binary: needs.binary,
                proxies: needs.proxies,
                browser: needs.browser,
                resume: needs.resume,
            },
            steps: numbered("steps", self.steps, StepText::step)?,
        };
        check(&lesson)?;
        Ok(lesson)
    }
}

/// What no field shows by itself.
fn check(lesson: &Lesson) -> Result<(), String> {
    if lesson.lanes.is_empty() {
        return Err("lanes: there is none".into());
    }
    let mut end = lesson.duration;
    for (at, step) in lesson.steps.iter().enumerate().rev() {
        if step.at >= end {
            return Err(format!("steps[{at}].at: it begins when it should be over"));
        }
        end = step.at;
    }
    if !end.is_zero() || lesson.steps.is_empty() {
        return Err("steps[0].at: the first step begins at 0s".into());
    }
    for (at, step) in lesson.steps.iter().enumerate() {
        for Measure { lane, .. } in &step.measures {
            let known =
                |name: &String| lesson.lanes.iter().any(|lane| lane.name() == name.as_str());
            if let Some(name) = lane.as_ref().filter(|name| !known(name)) {
                return Err(format!("steps[{at}].measured: there is no lane “{name}”"));
            }
        }
    }
    Ok(())
}

impl SourceText {
    fn source(self, field: &str) -> Result<Source, String> {
        let Self { rate, burst, size, shape } = self;
        let source = Source { rate, burst, size, shape, topics: vec![DEFAULT_TOPIC.to_owned()] };
        source.checked().map_err(|error| format!("{field}: {error}"))
    }
}

impl ServerText {
    fn needs(self) -> Result<ServerNeeds, String> {
        let optional =
            |field, text: Option<String>| text.map(|text| time(field, &text)).transpose();
        let heartbeat = match self.heartbeat.as_deref() {
            Some("off") => Some(None),
            Some(text) => Some(Some(time("server.heartbeat", text)?)),
            None => None,
        };
        Ok(ServerNeeds {
            history: self.history,
            hold: optional("server.hold", self.hold)?,
            heartbeat,
            retry: optional("server.retry", self.retry)?,
        })
    }
}

impl LaneText {
    fn spec(self) -> Result<LaneSpec, String> {
        let way = Way::from_word(&self.way)
            .ok_or_else(|| format!("way: “{}” is no transport and not fallback", self.way))?;
        let retries = self.retries.map(RetriesText::retries).transpose()?;
        Ok(LaneSpec { way, label: self.label, resumes: self.resumes, retries })
    }
}

impl RetriesText {
    fn retries(self) -> Result<Retries, String> {
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(format!("retries.jitter: {} is not from 0 to 1", self.jitter));
        }
        Ok(Retries {
            most: self.most,
            first: time("retries.first", &self.first)?,
            longest: time("retries.longest", &self.longest)?,
            jitter: self.jitter,
        })
    }
}

impl StepText {
    fn step(self) -> Result<Step, String> {
        let mut acts = Vec::new();
        if let Some(network) = &self.network {
            acts.push(Act::Network(Box::new(as_network(network)?)));
        }
        if let Some(source) = self.source {
            acts.push(Act::Source(source.source("source")?));
        }
        if let Some(crowd) = self.crowd {
            acts.push(Act::Crowd(crowd.spec()?));
        }
        if self.cut_all {
            acts.push(Act::CutAll);
        }
        if let Some(RestartText { down, forgets }) = self.restart {
            acts.push(Act::Restart(Restart { down: time("restart.down", &down)?, forgets }));
        }
        let mut measures = Vec::new();
        for MeasureText { lane, figures } in self.measured {
            for word in figures {
                let figure = Figure::from_word(&word)
                    .ok_or_else(|| format!("measured: “{word}” is no figure"))?;
                if figure.is_of_a_crowd() == lane.is_some() {
                    return Err(format!("measured: “{word}” is not a figure of that"));
                }
                measures.push(Measure { lane: lane.clone(), figure });
            }
        }
        let at = time("at", &self.at)?;
        Ok(Step { at, what: self.what, watch: self.watch, acts, measures })
    }
}

impl CrowdText {
    fn spec(self) -> Result<CrowdSpec, String> {
        match self {
            Self::Herd { clients, transport, comeback } => Ok(CrowdSpec::Herd {
                clients,
                kind: transport_of("crowd.herd.transport", &transport)?,
                comeback: Comeback::from_word(&comeback)
                    .ok_or_else(|| format!("crowd.herd.comeback: “{comeback}” is none"))?,
            }),
            Self::Streams { streams, protocol } => Ok(CrowdSpec::Streams {
                streams,
                protocol: Protocol::from_word(&protocol)
                    .ok_or_else(|| format!("crowd.streams.protocol: “{protocol}” is none"))?,
            }),
        }
    }
}

/// What is done to each transport; what is done to `all` first, as far as each feels it.
fn as_network(text: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Network, String> {
    fn set<'a>(
        on: &mut Impairment,
        word: &str,
        settings: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Result<(), String> {
        let pairs = settings.map(|(key, value)| (key.as_str(), value.as_str()));
        on.set_all(pairs).map_err(|error| format!("network.{word}: {error}"))
    }
    let mut everywhere = Impairment::default();
    if let Some(settings) = text.get("all") {
        set(&mut everywhere, "all", settings.iter())?;
    }
    let mut network = Network::all(&everywhere);
    for (word, settings) in text.iter().filter(|(word, _)| *word != "all") {
        let kind = transport_of("network", word)?;
        let felt =
            |key: &str| Trouble::from_word(key).is_none_or(|trouble| trouble.applies_to(kind));
        if let Some(key) = settings.keys().find(|key| !felt(key)) {
            return Err(format!("network.{word}: {key} does nothing over it"));
        }
        set(network.of_mut(kind), word, settings.iter())?;
    }
    Ok(network)
}

fn transport_of(field: &str, word: &str) -> Result<TransportKind, String> {
    TransportKind::from_word(word).ok_or_else(|| format!("{field}: “{word}” is no transport"))
}

fn time(field: &str, text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{field}: {error}"))
}

/// Each of a list, and of an error which one it is in.
fn numbered<T, U>(
    field: &str,
    list: Vec<T>,
    convert: impl Fn(T) -> Result<U, String>,
) -> Result<Vec<U>, String> {
    let numbers = list.into_iter().enumerate();
    numbers
        .map(|(at, one)| convert(one).map_err(|error| format!("{field}[{at}].{error}")))
        .collect()
}
