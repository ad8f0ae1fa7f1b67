//! Reading numbers and runs of bytes one after the other; an end that comes too early is told with
//! its place.

use super::Unreadable;

/// A place in a payload.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// What is wrong here.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Unreadable {
        Unreadable::new(what).at(self.at)
    }

    /// The next so many bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            let left = self.left();
            return Err(self.wrong(format!("{count} bytes are to follow, but {left} do")));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Unreadable> {
        Ok(self.array::<1>()?[0])
    }

    /// In network byte order, as the next two.
    pub(super) fn u16(&mut self) -> Result<u16, Unreadable> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Unreadable> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Unreadable> {
        self.array().map(u64::from_be_bytes)
    }

    /// With the lowest byte first, as the next.
    pub(super) fn u32_le(&mut self) -> Result<u32, Unreadable> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64_le(&mut self) -> Result<u64, Unreadable> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number in groups of seven bits, the lowest first, in at most `most` bytes: LEB128, as
    /// Protobuf (10), MQTT (4) and SignalR (5) write lengths.
    pub(super) fn varint(&mut self, most: usize) -> Result<u64, Unreadable> {
        let from = self.at;
        let mut number = 0_u64;
        for group in 0..most.min(10) {
            let byte = self.u8()?;
            number |= u64::from(byte & 0x7f) << (7 * group);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable::new(format!("a number takes more than {most} bytes")).at(from))
    }

    /// The next so many bytes as text.
    pub(super) fn text(&mut self, count: usize) -> Result<&'a str, Unreadable> {
        let from = self.at;
        std::str::from_utf8(self.take(count)?)
            .map_err(|error| Unreadable::new("a text is no UTF-8").at(from + error.valid_up_to()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_early_end_is_told_with_its_place() {
        let mut cursor = Cursor::new(&[1, 0, 2, 9]);
        assert_eq!((cursor.u8().unwrap(), cursor.u16().unwrap()), (1, 2));
        let error = cursor.u32().unwrap_err().to_string();
        assert_eq!(error, "4 bytes are to follow, but 1 do, at byte 3");
        assert!(cursor.take(usize::MAX).is_err());
        assert_eq!((cursor.rest(), cursor.is_empty()), (&[9_u8][..], true));
    }

    #[test]
    fn numbers_in_groups_are_bounded() {
        assert_eq!(Cursor::new(&[0x96, 0x01]).varint(10).unwrap(), 150);
        assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0x7f]).varint(4).unwrap(), 268_435_455);
        assert!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 1]).varint(4).is_err());
        assert!(Cursor::new(&[0x80]).varint(10).is_err());
        assert!(Cursor::new(&[0xff; 20]).varint(10).is_err());
    }
}
