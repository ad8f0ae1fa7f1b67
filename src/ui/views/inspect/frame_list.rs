//! The WebSocket frames of a message: one in a line of words, several in a list of which only the
//! rows on the screen are written.

use std::sync::Arc;

use egui::{Align2, Id, Sense, Ui, pos2, vec2};

use super::words::wall;
use crate::engine::{Selected, SessionView};
use crate::model::{Dir, Event, Frame, Kind, Wire};
use crate::ui::format;
use crate::ui::scene::Scene;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::{BAR, RowScroll};

/// Height of a frame.
const ROW: f32 = 19.0;
/// Frames on the screen at once, at most.
const SHOWN: usize = 6;

/// The frames of an event, as the bytes tell them.
fn frame(event: &Event) -> Option<Frame> {
    let opcode = match event.kind {
        Kind::Text => 1,
        Kind::Binary => 2,
        Kind::Close => 8,
        Kind::Ping => 9,
        Kind::Pong => 10,
        _ => return None,
    };
    if let [frame] = event.meta().frames.as_slice() {
        return Some(*frame);
    }
    // What is not listed is a single plain frame, whose header is all that its payload is not.
    let Wire::Exact(wire) = event.wire else { return None };
    let payload = event.payload.len() as u64;
    let plain = Frame { opcode, fin: true, size: payload, ..Frame::default() };
    let header = u8::try_from(wire.checked_sub(payload)?).ok()?;
    let is_whole = event.meta().frames.is_empty() && event.meta().truncated.is_none();
    let is_plain = is_whole && event.dir == Dir::In && header == least_header(&plain);
    is_plain.then_some(Frame { header, ..plain })
}

/// Bytes of the shortest header for such a frame (RFC 6455, section 5.2).
fn least_header(frame: &Frame) -> u8 {
    let length = match frame.size {
        0..=125 => 0,
        126..=65_535 => 2,
        _ => 8,
    };
    2 + length + if frame.mask.is_some() { 4 } else { 0 }
}

/// `FIN, opcode 1, unmasked, 2 B header`; `None` where it is not known or is nothing of the kind.
pub(super) fn frame_words(event: &Event) -> Option<String> {
    let frames = &event.meta().frames;
    if frames.len() > 1 {
        return Some(format!("{} frames", format::thousands(frames.len() as u64)));
    }
    let frame = frame(event)?;
    let mut parts = vec![bits(&frame), format!("opcode {}", frame.opcode)];
    parts.push(frame.mask.map_or_else(|| "unmasked".into(), |key| format!("mask {}", hex(key))));
    // Files of the first version do not know it.
    if frame.header > 0 {
        let long = if frame.header > least_header(&frame) { ", longer than needed" } else { "" };
        parts.push(format!("{} B header{long}", frame.header));
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join(", "))
}

/// `FIN, RSV1`
fn bits(frame: &Frame) -> String {
    let bits = [
        (frame.fin, "FIN"),
        (frame.rsv & 4 != 0, "RSV1"),
        (frame.rsv & 2 != 0, "RSV2"),
        (frame.rsv & 1 != 0, "RSV3"),
    ];
    let set: Vec<&str> = bits.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
    if set.is_empty() { String::from("no FIN") } else { set.join(", ") }
}

fn hex(key: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(key))
}

/// Where the list stands.
#[derive(Debug, Default)]
pub(super) struct FrameList {
    scroll: RowScroll,
    n: u64,
}

impl FrameList {
    /// The height it takes for this event; 0 where there is nothing to list.
    pub(super) fn height(event: &Event) -> f32 {
        match event.meta().frames.len() {
            0 | 1 => 0.0,
            count => ROW * (count.min(SHOWN) + 1) as f32 + 16.0,
        }
    }

