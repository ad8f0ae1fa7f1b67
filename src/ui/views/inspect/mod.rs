//! Inspect: live sessions and opened captures, one of them in full. Each part of the page keeps its
//! own state; what belongs to one session is kept with it while another is shown.

mod assembled;
mod body;
mod certificates;
mod command_line;
mod composer;
mod composer_more;
mod composer_read;
mod connect_bar;
mod decoded_view;
mod detail;
mod face;
mod facts;
mod filter_bar;
mod filter_help;
mod first_run;
mod frame_list;
mod handshake;
mod hex;
mod image_view;
mod json_text;
mod json_tree;
mod options;
mod options_auth;
mod options_draft;
mod options_rows;
pub(super) mod plot_cloud;
pub(super) mod plot_data;
mod plot_labels;
mod plot_outages;
mod plots;
mod query;
mod raw;
mod read_as;
mod row;
mod sessions;
mod status;
mod timeline;
mod tree_line;
mod tree_lines;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Panel, Ui};

use self::composer::Composer;
use self::connect_bar::ConnectBar;
use self::detail::Detail;
use self::filter_bar::FilterBar;
use self::plots::Plots;
use self::timeline::Timeline;
use crate::engine::{Origin, SessionView, Snapshot};
use crate::model::{Command, Filter, SessionId};
use crate::ui::action::Action;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{fill, hold, panel_frame};

/// Below this width the detail is only there while an event is chosen.
const ROOMY: f32 = 1120.0;

/// The page's state.
#[derive(Debug)]
pub(crate) struct Inspect {
    bar: ConnectBar,
    chosen: Option<SessionId>,
    /// Sessions seen so far, so that a new one is noticed.
    known: Vec<SessionId>,
    /// The next new session is what the person is waiting for.
    expects: bool,
    sessions: HashMap<SessionId, SessionState>,
    plots: Plots,
    shows_detail: bool,
    shows_plots: bool,
}

impl Default for Inspect {
    fn default() -> Self {
        Self {
            bar: ConnectBar::default(),
            chosen: None,
            known: Vec::new(),
            expects: false,
            sessions: HashMap::new(),
            plots: Plots::default(),
            shows_detail: true,
            shows_plots: true,
        }
    }
}

/// What the window remembers of one session.
#[derive(Debug, Default)]
struct SessionState {
    timeline: Timeline,
    filter: FilterBar,
    detail: Detail,
    composer: Composer,
    /// The event in the detail, by number.
    selected: Option<u64>,
}

impl SessionState {
    /// Chooses an event and asks for the whole of it.
    fn select(&mut self, session: SessionId, event: Option<u64>, out: &mut Outbox) {
        if self.selected != event {
            self.selected = event;
            out.send(Command::Select(session, event));
        }
    }
}

impl Inspect {
    /// The session that is shown.
    pub(crate) fn chosen<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Arc<SessionView>> {
        snapshot.sessions.iter().find(|session| Some(session.id) == self.chosen)
    }

    /// Shows this session, or an empty connect bar.
    pub(crate) fn choose(&mut self, id: Option<SessionId>, snapshot: &Snapshot) {
        self.chosen = id;
        match self.chosen(snapshot) {
            Some(session) => self.bar.load(&session.endpoint),
            None => self.bar = ConnectBar::default(),
        }
    }

    /// The person has asked for a session, which is to be shown when it comes.
    pub(crate) fn expect(&mut self, command: &Command) {
        self.expects = true;
        if let Command::Connect(endpoint) = command {
            self.bar.load(endpoint);
        }
    }

    /// Gives the focus to the address.
    pub(crate) fn focus_address(&mut self, ctx: &egui::Context) {
        self.bar.focus(ctx);
    }

    /// Whether the focus is on the address, with nothing typed yet.
    pub(crate) fn awaits_address(&self, ctx: &egui::Context) -> bool {
        self.bar.awaits(ctx)
    }

    /// Notices sessions that came and went.
    pub(crate) fn absorb(&mut self, snapshot: &Snapshot) {
        let ids: Vec<SessionId> = snapshot.sessions.iter().map(|session| session.id).collect();
        let new = ids.iter().find(|id| !self.known.contains(id)).copied();
        if new.is_some() && (self.expects || self.known.is_empty()) {
            self.expects = false;
            self.choose(new, snapshot);
        }
        if let Some(chosen) = self.chosen.filter(|chosen| !ids.contains(chosen)) {
            let at = self.known.iter().position(|id| *id == chosen).unwrap_or_default();
            let next = ids.get(at.min(ids.len().saturating_sub(1))).copied();
            self.choose(next, snapshot);
        }
        self.sessions.retain(|id, _| ids.contains(id));
        self.known = ids;
    }

