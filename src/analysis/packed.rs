//! Reads a few numbers out of the top level of a MessagePack map in one pass, without building
//! anything.

use rmp::Marker;

use super::json::Number;

/// The numbers under these names. Reading stops when every name was met or the bytes end, so the
/// first of equal names counts.
pub(super) fn numbers<const N: usize>(
    bytes: &[u8],
    mut names: [Option<&str>; N],
) -> [Option<Number>; N] {
    let mut found = [None; N];
    let mut rest = Rest(bytes);
    let members = match rest.value() {
        Some(Value::Holds(pieces)) if is_map(bytes) => pieces / 2,
        _ => 0,
    };
    for _ in 0..members {
        if names.iter().all(Option::is_none) {
            break;
        }
        let Some((name, value)) = rest.whole().zip(rest.whole()) else { break };
        let Value::Text(name) = name else { continue };
        let mut wanted = names.iter().map(|wanted| wanted.map(str::as_bytes));
        if let Some(place) = wanted.position(|wanted| wanted == Some(name)) {
            names[place] = None;
            found[place] = if let Value::Number(number) = value { Some(number) } else { None };
        }
    }
    found
}

/// Whether a map begins here, which is told by the first byte.
fn is_map(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(0x80..=0x8f | 0xde | 0xdf))
}

/// What stands in front of us.
enum Value<'a> {
    Text(&'a [u8]),
    Number(Number),
    /// A map or a list, with so many values in it.
    Holds(u64),
    /// Something that is none of these.
    Other,
}