    /// Lists the frames of a message that has several.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        selected: &Arc<Selected>,
        scene: Scene<'_>,
    ) {
        let t = tokens(ui.ctx());
        let frames = &selected.event.meta().frames;
        if std::mem::replace(&mut self.n, selected.n) != selected.n {
            self.scroll = RowScroll::default();
        }
        let shown = frames.len().min(SHOWN) as f32;
        let wide = ui.available_width();
        let (head, _) = ui.allocate_exact_size(vec2(wide, ROW), Sense::hover());
        let columns = Columns::new(head);
        let names = ["#", "Opcode", "Bits", "Payload", "Wire", "Time"];
        for (name, (x, align)) in names.into_iter().zip(columns.all()) {
            let at = pos2(x, head.center().y);
            ui.painter().text(at, align, name, words(size::SMALL), t.faint);
        }
        let (rect, response) = ui.allocate_exact_size(vec2(wide, shown * ROW), Sense::hover());
        let label = format!("{} frames", frames.len());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::List, true, &label));
        let shown = self.scroll.show(ui, Id::unique("frames"), rect, frames.len(), ROW);
        let painter = ui.painter_at(rect);
        for (at, frame) in frames[shown.first..shown.end].iter().enumerate() {
            let y = shown.y + at as f32 * ROW;
            let row = egui::Rect::from_min_size(pos2(rect.left(), y), vec2(wide, ROW));
            let wire = frame.size + u64::from(frame.header);
            let texts = [
                (shown.first + at + 1).to_string(),
                frame.opcode.to_string(),
                bits(frame),
                format::size(frame.size),
                if frame.header == 0 { String::from("–") } else { format::size(wire) },
                match frame.t_ns {
                    0 => String::from("–"),
                    t_ns => scene.zone.clock_ms(wall(session, t_ns)),
                },
            ];
            let name = format!("Frame {}", texts.join(" "));
            let id = Id::unique("frame").with(shown.first + at);
            let response = ui.interact(row.intersect(rect), id, Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ListItem, true, &name));
            for (column, (text, (x, align))) in texts.iter().zip(columns.all()).enumerate() {
                let color = if column == 0 { t.faint } else { t.text };
                painter.text(pos2(x, row.center().y), align, text, mono(size::SMALL), color);
            }
            if let Some(key) = frame.mask {
                response.on_hover_text(format!("Masked with {}", hex(key)));
            }
        }
    }
}

/// Where the columns are.
struct Columns {
    left: f32,
    right: f32,
}

impl Columns {
    fn new(rect: egui::Rect) -> Self {
        Self { left: rect.left(), right: rect.right() - BAR - 2.0 }
    }

    fn all(&self) -> [(f32, Align2); 6] {
        let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
        [
            (self.left + 30.0, right),
            (self.left + 42.0, left),
            (self.left + 92.0, left),
            (self.right - 154.0, right),
            (self.right - 92.0, right),
            (self.right, right),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meta;

    fn event(dir: Dir, kind: Kind, payload: usize, wire: u64, frames: Vec<Frame>) -> Event {
        let event = Event::new(0, dir, kind).with_payload(vec![0; payload]);
        event.with_wire(Wire::Exact(wire)).with_meta(Meta { frames, ..Meta::default() })
    }

    #[test]
    fn a_frame_is_told_in_a_line() {
        let frame = |opcode, rsv, mask, header, size| Frame {
            opcode,
            fin: true,
            rsv,
            mask,
            header,
            size,
            t_ns: 1,
        };
        let plain = |payload, wire| event(Dir::In, Kind::Text, payload, wire, Vec::new());
        let one = |frame| event(Dir::Out, Kind::Text, 87, 47, vec![frame]);
        let table = [
            (plain(85, 87), Some("FIN, opcode 1, unmasked, 2 B header")),
            (plain(200, 204), Some("FIN, opcode 1, unmasked, 4 B header")),
            (plain(70_000, 70_010), Some("FIN, opcode 1, unmasked, 10 B header")),
            (plain(85, 40), None),
            (
                one(frame(1, 4, Some([0x1a, 0x2b, 3, 4]), 6, 41)),
                Some("FIN, RSV1, opcode 1, mask 1a2b0304, 6 B header"),
            ),
            (
                one(frame(2, 0, None, 4, 3)),
                Some("FIN, opcode 2, unmasked, 4 B header, longer than needed"),
            ),
            (event(Dir::In, Kind::Text, 6, 12, vec![frame(1, 0, None, 2, 2); 3]), Some("3 frames")),
            (
                event(Dir::In, Kind::Ping, 3, 5, Vec::new()),
                Some("FIN, opcode 9, unmasked, 2 B header"),
            ),
            (event(Dir::In, Kind::Event, 3, 5, Vec::new()), None),
            (event(Dir::Out, Kind::Text, 3, 9, Vec::new()), None),
        ];
        for (event, wanted) in table {
            assert_eq!(frame_words(&event).as_deref(), wanted);
        }
    }
}
