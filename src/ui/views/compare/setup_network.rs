//! The network between server and lanes, made bad on purpose: what one wants at hand while a run
//! lasts. It acts on every transport that feels it; the Server page has each by itself, and all the
//! rest.

use std::time::Duration;

use egui::{Align, Layout, RichText, Ui};

use crate::engine::ServerView;
use crate::model::{BlockedUpgrade, Buffering, Command, Cut, CutHow, Network, Trouble};
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::views::server::scoped::{Place, Scoped, get};
use crate::ui::widgets::{Scale, is_set, link_button, muted, section, slider, switch};

/// How a connection is cut, where nothing else was chosen on the Server page.
const CUT: Cut = Cut { after: Duration::from_mins(1), how: CutHow::Fin };
const IDLE: Cut = Cut { after: Duration::from_secs(30), how: CutHow::Fin };
const BUFFER: Buffering = Buffering::Bytes(16_384);

/// Where the network of a comparison over another server is set, to say so.
pub(super) const ELSEWHERE: [&str; 2] = [
    "The run goes to another server; its network is set there",
    "The next run goes to another server; its network is set there",
];

/// Shows it. `asked` is what the server was asked for and does not have yet; `why_not` is why it
/// would change nothing.
pub(super) fn ui(
    ui: &mut Ui,
    asked: &mut Option<Network>,
    server: &ServerView,
    why_not: Option<&str>,
    out: &mut Outbox,
) {
    let has = &server.options.network;
    let before = asked.as_ref().unwrap_or(has).clone();
    let can_mend = !before.is_good() && why_not.is_none();
    head_ui(ui, can_mend, asked, out);
    if let Some(why) = why_not {
        let t = tokens(ui.ctx());
        ui.add(egui::Label::new(RichText::new(why).size(size::DATA).color(t.muted)).wrap());
        return;
    }
    let mut network = before.clone();
    let is_done = fields_ui(ui, &mut network);
    if network != before {
        *asked = Some(network.clone());
    }
    if is_done && network != *has {
        out.send(Command::SetNetwork(Box::new(network)));
    }
}

fn head_ui(ui: &mut Ui, can_mend: bool, asked: &mut Option<Network>, out: &mut Outbox) {
    ui.horizontal(|ui| {
        section(ui, "Network");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let all = link_button(ui, "All of them…");
            if all.on_hover_text("Each transport by itself, and everything else").clicked() {
                out.act(Action::ShowServer);
            }
            if can_mend && link_button(ui, "Make it good").clicked() {
                *asked = Some(Network::default());
                out.send(Command::SetNetwork(Box::default()));
            }
        });
    });
}

/// Whether a setting is complete.
fn fields_ui(ui: &mut Ui, network: &mut Network) -> bool {
    let mut is_done = ui
        .scope(|ui| {
            ui.spacing_mut().item_spacing.x = 20.0;
            ui.columns_const(|[left, right]| {
                let delay = &mut felt(network, Trouble::Delay);
                let delay = time_ui(left, delay, "Delay", |way| &mut way.delay);
                let jitter = &mut felt(network, Trouble::Jitter);
                let jitter = time_ui(right, jitter, "± jitter", |way| &mut way.jitter);
                delay || jitter
            })
        })
        .inner;
    is_done |= cut_ui(ui, &mut felt(network, Trouble::Cut));
    let mut each = felt(network, Trouble::Buffer);
    let buffers = each.value(|way| way.buffering.is_some());
    is_done |= flag(ui, buffers, "Proxy buffers responses", BUFFERS, |is_on| {
        each.set(|way| way.buffering = is_on.then(|| way.buffering.unwrap_or(BUFFER)));
    });
    let mut each = felt(network, Trouble::Upgrade);
    let blocks = each.value(|way| way.blocked_upgrade.is_some());
    is_done |= flag(ui, blocks, "Proxy blocks WebSocket upgrade", BLOCKS, |is_on| {
        each.set(|way| {
            let how = way.blocked_upgrade.unwrap_or(BlockedUpgrade::BadRequest);
            way.blocked_upgrade = is_on.then_some(how);
        });
    });
    let mut each = felt(network, Trouble::Idle);
    let idle = each.value(|way| way.idle.is_some());
    let after = each.option(|way| way.idle).0.unwrap_or(IDLE).after;
    let name = format!("Idle cut-off after {}", format::seconds(after.as_secs_f64().max(0.0)));
    is_done |= flag(ui, idle, &name, IDLES, |is_on| {
        each.set(|way| way.idle = is_on.then(|| way.idle.unwrap_or(IDLE)));
    });
    let mut each = felt(network, Trouble::Heartbeats);
    let beats = each.value(|way| !way.without_heartbeats);
    is_done |= flag(ui, beats, "Server heartbeats", BEATS, |is_on| {
        each.set(|way| way.without_heartbeats = !is_on);
    });
    is_done
}

