//! What a client says of itself: its name, and what it measured.

use egui::Ui;

use crate::engine::ClientView;
use crate::model::Reported;
use crate::ui::format;
use crate::ui::theme::{size, tokens, words};
use crate::ui::widgets::Line;

/// Who a client is, and whether it lost anything, which is the news.
pub(super) fn who(ui: &Ui, client: &ClientView) -> Line {
    let t = tokens(ui.ctx());
    let mut who = Line::default();
    if let Some(name) = &client.name {
        who.add(name, words(size::BODY), t.text).add(" · ", words(size::BODY), t.muted);
    }
    if let Some(lost) = lost(client) {
        let lost = format!("{} lost", format::thousands(lost));
        who.add(&lost, words(size::BODY), t.warn).add(" · ", words(size::BODY), t.muted);
    }
    let color = if client.name.is_some() { t.muted } else { t.text };
    who.add(&client.agent, words(size::BODY), color);
    who
}

/// Messages that a client says it lost, if any.
pub(super) fn lost(client: &ClientView) -> Option<u64> {
    client.reported?.lost.filter(|lost| *lost > 0)
}

/// What a client told: `median 6.1 ms, 95 % within 14 ms, 2,210 delivered, 0 lost, 1 reconnect`.
pub(super) fn reported(told: &Reported) -> String {
    let count = |count: Option<u64>, word: &str| {
        count.map(|count| format!("{} {word}", format::thousands(count)))
    };
    let parts = [
        told.median_ms.map(|ms| format!("median {}", format::millis(ms))),
        told.p95_ms.map(|ms| format!("95 % within {}", format::millis(ms))),
        count(told.delivered, "delivered"),
        count(told.lost, "lost"),
        told.reconnects.map(|count| format::count(count, "reconnect")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::from("nothing yet") } else { parts.join(", ") }
}
