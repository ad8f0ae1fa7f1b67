//! The same messages over every transport at once, measured on this machine: lanes, the run that
//! fills them, and the table they end in.

mod lane;
mod run;
mod table;

pub use lane::{Lane, LatencyMs};
pub use run::{CompareError, Comparison, Settings, run};
pub use table::table;
