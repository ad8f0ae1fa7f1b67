//! The small parts every view is made of. Each knows its colours from the tokens and tells its name
//! to screen readers and tests.

mod button;
mod choice;
mod empty;
mod field;
mod layout;
mod pill;
mod rows;
mod select;
mod slider;
mod text;

pub(crate) use button::{Button, icon_button, link_button};
pub(crate) use choice::{chip, switch, tab};
pub(crate) use empty::Empty;
pub(crate) use field::Field;
pub(crate) use layout::{
    bar_frame, card, fill, hline, hold, modal_frame, panel_frame, section, separated,
};
pub(crate) use pill::{dot, kbd, pill};
pub(crate) use rows::{BAR, RowScroll, Shown};
pub(crate) use select::select;
pub(crate) use slider::{Scale, is_set, slider};
pub(crate) use text::{Line, fact, heading, line, muted, problem, steady_width};