    /// Whether the action has anything to apply to.
    pub(crate) fn can(&self, snapshot: &Snapshot, action: Action) -> bool {
        let session = self.chosen(snapshot);
        let state = self.chosen.and_then(|id| self.sessions.get(&id));
        let is_live = session.is_some_and(|session| session.origin == Origin::Live);
        match action {
            Action::Disconnect => session.is_some_and(|s| is_live && !s.phase.is_over()),
            Action::Reconnect => is_live && session.is_some_and(|s| !s.phase.is_open()),
            Action::FocusComposer => is_live,
            Action::CloseSession
            | Action::FocusFilter
            | Action::Follow
            | Action::SaveCapture
            | Action::SaveToPath
            | Action::ToggleDetail
            | Action::TogglePlots => session.is_some(),
            Action::ClearFilter => {
                session.is_some_and(|session| !session.filter.is_empty())
                    || state.is_some_and(|state| state.filter.is_wrong())
            }
            Action::CopyCurl | Action::CopyWebsocat | Action::CopyWscat | Action::CopyCapture => {
                let tool = command_line::tool(action);
                tool.zip(session).is_some_and(|(tool, session)| command_line::can(tool, session))
            }
            Action::CopyPayload => state.is_some_and(|state| state.selected.is_some()),
            Action::NextSession | Action::PreviousSession => snapshot.sessions.len() > 1,
            _ => true,
        }
    }

    /// Does what the keyboard, the palette or a button asks for.
    pub(crate) fn act(
        &mut self,
        ctx: &egui::Context,
        snapshot: &Snapshot,
        action: Action,
        out: &mut Outbox,
    ) {
        match action {
            Action::FocusAddress => return self.bar.focus(ctx),
            Action::ToggleOptions => return self.bar.toggle_options(),
            Action::NewSession => {
                self.choose(None, snapshot);
                return self.bar.focus(ctx);
            }
            Action::ToggleDetail => self.shows_detail = !self.shows_detail,
            Action::TogglePlots => self.shows_plots = !self.shows_plots,
            Action::NextSession => self.step(snapshot, 1),
            Action::PreviousSession => self.step(snapshot, snapshot.sessions.len() - 1),
            _ => {}
        }
        let Some(session) = self.chosen(snapshot) else { return };
        let (id, state) = (session.id, self.sessions.entry(session.id).or_default());
        match action {
            Action::Disconnect => out.send(Command::Disconnect(id)),
            Action::Reconnect => out.send(Command::Reconnect(id)),
            Action::CloseSession => out.send(Command::Close(id)),
            Action::SaveCapture => out.send(Command::SaveDialog(id)),
            Action::FocusFilter => filter_bar::focus(ctx),
            Action::ClearFilter => {
                state.filter.set(Filter::default());
                out.send(Command::Filter(id, Filter::default()));
            }
            Action::Follow => state.timeline.follow(),
            Action::FocusComposer => composer::focus(ctx),
            Action::CopyPayload => detail::copy_payload(ctx, session),
            action => {
                if let Some(tool) = command_line::tool(action) {
                    command_line::copy(ctx, session, tool, out);
                }
            }
        }
    }

    fn step(&mut self, snapshot: &Snapshot, by: usize) {
        let sessions = &snapshot.sessions;
        let at = sessions.iter().position(|session| Some(session.id) == self.chosen);
        let next = at.map_or(0, |at| (at + by) % sessions.len());
        self.choose(sessions.get(next).map(|session| session.id), snapshot);
    }