/// The bytes not read yet. Reading gives `None` where they end, or hold what may not be there.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Reads a value; past a map or a list as a whole.
    fn whole(&mut self) -> Option<Value<'a>> {
        let value = self.value()?;
        let Value::Holds(mut left) = value else { return Some(value) };
        // No stack, since a peer decides how deep it goes; each turn takes a byte at least.
        while left > 0 {
            left -= 1;
            if let Value::Holds(more) = self.value()? {
                left = left.saturating_add(more);
            }
        }
        Some(Value::Other)
    }

    /// Reads a value; of a map or a list the beginning.
    fn value(&mut self) -> Option<Value<'a>> {
        let marker = Marker::from_u8(self.be(1)? as u8);
        let whole = |number: i64| Value::Number(Number::Whole(number));
        Some(match marker {
            Marker::FixPos(number) => whole(number.into()),
            Marker::FixNeg(number) => whole(number.into()),
            Marker::U8 => whole(self.be(1)?.cast_signed()),
            Marker::U16 => whole(self.be(2)?.cast_signed()),
            Marker::U32 => whole(self.be(4)?.cast_signed()),
            Marker::U64 => {
                let number = self.be(8)?;
                let other = Number::Other(number as f64);
                Value::Number(i64::try_from(number).map_or(other, Number::Whole))
            }
            Marker::I8 => whole((self.be(1)? as u8).cast_signed().into()),
            Marker::I16 => whole((self.be(2)? as u16).cast_signed().into()),
            Marker::I32 => whole((self.be(4)? as u32).cast_signed().into()),
            Marker::I64 => whole(self.be(8)?.cast_signed()),
            Marker::F32 => finite(f32::from_bits(self.be(4)? as u32).into()),
            Marker::F64 => finite(f64::from_bits(self.be(8)?)),
            Marker::FixStr(length) => Value::Text(self.take(length.into())?),
            Marker::Str8 => Value::Text(self.sized(1)?),
            Marker::Str16 => Value::Text(self.sized(2)?),
            Marker::Str32 => Value::Text(self.sized(4)?),
            Marker::FixMap(members) => Value::Holds(2 * u64::from(members)),
            Marker::Map16 => Value::Holds(2 * self.be(2)?),
            Marker::Map32 => Value::Holds(2 * self.be(4)?),
            Marker::FixArray(values) => Value::Holds(values.into()),
            Marker::Array16 => Value::Holds(self.be(2)?),
            Marker::Array32 => Value::Holds(self.be(4)?),
            Marker::Null | Marker::True | Marker::False => Value::Other,
            other => {
                self.bytes_of(other)?;
                Value::Other
            }
        })
    }

    /// Goes past a value that is bytes or an extension.
    fn bytes_of(&mut self, marker: Marker) -> Option<()> {
        // Extensions have a byte more, which is their type.
        match marker {
            Marker::Bin8 => self.sized(1)?,
            Marker::Bin16 => self.sized(2)?,
            Marker::Bin32 => self.sized(4)?,
            Marker::FixExt1 => self.take(2)?,
            Marker::FixExt2 => self.take(3)?,
            Marker::FixExt4 => self.take(5)?,
            Marker::FixExt8 => self.take(9)?,
            Marker::FixExt16 => self.take(17)?,
            Marker::Ext8 => self.extension(1)?,
            Marker::Ext16 => self.extension(2)?,
            Marker::Ext32 => self.extension(4)?,
            _ => return None,
        };
        Some(())
    }

    fn extension(&mut self, size: usize) -> Option<&'a [u8]> {
        let length = self.be(size)?;
        self.take(length + 1)
    }

    /// Bytes after their length, which takes so many bytes itself.
    fn sized(&mut self, size: usize) -> Option<&'a [u8]> {
        let length = self.be(size)?;
        self.take(length)
    }

    /// A number of so many bytes, the first of which weighs most.
    fn be(&mut self, size: usize) -> Option<u64> {
        let bytes = self.take(size as u64)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

fn finite(number: f64) -> Value<'static> {
    if number.is_finite() { Value::Number(Number::Other(number)) } else { Value::Other }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rmpv::Value as V;

    use super::*;

    fn found(value: &V) -> [Option<Number>; 2] {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        numbers(&bytes, [Some("id"), Some("ts")])
    }

    fn map(members: Vec<(V, V)>) -> V {
        V::Map(members)
    }

    #[test]
    fn numbers_are_found_whatever_their_width_and_whatever_stands_between() {
        let wholes = [
            0,
            7,
            127,
            128,
            255,
            65_535,
            65_536,
            1 << 40,
            i64::MAX,
            -1,
            -33,
            -200,
            -70_000,
            -1 << 40,
        ];
        for id in wholes {
            let between = map(vec![
                (V::from("n"), V::Nil),
                (V::from("list"), V::Array((0..70).map(V::from).collect())),
                (V::Array(vec![V::from(1)]), map(vec![(V::from("id"), V::from(99))])),
                (V::from("b".repeat(300)), V::from("t".repeat(70_000))),
                (V::from("bytes"), V::Binary(vec![1; 300])),
                (V::from("e4"), V::Ext(1, vec![0; 4])),
                (V::from("e5"), V::Ext(1, vec![0; 5])),
                (V::from("id"), V::from(id)),
                (V::from("id"), V::from(0)),
                (V::from("on"), V::from(true)),
                (V::from("ts"), V::from(1.5)),
            ]);
            assert_eq!(found(&between), [Some(Number::Whole(id)), Some(Number::Other(1.5))]);
        }
        let many = map((0..70_000).map(|n| (V::from(n), V::F32(0.5))).collect());
        assert_eq!(found(&many), [None, None]);
        let huge = map(vec![(V::from("id"), V::from(u64::MAX)), (V::from("ts"), V::F32(0.5))]);
        assert_eq!(found(&huge), [Number::Other(u64::MAX as f64), Number::Other(0.5)].map(Some));
    }

    #[test]
    fn what_is_no_map_or_no_number_gives_nothing() {
        for value in [V::Array(vec![V::from("id"), V::from(1)]), V::from("id"), V::from(5), V::Nil]
        {
            assert_eq!(found(&value), [None, None], "{value}");
        }
        let words = map(vec![(V::from("id"), V::from("7")), (V::from("ts"), V::F64(f64::NAN))]);
        assert_eq!(found(&words), [None, None]);
    }

    #[test]
    fn a_map_that_breaks_off_gives_what_was_there_and_none_panics() {
        let mut whole = Vec::new();
        let value = map(vec![
            (V::from("id"), V::from(300)),
            (V::from("x"), V::Ext(1, vec![0; 40])),
            (V::from("ts"), V::from(2.5)),
        ]);
        rmpv::encode::write_value(&mut whole, &value).unwrap();
        for end in 0..whole.len() {
            let [id, ts] = numbers(&whole[..end], [Some("id"), Some("ts")]);
            assert_eq!(id.is_some(), end >= 7, "{end}");
            assert_eq!(ts, None, "{end}");
        }
        for marker in 0..=u8::MAX {
            for bytes in [vec![0x8f, marker], [vec![0xdf], vec![marker; 40]].concat()] {
                numbers(&bytes, [Some("id"), Some("ts")]);
            }
        }
        let deep = [vec![0x81, 0xa1, b'x'], vec![0x91; 100_000], vec![0xdf]].concat();
        assert_eq!(numbers(&deep, [Some("id")]), [None]);
    }
}
