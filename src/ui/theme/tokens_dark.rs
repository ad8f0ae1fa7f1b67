//! The dark theme.

use egui::Color32;

use super::Tokens;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Every colour of the dark theme.
pub(super) const TOKENS: Tokens = Tokens {
    canvas: rgb(0x0e_10_14),
    panel: rgb(0x14_17_1d),
    control: rgb(0x1b_1f_27),
    control_hover: rgb(0x23_28_32),
    control_down: rgb(0x2a_30_3c),
    row_hover: rgb(0x15_18_1f),
    row_state: rgb(0x18_1c_24),
    selected: rgb(0x1d_2a_44),
    line: rgb(0x25_2a_34),
    grid: rgb(0x1c_20_28),
    outage: rgb(0x2e_1f_25),
    veil: Color32::from_rgba_premultiplied(0, 0, 0, 0x88),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x70),
    text: rgb(0xdf_e4_ec),
    muted: rgb(0x98_a2_b3),
    faint: rgb(0x69_73_84),
    accent: rgb(0x5b_9d_ff),
    accent_hover: rgb(0x79_b0_ff),
    on_accent: rgb(0xff_ff_ff),
    good: rgb(0x3f_c0_8a),
    warn: rgb(0xe9_b2_4a),
    bad: rgb(0xee_5d_60),
    bad_soft: rgb(0x4a_27_2d),
    websocket: rgb(0x5b_9d_ff),
    sse: rgb(0x2f_c6_a4),
    long_poll: rgb(0xf0_a3_5e),
    short_poll: rgb(0xbb_8c_f5),
    json_string: rgb(0x2f_c6_a4),
    json_number: rgb(0xf0_a3_5e),
    json_word: rgb(0xbb_8c_f5),
    dot: rgb(0x3b_60_99),
    knob: rgb(0xff_ff_ff),
};
