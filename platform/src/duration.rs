//! Durations in the variables of Vault's command line, as it reads them itself.

use std::time::Duration;

use crate::ttl::{parts, whole};

/// What `parseutil.ParseDurationSecond` of Vault and OpenBao accepts and is not negative: whole seconds, whole days
/// (`2d`), or what Go's `time.ParseDuration` does, such as `1m30s`, `1.5h` or `1h.5m`. Pure.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Some(seconds) = whole(text) {
        return Some(Duration::from_secs(seconds));
    }
    if let Some(days) = text.strip_suffix('d') {
        return Some(Duration::from_secs(whole(days)?.checked_mul(24 * 60 * 60)?));
    }
    parts(text)?.into_iter().try_fold(Duration::ZERO, |total, (number, unit)| {
        let part = number.parse::<f64>().ok()? * seconds(unit)?;
        total.checked_add(Duration::try_from_secs_f64(part).ok()?)
    })
}

/// The units of Go, which knows both letters that look like the one of a millionth.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("90", 90_000)]
    #[case("1m30s", 90_000)]
    #[case("1h1m1s1ms", 3_661_001)]
    #[case("1.5h", 5_400_000)]
    #[case("1.5h30m", 7_200_000)]
    #[case(".5m", 30_000)]
    #[case("5.s", 5_000)]
    #[case("1500us", 1)]
    #[case("1500µs", 1)]
    #[case("1500μs", 1)]
    #[case("2000000ns", 2)]
    #[case("1d", 86_400_000)]
    #[case("+1m", 60_000)]
    #[case("0", 0)]
    #[case("0s", 0)]
    #[case("1s1m", 61_000)]
    fn a_duration_is_read_as_vault_reads_it(#[case] text: &str, #[case] millis: u128) {
        assert_eq!(duration(text).map(|length| length.as_millis()), Some(millis));
    }

    #[rstest]
    #[case("")]
    #[case("s")]
    #[case(".s")]
    #[case("1.5")]
    #[case("1.2.3s")]
    #[case("-1s")]
    #[case("1m30")]
    #[case("1 m")]
    #[case("1w")]
    #[case("1.5d")]
    #[case("1d12h")]
    #[case("1minute")]
    #[case("99999999999999999999")]
    fn what_vault_refuses_is_refused(#[case] text: &str) {
        assert_eq!(duration(text), None);
    }
}