    /// Shows the page.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let session = self.chosen(scene.snapshot).cloned();
        let width = ui.ctx().content_rect().width();
        Panel::top("connect")
            .exact_size(size::BAR + 1.0)
            .frame(crate::ui::widgets::bar_frame(ui))
            .resizable(false)
            .show(ui, |ui| self.bar.ui(ui, session.as_deref(), scene, out));
        if !scene.snapshot.sessions.is_empty() {
            Panel::left("sessions")
                .default_size(228.0)
                .size_range(160.0..=(width * 0.3 - 90.0).clamp(180.0, 400.0))
                .frame(panel_frame(t.panel))
                .show(ui, |ui| {
                    let picked = sessions::ui(ui, scene, self.chosen, out);
                    if let Some(picked) = picked {
                        self.choose(Some(picked), scene.snapshot);
                    }
                });
        }
        let Some(session) = session else {
            egui::CentralPanel::no_frame()
                .frame(panel_frame(t.canvas))
                .show(ui, |ui| first_run::ui(ui, scene, out));
            return;
        };
        self.session_ui(ui, &session, scene, out);
    }

    fn session_ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let t = tokens(ui.ctx());
        let state = self.sessions.entry(session.id).or_default();
        let width = ui.ctx().content_rect().width();
        let never_opened = face::never_opened(session);
        let is_roomy = width >= ROOMY && !never_opened;
        let detail = (self.shows_detail && (is_roomy || state.selected.is_some())).then(|| {
            let most = (width * 0.5 - 150.0).clamp(300.0, 900.0);
            let panel = Panel::right("detail").default_size(352.0).size_range(260.0..=most);
            hold(ui, panel.frame(panel_frame(t.panel)))
        });
        let plots = (self.shows_plots && !never_opened).then(|| {
            let height = ui.available_height();
            let most = if height < 560.0 { height * 0.36 } else { height * 0.6 }.max(141.0);
            let panel = Panel::bottom("plots").default_size(232.0).size_range(140.0..=most);
            hold(ui, panel.resizable(true).frame(panel_frame(t.panel)))
        });
        if !never_opened {
            Panel::top("filter")
                .exact_size(size::SUB_BAR + 1.0)
                .frame(crate::ui::widgets::bar_frame(ui).fill(t.canvas))
                .resizable(false)
                .show(ui, |ui| state.filter.ui(ui, session, &mut state.timeline, out));
        }
        if let Some(strip) = face::strip(session, scene) {
            Panel::top("strip")
                .frame(crate::ui::widgets::bar_frame(ui).fill(t.row_state))
                .resizable(false)
                .show(ui, |ui| face::strip_ui(ui, &strip, session, out));
        }
        let composer = (session.origin == Origin::Live && !never_opened).then(|| {
            let panel = Panel::bottom("composer").exact_size(state.composer.height());
            let panel = panel.resizable(false).show_separator_line(self.shows_plots);
            hold(ui, panel.frame(panel_frame(t.canvas)))
        });
        let center = egui::CentralPanel::no_frame().frame(panel_frame(t.canvas));
        center.show(ui, |ui| self.center_ui(ui, session, scene, out));
        let state = self.sessions.entry(session.id).or_default();
        if let Some(detail) = detail {
            let asked =
                fill(ui, detail, |ui| state.detail.ui(ui, session, state.selected, scene, out));
            match asked {
                Some(detail::Asked::Resend) => {
                    if let Some(selected) = &session.selected {
                        state.composer.edit(ui.ctx(), &selected.event);
                    }
                }
                Some(detail::Asked::Close) => state.select(session.id, None, out),
                None => {}
            }
        }
        if let Some(composer) = composer {
            fill(ui, composer, |ui| state.composer.ui(ui, session, out));
        }
        if let Some(plots) = plots {
            fill(ui, plots, |ui| self.plots.ui(ui, session, scene, out));
        }
    }

    fn center_ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let t = tokens(ui.ctx());
        if face::never_opened(session) {
            // What was tried stays in reach below the face that tells how it ended.
            let rows = (session.index.len() as f32).min(8.0) * size::ROW + 40.0;
            Panel::bottom("attempts")
                .exact_size(rows.min(ui.available_height() * 0.5))
                .frame(panel_frame(t.canvas))
                .resizable(false)
                .show(ui, |ui| self.list_ui(ui, session, scene, out));
            face::ui(ui, session, scene, out);
        } else if !face::ui(ui, session, scene, out) {
            self.list_ui(ui, session, scene, out);
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, session: &SessionView, scene: Scene<'_>, out: &mut Outbox) {
        let state = self.sessions.entry(session.id).or_default();
        match state.timeline.ui(ui, session, state.selected, scene, out) {
            Some(timeline::Picked::Event(n)) => state.select(session.id, Some(n), out),
            Some(timeline::Picked::Open) => self.shows_detail = true,
            Some(timeline::Picked::Nothing) => state.select(session.id, None, out),
            None => {}
        }
    }

    /// Shows the numbers of the chosen session at the bottom of the window.
    pub(crate) fn status_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let session = self.chosen(scene.snapshot);
        status::ui(ui, session.map(Arc::as_ref), scene, self.shows_plots, out);
    }
}
