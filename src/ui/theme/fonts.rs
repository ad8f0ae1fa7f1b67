//! Inter for words, JetBrains Mono for data, Lucide for icons.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId, RichText};
use lucide_icons::{Icon, LUCIDE_FONT_BYTES};

use super::size;

const MEDIUM: &str = "medium";
const SEMIBOLD: &str = "semibold";
const ICONS: &str = "icons";

/// Words.
pub(crate) fn words(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Words that stand out: names, the chosen tab.
pub(crate) fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(MEDIUM.into()))
}

/// Headings.
pub(crate) fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(SEMIBOLD.into()))
}

/// Data.
pub(crate) fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Icons.
pub(crate) fn icon_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICONS.into()))
}

/// An icon at the usual size, as text.
pub(crate) fn icon(icon: Icon) -> RichText {
    RichText::new(char::from(icon)).font(icon_font(size::ICON))
}

/// What is shipped, by family. A face that lacks a character asks the next of its family.
pub(super) fn definitions() -> FontDefinitions {
    let inter = "Inter";
    let mono = "JetBrains Mono";
    let mut fonts = FontDefinitions::empty();
    let faces: [(&str, &'static [u8]); 4] = [
        (inter, include_bytes!("../../../assets/fonts/Inter-Regular.ttf")),
        (MEDIUM, include_bytes!("../../../assets/fonts/Inter-Medium.ttf")),
        (SEMIBOLD, include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf")),
        (ICONS, LUCIDE_FONT_BYTES),
    ];
    for (name, bytes) in faces {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
    }
    let bytes = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");
    let plain = FontData::from_owned(without_ligatures(bytes));
    fonts.font_data.insert(mono.into(), Arc::new(plain));
    let families = [
        (FontFamily::Proportional, [inter, mono, ICONS]),
        (FontFamily::Name(MEDIUM.into()), [MEDIUM, mono, ICONS]),
        (FontFamily::Name(SEMIBOLD.into()), [SEMIBOLD, mono, ICONS]),
        (FontFamily::Monospace, [mono, inter, ICONS]),
        (FontFamily::Name(ICONS.into()), [ICONS, inter, mono]),
    ];
    for (family, names) in families {
        fonts.families.insert(family, names.map(str::to_owned).to_vec());
    }
    fonts
}

/// The font with its contextual alternates under a name that no shaper asks for: an inspector
/// shows `!=` and `->` as they were sent.
fn without_ligatures(font: &[u8]) -> Vec<u8> {
    let mut font = font.to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(&font, b"calt").collect();
    for at in places {
        font[at..at + 4].copy_from_slice(b"xalt");
    }
    font
}
