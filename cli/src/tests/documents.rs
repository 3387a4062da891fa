//! `docs/json.md`: an example of each document, held against the types that the program writes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::stage::Stage;
use crate::json::{JsonDocument, JsonEnvelope};

const PAGE: &str = include_str!("../../../docs/json.md");

/// The examples of the page, by the name of their document.
fn examples() -> Vec<(String, Value)> {
    let blocks = PAGE.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let parsed =
        blocks.map(|block| serde_json::from_str::<Value>(block).unwrap_or_else(|error| panic!("{error}: {block}")));
    parsed.map(|value| (value["document"].as_str().unwrap_or_default().to_owned(), value)).collect()
}

/// Reads every example, writes it again, and compares.
#[test]
fn every_example_is_what_the_program_writes() {
    for (name, example) in examples() {
        let document: JsonDocument =
            serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = serde_json::to_value(JsonEnvelope::of(&document)).unwrap();
        assert_eq!(written, example, "the example of {name} is not what the program writes");
    }
}

#[test]
fn every_document_has_an_example() {
    let shown: BTreeSet<_> = examples().into_iter().map(|(name, _)| name).collect();
    let known = ["error", "permissions", "plan", "rollback", "run", "runs", "verify"].map(str::to_owned);
    assert_eq!(shown, known.into());
}

/// The keys that a document has, at every depth.
fn keys(value: &Value, path: &str, seen: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let path = format!("{path}.{name}");
            // What lies in a state is the step's own.
            if !["before", "after"].contains(&name.as_str()) {
                keys(value, &path, seen);
            }
            seen.insert(path, Value::Null);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, path, seen)),
        _ => {}
    }
}

#[test]
fn the_page_has_every_key_that_real_documents_have() {
    let stage = Stage::chain();
    let written = |words: &[&str]| {
        serde_json::from_str::<Value>(&stage.run(&[words, &["--output", "json"]].concat()).out).unwrap()
    };
    stage.shelf.put("c", serde_json::json!({"size": 9}));
    let mut real = vec![written(&["plan"])];
    stage.shelf.inside(|shelf| shelf.items.clear());
    real.extend([written(&["apply", "--yes"]), written(&["verify"])]);
    stage.shelf.inside(|shelf| shelf.items.get_mut("a").unwrap().insert("lent".into(), true.into()));
    real.extend([written(&["destroy", "--yes"]), written(&["rollback", "--yes"])]);
    stage.shelf.inside(|shelf| {
        shelf.refuses.insert("c".into(), 1);
        shelf.holds_fast.insert("c".into());
        shelf.items.clear();
        shelf.holds_fast.insert("b".into());
    });
    real.extend([written(&["apply", "--yes"]), written(&["rollback", "--yes"]), written(&["verify"])]);
    std::fs::write(stage.path("state/x.jsonl"), "{}\n").unwrap();
    real.extend([written(&["runs"]), written(&["verify", "nobody"])]);

    let mut shown = Map::new();
    for (name, example) in examples() {
        keys(&example, &name, &mut shown);
    }
    let mut used = Map::new();
    for document in &real {
        keys(document, document["document"].as_str().unwrap(), &mut used);
    }
    let missing: Vec<_> = used.keys().filter(|key| !shown.contains_key(*key)).collect();
    assert!(missing.is_empty(), "docs/json.md has no example with {missing:?}");
}
