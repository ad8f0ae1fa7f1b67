//! `wirescope [URL|FILE]`: the dashboard, or, where there is no display, the same job in the
//! terminal.

use anyhow::Result;

use super::args::Target;
use super::explained;
use super::terminal::Terminal;
use crate::capture::CaptureError;

/// Opens the window. Without a display says so and runs the comparison in the terminal.
pub(super) fn run(target: Option<Target>, terminal: Terminal) -> Result<()> {
    if let Some(Target::File(path)) = &target
        && !path.exists()
    {
        let missing = CaptureError::Missing(path.clone());
        return Err(explained(&missing, missing.hint()));
    }
    #[cfg(feature = "gui")]
    if has_display() {
        return super::gui::run(target);
    }
    let reason = if cfg!(feature = "gui") {
        "There is no display for the window"
    } else {
        "This Wirescope was built without its window"
    };
    match target {
        None => {}
        Some(Target::Address(endpoint)) => {
            let url = endpoint.redacted().url;
            anyhow::bail!("{reason}. Use `wirescope capture {url}` to record without one");
        }
        Some(Target::File(path)) => anyhow::bail!(
            "{reason}. Open the file where there is a display, or read it with \
             `sqlite3 {} \"select n, dir, kind, payload from event\"`",
            path.display()
        ),
    }
    terminal.say(format_args!("{reason}, so all transports run here for 10 s"));
    super::compare::run(&super::compare_args::CompareArgs::default(), terminal)
}

/// Whether a window can be opened: everywhere but on Unix systems without X11 or Wayland.
#[cfg(feature = "gui")]
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos"))
        || is_set("DISPLAY")
        || is_set("WAYLAND_DISPLAY")
        || is_set("WAYLAND_SOCKET")
}
