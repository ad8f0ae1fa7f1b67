//! The options of `wirescope compare`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args as ClapArgs, Parser, ValueEnum};

use super::scale::STEPS;
use super::source::SourceArgs;
use super::values::{duration, impairment, impairments};
use crate::compare::{Lesson, lessons};
use crate::model::{LaneSpec, Needs, Network, RunSetup, TransportKind, Way};

const EXAMPLES: &str = "Examples:
  wirescope compare --for 30s --rate 50
  wirescope compare --lanes websocket,sse,fallback --impair upgrade=426 --report blocked.html
  wirescope compare --for 1m --needs proxies,browser --report lanes.html
  wirescope compare --url 'http://192.0.2.7:4100/?join=7F3K-22QD' --rate 100
  wirescope compare --lesson buffering-proxy
  wirescope compare --scale 100,1000,5000 --lanes websocket,sse
  wirescope compare --json > lanes.json";

/// Options of `compare`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", impairments()))]
pub(super) struct CompareArgs {
    /// How long to run
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, default_value = "10s")]
    duration: Duration,
    #[command(flatten)]
    source: SourceArgs,
    /// What to compare, as in websocket,sse,long-poll,short-poll,stream,fallback; all of them unless
    /// said. Fallback is a client that takes WebSocket, otherwise SSE, otherwise long poll
    #[arg(long, value_name = "LANE,…", value_delimiter = ',', value_parser = way)]
    lanes: Vec<Way>,
    /// Another Wirescope server to go through, with its ?join= if it shows one; the messages are
    /// published from here, so latency includes the way up
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// Make the network bad on purpose, for all transports or for one, as in delay=80ms,jitter=40ms
    /// or sse:buffer=end; can be repeated, and --help lists what there is
    #[arg(long, value_name = "[TRANSPORT:]LIST", value_parser = impairment, conflicts_with = "url")]
    impair: Vec<String>,
    /// What you need, which the verdict goes by
    #[arg(long, value_name = "NEED,…", value_delimiter = ',', value_enum)]
    needs: Vec<Need>,
    /// Run a lesson, which has its own messages, lanes, network and needs
    #[arg(
        long,
        value_name = "NAME",
        value_parser = lesson,
        conflicts_with_all = ["duration", "url", "lanes", "impair", "needs", "scale"],
        conflicts_with_all = ["rate", "burst", "size", "shape", "topics"],
    )]
    pub(super) lesson: Option<&'static Lesson>,
    /// Measure what so many clients of each transport cost instead, as in 100,1000,5000
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        value_parser = super::scale::clients,
        conflicts_with_all = ["duration", "url", "impair", "needs", "output"],
        conflicts_with_all = ["rate", "burst", "size", "shape", "topics"],
    )]
    pub(super) scale: Vec<usize>,
    /// Print the figures as JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
    /// Write a report, as one page or as JSON, by how the file's name ends
    #[arg(
        long,
        value_name = "FILE.html|FILE.json",
        value_parser = report,
        conflicts_with = "scale"
    )]
    pub(super) report: Option<PathBuf>,
    /// File to record into; without it a place is chosen and printed
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// A need, by its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Need {
    /// The client sends often, too
    TwoWay,
    /// Payloads are bytes
    Binary,
    /// There are proxies in the way that nobody here controls
    Proxies,
    /// The client is a browser
    Browser,
    /// Nothing may be missed over a reconnect
    Resume,
}

impl CompareArgs {
    /// The comparison these arguments ask for.
    pub(super) fn setup(&self) -> RunSetup {
        if let Some(lesson) = self.lesson {
            return lesson.setup();
        }
        let usual = RunSetup::default();
        let lanes: Vec<_> = self.lanes.iter().map(|way| LaneSpec::over(*way)).collect();
        let asks = |need| self.needs.contains(&need);
        RunSetup {
            source: self.source.source(),
            duration: Some(self.duration),
            lanes: if lanes.is_empty() { usual.lanes } else { lanes },
            other: self.url.clone(),
            needs: Needs {
                two_way: asks(Need::TwoWay),
                binary: asks(Need::Binary),
                proxies: asks(Need::Proxies),
                browser: asks(Need::Browser),
                resume: asks(Need::Resume),
            },
        }
    }

    /// What is wrong with them although each by itself is fine.
    pub(super) fn wrong(&self) -> Option<String> {
        if self.scale.len() > STEPS {
            return Some(format!("a scale run has at most {STEPS} numbers of clients"));
        }
        let is_scale = !self.scale.is_empty();
        (is_scale && self.lanes.contains(&Way::Fallback)).then(|| {
            String::from("a scale run is of transports, of which fallback is one or another; take it out of --lanes")
        })
    }

