//! A comparison to take home: one HTML file that needs nothing else, or the same as JSON.

mod json;
mod network;
mod page;
mod plots;
mod svg;
mod tables;
#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
mod text;

use super::{RunView, ScaleView};

/// What a report says that is not of the run itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportMeta {
    /// Version of the program.
    pub version: String,
    /// What it ran on: system, processors.
    pub machine: String,
    /// When it was written, as people or programs read it.
    pub made: String,
}

/// One HTML file: no script, nothing loaded, for screens of any width and for paper. Tokens that
/// open another server are not in it.
pub fn html(run: &RunView, scale: Option<&ScaleView>, meta: &ReportMeta) -> String {
    page::page(run, scale, meta)
}

/// The same figures as JSON, with the keys of `wirescope compare --json` and more.
pub fn json(run: &RunView, scale: Option<&ScaleView>, meta: &ReportMeta) -> String {
    let mut text = format!("{:#}", json::document(run, scale, meta));
    text.push('\n');
    text
}
