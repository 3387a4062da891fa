//! `for_each`, placeholders, tables that are one value, and where values come from.

use insta::assert_snapshot;
use serde_json::json;
use trustpath_core::{file::origins, graph::Selection};

use crate::{
    kinds::{KINDS, PLACEHOLDERS},
    load_all, loaded, refused_text, screen,
    several::sources,
};

pub(crate) const TEAMS: &str = r#"
[connections.vault]
server = "https://{server_name}.example"
name = "eu"

[for_each.teams]
billing = { ttl = "1h", rules = ["read"] }
search  = { ttl = "2h", rules = ["list"] }

[steps.mount]
uses = "mount"
with.path = "kubernetes-{server_name}"

[steps.reader]
uses = "policy"
for_each = "teams"
with = { name = "{key}-read", rules = { "kv/data/{key}/*" = "{value.rules}", "kv/{{identity.entity.name}}" = ["read"] } }

[steps.role]
uses = "role"
for_each = "teams"
needs = ["mount", "reader"]
with = { name = "{key}", ttl = "{value.ttl}" }

[steps.all]
uses = "role"
needs = ["mount", "reader"]
with = { name = "all" }
"#;

#[test]
fn a_step_is_repeated_for_a_table() {
    let loaded = loaded(TEAMS);
    let names: Vec<_> = loaded.graph.nodes().iter().map(|node| node.name.to_string()).collect();
    assert_eq!(
        names,
        ["mount", r#"reader["billing"]"#, r#"reader["search"]"#, r#"role["billing"]"#, r#"role["search"]"#, "all"]
    );
    let node = |name: &str| loaded.graph.node(loaded.graph.place(name).unwrap());
    let reader = json!({
        "name": "billing-read",
        "rules": { "kv/data/billing/*": ["read"], "kv/{{identity.entity.name}}": ["read"] },
    });
    assert_eq!(node(r#"reader["billing"]"#).with, reader);
    assert_eq!(node(r#"role["search"]"#).with, json!({ "name": "search", "ttl": "2h" }));
    assert_eq!(node(r#"role["search"]"#).needs, ["mount", r#"reader["search"]"#]);
    assert_eq!(node("all").needs, ["mount", r#"reader["billing"]"#, r#"reader["search"]"#]);
    assert_eq!(node("mount").with, json!({ "path": "kubernetes-eu" }));
    assert_eq!(loaded.connections.vault.unwrap().server, "https://eu.example");
}

#[test]
fn keys_stand_in_a_table_of_the_step_or_in_a_list() {
    let text =
        |each: &str| format!("[steps.a]\nuses = \"policy\"\nfor_each = {each}\nwith.name = \"{{value}}-{{key}}\"");
    let with = |text: &str| loaded(text).graph.nodes().iter().map(|node| node.with.clone()).collect::<Vec<_>>();
    assert_eq!(with(&text(r#"["x", "y"]"#)), [json!({ "name": "x-x" }), json!({ "name": "y-y" })]);
    assert_eq!(with(&text(r#"{ x = "one", y = 2 }"#)), [json!({ "name": "one-x" }), json!({ "name": "2-y" })]);
    let server = "[connections.vault]\nserver = \"x\"\nname = \"eu\"\n".to_owned();
    assert_eq!(with(&(server + &text(r#"{ x = "{server_name}" }"#))), [json!({ "name": "eu-x" })]);
    assert!(load_all(sources(&[("plugins.toml", &(text("[]") + "\n[steps.b]\nuses = \"mount\""))], &[])).is_ok());
}

#[test]
fn a_need_may_name_one_of_them() {
    let one = r#"needs = ["mount", 'reader["search"]']"#;
    let text = TEAMS.replacen(r#"needs = ["mount", "reader"]"#, one, 1);
    let loaded = loaded(&text);
    let role = loaded.graph.node(loaded.graph.place(r#"role["billing"]"#).unwrap());
    assert_eq!(role.needs, ["mount", r#"reader["search"]"#]);
}

#[test]
fn a_selection_names_one_of_them_or_all() {
    let graph = loaded(TEAMS).graph;
    let chosen = |selection: Selection| {
        let places = selection.places(&graph).unwrap_or_else(|unknown| panic!("{}", screen(&unknown)));
        places.into_iter().map(|place| graph.node(place).name.to_string()).collect::<Vec<_>>()
    };
    let only = |name: &str| chosen(Selection { only: vec![name.to_owned()], ..Selection::default() });
    assert_eq!(only(r#"role["billing"]"#), [r#"role["billing"]"#]);
    assert_eq!(only("role"), [r#"role["billing"]"#, r#"role["search"]"#]);
    let from =
        chosen(Selection { from: Some("reader".to_owned()), skip: vec!["role".to_owned()], ..Selection::default() });
    assert_eq!(from, [r#"reader["billing"]"#, r#"reader["search"]"#, "all"]);
    let unknown = Selection { only: vec![r#"role["sales"]"#.to_owned()], ..Selection::default() }.places(&graph);
    assert_snapshot!(screen(&unknown.unwrap_err()));
}

#[test]
fn mistakes_are_told_once_and_in_the_step_that_is_written() {
    assert_snapshot!(refused_text(
        r#"
[for_each.teams]
billing = { ttl = "1h" }
search = { ttl = 3 }
"no team" = {}

[steps."a[\"b\"]"]
uses = "mount"

[steps.mount]
uses = "mount"
for_each = "team"
with.path = "{key}"

[steps.reader]
uses = "policy"
for_each = "teams"
with = { name = "{keys}", rules = { "{key}" = "{value.rules}" }, nme = 1 }

[steps.role]
uses = "role"
for_each = ["billing", "sales", 3]
needs = ["mount", "reader"]
with = { name = "{value.ttl}" }

[steps.other]
uses = "role"
for_each = "teams"
needs = ["mount", "reader"]
with = { name = "{key}-{value}", ttl = "{value.ttl}" }

[steps.plain]
uses = "policy"
for_each = 3
with = { name = "{server_name}", rules = { "{key}" = [] } }
"#
    ));
}

#[test]
fn what_is_one_value_is_replaced_by_a_later_file_and_joined_by_a_setting() {
    let base =
        "[steps.p]\nuses = \"policy\"\n[steps.p.with]\nname = \"apps\"\nrules = { \"kv/data/apps/*\" = [\"read\"] }\n
[steps.m]\nuses = \"mount\"\nwith.reviewer.file.path = \"a.jwt\"\nwith.tune = { default_ttl = 10, max_ttl = 60 }\n";
    let over = "[steps.p.with.rules]\n\"kv/data/prod/*\" = [\"read\"]\n
[steps.m.with]\nreviewer.secret = \"jwt\"\ntune.default_ttl = 30\n";
    let all = |over: &str, setting: &str| {
        let all = sources(&[("plugins.toml", base), ("prod.toml", over)], &[setting]);
        load_all(all).unwrap_or_else(|mistakes| panic!("{}", screen(&mistakes)))
    };
    let with = |over: &str, setting: &str, step: &str| {
        let loaded = all(over, setting);
        loaded.graph.node(loaded.graph.place(step).unwrap()).with.clone()
    };
    let rules = with(over, "run.parallelism=2", "p")["rules"].clone();
    assert_eq!(rules, json!({ "kv/data/prod/*": ["read"] }));
    let rules = with("", "steps.p.with.rules.x=[\"list\"]", "p")["rules"].clone();
    assert_eq!(rules, json!({ "kv/data/apps/*": ["read"], "x": ["list"] }));
    let mount = json!({ "reviewer": { "secret": "jwt" }, "tune": { "max_ttl": 60, "default_ttl": 30 } });
    assert_eq!(with(over, "run.parallelism=2", "m"), mount);
    let same = "steps.m.with.reviewer.file.path = \"b.jwt\"";
    assert_eq!(with(same, "run.parallelism=2", "m")["reviewer"], json!({ "file": { "path": "b.jwt" } }));
    let other = with("", "steps.m.with.reviewer.secret=jwt", "m")["reviewer"].clone();
    assert_eq!(other, json!({ "secret": "jwt" }), "one alternative takes the place of another, by a setting too");
}

#[test]
fn every_value_has_its_text_and_line() {
    let over = "[steps.reader.with]\nname = \"{key}-rw\"\n[steps.role.with]\nttl = \"5m\"\n";
    let all = sources(&[("plugins.toml", TEAMS), ("prod.toml", over)], &["run.parallelism=2"]);
    let origins = origins(all, KINDS, PLACEHOLDERS).unwrap_or_else(|mistakes| panic!("{}", screen(&mistakes)));
    let lines: Vec<_> = origins.iter().map(|at| format!("{}  {}", at.key, at.place())).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_key_is_there_once_however_it_was_made() {
    let text = "[steps.p]\nuses = \"policy\"\nfor_each = { a = \"a\" }\nwith = { name = \"p\", rules = { \"{key}\" = [], \"{value}\" = [] } }";
    let said = refused_text(text);
    assert!(said.contains("duplicate_key") && said.contains("the key `a` is there twice"), "{said}");
    let said = refused_text("[steps.p]\nuses = \"policy\"\nfor_each = [\"a\", \"a\"]\nwith.name = \"{key}\"");
    assert!(said.contains("duplicate_key") && said.contains("the key `a` is there twice"), "{said}");
}
