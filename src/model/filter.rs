//! Which events the timeline shows: some words and a few switches.

use super::{Dir, Event, Kind};

/// A class of events that the timeline can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Messages received.
    Received,
    /// Messages sent.
    Sent,
    /// Frames and heads of the protocol, either way.
    Control,
    /// Changes of the connection's state.
    State,
}

impl Class {
    /// Every class, in the order of the window's chips.
    pub const ALL: [Self; 4] = [Self::Received, Self::Sent, Self::Control, Self::State];

    /// Whether an event of this direction and kind belongs to the class.
    pub fn has(self, dir: Dir, kind: Kind) -> bool {
        match self {
            Self::Received => dir == Dir::In && kind.is_message(),
            Self::Sent => dir == Dir::Out && kind.is_message(),
            Self::Control => kind.is_control(),
            Self::State => kind.is_state(),
        }
    }
}

/// A text that must occur and the classes to narrow to; no class chosen means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Occurs in the payload, the name, the id, the kind or the cause, whatever the case of ASCII
    /// letters.
    pub text: String,
    /// Chosen classes.
    pub classes: Vec<Class>,
}

impl Filter {
    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.classes.is_empty()
    }

    /// Whether direction and kind pass; all that an index knows.
    pub fn passes_class(&self, dir: Dir, kind: Kind) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|class| class.has(dir, kind))
    }

    /// Whether the event passes.
    pub fn passes(&self, event: &Event) -> bool {
        self.passes_class(event.dir, event.kind) && self.passes_text(event)
    }

    fn passes_text(&self, event: &Event) -> bool {
        let needle = self.text.as_bytes();
        let has = |hay: &[u8]| contains_ignore_case(hay, needle);
        let any = |hay: Option<&str>| hay.is_some_and(|hay| has(hay.as_bytes()));
        needle.is_empty()
            || has(&event.payload)
            || any(event.name.as_deref())
            || any(event.id.as_deref())
            || has(event.kind.word().as_bytes())
            || any(event.meta().cause.as_deref())
            || any(event.meta().reason.as_deref())
    }
}

fn contains_ignore_case(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let mut from = 0;
    while let Some(found) = hay.get(from..).and_then(|h| memchr::memchr2(lower, upper, h)) {
        let at = from + found + 1;
        match hay.get(at..at + rest.len()) {
            Some(next) if next.eq_ignore_ascii_case(rest) => return true,
            Some(_) => from = at,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(payload: &str) -> Event {
        Event::new(0, Dir::In, Kind::Text).with_payload(payload.to_owned())
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        let filter = Filter { text: "aapl".into(), ..Filter::default() };
        assert!(filter.passes(&text(r#"{"symbol":"AAPL"}"#)));
        assert!(filter.passes(&text("AaAAPL")));
        assert!(!filter.passes(&text("AAP")));
        assert!(!filter.passes(&text("")));
    }

    #[test]
    fn classes_narrow_and_none_means_all() {
        let ping = Event::new(0, Dir::Out, Kind::Ping);
        let open = Event::new(0, Dir::Local, Kind::Open);
        assert!(Filter::default().passes(&ping) && Filter::default().is_empty());
        let control = Filter { classes: vec![Class::Control], ..Filter::default() };
        assert!(control.passes(&ping) && !control.passes(&open) && !control.passes(&text("x")));
        let both = Filter { classes: vec![Class::State, Class::Received], ..Filter::default() };
        assert!(both.passes(&open) && both.passes(&text("x")) && !both.passes(&ping));
    }
}
