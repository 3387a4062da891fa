//! Numbers and durations as Go reads them.

use crate::duration::duration;

const NANOSECONDS: i64 = 1_000_000_000;

/// Whether the servers' scanner takes a number for one with a point or an exponent.
pub(super) fn is_float(number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    !digits.starts_with("0x") && !digits.starts_with("0X") && digits.contains(['.', 'e', 'E'])
}

/// A number with a point or an exponent.
pub(super) fn float(number: &str) -> Option<f64> {
    number.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number with a base: `0x1f`, `017`, `-3`.
pub(super) fn integer(number: &str) -> Option<i64> {
    let (sign, digits) = number.split_at(usize::from(number.starts_with(['+', '-'])));
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let is_plain = !digits.starts_with(['+', '-']);
    is_plain.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()).flatten()
}

/// Nanoseconds of a text: whole seconds, whole days, or a duration of Go's, with or without a sign.
pub(super) fn text_nanoseconds(text: &str) -> Option<i64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let length = duration(rest).filter(|_| sign == 1 || !rest.starts_with('+'));
    if text.is_empty() { Some(0) } else { i64::try_from(length?.as_nanos()).ok()?.checked_mul(sign) }
}

/// Nanoseconds of a number of seconds; parts of a second are lost.
pub(super) fn number_nanoseconds(number: &str) -> Option<i64> {
    let seconds = if is_float(number) { float(number)?.trunc() as i64 } else { integer(number)? };
    seconds.checked_mul(NANOSECONDS)
}
