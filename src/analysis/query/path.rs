//! The way to a field of a JSON payload, as in `data.items[0].price`, and the walk along it: one
//! pass that builds nothing and stops where the way ends.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::literal::Value;
use crate::analysis::json::Number;

/// Steps of a path, at most; serde_json itself goes no deeper than 128.
pub(super) const LONGEST: usize = 32;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of this name or, where it is a number, the place in a list, from 0.
    To(Box<str>),
    /// Every member, or every place.
    Every,
}

/// A way into a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    /// Whether a value at the end of the way is so. A way without `*` ends at one value, the first
    /// of equal names; reading stops there, and what follows need not even be JSON.
    pub(super) fn any(&self, json: &[u8], is_so: impl FnMut(Value<'_>) -> bool) -> bool {
        let is_single = !self.0.contains(&Step::Every);
        let mut walk = Walk { is_so, is_single, found: false, is_over: false };
        let mut reader = serde_json::Deserializer::from_slice(json);
        // An error is the end of the text or of the walk: what was found before it stands.
        let _ = Node { walk: &mut walk, steps: &self.0 }.deserialize(&mut reader);
        walk.found
    }

    /// The last name on the way as it stands in a JSON text, unless that spells it with escapes.
    pub(super) fn spelled(&self) -> Option<String> {
        self.0.iter().rev().find_map(|step| match step {
            Step::To(name) if name.parse::<usize>().is_err() => spelled(name),
            _ => None,
        })
    }
}

/// A text as it stands in a JSON text that uses no escapes; `None` for one that needs them.
pub(super) fn spelled(text: &str) -> Option<String> {
    let is_plain = text.chars().all(|c| c != '"' && c != '\\' && c >= ' ');
    is_plain.then(|| format!("\"{text}\""))
}

struct Walk<F> {
    is_so: F,
    is_single: bool,
    found: bool,
    /// Nothing that follows matters.
    is_over: bool,
}

/// A value that the walk has come to, and the steps still to go.
struct Node<'w, F> {
    walk: &'w mut Walk<F>,
    steps: &'w [Step],
}

impl<F: FnMut(Value<'_>) -> bool> Node<'_, F> {
    /// Takes a value that has nothing in it.
    #[expect(clippy::unnecessary_wraps, reason = "what a visitor returns")]
    fn leaf<E>(self, value: Value<'_>) -> Result<(), E> {
        if self.steps.is_empty() {
            self.judge(value);
        }
        Ok(())
    }

    fn judge(self, value: Value<'_>) {
        self.walk.found |= (self.walk.is_so)(value);
        self.walk.is_over = self.walk.found || self.walk.is_single;
    }
}

impl<'de, F: FnMut(Value<'_>) -> bool> DeserializeSeed<'de> for Node<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value<'_>) -> bool> Visitor<'de> for Node<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, is: bool) -> Result<(), E> {
        self.leaf(Value::Bool(is))
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.leaf(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.leaf(Value::Text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.leaf(Value::Number(Number::Whole(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        let other = Number::Other(number as f64);
        self.leaf(Value::Number(i64::try_from(number).map_or(other, Number::Whole)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.leaf(Value::Number(Number::Other(number)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            self.walk.nested::<A::Error>()?;
            return skip_map(map);
        };
        while let Some(is_here) = map.next_key_seed(Name(step))? {
            if !is_here {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(Node { walk: &mut *self.walk, steps: rest })?;
            self.walk.go_on::<A::Error>()?;
            if *step != Step::Every {
                // The first of equal names counts.
                return skip_map(map);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            self.walk.nested::<A::Error>()?;
            return skip_seq(seq);
        };
        let place = match step {
            Step::Every => None,
            Step::To(name) => match name.parse::<usize>() {
                Ok(place) => Some(place),
                Err(_) => return skip_seq(seq),
            },
        };
        let mut at = 0;
        loop {
            if place.is_some_and(|place| place != at) {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
            } else {
                let node = Node { walk: &mut *self.walk, steps: rest };
                if seq.next_element_seed(node)?.is_none() {
                    return Ok(());
                }
                self.walk.go_on::<A::Error>()?;
                if place.is_some() {
                    return skip_seq(seq);
                }
            }
            at += 1;
        }
    }
}

impl<F: FnMut(Value<'_>) -> bool> Walk<F> {
    /// Takes an object or a list at the end of the way.
    fn nested<E: serde::de::Error>(&mut self) -> Result<(), E> {
        Node { walk: &mut *self, steps: &[] }.judge(Value::Nested);
        self.go_on()
    }

    /// An error where nothing that follows matters, which ends the reading.
    fn go_on<E: serde::de::Error>(&mut self) -> Result<(), E> {
        // A way without `*` has no other branch to try.
        self.is_over |= self.is_single;
        if self.is_over { Err(E::custom("the walk is over")) } else { Ok(()) }
    }
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The name of a member, read as whether the step leads there.
struct Name<'s>(&'s Step);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(match self.0 {
            Step::To(step) => **step == *name,
            Step::Every => true,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| match step {
            Step::To(name) => write!(f, ".{name}"),
            Step::Every => f.write_str(".*"),
        })
    }
}
