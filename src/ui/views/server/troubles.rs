//! The controls of each trouble, for as many transports at once as are being looked at, with the
//! real thing that each imitates.

use std::num::NonZeroU32;
use std::time::Duration;

use egui::{Align, Layout, RichText, Ui, vec2};

use super::network::note_ui;
use super::scoped::{OFF, Place, Scoped, get};
use crate::model::{BlockedUpgrade, Buffering, Cut, CutHow, Failure, Impairment, Trouble};
use crate::ui::format;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Scale, is_set, select, slider, switch};

/// Bytes a second from which on nothing is held back.
const NO_LIMIT: f64 = 10_000_000.0;
/// Bytes that a proxy collects, at most.
const BUFFER: f64 = 4_194_304.0;
/// What is said instead of a value.
const DIFFERS: &str = "differs";

/// Shows the controls. Whether something was set for good.
pub(super) fn trouble_ui(ui: &mut Ui, trouble: Trouble, scoped: &mut Scoped<'_>) -> bool {
    let t = tokens(ui.ctx());
    if trouble == Trouble::RetryAfter && scoped.value(|i| i.fail.is_some()) == (false, false) {
        return false;
    }
    let is_set = control_ui(ui, trouble, scoped);
    note_ui(ui, trouble.imitates(), t.faint);
    if scoped.value(|impairment| impairment.get(trouble)).1 {
        note_ui(ui, &format!("Differs: {}", scoped.each(trouble)), t.warn);
    }
    ui.add_space(4.0);
    is_set
}

fn control_ui(ui: &mut Ui, trouble: Trouble, scoped: &mut Scoped<'_>) -> bool {
    match trouble {
        Trouble::Delay => time_ui(ui, trouble, scoped, |i| &mut i.delay),
        Trouble::Jitter => time_ui(ui, trouble, scoped, |i| &mut i.jitter),
        Trouble::SlowAccept => time_ui(ui, trouble, scoped, |i| &mut i.slow_accept),
        Trouble::Bandwidth => bandwidth_ui(ui, trouble, scoped),
        Trouble::Cut => cut_ui(ui, trouble, scoped, |i| &mut i.cut),
        Trouble::Idle => cut_ui(ui, trouble, scoped, |i| &mut i.idle),
        Trouble::Drop => every_ui(ui, trouble, scoped, |i| &mut i.drop),
        Trouble::Duplicate => every_ui(ui, trouble, scoped, |i| &mut i.duplicate),
        Trouble::Reorder => every_ui(ui, trouble, scoped, |i| &mut i.reorder),
        Trouble::Fail => fail_ui(ui, trouble, scoped),
        Trouble::RetryAfter => retry_after_ui(ui, trouble, scoped),
        Trouble::Buffer => buffer_ui(ui, trouble, scoped),
        Trouble::Upgrade => upgrade_ui(ui, trouble, scoped),
        Trouble::Compression => switch_ui(ui, trouble, scoped, |i| &mut i.withholds_compressed),
        Trouble::Pongs => switch_ui(ui, trouble, scoped, |i| &mut i.swallows_pongs),
        Trouble::Heartbeats => switch_ui(ui, trouble, scoped, |i| &mut i.without_heartbeats),
        Trouble::Cors => switch_ui(ui, trouble, scoped, |i| &mut i.without_cors),
    }
}

/// A value in the colour of what is on, or that there is none.
fn shown(ui: &Ui, value: Option<String>, differs: bool) -> RichText {
    let t = tokens(ui.ctx());
    match value {
        _ if differs => RichText::new(DIFFERS).color(t.warn),
        Some(value) => RichText::new(value).color(t.warn),
        None => RichText::new(OFF).color(t.faint),
    }
}

/// `80 ms`, `2 s`
fn time(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format::seconds(time.as_secs_f64()).replace(".0 s", " s")
    }
}

/// `1st`, `2nd`, `13th`
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{ending}", format::thousands(u64::from(number)))
}

fn millis(value: f64) -> Duration {
    Duration::from_millis(value.round().max(0.0) as u64)
}

fn time_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>, place: Place<Duration>) -> bool {
    let (now, differs) = s.value(get(place));
    let sign = if trouble == Trouble::Jitter { "± " } else { "" };
    let text = (!now.is_zero()).then(|| format!("{sign}{}", time(now)));
    let mut value = now.as_millis() as f64;
    let text = shown(ui, text, differs);
    let slider = slider(ui, trouble.title(), text, &mut value, Scale::steep(0.0, 30_000.0));
    if slider.changed() {
        s.set(|impairment| *place(impairment) = millis(value));
    }
    is_set(&slider)
}

