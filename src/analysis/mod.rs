//! Pure observers of events: what a session is doing, how late its messages are, what is missing,
//! and the series behind the plots. They know no endpoint, file or window.

mod json;
mod latency;
mod measure;
mod packed;
mod phase;
pub mod query;
mod sequence;
mod series;
pub mod tokens;
mod traffic;

pub use latency::{Latencies, Percentiles};
pub use measure::{Measure, Measures};
pub use phase::{Phase, Story};
pub use sequence::{Numbers, Sequence};
pub use series::{Bucket, Outage, Sample, Series};
pub use traffic::Traffic;