/// The transports that feel it.
fn felt(network: &mut Network, trouble: Trouble) -> Scoped<'_> {
    Scoped::new(network, trouble.felt_by())
}

const BUFFERS: &str = "A reverse proxy or an antivirus that passes nothing on until 16 kB have \
                       come together";
const BLOCKS: &str = "A company's proxy that knows nothing of WebSocket and answers 400";
const IDLES: &str = "A load balancer that closes what carried no byte for so long";
const BEATS: &str = "Comments and pings on quiet streams, which keep middleboxes from cutting them";

fn time_ui(ui: &mut Ui, each: &mut Scoped<'_>, name: &str, of: Place<Duration>) -> bool {
    let t = tokens(ui.ctx());
    let (time, differs) = each.value(get(of));
    let mut ms = time.as_secs_f64() * 1e3;
    let shown = match time {
        _ if differs => RichText::new("differs").color(t.warn),
        Duration::ZERO => RichText::new("none").color(t.muted),
        _ => RichText::new(format!("{} ms", ms.round())).color(t.text),
    };
    let slider = slider(ui, name, shown, &mut ms, Scale::steep(0.0, 1000.0));
    if slider.changed() {
        let time = Duration::from_millis(ms.round() as u64);
        each.set(|way| *of(way) = time);
    }
    is_set(&slider)
}

/// Connections end after so many seconds, or never.
fn cut_ui(ui: &mut Ui, each: &mut Scoped<'_>) -> bool {
    let t = tokens(ui.ctx());
    let (after, differs) = each.value(|way| way.cut.map(|cut| cut.after));
    let mut seconds = after.map_or(0.0, |after| after.as_secs_f64());
    let shown = match after {
        _ if differs => RichText::new("differs").color(t.warn),
        None => RichText::new("never").color(t.muted),
        Some(_) => RichText::new(format!("every {}", every(seconds))).color(t.text),
    };
    let slider = slider(ui, "Cut connections", shown, &mut seconds, Scale::even(0.0, 120.0, 1.0));
    if slider.changed() {
        let after = Duration::from_secs(seconds.round() as u64);
        each.set(|way| {
            let how = way.cut.unwrap_or(CUT).how;
            way.cut = (!after.is_zero()).then_some(Cut { after, how });
        });
    }
    let is_set = is_set(&slider);
    slider.on_hover_text("Each so long after it began: the socket is closed without a word");
    is_set
}

/// Whole seconds without a fraction that says nothing.
fn every(seconds: f64) -> String {
    if seconds.fract() == 0.0 { format!("{seconds} s") } else { format!("{seconds:.1} s") }
}

/// A switch and whether transports differ, in which case it is on and says so.
fn flag(
    ui: &mut Ui,
    (is_on, differs): (bool, bool),
    name: &str,
    tip: &str,
    set: impl FnOnce(bool),
) -> bool {
    let mut value = is_on || differs;
    let switch = switch(ui, &mut value, name, false);
    let is_changed = switch.changed();
    if differs {
        switch.on_hover_text(format!("{tip}. On for some transports only"));
        muted(ui, "On for some transports only");
    } else {
        switch.on_hover_text(tip);
    }
    if is_changed {
        set(value);
    }
    is_changed
}