fn bandwidth_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>) -> bool {
    let (now, differs) = s.option(|impairment| impairment.bandwidth);
    let text = match now {
        None if !differs => RichText::new("no limit").color(tokens(ui.ctx()).faint),
        now => shown(ui, now.map(|bytes| format!("{}/s", format::size(bytes))), differs),
    };
    let mut value = now.map_or(NO_LIMIT, |bytes| bytes as f64);
    let slider = slider(ui, trouble.title(), text, &mut value, Scale::steep(100.0, NO_LIMIT));
    let slider =
        slider.on_hover_text("Bytes a second to each client; all the way right is no limit");
    if slider.changed() {
        let bytes = (value < NO_LIMIT * 0.99).then(|| value.round() as u64);
        s.set(|impairment| impairment.bandwidth = bytes);
    }
    is_set(&slider)
}

fn every_ui(
    ui: &mut Ui,
    trouble: Trouble,
    s: &mut Scoped<'_>,
    place: Place<Option<NonZeroU32>>,
) -> bool {
    let (now, differs) = s.option(get(place));
    let text = now.map(|every| match every.get() {
        1 => String::from("every message"),
        every => format!("every {}", ordinal(every)),
    });
    let mut value = f64::from(now.map_or(0, NonZeroU32::get));
    let text = shown(ui, text, differs);
    let slider = slider(ui, trouble.title(), text, &mut value, Scale::steep(0.0, 1_000.0));
    if slider.changed() {
        // Each message cannot come after the one that follows it.
        let least = if trouble == Trouble::Reorder { 2 } else { 1 };
        let every = value.round() as u32;
        let every = if every == 0 { None } else { NonZeroU32::new(every.max(least)) };
        s.set(|impairment| *place(impairment) = every);
    }
    is_set(&slider)
}

fn switch_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>, place: Place<bool>) -> bool {
    let (now, differs) = s.value(get(place));
    let mut is_on = now || differs;
    let switch = switch(ui, &mut is_on, trouble.title(), false);
    if switch.changed() {
        s.set(|impairment| *place(impairment) = is_on);
    }
    switch.changed()
}

/// Each way to end a connection, in the order of [`CutHow::ALL`].
const HOWS: [(&str, &str); CutHow::ALL.len()] = [
    ("Clean", "As the protocol wants it: a close frame, the end of the response"),
    ("FIN", "The socket is closed without a word"),
    ("RST", "The connection is reset"),
    ("Silence", "Packets simply stop, both ways; nobody is told"),
];

fn cut_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>, place: Place<Option<Cut>>) -> bool {
    let (now, differs) = s.option(get(place));
    let mut is_on = now.is_some() || differs;
    let switch = switch(ui, &mut is_on, trouble.title(), false);
    if switch.changed() {
        s.set(|impairment| {
            impairment.clear(trouble);
            if is_on {
                // An example is a value that it takes.
                let _ = impairment.set(trouble.word(), trouble.example());
            }
        });
        return true;
    }
    let Some(cut) = now.filter(|_| is_on) else { return false };
    let name = format!("{} after", trouble.title());
    let text = shown(ui, Some(time(cut.after)), differs);
    let mut value = cut.after.as_millis() as f64;
    let slider = slider(ui, &name, text, &mut value, Scale::steep(100.0, 600_000.0));
    if slider.changed() {
        let after = millis(value);
        s.set(|impairment| *place(impairment) = Some(Cut { after, ..cut }));
    }
    let entries = HOWS.map(|(name, tip)| (name, tip));
    let chosen = CutHow::ALL.iter().position(|how| *how == cut.how).filter(|_| !differs);
    let picked = choice_ui(ui, &format!("{} by", trouble.title()), chosen, &entries);
    let picked = picked.and_then(|picked| CutHow::ALL.get(picked).copied());
    if let Some(how) = picked {
        s.set(|impairment| *place(impairment) = Some(Cut { how, ..cut }));
    }
    is_set(&slider) || picked.is_some()
}

fn fail_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>) -> bool {
    const WORDS: [(&str, &str); 5] = [
        ("Off", ""),
        ("500", "Internal Server Error"),
        ("502", "Bad Gateway"),
        ("503", "Service Unavailable"),
        ("429", "Too Many Requests"),
    ];
    let (now, differs) = s.option(|impairment| impairment.fail);
    let status = now.map(|fail| fail.status);
    let at = Failure::STATUSES.iter().position(|other| Some(*other) == status);
    let chosen = Some(at.map_or(0, |at| at + 1)).filter(|_| !differs);
    let picked = choice_ui(ui, trouble.title(), chosen, &WORDS);
    if let Some(picked) = picked {
        let status = picked.checked_sub(1).and_then(|at| Failure::STATUSES.get(at).copied());
        s.set(|impairment| {
            let before = impairment.fail.or(now);
            let (every, retry_after) =
                before.map_or((NonZeroU32::MIN, None), |before| (before.every, before.retry_after));
            impairment.fail = status.map(|status| Failure { status, every, retry_after });
        });
    }
    let Some(fail) = now.filter(|_| picked != Some(0)) else { return picked.is_some() };
    let text = match fail.every.get() {
        1 => String::from("each request"),
        every => format!("every {} request", ordinal(every)),
    };
    let mut value = f64::from(fail.every.get());
    let text = shown(ui, Some(text), differs);
    let slider = slider(ui, "Which requests", text, &mut value, Scale::steep(1.0, 100.0));
    if slider.changed() {
        let every = NonZeroU32::new(value.round() as u32).unwrap_or(NonZeroU32::MIN);
        s.set(|impairment| {
            impairment.fail = Some(Failure { every, ..impairment.fail.unwrap_or(fail) });
        });
    }
    is_set(&slider) || picked.is_some()
}

