//! How others come in: the address with its token, and the QR code of it.

use qrcode::{Color, QrCode};
use url::Url;

use super::snapshot::JoinView;

/// What the window shows of this address; without a code where it is too long for one.
pub(super) fn join(url: String) -> JoinView {
    let code = QrCode::new(&url).ok();
    let token = Url::parse(&url).ok().and_then(|url| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(name, value)| (name == "join").then(|| value.into_owned()))
    });
    let (qr_side, qr) = code.map_or_else(Default::default, |code| {
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        (code.width(), dark)
    });
    JoinView { url, token: token.unwrap_or_default(), qr_side, qr }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_has_its_finders_and_the_token_its_place() {
        let view = join(String::from("http://192.168.1.5:4100/?join=7F3K-22QD"));
        assert_eq!(view.token, "7F3K-22QD");
        assert_eq!(view.qr.len(), view.qr_side * view.qr_side);
        // ISO/IEC 18004: a finder is seven modules wide and begins in three of the corners.
        let row = |from: usize| view.qr[from..from + 7].iter().all(|dark| *dark);
        assert!(row(0) && row(view.qr_side - 7) && row(view.qr_side * (view.qr_side - 7)));
    }

    #[test]
    fn what_fits_no_code_is_still_shown() {
        let view = join(format!("http://{}/", "a".repeat(5_000)));
        assert_eq!((view.qr_side, view.qr.len()), (0, 0));
    }
}
