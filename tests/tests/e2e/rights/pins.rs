//! A policy that is printed holds its tokens to its values.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use trustpath_platform::policy::{Meaning, Parameters};
use trustpath_tests::{least::Least, pair::Pair, rest::Rest};

/// Every pinned parameter is refused with another value, and every path with another parameter.
pub(crate) async fn another_value_is_refused(pair: Arc<Pair>) {
    let (least, _) = Least::standard(&pair).await;
    let holder = Rest::vault(pair.vault_direct(), least.credentials.token.expose_secret().into());
    let meaning = Meaning::read(&least.policy).expect("a policy");
    let mut refused = 0;
    for path in meaning.all_paths() {
        let rules = meaning.rules(path).expect("rules");
        for body in others(&rules.allowed) {
            let said = holder.send("POST", path, Some(("application/json", body.to_string()))).await;
            assert_eq!(said.0, 403, "{path} takes {body}: {}", said.1);
            refused += 1;
        }
    }
    println!("{}: {refused} other values refused", pair.which.name());
    assert_eq!(refused, 27);
    least.leave(&pair).await;
}

/// One body for each parameter that has another value, and one with a parameter of another name.
fn others(allowed: &Parameters) -> Vec<Value> {
    if allowed.is_empty() {
        return Vec::new();
    }
    let pinned = allowed.iter().filter_map(|(name, values)| Some((name.clone(), values.iter().next()?)));
    let changed = pinned.map(|(name, value)| {
        let value = serde_json::from_str(value).expect("a value as JSON");
        Value::Object(Map::from_iter([(name, other(value))]))
    });
    changed.chain([json!({"something_else": "x"})]).collect()
}

fn other(value: Value) -> Value {
    match value {
        Value::Bool(flag) => (!flag).into(),
        Value::Array(mut items) => {
            items.push("somebody-else".into());
            items.into()
        }
        value => format!("{}x", value.as_str().unwrap_or_default()).into(),
    }
}
