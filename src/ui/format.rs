//! Numbers, sizes, durations and times of day as the window writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A number with separated thousands: `1,204,331`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A signed number with separated thousands.
pub(crate) fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", thousands(number.unsigned_abs()))
}

/// A size with a decimal unit: `85 B`, `74.2 kB`, `138 MB`.
pub(crate) fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes.max(0.0);
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 99.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A count of bytes, as [`bytes`].
pub(crate) fn size(count: u64) -> String {
    bytes(count as f64)
}

/// A duration in milliseconds with the unit that reads best: `84 µs`, `0.8 ms`, `14 ms`, `1,004 ms`,
/// `12 s`.
pub(crate) fn millis(ms: f64) -> String {
    if ms.abs() < 0.0995 {
        format!("{} µs", signed((ms * 1e3).round() as i64))
    } else if ms.abs() < 9.95 {
        format!("{ms:.1} ms")
    } else if ms.abs() < 10_000.0 {
        format!("{} ms", signed(ms.round() as i64))
    } else {
        seconds(ms / 1e3)
    }
}

/// The same without the unit where it is milliseconds with one digit: `0.4`, `11.6`, `84 µs`.
pub(crate) fn short_millis(ms: f64) -> String {
    if ms.abs() < 0.0995 { millis(ms) } else { format!("{ms:.1}") }
}

/// A duration in seconds: `3.1 s`, `25 s`, `12 min`, `2 h 5 min`.
pub(crate) fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// The time between two rows: `+32 ms`, `+0.4 ms`, `+12 µs`, `+1.0 s`.
pub(crate) fn gap(ns: u64) -> String {
    match ns {
        0..100_000 => format!("+{} µs", ns / 1_000),
        100_000..1_000_000 => format!("+{:.1} ms", ns as f64 / 1e6),
        1_000_000..9_999_500_000 => format!("+{} ms", (ns + 500_000) / 1_000_000),
        9_999_500_000..100_000_000_000 => format!("+{:.0} s", ns as f64 / 1e9),
        100_000_000_000..7_200_000_000_000 => format!("+{:.1} min", ns as f64 / 6e10),
        _ => format!("+{:.1} h", ns as f64 / 3.6e12),
    }
}

/// How long something has lasted, as a clock that runs: `00:12:41`.
pub(crate) fn stopwatch(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// Messages a second: `812 msg/s`, `0.5 msg/s`.
pub(crate) fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 9.95 {
        format!("{rate:.1} msg/s")
    } else {
        format!("{} msg/s", thousands(rate.round().max(0.0) as u64))
    }
}

/// A number and its noun, which takes an s unless there is one.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number))
}

/// Tells the time where the person is.
#[derive(Debug, Clone)]
pub(crate) struct Zone(pub(crate) TimeZone);

impl Zone {
    fn at(&self, wall_ns: i64, format: &str) -> String {
        Timestamp::from_nanosecond(i128::from(wall_ns)).map_or_else(
            |_| String::from("–"),
            |time| time.to_zoned(self.0.clone()).strftime(format).to_string(),
        )
    }

    /// `12:46:12.036`
    pub(crate) fn clock_ms(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%H:%M:%S%.3f")
    }

    /// `12:46:12`
    pub(crate) fn clock(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%H:%M:%S")
    }

    /// `12:46:12 UTC`
    pub(crate) fn clock_zoned(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%H:%M:%S %Z")
    }

    /// `12:46:15.091204 UTC`
    pub(crate) fn clock_us(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%H:%M:%S%.6f %Z")
    }

    /// `12:46`
    pub(crate) fn minute(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%H:%M")
    }

    /// `22 Nov 2026, 12:46:15.091204 UTC`
    pub(crate) fn full(&self, wall_ns: i64) -> String {
        self.at(wall_ns, "%-d %b %Y, %H:%M:%S%.6f %Z")
    }

