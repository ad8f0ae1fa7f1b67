//! What a comparison is asked for, as it is typed: source and network, which act at once while one
//! runs; needs, by which it is judged; lanes, duration and place, for the next.

use egui::{Align, Layout, RichText, ScrollArea, Ui, vec2};

use super::words::is_on;
use super::{setup_network, setup_run};
use crate::engine::{RunView, ServerView, Stage};
use crate::model::{Command, Endpoint, Needs, Network, RunSetup, Shape, Source};
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Scale, is_set, section, select, slider, tab};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Conditions,
    Needs,
    Lanes,
}

const PAGES: [(Page, &str); 3] = [
    (Page::Conditions, "Source and network"),
    (Page::Needs, "Needs"),
    (Page::Lanes, "Lanes and time"),
];

/// The state of the column.
#[derive(Debug, Default)]
pub(super) struct Setup {
    page: Page,
    /// For the next run.
    pub(super) run: RunSetup,
    /// Another server's address as it is typed.
    pub(super) other: String,
    /// What the running server was asked for and does not have yet.
    asked_source: Option<Source>,
    asked_network: Option<Network>,
    /// What the run that is on was asked to be judged by and is not yet.
    pub(super) asked_needs: Option<Needs>,
}

impl Setup {
    /// What to start, or what is wrong.
    pub(super) fn read(&self) -> Result<RunSetup, String> {
        if self.run.lanes.is_empty() {
            return Err(String::from("choose at least one lane"));
        }
        let source = self.run.source.clone().checked().map_err(|error| error.to_string())?;
        Ok(RunSetup { source, other: self.other()?, ..self.run.clone() })
    }

    /// The other server's address. Wirescope's own speaks no TLS, so that is not assumed.
    fn other(&self) -> Result<Option<String>, String> {
        let typed = self.other.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let full = if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") };
        let endpoint = Endpoint::parse(&full).map_err(|error| error.to_string())?;
        if matches!(endpoint.url.scheme(), "http" | "https") {
            Ok(Some(endpoint.url.to_string()))
        } else {
            Err(String::from("the address of a server, as in http://192.168.1.5:4100"))
        }
    }

    /// Why nothing here acts on the network of the run that is on, or else of the next.
    fn elsewhere(&self, run: Option<&RunView>) -> Option<&'static str> {
        let [now, next] = setup_network::ELSEWHERE;
        match run.filter(|run| is_on(run)) {
            Some(run) => run.setup.other.is_some().then_some(now),
            None => (!self.other.trim().is_empty()).then_some(next),
        }
    }

    /// What is wrong with the other server's address.
    pub(super) fn other_error(&self) -> Option<String> {
        self.other().err()
    }

    /// Begins a comparison under the network that was asked for.
    pub(super) fn start(&mut self, out: &mut Outbox) {
        match self.read() {
            Ok(run) => {
                if let Some(network) = self.asked_network.as_ref().filter(|_| run.other.is_none()) {
                    out.send(Command::SetNetwork(Box::new(network.clone())));
                }
                self.asked_source = None;
                out.send(Command::StartRun(Box::new(run)));
            }
            Err(_) => self.page = Page::Lanes,
        }
    }

    /// Forgets what has arrived at the server, or never will.
    fn settle(&mut self, server: &ServerView) {
        let failed = server.error.is_some();
        let has = &server.options;
        self.asked_source =
            self.asked_source.take().filter(|asked| *asked != has.source && !failed);
        self.asked_network =
            self.asked_network.take().filter(|asked| *asked != has.network && !failed);
    }

    /// Shows a page of it at a time, in tabs.
    pub(super) fn tabs_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for (page, name) in PAGES {
                if tab(ui, self.page == page, name).clicked() {
                    self.page = page;
                }
            }
        });
        ui.add_space(2.0);
        let page = self.page;
        ScrollArea::vertical().id_salt("setup").auto_shrink([false, false]).show(ui, |ui| {
            self.page_ui(ui, page, scene, out);
        });
    }

    /// Shows all of it in columns next to each other.
    pub(super) fn columns_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        ui.spacing_mut().item_spacing.x = 28.0;
        ui.columns_const(|[left, right]| {
            self.page_ui(left, Page::Conditions, scene, out);
            self.page_ui(right, Page::Needs, scene, out);
            right.add_space(6.0);
            self.page_ui(right, Page::Lanes, scene, out);
        });
    }

    /// Shows all of it, one below the other.
    pub(super) fn all_ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        for (page, _) in PAGES {
            self.page_ui(ui, page, scene, out);
            ui.add_space(4.0);
        }
    }

    fn page_ui(&mut self, ui: &mut Ui, page: Page, scene: Scene<'_>, out: &mut Outbox) {
        ui.spacing_mut().item_spacing = vec2(size::GAP, 4.0);
        let run = scene.snapshot.compare.run.as_deref();
        match page {
            Page::Conditions => {
                let server = &scene.snapshot.server;
                self.settle(server);
                self.source_ui(ui, server, run, out);
                ui.add_space(4.0);
                let why_not = self.elsewhere(run);
                setup_network::ui(ui, &mut self.asked_network, server, why_not, out);
            }
            Page::Needs => setup_run::needs_ui(ui, self, run, out),
            Page::Lanes => setup_run::lanes_ui(ui, self, run),
        }
    }

    /// How often, how much, and what it looks like. While messages are sent it is what the server
    /// sends, and changes at once.
    fn source_ui(
        &mut self,
        ui: &mut Ui,
        server: &ServerView,
        run: Option<&RunView>,
        out: &mut Outbox,
    ) {
        let run = run.filter(|run| is_on(run));
        let is_live = run.is_some_and(|run| run.stage == Stage::Running);
        let is_other = run.is_some_and(|run| run.setup.other.is_some());
        let mut source = match run {
            Some(run) if is_other || !is_live => run.setup.source.clone(),
            Some(_) => self.asked_source.as_ref().unwrap_or(&server.options.source).clone(),
            None => self.run.source.clone(),
        };
        let before = source.clone();
        let is_fixed = run.is_some() && (is_other || !is_live);
        let done = ui.add_enabled_ui(!is_fixed, |ui| fields_ui(ui, &mut source)).inner;
        if is_fixed || (source == before && !done) {
            return;
        }
        self.run.source = source.clone();
        if is_live {
            if done && source != server.options.source {
                out.send(Command::SetSource(source.clone()));
            }
            self.asked_source = Some(source);
        }
    }
}

