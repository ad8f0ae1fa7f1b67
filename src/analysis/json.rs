//! Reads a few numbers out of a JSON text in one pass, without building what it does not need: a
//! long list beside a sequence number costs the time to skip it and no memory.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The way to a number: names of members, or places in lists from 0, as in `data.0.sent`.
#[derive(Debug, Clone)]
pub(super) struct Path(Vec<Box<str>>);

impl Path {
    /// Reads a path; its steps are joined by dots.
    pub(super) fn new(text: &str) -> Self {
        Self(text.split('.').map(Box::from).collect())
    }

    /// The name of a member of the outermost object, if the path leads to such a one.
    pub(super) fn at_top(&self) -> Option<&str> {
        if let [name] = &*self.0 { Some(name) } else { None }
    }
}

/// A number of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    /// With a fraction or an exponent, or too large for the other.
    Other(f64),
}

impl Number {
    /// Reads a number as it is written in JSON.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
            return None;
        }
        let whole = text.parse().map(Self::Whole).ok();
        let other = || text.parse().map(Self::Other).ok();
        whole.or_else(other).filter(|number| number.as_f64().is_finite())
    }

    /// Whole numbers compare as such, so that long ids stay apart.
    pub(super) fn compare(self, with: Self) -> Option<Ordering> {
        match (self, with) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            _ => self.as_f64().partial_cmp(&with.as_f64()),
        }
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Other(number) => number,
        }
    }

    pub(super) fn as_i64(self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(number),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Other(number) => number.fmt(f),
        }
    }
}

/// The numbers at these paths, of which there may be eight. Reading stops when every path is
/// settled, so the first of equal names counts, and what follows need not even be JSON.
pub(super) fn numbers<const N: usize>(
    json: &[u8],
    paths: [Option<&Path>; N],
) -> [Option<Number>; N] {
    const { assert!(N <= 8, "a set of paths is a byte") };
    let bits = paths.iter().enumerate().filter(|(_, path)| path.is_some());
    let open = bits.fold(0, |open, (at, _)| open | 1 << at);
    let mut search = Search { paths, found: [None; N], open };
    if open != 0 {
        let mut reader = serde_json::Deserializer::from_slice(json);
        // An error is the end of the text or of the search: what was found before it stands.
        let _ = Node { search: &mut search, here: open, depth: 0 }.deserialize(&mut reader);
    }
    search.found
}

struct Search<'p, const N: usize> {
    paths: [Option<&'p Path>; N],
    found: [Option<Number>; N],
    /// Paths, as bits, whose ends have not been reached.
    open: u8,
}

impl<const N: usize> Search<'_, N> {
    /// Of the paths in `among`, those whose step at `depth` is so; a path without such a step ends
    /// there.
    fn at_step(&self, among: u8, depth: usize, is_so: impl Fn(Option<&str>) -> bool) -> u8 {
        let mut bits = 0;
        for (at, path) in self.paths.iter().enumerate() {
            if among & 1 << at != 0
                && path.is_some_and(|path| is_so(path.0.get(depth).map(|step| &**step)))
            {
                bits |= 1 << at;
            }
        }
        bits
    }
}

/// A value that the paths in `here` have led to.
struct Node<'s, 'p, const N: usize> {
    search: &'s mut Search<'p, N>,
    here: u8,
    depth: usize,
}

impl<const N: usize> Node<'_, '_, N> {
    fn number(self, number: Number) {
        let ends = self.search.at_step(self.here, self.depth, |step| step.is_none());
        for (at, found) in self.search.found.iter_mut().enumerate() {
            if ends & 1 << at != 0 {
                *found = Some(number);
            }
        }
        self.settle();
    }

