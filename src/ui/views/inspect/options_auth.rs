//! Who one is: a choice that writes the `Authorization` header, which is all that is kept of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use egui::{Ui, vec2};

use super::options_rows::{indented, labelled};
use crate::ui::theme::size;
use crate::ui::widgets::{Field, select};

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Auth {
    /// There is none.
    None,
    /// RFC 7617.
    Basic { user: String, password: String },
    /// RFC 6750.
    Bearer(String),
    /// Something else, to be edited as a header.
    Other,
}

const CHOICES: [(&str, &str); 3] = [
    ("None", "No Authorization header"),
    ("Basic", "User name and password, readable for everyone who sees the header"),
    ("Bearer", "A token"),
];

impl Auth {
    fn read(headers: &[(String, String)]) -> Self {
        let Some((_, value)) = headers.iter().find(|(name, _)| is_authorization(name)) else {
            return Self::None;
        };
        let (scheme, rest) = value.trim_start().split_once(' ').unwrap_or((value.trim(), ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Self::Bearer(rest.to_owned());
        }
        let pair = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((user, password)) if scheme.eq_ignore_ascii_case("basic") => {
                Self::Basic { user: user.to_owned(), password: password.to_owned() }
            }
            _ => Self::Other,
        }
    }

    fn write(&self, headers: &mut Vec<(String, String)>) {
        let value = match self {
            Self::None => return headers.retain(|(name, _)| !is_authorization(name)),
            Self::Basic { user, password } => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Bearer(token) => format!("Bearer {token}"),
            Self::Other => return,
        };
        match headers.iter_mut().find(|(name, _)| is_authorization(name)) {
            Some((_, place)) => *place = value,
            None => headers.push((String::from("Authorization"), value)),
        }
    }

    /// Which of the choices it is.
    const fn chosen(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Basic { .. } => 1,
            Self::Bearer(_) => 2,
            Self::Other => CHOICES.len(),
        }
    }
}

fn is_authorization(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("authorization")
}

fn field<'a>(text: &'a mut String, name: &'a str) -> Field<'a> {
    Field::new(text, name).small()
}

/// Shows the choice and its fields.
pub(super) fn ui(ui: &mut Ui, headers: &mut Vec<(String, String)>) {
    let mut auth = Auth::read(headers);
    let mut entries: Vec<_> = CHOICES.iter().map(|(name, tip)| (*name, None, *tip)).collect();
    if auth == Auth::Other {
        entries.push(("Other", None, "As the header says"));
    }
    let extent = vec2(110.0, size::CHIP);
    let picked = labelled(ui, "Authorization", |ui| {
        select(ui, "Authorization", auth.chosen(), &entries, extent)
    });
    let mut is_changed = picked.is_some_and(|picked| picked != auth.chosen());
    match picked {
        Some(0) => auth = Auth::None,
        Some(1) if is_changed => {
            auth = Auth::Basic { user: String::new(), password: String::new() };
        }
        Some(2) if is_changed => auth = Auth::Bearer(String::new()),
        _ => {}
    }
    match &mut auth {
        Auth::None | Auth::Other => {}
        Auth::Bearer(token) => indented(ui, |ui| {
            let response = field(token, "Token").hint("token").secret(true).show(ui);
            is_changed |= response.changed();
            response
        }),
        Auth::Basic { user, password } => indented(ui, |ui| {
            let half = (ui.available_width() - size::GAP) / 2.0;
            let first = field(user, "User").hint("user").width(half).show(ui);
            let second = field(password, "Password").hint("password").secret(true).show(ui);
            // The colon parts the two, so that no name has one (RFC 7617, section 2).
            user.retain(|letter| letter != ':');
            is_changed |= first.changed() || second.changed();
            second
        }),
    }
    if is_changed {
        auth.write(headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_all_that_is_kept() {
        let header = |value: &str| (String::from("authorization"), value.to_owned());
        let basic = |user: &str, password: &str| Auth::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let table = [
            ("Basic bWU6eDp5", basic("me", "x:y")),
            ("basic Og==", basic("", "")),
            ("Bearer a b", Auth::Bearer("a b".into())),
            ("Bearer", Auth::Bearer(String::new())),
            ("Basic nonsense!", Auth::Other),
            ("Digest x", Auth::Other),
        ];
        for (value, wanted) in table {
            assert_eq!(Auth::read(&[header(value)]), wanted, "{value}");
        }
        let mut headers = vec![header("Bearer x"), ("A".into(), "b".into())];
        basic("me", "x:y").write(&mut headers);
        assert_eq!(headers[0], header("Basic bWU6eDp5"));
        Auth::None.write(&mut headers);
        assert_eq!(headers.len(), 1);
        Auth::Bearer("t".into()).write(&mut headers);
        assert_eq!(headers[1], ("Authorization".into(), "Bearer t".into()));
    }
}