/// The fields of a source; whether one is set, which it is not while a slider is being dragged.
fn fields_ui(ui: &mut Ui, source: &mut Source) -> bool {
    let t = tokens(ui.ctx());
    let value = |text: String| RichText::new(text).color(t.text);
    let is_chosen = head_ui(ui, source);
    let text = match source.rate {
        0.0 => String::from("none"),
        rate if rate < 10.0 && rate.fract() > 0.0 => format!("{rate:.1} /s"),
        rate => format!("{} /s", format::thousands(rate.round() as u64)),
    };
    let rate = slider(ui, "Messages", value(text), &mut source.rate, Scale::steep(0.0, 10_000.0));
    let mut bytes = source.size as f64;
    let text = format::size(source.size as u64);
    let size = slider(ui, "Payload", value(text), &mut bytes, Scale::steep(10.0, 1_000_000.0));
    source.size = if size.changed() { (bytes.round() as usize).max(1) } else { source.size };
    is_chosen || is_set(&rate) || is_set(&size)
}

/// The heading, and what messages look like; whether that was chosen anew.
fn head_ui(ui: &mut Ui, source: &mut Source) -> bool {
    ui.horizontal(|ui| {
        section(ui, "Source");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let chosen = Shape::ALL.iter().position(|shape| *shape == source.shape);
            let entries = Shape::ALL.map(|shape| (name(shape), None, meaning(shape)));
            let extent = vec2(104.0, size::CHIP);
            let picked = select(ui, "Shape", chosen.unwrap_or_default(), &entries, extent);
            let picked = picked.and_then(|at| Shape::ALL.get(at));
            source.shape = picked.copied().unwrap_or(source.shape);
            picked.is_some()
        })
        .inner
    })
    .inner
}

const fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Ticks => "Ticks",
        Shape::Chat => "Chat",
        Shape::Orders => "Orders",
        Shape::Tokens => "Tokens",
        Shape::Binary => "Binary",
    }
}

const fn meaning(shape: Shape) -> &'static str {
    match shape {
        Shape::Ticks => "Prices that move",
        Shape::Chat => "People who talk",
        Shape::Orders => "Orders that change their state",
        Shape::Tokens => "The tokens of a language model's answer",
        Shape::Binary => "Bytes: MessagePack over WebSocket, Base64 in JSON over the others",
    }
}
