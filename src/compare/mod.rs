//! The same messages over every transport at once, measured on this machine: lanes, the run that
//! fills them, and the table they end in.

pub mod crowd;
mod lane;
pub mod lesson;
mod run;
#[cfg(test)]
mod sample;
mod table;
mod verdict;
mod view;
mod words;

pub use crowd::{scale, scale_table};
pub use lane::{Lane, LatencyMs};
pub use lesson::{Lesson, Timeline, lessons};
pub use run::{CompareError, Comparison, Settings, run};
pub use table::table;
pub use verdict::verdict;
pub use view::{
    HerdView, LaneView, LessonSummary, LessonView, RunView, ScaleRow, ScaleView, Stage, StepView,
    StreamView, StreamsView, Verdict,
};
