//! What people read on stderr: progress, the last word of a failure, and the log.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write, stderr};

use clap::ColorChoice;
use tracing_subscriber::EnvFilter;

/// Writes to stderr, in colour where that is wanted and possible.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    color: bool,
    quiet: bool,
    verbose: u8,
}

/// The colours in use; each has a word beside it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tint {
    Good,
    Bad,
    Warning,
    Faint,
}

impl Tint {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warning => "33",
            Self::Faint => "2",
        }
    }
}

impl Terminal {
    pub(super) fn new(color: ColorChoice, quiet: bool, verbose: u8) -> Self {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        };
        Self { color, quiet, verbose }
    }

    /// Sends the program's log to stderr; `RUST_LOG` has the last word.
    pub(super) fn start_log(self) {
        let level = match self.verbose {
            0 => "warn",
            1 => "wirescope=info,warn",
            2 => "wirescope=debug,info",
            _ => "trace",
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        // Only fails when a log is running already, which then stays.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(self.color)
            .with_writer(stderr)
            .try_init();
    }

    /// A line of progress; nothing with `--quiet`.
    pub(super) fn say(self, line: impl Display) {
        if !self.quiet {
            write_line(line);
        }
    }

    /// The same text in a colour, where colours are on.
    pub(super) fn tint(self, tint: Tint, text: impl Display) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", tint.code()) } else { text.to_string() }
    }

    /// The last word: what failed and why, with every cause.
    pub(super) fn failed(self, error: &anyhow::Error) {
        write_line(format_args!("{} {error:#}", self.tint(Tint::Bad, "wirescope:")));
    }
}

/// Writes data to stdout at once. Whoever has read enough of it and went is no failure.
pub(super) fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(stdout_failed(&error)),
        _ => Ok(()),
    }
}

/// The failure to write data, with what to try.
pub(super) fn stdout_failed(error: &io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "The disk is full; free some space, or send stdout to another disk"
        }
        _ => "What stdout goes to may be gone; send it elsewhere",
    };
    anyhow::anyhow!("stdout could not be written: {error}. {hint}")
}

fn write_line(line: impl Display) {
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(stderr().lock(), "{line}");
}
