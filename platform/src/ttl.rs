//! Durations as Vault writes them.

use std::{fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A duration in whole seconds: written as `90s`, `1h30m`, `7d`, or as a number of seconds; kept as seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Ttl(u64);

/// Why a text is no [`Ttl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no duration: write it as `90s`, `1h30m`, `7d`, or in seconds", crate::text::clean(.0))]
pub struct NoTtl(String);

impl Ttl {
    /// So many seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// As long as this; a part of a second is one.
    pub fn covering(time: Duration) -> Self {
        Self(time.as_secs() + u64::from(time.subsec_nanos() > 0))
    }

    /// In seconds.
    pub fn as_seconds(self) -> u64 {
        self.0
    }

    /// Whether it is no time at all, with which Vault means its own default.
    pub fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Ttl {
    type Err = NoTtl;

    fn from_str(text: &str) -> Result<Self, NoTtl> {
        seconds(text).map(Self).ok_or_else(|| NoTtl(text.to_owned()))
    }
}

fn seconds(text: &str) -> Option<u64> {
    if let Some(seconds) = whole(text) {
        return Some(seconds);
    }
    parts(text)?.into_iter().try_fold(0, |total: u64, (number, unit)| {
        let unit = match unit {
            "d" => 86_400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total.checked_add(whole(number)?.checked_mul(unit)?)
    })
}

/// Digits and nothing else: no sign, and no number that is left out.
pub(crate) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Numbers, each with its unit; `None` where one of the two is missing.
pub(crate) fn parts(text: &str) -> Option<Vec<(&str, &str)>> {
    let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|letter| !is_number(letter))?);
        let (unit, next) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        parts.push((number, unit));
        rest = next;
    }
    (!parts.is_empty()).then_some(parts)
}

/// As people write it: `1h30m`.
impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "m")] {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        if rest > 0 || self.0 == 0 { write!(f, "{rest}s") } else { Ok(()) }
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TtlVisitor)
    }
}

struct TtlVisitor;

impl de::Visitor<'_> for TtlVisitor {
    type Value = Ttl;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `90s`, `1h30m` or `7d`, or a number of seconds")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Ttl, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Ttl, E> {
        Ok(Ttl(seconds))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Ttl, E> {
        u64::try_from(seconds).map(Ttl).map_err(|_| E::custom("a duration cannot be negative"))
    }
}

impl JsonSchema for Ttl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ttl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration such as `90s`, `1h30m` or `7d`, or a number of seconds.",
            "anyOf": [
                {"type": "string", "pattern": "^([0-9]+|([0-9]+[dhms])+)$"},
                {"type": "integer", "minimum": 0},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duration_is_read_as_vault_reads_it() {
        for (text, seconds) in
            [("90s", 90), ("1h30m", 5400), ("7d", 604_800), ("1d12h", 129_600), ("3600", 3600), ("0", 0)]
        {
            assert_eq!(text.parse(), Ok(Ttl(seconds)), "{text}");
        }
        assert_eq!(serde_json::from_value::<Ttl>(json!(60)).unwrap(), Ttl(60));
        assert_eq!(serde_json::to_value(Ttl(60)).unwrap(), json!(60));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "h", "1w", "1.5h", "-1s", "+1", "1h ", "1h30", "99999999999999999999d", "ä"] {
            assert!(text.parse::<Ttl>().is_err(), "{text}");
        }
        assert!(serde_json::from_value::<Ttl>(json!(-1)).is_err());
        assert!(serde_json::from_value::<Ttl>(json!(true)).is_err());
    }

    #[test]
    fn a_part_of_a_second_is_one() {
        let time = Duration::from_millis;
        assert_eq!([time(2000), time(2001)].map(Ttl::covering), [Ttl(2), Ttl(3)]);
    }

    #[test]
    fn it_is_shown_as_people_write_it() {
        for text in ["0s", "90d1h1m1s", "1m30s", "1h", "2d"] {
            assert_eq!(text.parse::<Ttl>().unwrap().to_string(), text);
        }
    }
}
