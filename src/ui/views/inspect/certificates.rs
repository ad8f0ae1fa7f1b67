//! The certificates the peer showed: for whom, from whom, for which names and how long.

use egui::{RichText, Ui};
use jiff::Timestamp;

use crate::model::Certificate;
use crate::ui::format;
use crate::ui::scene::Scene;
use crate::ui::theme::{Tokens, medium, size, tokens};
use crate::ui::widgets::{fact, section};

/// Certificates of a chain that are shown.
const CHAIN: usize = 12;
/// Names of a certificate that are shown.
const NAMES: usize = 64;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// A certificate that ends sooner is worth a warning, in days.
const SOON: i64 = 14;

/// Whether a certificate is good by its dates alone.
#[derive(Debug, PartialEq, Eq)]
enum Validity {
    /// For so many days more.
    Left(i64),
    /// No longer, for so many days.
    Expired(i64),
    /// Not yet, for so many days more.
    Early(i64),
    /// A date cannot be read.
    Unknown,
}

fn validity(certificate: &Certificate, now_s: i64) -> Validity {
    let seconds = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    match (seconds(&certificate.not_before), seconds(&certificate.not_after)) {
        (Some(from), _) if now_s < from => Validity::Early((from - now_s) / DAY),
        (_, Some(to)) if now_s > to => Validity::Expired((now_s - to) / DAY),
        (_, Some(to)) => Validity::Left((to - now_s) / DAY),
        _ => Validity::Unknown,
    }
}

fn words(certificate: &Certificate, validity: &Validity) -> String {
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let (from, to) = (day(&certificate.not_before), day(&certificate.not_after));
    let days = |count: &i64| format::count(count.unsigned_abs(), "day");
    match validity {
        Validity::Left(left) => format!("until {to}, {} left", days(left)),
        Validity::Expired(ago) => format!("expired {to}, {} ago", days(ago)),
        Validity::Early(left) => format!("not before {from}, in {}", days(left)),
        Validity::Unknown => format!("{from} to {to}"),
    }
}

/// Shows the chain, the peer's own certificate first.
pub(super) fn ui(ui: &mut Ui, certificates: &[Certificate], scene: Scene<'_>) {
    let t = tokens(ui.ctx());
    if certificates.is_empty() {
        return;
    }
    ui.add_space(6.0);
    section(ui, "Certificates");
    for certificate in certificates.iter().take(CHAIN) {
        certificate_ui(ui, certificate, scene, t);
        ui.add_space(4.0);
    }
    if let Some(more) = certificates.len().checked_sub(CHAIN).filter(|more| *more > 0) {
        let text = format!("and {} more", format::thousands(more as u64));
        ui.label(RichText::new(text).size(size::DATA).color(t.muted));
    }
}

fn certificate_ui(ui: &mut Ui, certificate: &Certificate, scene: Scene<'_>, t: &Tokens) {
    let validity = validity(certificate, scene.wall_ns.div_euclid(1_000_000_000));
    let subject = RichText::new(&certificate.subject).font(medium(size::BODY)).color(t.text);
    ui.add(egui::Label::new(subject).truncate().selectable(true));
    let issuer = if certificate.issuer == certificate.subject {
        String::from("itself")
    } else {
        certificate.issuer.clone()
    };
    fact(ui, "Issued by", &issuer, t.text);
    if !certificate.names.is_empty() {
        let names: Vec<&str> = certificate.names.iter().take(NAMES).map(String::as_str).collect();
        let more = if certificate.names.len() > NAMES { ", …" } else { "" };
        fact(ui, "Names", &format!("{}{more}", names.join(", ")), t.text);
    }
    let color = match validity {
        Validity::Expired(_) | Validity::Early(_) => t.bad,
        Validity::Left(left) if left < SOON => t.warn,
        _ => t.text,
    };
    fact(ui, "Valid", &words(certificate, &validity), color);
    fact(ui, "SHA-256", &certificate.sha256, t.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_tell_whether_a_certificate_is_good() {
        let certificate = |from: &str, to: &str| Certificate {
            not_before: from.into(),
            not_after: to.into(),
            ..Certificate::default()
        };
        let now = 1_795_351_575;
        let table = [
            ("2026-01-01T00:00:00Z", "2026-12-22T12:46:15Z", "until 2026-12-22, 30 days left"),
            ("2026-01-01T00:00:00Z", "2026-11-21T00:00:00Z", "expired 2026-11-21, 1 day ago"),
            ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "not before 2026-12-01, in 8 days"),
            ("", "soon", " to soon"),
        ];
        for (from, to, wanted) in table {
            let certificate = certificate(from, to);
            assert_eq!(words(&certificate, &validity(&certificate, now)), wanted);
        }
    }
}