    /// Nothing more is to be expected here.
    fn settle(self) {
        self.search.open &= !self.here;
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Node<'_, '_, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Node<'_, '_, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.settle();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.settle();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.settle();
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(Number::Whole(number));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(i64::try_from(number).map_or(Number::Other(number as f64), Number::Whole));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.number(Number::Other(number));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut waiting = self.here;
        while waiting != 0 {
            let name = Name { search: &*self.search, among: waiting, depth: self.depth };
            let Some(there) = map.next_key_seed(name)? else { break };
            if there == 0 {
                map.next_value::<IgnoredAny>()?;
            } else {
                let depth = self.depth + 1;
                map.next_value_seed(Node { search: &mut *self.search, here: there, depth })?;
                waiting &= !there;
            }
            if self.search.open == 0 {
                return Ok(());
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.settle();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let is_place = |step: Option<&str>| step.is_some_and(|step| step.parse::<usize>().is_ok());
        let mut waiting = self.search.at_step(self.here, self.depth, is_place);
        let mut at = 0;
        while waiting != 0 {
            let is_here = |step: Option<&str>| step.and_then(|step| step.parse().ok()) == Some(at);
            let there = self.search.at_step(waiting, self.depth, is_here);
            let more = if there == 0 {
                seq.next_element::<IgnoredAny>()?.is_some()
            } else {
                let depth = self.depth + 1;
                waiting &= !there;
                let node = Node { search: &mut *self.search, here: there, depth };
                seq.next_element_seed(node)?.is_some()
            };
            if self.search.open == 0 {
                return Ok(());
            }
            if !more {
                break;
            }
            at += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.settle();
        Ok(())
    }
}

/// The name of a member, read as the paths that it lies on.
struct Name<'s, 'p, const N: usize> {
    search: &'s Search<'p, N>,
    among: u8,
    depth: usize,
}

impl<'de, const N: usize> DeserializeSeed<'de> for Name<'_, '_, N> {
    type Value = u8;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u8, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<const N: usize> Visitor<'_> for Name<'_, '_, N> {
    type Value = u8;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<u8, E> {
        Ok(self.search.at_step(self.among, self.depth, |step| step == Some(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<const N: usize>(json: &str, paths: [&str; N]) -> [Option<Number>; N] {
        let paths = paths.map(Path::new);
        numbers(json.as_bytes(), paths.each_ref().map(Some))
    }

    #[test]
    fn numbers_are_found_where_the_paths_lead() {
        let table = [
            (r#"{"a":1,"b":2}"#, ["a", "b"], [Some(1), Some(2)]),
            (r#"{"b":2,"x":[{"a":9}],"a":1}"#, ["a", "b"], [Some(1), Some(2)]),
            (r#" {"x":{"a":1,"z":[]},"b":2}"#, ["x.a", "b"], [Some(1), Some(2)]),
            (r#"{"x":{"a":1,"b":2}}"#, ["x.a", "x.b"], [Some(1), Some(2)]),
            (r#"{"x":[0,{"a":1},3],"b":2}"#, ["x.1.a", "b"], [Some(1), Some(2)]),
            (r#"{"x":{"1":5},"b":[7]}"#, ["x.1", "b.0"], [Some(5), Some(7)]),
            (r#"{"x":[0],"b":2}"#, ["x.1.a", "b"], [None, Some(2)]),
            (r#"{"x":5,"b":2}"#, ["x.a", "b"], [None, Some(2)]),
            (r#"{"x":{"a":1}}"#, ["x", "x.a"], [None, Some(1)]),
            (r#"{"a":"1","b":null}"#, ["a", "b"], [None, None]),
            (r#"{"a":true,"b":{}}"#, ["a", "b"], [None, None]),
            (r#"{"\u0061":1,"b":-2}"#, ["a", "b"], [Some(1), Some(-2)]),
            ("", ["a", "b"], [None, None]),
            ("[1,2]", ["a", "1"], [None, Some(2)]),
        ];
        for (json, paths, wanted) in table {
            assert_eq!(found(json, paths), wanted.map(|n| n.map(Number::Whole)), "{json}");
        }
    }

    #[test]
    fn only_whole_numbers_are_whole() {
        let wanted = [Some(Number::Other(1.5)), Some(Number::Other(18_446_744_073_709_551_615.0))];
        assert_eq!(found(r#"{"a":1.5,"b":18446744073709551615}"#, ["a", "b"]), wanted);
        assert_eq!((Number::Other(2.0).as_i64(), Number::Whole(2).as_i64()), (None, Some(2)));
        assert!((Number::Whole(2).as_f64() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn reading_stops_when_everything_is_found() {
        for json in [r#"{"a":1,"b":2, nonsense"#, r#"{"b":2,"x":0,"a":1}}}"#, r#"{"a":1,"b":2"#] {
            assert_eq!(found(json, ["a", "b"]), [1, 2].map(|n| Some(Number::Whole(n))), "{json}");
        }
        assert_eq!(found(r#"{"a":1,"a":2}"#, ["a"]), [Some(Number::Whole(1))]);
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!(r#"{{"x":{}{},"a":1}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(&deep, ["a"]), [Some(Number::Whole(1))]);
        let steps = "0.".repeat(50_000) + "0";
        assert_eq!(found(&"[".repeat(100_000), [&steps]), [None]);
    }
}
