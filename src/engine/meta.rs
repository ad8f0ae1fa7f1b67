//! Where and when a report is made.

use crate::compare::report::ReportMeta;

/// This program, this machine, now.
pub fn report_meta() -> ReportMeta {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ReportMeta {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: format!("{} on {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH),
        made: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    }
}