    /// `today 12:59`, `yesterday 12:59`, `17 Nov`, `17 Nov 2025`.
    pub(crate) fn day(&self, wall_ns: i64, now_ns: i64) -> String {
        const DAY: i64 = 86_400_000_000_000;
        let date = |ns| self.at(ns, "%F");
        if date(wall_ns) == date(now_ns) {
            format!("today {}", self.minute(wall_ns))
        } else if date(wall_ns) == date(now_ns.saturating_sub(DAY)) {
            format!("yesterday {}", self.minute(wall_ns))
        } else if self.at(wall_ns, "%Y") == self.at(now_ns, "%Y") {
            self.at(wall_ns, "%-d %b")
        } else {
            self.at(wall_ns, "%-d %b %Y")
        }
    }
}

/// A whole number that is a Unix time between 2001 and 2100, in seconds, milliseconds,
/// microseconds or nanoseconds, as nanoseconds.
pub(crate) fn unix_time(number: f64) -> Option<i64> {
    const PLAUSIBLE: std::ops::Range<f64> = 978_307_200.0..4_102_444_800.0;
    [1e9, 1e6, 1e3, 1.0]
        .into_iter()
        .find(|unit| PLAUSIBLE.contains(&(number * unit / 1e9)))
        .map(|unit| (number * unit) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_at_a_glance() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_204_331), "1,204,331");
        assert_eq!(signed(-1_000), "-1,000");
        assert_eq!(count(1, "event"), "1 event");
        assert_eq!(count(2_000, "event"), "2,000 events");
    }

    #[test]
    fn sizes_take_the_unit_that_fits() {
        let table = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (74_200, "74.2 kB"),
            (138_000_000, "138 MB"),
            (999_950, "1.0 MB"),
        ];
        for (count, text) in table {
            assert_eq!(size(count), text);
        }
    }

    #[test]
    fn durations_take_the_unit_that_fits() {
        let table = [
            (0.0, "0 µs"),
            (0.084, "84 µs"),
            (-0.012, "-12 µs"),
            (0.1, "0.1 ms"),
            (0.84, "0.8 ms"),
            (14.2, "14 ms"),
            (1004.0, "1,004 ms"),
            (12_400.0, "12 s"),
        ];
        for (ms, text) in table {
            assert_eq!(millis(ms), text);
        }
        let table = [(3.12, "3.1 s"), (25.0, "25 s"), (61.0, "1 min 1 s"), (7_500.0, "2 h 5 min")];
        for (s, text) in table {
            assert_eq!(seconds(s), text);
        }
        let table = [
            (12_000, "+12 µs"),
            (420_000, "+0.4 ms"),
            (32_000_000, "+32 ms"),
            (12_000_000_000, "+12 s"),
            (397_000_000_000, "+6.6 min"),
            (9_000_000_000_000, "+2.5 h"),
        ];
        for (ns, text) in table {
            assert_eq!(gap(ns), text);
        }
        assert_eq!(stopwatch(761_000_000_000), "00:12:41");
    }

    #[test]
    fn days_are_named_from_where_the_person_is() {
        let zone = Zone(TimeZone::UTC);
        let now = 1_795_351_572_000_000_000;
        assert_eq!(zone.clock_ms(now + 36_000_000), "12:46:12.036");
        assert_eq!(zone.day(now, now), "today 12:46");
        assert_eq!(zone.day(now - 86_400_000_000_000, now), "yesterday 12:46");
        assert_eq!(zone.day(now - 5 * 86_400_000_000_000, now), "17 Nov");
        assert_eq!(zone.day(now - 365 * 86_400_000_000_000, now), "22 Nov 2025");
    }

    #[test]
    fn times_are_recognised_in_any_unit() {
        let wanted = Some(1_795_351_572_000_000_000);
        for number in [1_795_351_572.0, 1_795_351_572_000.0, 1_795_351_572_000_000.0] {
            assert_eq!(unix_time(number), wanted);
        }
        assert_eq!(unix_time(50_242.0), None);
        assert_eq!(unix_time(-5.0), None);
    }
}
