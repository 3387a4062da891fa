//! The standard graph file, against the kinds that there are.

use std::fs;

use serde_json::Value;
use trustpath_cli as _;
use trustpath_core::{
    Kind,
    file::{Source, load, schema},
};
use trustpath_platform::{Connections, VaultServer};

fn standard_file() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins.toml")).expect("the standard file is there")
}

fn whole_schema() -> Value {
    schema::<Connections>(&Kind::registered())
}

fn accepts(text: &str) -> bool {
    let file: Value = toml::from_str(text).expect("it is TOML");
    jsonschema::validator_for(&whole_schema()).expect("it is a schema").is_valid(&file)
}

#[test]
fn it_loads_in_the_order_of_the_chain() {
    let source = Source::new("plugins.toml", standard_file());
    let ambient = |connections: &Connections, facts: &mut trustpath_core::Facts| {
        let url = connections.vault.server.clone();
        facts.add("[connections.vault]", VaultServer { url, namespace: None });
    };
    let loaded =
        load(vec![source], &Kind::registered(), Connections::PLACEHOLDERS, ambient).unwrap_or_else(|mistakes| {
            let all: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            panic!("{}", all.join("\n"))
        });
    let steps: Vec<_> = loaded.graph.nodes().iter().map(|node| (&*node.name, node.uses.as_str())).collect();
    let place = |name: &str| steps.iter().position(|(step, _)| *step == name).expect("it is one of the five");
    assert_eq!(steps.len(), 5);
    assert!(["service-account", "kubernetes-auth", "policy"].iter().all(|needed| place(needed) < place("role")));
    assert_eq!(place("secret-store"), 4);
}

#[test]
fn the_schema_accepts_it() {
    assert!(accepts(&standard_file()));
}

#[test]
fn the_schema_is_strict_about_every_kind() {
    jsonschema::meta::validate(&whole_schema()).expect("it is a schema of its draft");
    let file = standard_file();
    for line in file.lines().filter(|line| line.starts_with("with = { ")) {
        let mistyped = file.replace(line, &line.replacen("with = { ", "with = { mistyped = 1, ", 1));
        assert!(!accepts(&mistyped), "the schema passes over an unknown key in\n{line}");
    }
}

#[test]
fn every_kind_describes_each_of_its_keys() {
    let schema = whole_schema();
    let kinds = schema["properties"]["steps"]["additionalProperties"]["oneOf"].as_array().expect("a list of kinds");
    assert_eq!(kinds.len(), Kind::registered().len());
    for kind in kinds {
        let with = kind["properties"]["with"]["properties"].as_object().expect("its keys");
        assert!(!with.is_empty());
        for (key, value) in with {
            assert!(value["description"].is_string(), "{}: `{key}` has no description", kind["title"]);
        }
    }
}
