//! The JSON Schema agrees with the loader.

use serde_json::{Value, json};
use trustpath_core::file::schema;

use crate::{Connections, KINDS, loading::WHOLE};

fn accepts(text: &str) -> bool {
    let file: Value = toml::from_str(text).expect("it is TOML");
    jsonschema::validator_for(&schema::<Connections>(KINDS)).expect("it is a schema").is_valid(&file)
}

#[test]
fn it_is_a_schema_of_the_draft_that_it_names() {
    let schema = schema::<Connections>(KINDS);
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["title"], "trustpath graph file");
    jsonschema::meta::validate(&schema).expect("it is valid");
}

#[test]
fn it_accepts_what_loads() {
    assert!(accepts(WHOLE));
    assert!(accepts("[steps.probe]\nuses = 'probe'"));
}

#[test]
fn a_placeholder_may_be_whatever_it_stands_for() {
    let whole = WHOLE.replace("default_ttl = 60", "default_ttl = '{value.ttl}'").replace("\"1h\"", "\"{value.ttl}\"");
    let one = whole.replace("reviewer = { file = { path = \"reviewer.jwt\" } }", "reviewer = \"{value.reviewer}\"");
    assert!(whole != one && accepts(&whole) && accepts(&one));
    assert!(!accepts(&whole.replace("{value.ttl}", "{ value }")));
    assert!(!accepts(&one.replace("{value.reviewer}", "{{value.reviewer")));
    assert!(accepts(crate::each::TEAMS));
}

#[test]
fn it_refuses_what_does_not_load() {
    let refused = [
        "",
        "steps = {}",
        "grph = 'x'\n[steps.probe]\nuses = 'probe'",
        "graph = 'X Y'\n[steps.probe]\nuses = 'probe'",
        "run.paralelism = 1\n[steps.probe]\nuses = 'probe'",
        "connections.vault.namespace = 'x'\n[steps.probe]\nuses = 'probe'",
        "[steps.probe]\nuses = 'prob'",
        "[steps.probe]\nuses = 'probe'\nneed = []",
        "[steps.probe]\nuses = 'probe'\nneeds = [1]",
        "[steps.probe]\nuses = 'probe'\nwith = { tron = true }",
        "[steps.policy]\nuses = 'policy'",
        "[steps.policy]\nuses = 'policy'\nwith = { name = 'x', rule = {} }",
        "[steps.mount]\nuses = 'mount'\nwith = { tune = { default_ttl = 1 } }",
        "[steps.mount]\nuses = 'mount'\nwith = { reviewer = 'clint' }",
        "[steps.'--yes']\nuses = 'probe'",
    ];
    for text in refused {
        assert!(!accepts(text), "the schema accepts what does not load:\n{text}");
        assert!(crate::load_all(vec![trustpath_core::file::Source::new("x", text)]).is_err(), "{text}");
    }
}

#[test]
fn it_describes_every_key_from_the_code() {
    let schema = schema::<Connections>(KINDS);
    let kinds = schema["properties"]["steps"]["additionalProperties"]["oneOf"].as_array().unwrap();
    let role = kinds.iter().find(|kind| kind["title"] == "role").unwrap();
    assert_eq!(role["properties"]["uses"]["const"], "role");
    assert_eq!(role["required"], json!(["uses", "with"]));
    assert_eq!(role["properties"]["with"]["properties"]["name"]["description"], "The name of the role.");
    let ttl = &role["properties"]["with"]["properties"]["ttl"];
    assert_eq!(ttl["description"], "How long a login lasts, such as `1h`.", "an alias is a key too");
}
