//! Captures: the session files on this machine, to be opened or deleted.

use std::path::PathBuf;

use egui::{Align, Layout, Margin, Panel, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use crate::engine::RecentCapture;
use crate::model::Command;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene, session_of};
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{Button, Empty, bar_frame, icon_button, line, muted, separated};

/// Height of one file.
const ROW: f32 = 44.0;

/// The page's state.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    /// The file that is about to be deleted.
    doomed: Option<PathBuf>,
}

impl Captures {
    /// Shows the page.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let recents = &scene.snapshot.recents;
        Panel::top("captures bar")
            .exact_size(size::BAR + 1.0)
            .frame(bar_frame(ui))
            .resizable(false)
            .show(ui, |ui| {
                ui.horizontal_centered(|ui| {
                    muted(
                        ui,
                        "Every session is recorded; what was not saved is here until deleted",
                    );
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let tip = Action::OpenCapture.tooltip(ui.ctx());
                        let button = Button::new("Open file…").icon(Icon::FolderOpen);
                        if ui.add(button).on_hover_text(tip).clicked() {
                            out.act(Action::OpenCapture);
                        }
                    });
                });
            });
        let margin = Margin::symmetric(size::PAD as i8, 8);
        let canvas = egui::Frame::new().fill(t.canvas).inner_margin(margin);
        egui::CentralPanel::no_frame().frame(canvas).show(ui, |ui| {
            if recents.is_empty() {
                let text = "Connect to something: it is recorded from the first byte";
                let face = Empty::new(Icon::Archive, "No captures yet");
                let face = face.line(text).action("Open file…");
                if face.show(ui).is_some_and(|button| button.clicked()) {
                    out.act(Action::OpenCapture);
                }
                return;
            }
            ScrollArea::vertical().auto_shrink([false, false]).show_rows(
                ui,
                ROW,
                recents.len(),
                |ui, rows| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for recent in &recents[rows] {
                        self.row_ui(ui, recent, scene, out);
                    }
                },
            );
        });
    }

    fn row_ui(&mut self, ui: &mut Ui, recent: &RecentCapture, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let extent = vec2(ui.available_width(), ROW);
        let (rect, response) = ui.allocate_exact_size(extent, Sense::click());
        let session = session_of(scene.snapshot, &recent.path);
        let grows = session.is_some_and(|session| session.recording.is_running);
        let name = format!("Open {}{}", recent.name, if grows { ", recording" } else { "" });
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if ui.rect_contains_pointer(rect) || response.has_focus() {
            ui.painter().rect_filled(rect, size::RADIUS, t.panel);
        }
        let is_doomed = session.is_none() && self.doomed.as_ref() == Some(&recent.path);
        let left = rect.left() + 10.0;
        let room = rect.width() - 60.0;
        let put = |text: &str, x: f32, y: f32, font, color, room: f32| {
            let galley = line(ui, text, font, color, room);
            ui.painter().galley(pos2(x, y).round(), galley, color);
        };
        let (first, second) = (rect.top() + 6.0, rect.top() + 23.0);
        put(&recent.name, left, first, mono(size::DATA), t.text, room * 0.6);
        put(&recent.title, left, second, words(size::DATA), t.muted, room * 0.44);
        let middle = left + room * 0.46;
        // The list is as old as the last look at the folder; what grows is known better.
        let growing = session.filter(|_| grows);
        let events = growing.map_or(recent.events, |session| session.index.len() as u64);
        let what = format!("{} · {}", recent.what, format::count(events, "event"));
        put(&what, middle, first, words(size::DATA), t.muted, room * 0.28);
        let marks = [
            (grows, "● recording", t.bad),
            (session.is_some() && !grows, "open", t.muted),
            (!recent.is_saved, "not saved", t.warn),
            (recent.was_cut_off && !grows, "cut off", t.bad),
        ];
        let mut x = middle;
        for (_, word, color) in marks.into_iter().filter(|(applies, ..)| *applies) {
            let galley = line(ui, word, words(size::DATA), color, 100.0);
            let width = galley.size().x;
            ui.painter().galley(pos2(x, second).round(), galley, color);
            x += width + 12.0;
        }
        let right = egui::Align2::RIGHT_TOP;
        let edge = left + room;
        let day = scene.zone.day(recent.modified_wall_ns, scene.wall_ns);
        let bytes = format::size(growing.map_or(recent.bytes, |session| session.recording.bytes));
        if !is_doomed {
            ui.painter().text(pos2(edge, first), right, bytes, mono(size::DATA), t.text);
            ui.painter().text(pos2(edge, second), right, day, words(size::DATA), t.muted);
        }

        let place = egui::Rect::from_min_max(pos2(rect.right() - 240.0, rect.top()), rect.max);
        let layout = Layout::right_to_left(Align::Center);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
        child.add_space(6.0);
        if is_doomed {
            self.confirm_ui(&mut child, recent, out);
        } else if session.is_none()
            && icon_button(&mut child, Icon::Trash2, &format!("Delete {}", recent.name)).clicked()
        {
            self.doomed = Some(recent.path.clone());
        }
        if response.on_hover_text(recent.path.display().to_string()).clicked() && !is_doomed {
            out.send(Command::Open(recent.path.clone()));
        }
    }

    fn confirm_ui(&mut self, ui: &mut Ui, recent: &RecentCapture, out: &mut Outbox) {
        ui.spacing_mut().item_spacing.x = 6.0;
        if ui.add(Button::new("Keep").quiet().small()).clicked() {
            self.doomed = None;
        }
        if ui.add(Button::new("Delete the file").danger().small()).clicked() {
            out.send(Command::Delete(recent.path.clone()));
            self.doomed = None;
        }
    }

    /// Shows the numbers at the bottom of the window.
    pub(crate) fn status_ui(ui: &mut Ui, scene: Scene<'_>) {
        let t = tokens(ui.ctx());
        let recents = &scene.snapshot.recents;
        ui.horizontal_centered(|ui| {
            separated(ui, &format::count(recents.len() as u64, "capture"), t.muted);
            let bytes = recents.iter().map(|recent| recent.bytes).sum();
            separated(ui, &format::size(bytes), t.muted);
            let unsaved = recents.iter().filter(|recent| !recent.is_saved).count();
            if unsaved > 0 {
                separated(ui, &format!("{unsaved} not saved"), t.muted);
            }
        });
    }
}