    /// The transports that were asked for, or all.
    pub(super) fn transports(&self) -> Vec<TransportKind> {
        if self.lanes.is_empty() {
            return TransportKind::ALL.to_vec();
        }
        let over = |way: &Way| match way {
            Way::Over(kind) => Some(*kind),
            Way::Fallback => None,
        };
        self.lanes.iter().filter_map(over).collect()
    }

    /// What is done to the network.
    pub(super) fn network(&self) -> Result<Network> {
        Ok(Network::parse(self.impair.iter().map(String::as_str))?)
    }
}

impl Default for CompareArgs {
    fn default() -> Self {
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            args: CompareArgs,
        }
        Line::parse_from(["compare"]).args
    }
}

fn report(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_known = |end: &std::ffi::OsStr| end == "html" || end == "json";
    if path.extension().is_some_and(is_known) {
        return Ok(path);
    }
    Err(String::from("the name of a report ends in .html or .json"))
}

fn way(text: &str) -> Result<Way, String> {
    Way::from_word(text.trim()).ok_or_else(|| {
        let words: Vec<_> = Way::ALL.iter().map(|way| way.word()).collect();
        format!("“{text}” is no lane; use some of {}", words.join(", "))
    })
}

fn lesson(text: &str) -> Result<&'static Lesson, String> {
    lessons().iter().find(|lesson| lesson.id() == text).ok_or_else(|| {
        let ids: Vec<_> = lessons().iter().map(Lesson::id).collect();
        format!("there is no lesson “{text}”; try one of {}", ids.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: CompareArgs,
    }

    fn read(line: &str) -> Result<CompareArgs, String> {
        let words = ["compare"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
        Line::try_parse_from(words).map(|line| line.args).map_err(|e| e.to_string())
    }

    #[test]
    fn arguments_become_a_setup() {
        let usual = read("").map(|args| args.setup()).unwrap_or_default();
        let ten = Some(Duration::from_secs(10));
        assert_eq!(usual, RunSetup { duration: ten, ..RunSetup::default() });
        let line = "--lanes sse,fallback --url http://h/?join=t --needs two-way,resume --rate 3";
        let setup = read(line).map(|args| args.setup()).unwrap_or_default();
        let ways: Vec<_> = setup.lanes.iter().map(|lane| lane.way.word()).collect();
        assert_eq!(ways, ["sse", "fallback"]);
        assert_eq!(setup.other.as_deref(), Some("http://h/?join=t"));
        assert_eq!(setup.needs, Needs { two_way: true, resume: true, ..Needs::default() });
        let bad = read("--impair sse:delay=80ms").map(|args| args.network());
        assert!(bad.is_ok_and(|network| network.is_ok_and(|network| !network.is_good())));
        let taught = read("--lesson resume").map(|args| args.setup()).unwrap_or_default();
        assert_eq!(Some(taught), lessons().iter().find(|l| l.id() == "resume").map(Lesson::setup));
    }

    #[test]
    fn a_scale_run_is_of_transports_and_has_an_end() {
        let wrong = |line: &str| read(line).map(|args| args.wrong().is_some());
        let many = vec!["10"; STEPS].join(",");
        assert_eq!(wrong(&format!("--scale {many}")), Ok(false));
        assert_eq!(wrong(&format!("--scale {many},10")), Ok(true));
        assert_eq!(wrong("--scale 10 --lanes fallback"), Ok(true));
        assert_eq!(wrong("--scale 10 --lanes sse,fallback"), Ok(true));
        assert_eq!(wrong("--lanes fallback"), Ok(false));
        let kinds = |line| read(line).map(|args| args.transports());
        assert_eq!(kinds("--scale 10"), Ok(TransportKind::ALL.to_vec()));
        let two = vec![TransportKind::Sse, TransportKind::Websocket];
        assert_eq!(kinds("--scale 10 --lanes sse,websocket"), Ok(two));
    }

    #[test]
    fn every_example_is_one() {
        for line in EXAMPLES.lines().skip(1) {
            let words = shlex::split(line).unwrap_or_default();
            assert_eq!(words.get(..2), Some(&["wirescope".into(), "compare".into()][..]), "{line}");
            let args = words.into_iter().skip(1).take_while(|word| word != ">");
            let read = Line::try_parse_from(args).map_err(|error| error.to_string());
            assert!(read.is_ok_and(|line| line.args.network().is_ok()), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_what_can() {
        let table = [
            ("--lanes gopher", "websocket, sse"),
            ("--lesson gopher", "buffering-proxy"),
            ("--needs gopher", "two-way"),
            ("--url http://h --impair delay=1s", "cannot be used with"),
            ("--lesson resume --rate 9", "cannot be used with"),
            ("--report page.pdf", ".html or .json"),
            ("--scale 100 --url http://h", "cannot be used with"),
            ("--scale 100,0", "from 1 to 100000"),
        ];
        for (line, said) in table {
            let error = read(line).err().unwrap_or_default();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
