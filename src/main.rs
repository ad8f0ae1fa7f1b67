//! Wirescope's command line: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    wirescope::cli::main()
}