fn retry_after_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>) -> bool {
    let after = |impairment: &Impairment| impairment.fail.and_then(|fail| fail.retry_after);
    let (now, differs) = s.option(after);
    let text = shown(ui, now.map(time), differs);
    let mut value = now.unwrap_or_default().as_secs_f64();
    let slider = slider(ui, trouble.title(), text, &mut value, Scale::steep(0.0, 120.0));
    if slider.changed() {
        let after = Duration::from_secs(value.round() as u64);
        s.set(|impairment| {
            if let Some(fail) = &mut impairment.fail {
                fail.retry_after = (!after.is_zero()).then_some(after);
            }
        });
    }
    is_set(&slider)
}

fn buffer_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>) -> bool {
    const WORDS: [(&str, &str); 3] = [
        ("Off", ""),
        ("By size", "Until so many bytes have come together"),
        ("To the end", "Until the response ends, or 4 MiB have come together"),
    ];
    let (now, differs) = s.option(|impairment| impairment.buffering);
    let chosen = match now {
        _ if differs => None,
        None => Some(0),
        Some(Buffering::Bytes(_)) => Some(1),
        Some(Buffering::UntilEnd) => Some(2),
    };
    let picked = choice_ui(ui, trouble.title(), chosen, &WORDS);
    if let Some(picked) = picked {
        let buffering = match picked {
            1 => Some(Buffering::Bytes(16_000)),
            2 => Some(Buffering::UntilEnd),
            _ => None,
        };
        s.set(|impairment| impairment.buffering = buffering);
        return true;
    }
    let Some(Buffering::Bytes(bytes)) = now else { return false };
    let text = shown(ui, Some(format::size(bytes as u64)), differs);
    let mut value = bytes as f64;
    let slider = slider(ui, "Held back", text, &mut value, Scale::steep(100.0, BUFFER));
    if slider.changed() {
        let bytes = value.round().max(1.0) as usize;
        s.set(|impairment| impairment.buffering = Some(Buffering::Bytes(bytes)));
    }
    is_set(&slider)
}

fn upgrade_ui(ui: &mut Ui, trouble: Trouble, s: &mut Scoped<'_>) -> bool {
    const WORDS: [(&str, &str); BlockedUpgrade::ALL.len() + 1] = [
        ("Off", ""),
        ("400", "It answers 400 Bad Request"),
        ("426", "It answers 426 Upgrade Required"),
        ("Stripped", "It forwards the request without the Upgrade header"),
    ];
    let (now, differs) = s.option(|impairment| impairment.blocked_upgrade);
    let at = BlockedUpgrade::ALL.iter().position(|how| Some(*how) == now);
    let chosen = Some(at.map_or(0, |at| at + 1)).filter(|_| !differs);
    let picked = choice_ui(ui, trouble.title(), chosen, &WORDS);
    if let Some(picked) = picked {
        let how = picked.checked_sub(1).and_then(|at| BlockedUpgrade::ALL.get(at).copied());
        s.set(|impairment| impairment.blocked_upgrade = how);
    }
    picked.is_some()
}

/// A word and a choice to its right; `chosen` is nothing where transports differ.
fn choice_ui(
    ui: &mut Ui,
    name: &str,
    chosen: Option<usize>,
    words: &[(&str, &str)],
) -> Option<usize> {
    const WIDE: f32 = 112.0;
    let t = tokens(ui.ctx());
    let mut entries: Vec<_> = words.iter().map(|(word, tip)| (*word, None, *tip)).collect();
    if chosen.is_none() {
        entries.push(("Differs", None, "Transports have different values"));
    }
    let last = entries.len() - 1;
    let row = ui.horizontal(|ui| {
        ui.label(RichText::new(name).color(t.muted));
        let right = Layout::right_to_left(Align::Center);
        ui.with_layout(right, |ui| {
            let extent = vec2(WIDE.min(ui.available_width()), size::CHIP);
            select(ui, name, chosen.unwrap_or(last), &entries, extent)
        })
    });
    row.inner.inner.filter(|picked| *picked < words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_say_them() {
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal),
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
        );
        assert_eq!(
            [80, 1_000, 2_500, 90_000].map(|ms| time(Duration::from_millis(ms))),
            ["80 ms", "1 s", "2.5 s", "1 min 30 s"]
        );
    }
}
