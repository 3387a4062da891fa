//! Files without mistakes.

use std::time::Duration;

use serde_json::json;

use crate::loaded;

/// One of everything.
pub(crate) const WHOLE: &str = r#"
graph = "payments-prod"

[run]
parallelism = 2
step_timeout = "5m"

[connections.vault]
server = "http://vault.vault.svc:8200"

[steps.role]
uses  = "role"
needs = ["mount", "reader", "writer"]
with  = { name = "external-secrets", ttl = "1h" }

[steps.mount]
uses = "mount"
[steps.mount.with]
path = "kubernetes"
reviewer = { file = { path = "reviewer.jwt" } }
tune = { default_ttl = 60, max_ttl = 600, listed = [{ name = "eso" }] }

[steps.reader]
uses = "policy"
with.name = "apps-read"
with.rules."kv/data/apps/*" = ["read"]

[steps.writer]
uses = "policy"
with = { name = "apps-write" }

[steps.probe]
uses = "probe"
"#;

#[test]
fn a_whole_file_becomes_a_graph() {
    let loaded = loaded(WHOLE);
    assert_eq!(loaded.graph.id(), "payments-prod");
    assert_eq!(loaded.connections.vault.unwrap().server, "http://vault.vault.svc:8200");
    assert_eq!(loaded.connections_json, json!({ "vault": { "server": "http://vault.vault.svc:8200" } }));
    assert_eq!((loaded.run.parallelism, loaded.run.step_timeout), (2, Duration::from_secs(300)));
    let place = |name: &str| loaded.graph.place(name).unwrap();
    assert!(["mount", "reader", "writer"].iter().all(|needed| place(needed) < place("role")));
}

#[test]
fn a_step_sees_what_its_needs_and_the_connections_give() {
    let loaded = loaded(WHOLE);
    let role = loaded.graph.node(loaded.graph.place("role").unwrap());
    let seen: Vec<_> = role.facts.shown().map(|(from, name, _)| (from.to_owned(), name)).collect();
    let expected = [
        ("[connections.vault]", "server"),
        ("mount", "auth mount"),
        ("reader", "policy name"),
        ("writer", "policy name"),
    ];
    assert_eq!(seen, expected.map(|(from, name)| (from.to_owned(), name)));
    let probe = loaded.graph.node(loaded.graph.place("probe").unwrap());
    let givers: Vec<_> = probe.facts.shown().map(|(from, ..)| from).collect();
    assert_eq!(givers, ["[connections.vault]"], "it needs no step, and sees what one gives");
    let given: Vec<_> = role.given.shown().map(|(_, _, value)| value.clone()).collect();
    assert_eq!(given, [json!("kubernetes/external-secrets [apps-read, apps-write]")]);
}

#[test]
fn a_step_is_kept_as_it_is_written() {
    let loaded = loaded(WHOLE);
    let node = |name: &str| loaded.graph.node(loaded.graph.place(name).unwrap());
    assert_eq!(node("role").with, json!({ "name": "external-secrets", "ttl": "1h" }));
    assert_eq!(node("role").needs, ["mount", "reader", "writer"]);
    assert_eq!(node("reader").with, json!({ "name": "apps-read", "rules": { "kv/data/apps/*": ["read"] } }));
    assert_eq!(node("probe").with, json!({}));
}

#[test]
fn what_is_left_out_has_defaults() {
    let loaded = loaded("[steps.probe]\nuses = 'probe'");
    assert_eq!(loaded.graph.id(), trustpath_core::file::DEFAULT_GRAPH);
    assert_eq!(loaded.run, trustpath_core::run::Settings::default());
    assert!(loaded.connections.vault.is_none());
    assert_eq!(loaded.connections_json, json!({}));
}

#[test]
fn every_way_to_write_a_reviewer_is_one() {
    for reviewer in ["'auto'", "'client'", "{ file = { path = 'x', watch = true } }", "{ secret = 'x' }"] {
        loaded(&format!("[steps.mount]\nuses = 'mount'\nwith.reviewer = {reviewer}"));
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_fine() {
    loaded(&format!("\u{feff}{}", WHOLE.replace('\n', "\r\n")));
}
