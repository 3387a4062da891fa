//! Durations as Vault writes them.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A duration in whole seconds: written as `90s`, `1h30m`, `7d`, or as a number of seconds; kept as seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Ttl(u64);

/// Why a text is no [`Ttl`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTtl(String);

impl fmt::Display for NoTtl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no duration: write it as `90s`, `1h30m`, `7d`, or in seconds", crate::text::clean(&self.0))
    }
}

impl std::error::Error for NoTtl {}

impl Ttl {
    /// So many seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self(seconds)
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

/// Numbers, each with its unit; a number alone is in seconds.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return text.bytes().all(|byte| byte.is_ascii_digit()).then_some(seconds);
    }
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    (!text.is_empty()).then_some(total)
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
        from.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
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
    fn it_is_shown_as_people_write_it() {
        for text in ["0s", "90d1h1m1s", "1m30s", "1h", "2d"] {
            assert_eq!(text.parse::<Ttl>().unwrap().to_string(), text);
        }
    }
}
