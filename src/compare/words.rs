//! Figures as people read them. The same figure is written alike in lessons, verdict and report.

/// A count with a comma between thousands: `12,000`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 reconnect`, `2 reconnects`.
pub(super) fn counted(n: u64, one: &str) -> String {
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number to two or three digits: `0.04`, `0.4`, `12`, `1,004`.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::from("–");
    }
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    // By what it is rounded to, so that 9.96 is 10 and not 10.0.
    let text = if size < 0.0005 {
        String::from("0")
    } else if size < 0.095 {
        format!("{size:.2}")
    } else if size < 9.95 {
        format!("{size:.1}")
    } else {
        count(size.round() as u64)
    };
    format!("{sign}{}", text.trim_end_matches(".0"))
}

/// A time: `0.4 ms`, `502 ms`, `12 s`.
pub(super) fn time(ms: f64) -> String {
    if ms.abs() < 9_999.5 {
        format!("{} ms", number(ms))
    } else {
        format!("{} s", number(ms / 1e3))
    }
}

/// A time that is not longer than what this says, to the digits of [`time`].
pub(super) fn at_most(ms: f64) -> String {
    let digits = if ms < 0.095 {
        100.0
    } else if ms < 9.95 {
        10.0
    } else {
        1.0
    };
    // A difference of two figures is off by its last bits.
    time((ms * digits - 1e-6).ceil() / digits)
}

/// A time that is rather long: `0.4 s`, `12 s`.
pub(super) fn seconds(s: f64) -> String {
    format!("{} s", number(s))
}

/// Bytes: `104 B`, `6.1 kB`, `12 MB`.
pub(super) fn bytes(bytes: f64) -> String {
    match bytes.abs() {
        size if size < 999.5 => format!("{} B", number(bytes.round())),
        size if size < 999_500.0 => format!("{} kB", number(bytes / 1e3)),
        size if size < 999_500_000.0 => format!("{} MB", number(bytes / 1e6)),
        _ => format!("{} GB", number(bytes / 1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let table = [
            (0.0, "0"),
            (0.04, "0.04"),
            (0.099, "0.1"),
            (0.44, "0.4"),
            (1.0, "1"),
            (2.34, "2.3"),
            (9.96, "10"),
            (502.4, "502"),
            (1004.0, "1,004"),
            (-3.0, "−3"),
            (1_234_567.0, "1,234,567"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ];
        for (value, wanted) in table {
            assert_eq!(number(value), wanted, "{value}");
        }
    }

    #[test]
    fn units_change_where_the_number_would_be_long() {
        assert_eq!([time(0.41), time(1004.2), time(12_345.0)], ["0.4 ms", "1,004 ms", "12 s"]);
        let up = [0.5 - 0.4, 0.8 - 0.5, 0.041, 0.0951, 0.12, 4.0, 5.01, 9.96, 180.2].map(at_most);
        let wanted = ["0.1", "0.3", "0.05", "0.1", "0.2", "4", "5.1", "10", "181"];
        assert_eq!(up, wanted.map(|ms| format!("{ms} ms")));
        assert_eq!([bytes(104.2), bytes(6_100.0), bytes(1e9)], ["104 B", "6.1 kB", "1 GB"]);
        assert_eq!([counted(1, "break"), counted(2_000, "break")], ["1 break", "2,000 breaks"]);
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }
}
