//! The light theme.

use egui::Color32;

use super::Tokens;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Every colour of the light theme.
pub(super) const TOKENS: Tokens = Tokens {
    canvas: rgb(0x00f6_f7f9),
    panel: rgb(0x00ff_ffff),
    control: rgb(0x00f0_f2f5),
    control_hover: rgb(0x00e6_eaef),
    control_down: rgb(0x00da_dfe7),
    row_hover: rgb(0x00ed_f0f4),
    row_state: rgb(0x00f3_f5f8),
    selected: rgb(0x00e3_edff),
    line: rgb(0x00df_e3e9),
    grid: rgb(0x00ef_f1f4),
    outage: rgb(0x00f9_e6e7),
    veil: Color32::from_rgba_premultiplied(0, 0, 0, 0x38),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x2c),
    text: rgb(0x001c_2330),
    muted: rgb(0x004c_5768),
    faint: rgb(0x0063_6e80),
    accent: rgb(0x0021_60eb),
    action: rgb(0x0025_63eb),
    action_hover: rgb(0x001d_52ca),
    on_action: rgb(0x00ff_ffff),
    good: rgb(0x000d_7954),
    warn: rgb(0x0096_5e00),
    bad: rgb(0x00c9_2f34),
    bad_soft: rgb(0x00f3_cdcf),
    websocket: rgb(0x0021_60eb),
    sse: rgb(0x000b_7963),
    long_poll: rgb(0x00a3_5608),
    short_poll: rgb(0x007c_4fd6),
    stream: rgb(0x00b8_2c78),
    json_string: rgb(0x000b_7963),
    json_number: rgb(0x00a3_5608),
    json_word: rgb(0x007c_4fd6),
    dot: rgb(0x0087_a9f4),
    knob: rgb(0x00ff_ffff),
    code_paper: rgb(0x00ff_ffff),
    code_ink: rgb(0x0000_0000),
};
