//! The report as a page: verdict first, then figures, plots, lesson, scale run and settings.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::text::{Words, address};
use super::{ReportMeta, network, plots, tables};
use crate::compare::words::{bytes, count, counted, number, seconds};
use crate::compare::{LessonView, RunView, ScaleView, Stage, Verdict};
use crate::model::Network;

const STYLE: &str = include_str!("style.css");

/// The whole file.
pub(super) fn page(run: &RunView, scale: Option<&ScaleView>, meta: &ReportMeta) -> String {
    let words = Words::hiding(run.setup.other.as_deref());
    let title = run.lesson.as_ref().map_or("Transports compared", |lesson| &lesson.lesson.title);
    let title = words.html(title);
    // Nothing may be loaded and nothing may run; the style is this one.
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"Wirescope {version}\">\n\
         <title>{title} · Wirescope</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>{title}</h1><p>{subtitle}</p></header>\n",
        version = words.html(&meta.version),
        subtitle = words.html(&subtitle(run)),
    );
    for part in [
        run.error.as_ref().map(|(what, hint)| error(what, hint, &words)),
        run.verdict.as_ref().map(|verdict| judged(verdict, &words)),
        Some(figures(run, &words)),
        (!run.lanes.is_empty())
            .then(|| format!("<section><h2>Plots</h2>{}</section>", plots::plots(run, &words))),
        run.lesson.as_ref().map(|view| lesson(view, &words)),
        scale.filter(|scale| !scale.rows.is_empty()).map(|scale| scaled(scale, &words)),
        Some(settings(run, &words)),
        Some(footer(run, meta, &words)),
    ] {
        html.extend(part);
        html.push('\n');
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn subtitle(run: &RunView) -> String {
    let source = &run.setup.source;
    let where_to = match &run.setup.other {
        Some(other) => format!("against {}", address(other)),
        None => String::from("on one machine"),
    };
    let lanes = counted(run.lanes.len() as u64, "lane");
    let rate = number(source.rate);
    let size = bytes(source.size as f64);
    let so_far = if run.stage == Stage::Done { "" } else { ", still running" };
    format!(
        "One source, {lanes}, measured {where_to}: {rate} messages a second of {size} for {}{so_far}",
        seconds(run.elapsed_s)
    )
}

fn error(what: &str, hint: &str, words: &Words) -> String {
    let (what, hint) = (words.html(what), words.html(hint));
    format!(
        "<section class=\"error\"><h2>It ended early</h2><p>{what}</p><p class=\"sub\">{hint}</p></section>"
    )
}

fn list(lines: &[String], words: &Words) -> String {
    let items = lines.iter().map(|line| format!("<li>{}</li>", words.html(line)));
    format!("<ul>{}</ul>", items.collect::<String>())
}

fn judged(verdict: &Verdict, words: &Words) -> String {
    let mut html = format!(
        "<section class=\"verdict\"><h2 class=\"tag\">For this workload</h2><p><strong>{}.</strong> {}</p><div class=\"two\">",
        words.html(&verdict.label),
        words.html(&verdict.summary)
    );
    for (head, lines) in
        [("Why", &verdict.reasons), ("What would change it", &verdict.would_change)]
    {
        if !lines.is_empty() {
            let _ = write!(html, "<div><h3>{head}</h3>{}</div>", list(lines, words));
        }
    }
    html.push_str("</div></section>");
    html
}

fn figures(run: &RunView, words: &Words) -> String {
    let notes = if run.notes.is_empty() { String::new() } else { list(&run.notes, words) };
    format!("<section><h2>Figures</h2>{}{notes}</section>", tables::lanes(run, words))
}

fn lesson(view: &LessonView, words: &Words) -> String {
    let mut html = format!(
        "<section><h2>The lesson</h2><p class=\"sub\">{}</p><ol class=\"steps\">",
        words.html(&view.lesson.about)
    );
    for step in &view.steps {
        let (what, watch) = (words.html(&step.what), words.html(&step.watch));
        let _ = write!(
            html,
            "<li><span class=\"num\">{}</span><div><p><b>{what}</b></p><p class=\"sub\">{watch}</p>",
            seconds(step.at_s)
        );
        if let Some(measured) = &step.measured {
            let lanes =
                measured.split(" · ").map(|lane| format!("<span>{}</span>", words.html(lane)));
            let _ = write!(html, "<p class=\"measured\">{}</p>", lanes.collect::<String>());
        }
        html.push_str("</div></li>");
    }
    html.push_str("</ol></section>");
    html
}

fn scaled(scale: &ScaleView, words: &Words) -> String {
    let mut html = String::from("<section><h2>Scale</h2>");
    if let Some((now, before)) = scale.file_limit {
        let (now, before) = (count(now), count(before));
        let text = if now == before {
            format!("A process may hold {now} files open here.")
        } else {
            format!(
                "A process may hold {now} files open here; it was {before} before it was raised."
            )
        };
        let _ = write!(html, "<p class=\"sub\">{text}</p>");
    }
    let _ = write!(html, "{}</section>", tables::scale(scale, words));
    html
}

fn settings(run: &RunView, words: &Words) -> String {
    let source = &run.setup.source;
    let needs = &run.setup.needs;
    let burst =
        if source.burst > 1 { format!(", {} at a time", source.burst) } else { String::new() };
    let asked = [
        (needs.two_way, "the client sends, too"),
        (needs.binary, "binary payloads"),
        (needs.proxies, "proxies in the way"),
        (needs.browser, "a browser"),
        (needs.resume, "nothing missed over a reconnect"),
    ];
    let asked: Vec<&str> = asked.into_iter().filter(|(is, _)| *is).map(|(_, text)| text).collect();
    let or_none =
        |text: String| if text.is_empty() { "nothing in particular".into() } else { text };
    let server = run.setup.other.as_deref().map_or_else(|| "built in".into(), address);
    let rows = [
        (
            "Source",
            format!(
                "{} messages a second{burst}, {} each, {}",
                number(source.rate),
                bytes(source.size as f64),
                source.shape.word()
            ),
        ),
        ("Topics", source.topics.join(", ")),
        ("Sent", counted(run.sent, "message")),
        ("Needs", or_none(asked.join(", "))),
        ("Server", server),
    ];
    let mut html = String::from("<section><h2>Settings</h2><dl>");
    for (name, value) in rows {
        let _ = write!(html, "<dt>{name}</dt><dd>{}</dd>", words.html(&value));
    }
    let _ = write!(html, "<dt>Network</dt><dd>{}</dd></dl></section>", network(run, words));
    html
}

/// What was done to connections, and since when where that changed.
fn network(run: &RunView, words: &Words) -> String {
    let troubles = |network: &Network| {
        let troubles = network::in_words(network);
        if troubles.is_empty() {
            return String::from("as it is, nothing made worse");
        }
        let chip =
            |trouble: &String| format!("<span class=\"chip\">{}</span>", words.html(trouble));
        troubles.iter().map(chip).collect()
    };
    match &*run.network {
        [] => String::from("not known"),
        [(_, network)] => troubles(network),
        changes => {
            let line = |(at_s, network): &(f64, Arc<Network>)| {
                format!("<p>from {} on: {}</p>", seconds(*at_s), troubles(network))
            };
            changes.iter().map(line).collect()
        }
    }
}

fn footer(run: &RunView, meta: &ReportMeta, words: &Words) -> String {
    let mut html = String::from(
        "<footer><p>Latency is the time from sending a message to having its bytes. Bytes on the wire go both ways, heads and frames included, TLS and TCP not",
    );
    if run.lanes.iter().any(|lane| lane.figures.wire_is_estimate) {
        html.push_str("; ≈ where some of them were computed rather than counted");
    }
    let parts = [meta.made.as_str(), meta.machine.as_str()];
    let parts = parts.into_iter().filter(|part| !part.is_empty()).map(|part| words.html(part));
    let parts: Vec<String> =
        std::iter::once(format!("Wirescope {}", words.html(&meta.version))).chain(parts).collect();
    let _ = write!(html, ".</p><p>{}</p></footer>", parts.join(" · "));
    html
}
