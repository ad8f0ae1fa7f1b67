//! The same messages over every transport at once, measured on this machine: lanes, the run that
//! fills them, and the table they end in.

mod base;
mod board;
mod counter;
pub mod crowd;
mod curve;
mod error;
mod fallback;
mod lane;
pub mod lesson;
mod lesson_run;
mod outcome;
mod place;
mod remote;
pub mod report;
mod run;
#[cfg(test)]
mod sample;
mod side;
mod span;
mod table;
mod taken;
mod verdict;
mod view;
mod way;
mod words;

pub use crowd::{scale, scale_table};
pub use error::CompareError;
pub use lane::{Lane, LatencyMs, RecoverMs};
pub use lesson::{Act, CrowdSpec, Lesson, Timeline, lessons};
pub use lesson_run::start_lesson;
pub use outcome::{Comparison, Settings, Taught};
pub use report::ReportMeta;
pub use run::{Running, Target, start};
pub use table::table;
pub use verdict::verdict;
pub use view::{
    HerdView, LaneView, LessonSummary, LessonView, RunView, ScaleRow, ScaleView, Stage, StepView,
    StreamView, StreamsView, Verdict,
};
