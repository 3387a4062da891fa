//! A true answer with one thing changed in it. Pure.

use serde_json::{Value, json};

/// An answer's body with the change that a number stands for, at the place that it stands for.
pub(super) fn garbled(body: &[u8], number: u64) -> Vec<u8> {
    // The bits of neighbours differ everywhere.
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pick = |shift: u32, of: usize| usize::try_from((mixed >> shift) & 0xffff).unwrap_or_default() % of.max(1);
    let Ok(truth) = serde_json::from_slice::<Value>(body) else {
        return body.iter().map(|byte| byte ^ 0x80).collect();
    };
    let mut places = pointers(&truth);
    // What is at the top is read by every caller: every other number stands for a place there.
    if mixed & 1 == 0 {
        places.retain(|place| place.matches('/').count() <= 2);
    }
    let place = &places[pick(16, places.len())];
    let mut changed = truth;
    match pick(32, 14) {
        0 => return body[..body.len() / 2].to_vec(),
        1 => {
            put(&mut changed, place, Some("@".into()));
            return changed.to_string().replace("\"@\"", &format!("{}{}", "[".repeat(9999), "]".repeat(9999))).into();
        }
        2 => {
            put(&mut changed, place, Some("@".into()));
            return changed.to_string().replace('@', "\u{0}\\u001b[2J").into();
        }
        3 => put(&mut changed, place, None),
        which => put(&mut changed, place, Some(others()[which - 4].clone())),
    }
    changed.to_string().into()
}

fn others() -> [Value; 10] {
    [
        Value::Null,
        json!({}),
        json!([]),
        json!([{"metadata": {"continue": "x"}}, null, 3]),
        json!(u64::MAX),
        json!(-1.5),
        json!("x".repeat(100_000)),
        json!("\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\r\nfake line"),
        json!("../../é\u{1f4a9}"),
        json!(true),
    ]
}

/// Every place of a document.
fn pointers(value: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        all.extend(pointers(value).into_iter().map(|rest| format!("/{name}{rest}")));
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
    all
}

/// Puts a value at a place, or takes away what is there.
fn put(value: &mut Value, at: &str, with: Option<Value>) {
    let parts = at.rsplit_once('/').map(|(above, name)| (above, name.replace("~1", "/").replace("~0", "~")));
    let above = parts.as_ref().and_then(|(above, name)| Some((value.pointer_mut(above)?, name)));
    match (above, with) {
        (Some((Value::Object(fields), name)), None) => drop(fields.remove(name)),
        (_, with) => {
            if let Some(place) = value.pointer_mut(at) {
                *place = with.unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_changed_and_not_always_the_same() {
        let truth = json!({"data": {"a": [1, "b"], "c/d": {"e": true}}}).to_string();
        let changed: std::collections::BTreeSet<_> = (0..200).map(|number| garbled(truth.as_bytes(), number)).collect();
        let same = changed.iter().filter(|body| *body == truth.as_bytes()).count();
        assert!(changed.len() > 40 && same <= 1, "{} of 200 differ", changed.len());
        assert_ne!(garbled(b"no JSON", 1), b"no JSON");
    }
}
