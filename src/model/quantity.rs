//! Sizes and times as people write them on the command line and in files: `64KiB`, `1m30s`.

use std::time::Duration;

/// A number of bytes, as in `100`, `64k` (1,000), `64KiB` (1,024) or `1.5MB`; at most 4 GB.
///
/// # Errors
/// A sentence on what is wrong.
pub fn parse_bytes(text: &str) -> Result<usize, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = unit.trim();
    let factor = bytes_in(unit)
        .ok_or_else(|| format!("“{unit}” is no unit of size; try 100, 64KiB or 2MB"))?;
    let number: f64 = number.parse().map_err(|_| format!("“{number}” is no number"))?;
    let found = number * factor;
    if (1.0..=4e9).contains(&found) {
        Ok(found as usize)
    } else {
        Err(String::from("must be between 1 byte and 4 GB"))
    }
}

/// How many bytes a unit stands for, in any case: `kB` is 1,000 and `KiB` 1,024; none is bytes.
pub fn bytes_in(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}

/// A number of bytes in the largest unit that leaves no fraction, as [`parse_bytes`] reads it.
pub fn spell_bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000, "MB"), (1 << 20, "MiB"), (1000, "kB"), (1 << 10, "KiB")];
    let fits = UNITS.iter().find(|(size, _)| bytes > 0 && bytes.is_multiple_of(*size));
    fits.map_or_else(|| format!("{bytes}B"), |(size, unit)| format!("{}{unit}", bytes / size))
}

/// A time, as in `500ms`, `25s` or `1m30s`; nothing at all and years are times, too.
///
/// # Errors
/// A sentence on what is wrong.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; try 500ms, 25s or 5m"))
}

/// The same without spaces, as [`parse_duration`] reads it.
pub fn spell_duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, wanted) in
            [("100", 100), ("64KiB", 65_536), ("1.5MB", 1_500_000), ("2m", 2_000_000)]
        {
            assert_eq!(parse_bytes(text), Ok(wanted));
        }
        for text in ["", "x", "0", "5 parsecs", "9999GB"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_spelt_is_read_again() {
        for (bytes, spelt) in [
            (1, "1B"),
            (999, "999B"),
            (1000, "1kB"),
            (1024, "1KiB"),
            (64_000, "64kB"),
            (65_536, "64KiB"),
            (1_048_576, "1MiB"),
            (4_000_000_000, "4000MB"),
        ] {
            assert_eq!(spell_bytes(bytes), spelt);
            assert_eq!(parse_bytes(spelt).map(|n| n as u64), Ok(bytes));
        }
        for (ms, spelt) in [(0, "0s"), (20, "20ms"), (1500, "1s500ms"), (90_000, "1m30s")] {
            assert_eq!(spell_duration(Duration::from_millis(ms)), spelt);
            assert_eq!(parse_duration(spelt), Ok(Duration::from_millis(ms)));
        }
    }
}
