//! The system's own dialogs for files. Without the window there is nobody to ask.

#[cfg(feature = "gui")]
use std::path::PathBuf;

#[cfg(feature = "gui")]
use rfd::AsyncFileDialog;

/// Asks for a capture to open.
#[cfg(feature = "gui")]
pub(super) async fn open() -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new()
        .set_title("Open a capture")
        .add_filter("Wirescope captures", &["wirescope"])
        .add_filter("All files", &["*"]);
    Some(dialog.pick_file().await?.path().to_owned())
}

/// Asks for a file to send.
#[cfg(feature = "gui")]
pub(super) async fn send() -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new().set_title("Send a file");
    Some(dialog.pick_file().await?.path().to_owned())
}

/// Asks for a descriptor set.
#[cfg(feature = "gui")]
pub(super) async fn schema() -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new()
        .set_title("Choose a Protobuf descriptor set")
        .add_filter("Descriptor sets", &["binpb", "pb", "desc", "protoset", "fds"])
        .add_filter("All files", &["*"]);
    Some(dialog.pick_file().await?.path().to_owned())
}

/// Asks for a place for a capture.
#[cfg(feature = "gui")]
pub(super) async fn save(name: String) -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new()
        .set_title("Save the capture as")
        .set_file_name(name)
        .add_filter("Wirescope captures", &["wirescope"]);
    Some(dialog.save_file().await?.path().to_owned())
}

/// Asks for a place for a report.
#[cfg(feature = "gui")]
pub(super) async fn report(name: String) -> Option<PathBuf> {
    let dialog = AsyncFileDialog::new()
        .set_title("Save the report as")
        .set_file_name(name)
        .add_filter("Web page", &["html"])
        .add_filter("JSON", &["json"]);
    Some(dialog.save_file().await?.path().to_owned())
}

#[cfg(not(feature = "gui"))]
pub(super) use nobody::{open, report, save, schema, send};

#[cfg(not(feature = "gui"))]
mod nobody {
    use std::path::PathBuf;

    pub(in crate::engine) async fn open() -> Option<PathBuf> {
        None
    }

    pub(in crate::engine) async fn send() -> Option<PathBuf> {
        None
    }

    pub(in crate::engine) async fn schema() -> Option<PathBuf> {
        None
    }

    pub(in crate::engine) async fn save(_name: String) -> Option<PathBuf> {
        None
    }

    pub(in crate::engine) async fn report(_name: String) -> Option<PathBuf> {
        None
    }
}
