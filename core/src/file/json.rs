//! TOML as plain data, for the journal.

use serde_json::{Map, Value};
use toml::de::{DeInteger, DeTable, DeValue};

/// The same value as JSON. What JSON has no type for becomes a string: a date, and an integer of more than 64 bits.
pub(super) fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(integer) => integer_json(integer),
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(boolean) => (*boolean).into(),
        DeValue::Datetime(datetime) => datetime.to_string().into(),
        DeValue::Array(array) => array.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(object(table)),
    }
}

fn object(table: &DeTable<'_>) -> Map<String, Value> {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
}

fn integer_json(integer: &DeInteger<'_>) -> Value {
    let signed = i64::from_str_radix(integer.as_str(), integer.radix()).map(Value::from);
    let unsigned = || u64::from_str_radix(integer.as_str(), integer.radix()).map(Value::from);
    signed.or_else(|_| unsigned()).unwrap_or_else(|_| integer.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_json() {
        let text = "i = 0x10\nbig = 18446744073709551615\nhuge = 99999999999999999999\nf = 1.5\nn = nan\nb = true
                    d = 2026-01-02\na = [1, 'x']\nt = { k = 'v' }";
        let table = DeTable::parse(text).unwrap().into_inner();
        let expected = serde_json::json!({
            "i": 16, "big": 18446744073709551615u64, "huge": "99999999999999999999", "f": 1.5, "n": null, "b": true,
            "d": "2026-01-02", "a": [1, "x"], "t": { "k": "v" },
        });
        assert_eq!(json(&DeValue::Table(table)), expected);
    }
}
