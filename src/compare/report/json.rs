//! The report for programs: the same figures, by the keys of `compare --json` and more.

use serde_json::{Map, Value, json};

use super::text::{Words, address};
use super::{ReportMeta, network};
use crate::compare::{LaneView, LessonView, RunView, ScaleView, Stage};

/// The whole document.
pub(super) fn document(run: &RunView, scale: Option<&ScaleView>, meta: &ReportMeta) -> Value {
    let words = Words::hiding(run.setup.other.as_deref());
    let mut document = json!({
        "settings": settings(run),
        "lanes": run.lanes.iter().map(|lane| self::lane(lane, &words)).collect::<Vec<_>>(),
    });
    let mut add = |key: &str, value: Option<Value>| {
        if let (Some(value), Some(object)) = (value, document.as_object_mut()) {
            object.insert(key.to_owned(), value);
        }
    };
    add("verdict", run.verdict.as_ref().map(|verdict| json!(verdict)));
    add("lesson", run.lesson.as_ref().map(|view| lesson(view, &words)));
    add("scale", scale.filter(|scale| !scale.rows.is_empty()).map(|scale| json!(scale)));
    let error = run
        .error
        .as_ref()
        .map(|(what, hint)| json!({ "what": words.plain(what), "hint": words.plain(hint) }));
    add("error", error);
    let notes: Vec<String> = run.notes.iter().map(|note| words.plain(note)).collect();
    add("notes", (!notes.is_empty()).then(|| json!(notes)));
    add("made", Some(made(run, meta)));
    document
}

fn settings(run: &RunView) -> Value {
    let (source, needs) = (&run.setup.source, &run.setup.needs);
    let mut settings = json!({
        "seconds": run.elapsed_s,
        "rate": source.rate,
        "size": source.size,
        "burst": source.burst,
        "shape": source.shape.word(),
        "topics": source.topics,
        "needs": {
            "two_way": needs.two_way,
            "binary": needs.binary,
            "proxies": needs.proxies,
            "browser": needs.browser,
            "resume": needs.resume,
        },
    });
    if let (Some(object), Value::Object(network)) = (settings.as_object_mut(), network(run)) {
        object.extend(network);
    }
    if let (Some(other), Some(object)) = (&run.setup.other, settings.as_object_mut()) {
        object.insert("url".into(), address(other).into());
    }
    settings
}

/// What was done to connections when the run began, and what changed since; `null` where nobody
/// knows.
fn network(run: &RunView) -> Value {
    let Some(((_, first), later)) = run.network.split_first() else {
        return json!({ "network": null, "network_in_words": null, "network_changes": null });
    };
    let changes = later.iter().map(|(at_s, network)| {
        json!({
            "at_s": at_s,
            "network": network.lists(),
            "network_in_words": network::in_words(network),
        })
    });
    json!({
        "network": first.lists(),
        "network_in_words": network::in_words(first),
        "network_changes": changes.collect::<Vec<_>>(),
    })
}

fn lane(lane: &LaneView, words: &Words) -> Value {
    let mut value = json!(lane.figures);
    let object: &mut Map<String, Value> = match &mut value {
        Value::Object(object) => object,
        // A struct is an object.
        _ => return value,
    };
    object.insert("label".into(), lane.spec.name().into());
    object.insert("state".into(), words.plain(&lane.state).into());
    if let Some(reason) = &lane.reason {
        object.insert("reason".into(), words.plain(reason).into());
    }
    let outages = lane.series.outages.iter().map(|outage| {
        json!({
            "from_s": outage.from_ns as f64 / 1e9,
            "to_s": outage.to_ns.map(|to| to as f64 / 1e9),
            "cause": words.plain(&outage.cause),
        })
    });
    object.insert("outages".into(), outages.collect());
    object.insert("distribution".into(), json!(*lane.distribution));
    value
}

fn lesson(view: &LessonView, words: &Words) -> Value {
    let steps = view.steps.iter().map(|step| {
        json!({
            "at": step.at_s,
            "what": step.what,
            "watch": step.watch,
            "measured": step.measured.as_deref().map(|text| words.plain(text)),
        })
    });
    json!({
        "id": view.lesson.id,
        "title": view.lesson.title,
        "steps": steps.collect::<Vec<_>>(),
        "herds": view.herds.iter().map(|herd| json!(**herd)).collect::<Vec<_>>(),
        "streams": view.streams.iter().map(|streams| json!(**streams)).collect::<Vec<_>>(),
    })
}

fn made(run: &RunView, meta: &ReportMeta) -> Value {
    json!({
        "by": format!("Wirescope {}", meta.version),
        "at": meta.made,
        "machine": meta.machine,
        "done": run.stage == Stage::Done,
    })
}
