//! The command line: one file a subcommand. Data goes to stdout, everything else to stderr.

mod args;
mod capture;
mod compare;
mod compare_args;
#[cfg(feature = "gui")]
mod gui;
mod interrupt;
mod open;
mod scale;
mod serve;
mod source;
mod terminal;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Verb};
use terminal::Terminal;

/// Runs what the arguments ask for. The exit status is 0 when it was done, 1 when it failed (the
/// last line on stderr says what, why and what to try) and 2 for wrong usage.
pub fn main() -> ExitCode {
    let args = Args::parse();
    if args.target.is_some() && args.verb.is_some() {
        let text = "an address or a file stands before a subcommand, which takes its own";
        Args::command().error(clap::error::ErrorKind::ArgumentConflict, text).exit();
    }
    if let Some(Verb::Compare(args)) = &args.verb
        && let Some(text) = args.wrong()
    {
        Args::command().error(clap::error::ErrorKind::ValueValidation, text).exit();
    }
    let terminal = Terminal::new(args.color, args.quiet, args.verbose);
    terminal.start_log();
    let done = match args.verb {
        None => open::run(args.target, terminal),
        Some(Verb::Capture(args)) => capture::run(&args, terminal),
        Some(Verb::Serve(args)) => serve::run(&args, terminal),
        Some(Verb::Compare(args)) => compare::run(&args, terminal),
        Some(Verb::Completions { shell }) => {
            let mut command = Args::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "wirescope", &mut script);
            terminal::print(&script)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.failed(&error);
            ExitCode::FAILURE
        }
    }
}

/// An error of the library with its hint, as one sentence after the other.
fn explained(error: &impl std::error::Error, hint: &str) -> anyhow::Error {
    if hint.is_empty() { anyhow::anyhow!("{error}") } else { anyhow::anyhow!("{error}. {hint}") }
}
