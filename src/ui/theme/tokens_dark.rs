//! The dark theme.

use egui::Color32;

use super::Tokens;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Every colour of the dark theme.
pub(super) const TOKENS: Tokens = Tokens {
    canvas: rgb(0x000e_1014),
    panel: rgb(0x0014_171d),
    control: rgb(0x001b_1f27),
    control_hover: rgb(0x0023_2832),
    control_down: rgb(0x002a_303c),
    row_hover: rgb(0x0015_181f),
    row_state: rgb(0x0018_1c24),
    selected: rgb(0x001d_2a44),
    line: rgb(0x0025_2a34),
    grid: rgb(0x001c_2028),
    outage: rgb(0x002e_1f25),
    veil: Color32::from_rgba_premultiplied(0, 0, 0, 0x88),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x70),
    text: rgb(0x00df_e4ec),
    muted: rgb(0x0098_a2b3),
    faint: rgb(0x007d_8697),
    accent: rgb(0x005b_9dff),
    action: rgb(0x002e_6be0),
    action_hover: rgb(0x0033_70e6),
    on_action: rgb(0x00ff_ffff),
    good: rgb(0x003f_c08a),
    warn: rgb(0x00e9_b24a),
    bad: rgb(0x00ef_6365),
    bad_soft: rgb(0x004a_272d),
    websocket: rgb(0x005b_9dff),
    sse: rgb(0x002f_c6a4),
    long_poll: rgb(0x00f0_a35e),
    short_poll: rgb(0x00bb_8cf5),
    stream: rgb(0x00ee_7eb6),
    json_string: rgb(0x002f_c6a4),
    json_number: rgb(0x00f0_a35e),
    json_word: rgb(0x00bb_8cf5),
    dot: rgb(0x003b_6099),
    knob: rgb(0x00ff_ffff),
    code_paper: rgb(0x00ff_ffff),
    code_ink: rgb(0x0000_0000),
};
