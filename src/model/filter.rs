//! Which events the timeline shows: a query and a few switches.

use super::{Dir, Kind};

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

/// A query and the classes to narrow to; no class chosen means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// In the filter language, as it was typed.
    pub text: String,
    /// Chosen classes.
    pub classes: Vec<Class>,
}

impl Filter {
    /// Lets everything through.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.classes.is_empty()
    }

    /// Whether direction and kind pass; all that an index knows.
    pub fn passes_class(&self, dir: Dir, kind: Kind) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|class| class.has(dir, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(classes: &[Class], dir: Dir, kind: Kind) -> bool {
        let filter = Filter { classes: classes.to_vec(), ..Filter::default() };
        filter.passes_class(dir, kind)
    }

    #[test]
    fn classes_narrow_and_none_means_all() {
        let (ping, open) = ((Dir::Out, Kind::Ping), (Dir::Local, Kind::Open));
        let text = (Dir::In, Kind::Text);
        let table = [
            (&[] as &[Class], [true, true, true]),
            (&[Class::Control], [true, false, false]),
            (&[Class::State, Class::Received], [false, true, true]),
            (&[Class::Sent], [false, false, false]),
        ];
        for (classes, wanted) in table {
            let found = [ping, open, text].map(|(dir, kind)| passes(classes, dir, kind));
            assert_eq!(found, wanted, "{classes:?}");
        }
        let blank = Filter { text: " ".into(), ..Filter::default() };
        assert!(Filter::default().is_empty() && blank.is_empty());
    }
}
