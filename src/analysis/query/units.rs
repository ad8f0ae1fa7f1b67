//! Numbers with their units, as in `2kB` and `1.5s`.

use super::error::Problem;
use super::expr::NumberField;
use crate::model::quantity;

const TIMES: &str = "ns, us, ms, s, m, h";
const BYTES: &str = "B, kB, MB, GB, KiB, MiB, GiB";

/// A number of this field as a range of one: sizes in bytes, times in nanoseconds.
///
/// # Errors
/// What is wrong, and from which byte on.
pub(super) fn number(field: NumberField, text: &str) -> Result<(f64, f64), (usize, Problem)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c));
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let number: f64 = number.parse().map_err(|_| (0, Problem::ExpectedNumber(example(field))))?;
    let factor = factor(field, unit).map_err(|problem| (text.len() - unit.len(), problem))?;
    Ok((number * factor, number * factor))
}

/// As [`number`]; a status may also be a class, as in `4xx`.
pub(super) fn range(field: NumberField, text: &str) -> Result<(f64, f64), (usize, Problem)> {
    if field == NumberField::Status
        && let [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] = text.as_bytes()
    {
        let first = f64::from(class - b'0') * 100.0;
        return Ok((first, first + 99.0));
    }
    number(field, text)
}

fn factor(field: NumberField, unit: &str) -> Result<f64, Problem> {
    match field {
        NumberField::T | NumberField::Gap | NumberField::Latency => {
            let bare = if field == NumberField::T { 1e9 } else { 1e6 };
            Ok(match unit {
                "" => bare,
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" | "min" => 60e9,
                "h" => 3600e9,
                _ => return Err(Problem::NoSuchUnit(TIMES)),
            })
        }
        NumberField::Size | NumberField::Wire => {
            quantity::bytes_in(unit).ok_or(Problem::NoSuchUnit(BYTES))
        }
        _ if unit.is_empty() => Ok(1.0),
        _ => Err(Problem::ExpectedNumber(example(field))),
    }
}

const fn example(field: NumberField) -> &'static str {
    match field {
        NumberField::N => "n > 100",
        NumberField::Attempt => "attempt = 2",
        NumberField::T => "t > 12.5s",
        NumberField::Gap => "gap > 1s",
        NumberField::Latency => "latency > 5ms",
        NumberField::Size => "size >= 2kB",
        NumberField::Wire => "wire > 100",
        NumberField::Status => "status = 404 or status:4xx",
        NumberField::Code => "code = 1006",
    }
}
