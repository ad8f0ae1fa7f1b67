//! The light theme.

use egui::Color32;

use super::Tokens;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Every colour of the light theme.
pub(super) const TOKENS: Tokens = Tokens {
    canvas: rgb(0xf6_f7_f9),
    panel: rgb(0xff_ff_ff),
    control: rgb(0xf0_f2_f5),
    control_hover: rgb(0xe6_ea_ef),
    control_down: rgb(0xda_df_e7),
    row_hover: rgb(0xed_f0_f4),
    row_state: rgb(0xf3_f5_f8),
    selected: rgb(0xe3_ed_ff),
    line: rgb(0xdf_e3_e9),
    grid: rgb(0xef_f1_f4),
    outage: rgb(0xf9_e6_e7),
    veil: Color32::from_rgba_premultiplied(0, 0, 0, 0x38),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x2c),
    text: rgb(0x1c_23_30),
    muted: rgb(0x5a_65_77),
    faint: rgb(0x86_91_a2),
    accent: rgb(0x25_63_eb),
    accent_hover: rgb(0x1d_52_ca),
    on_accent: rgb(0xff_ff_ff),
    good: rgb(0x0f_8a_5f),
    warn: rgb(0xa8_6a_00),
    bad: rgb(0xcf_33_38),
    bad_soft: rgb(0xf3_cd_cf),
    websocket: rgb(0x25_63_eb),
    sse: rgb(0x0d_8f_76),
    long_poll: rgb(0xc4_68_0a),
    short_poll: rgb(0x7c_4f_d6),
    json_string: rgb(0x0d_8f_76),
    json_number: rgb(0xc4_68_0a),
    json_word: rgb(0x7c_4f_d6),
    dot: rgb(0x87_a9_f4),
    knob: rgb(0xff_ff_ff),
};
