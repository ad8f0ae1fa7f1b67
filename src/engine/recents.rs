//! The session files on this machine, as the window lists them.

use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::snapshot::RecentCapture;
use crate::capture::place;
use crate::model::TransportKind;

/// The files in the place of unsaved recordings and those that were saved elsewhere.
pub(super) fn recents(folder: &Path) -> Arc<[RecentCapture]> {
    place::recents(folder).into_iter().map(|recent| shown(recent, folder)).collect()
}

fn shown(recent: place::Recent, folder: &Path) -> RecentCapture {
    let modified = recent.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = recent.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (what, title, events, was_cut_off) = match &recent.content {
        Ok(content) => {
            let lanes = &content.header.lanes;
            let what = match lanes.as_slice() {
                [lane] => {
                    TransportKind::from_word(&lane.transport).map_or("Auto", |t| t.label()).into()
                }
                lanes => format!("{} transports", lanes.len()),
            };
            let title = lanes.first().map(|lane| lane.title.clone()).unwrap_or_default();
            let was_cut_off = !content.header.has_ended() && !content.is_recorded;
            (what, title, content.events, was_cut_off)
        }
        Err(error) => (String::from("cannot be opened"), error.to_string(), 0, false),
    };
    RecentCapture {
        is_saved: recent.path.parent() != Some(folder),
        path: recent.path,
        name,
        what,
        title,
        events,
        bytes: recent.bytes,
        modified_wall_ns: i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX),
        was_cut_off,
    }
}
