//! Several texts that make one file.

use insta::assert_snapshot;
use serde_json::json;
use trustpath_core::file::Source;

use crate::{load_all, loading::WHOLE, refused, screen};

pub(crate) fn sources(texts: &[(&str, &str)], settings: &[&str]) -> Vec<Source> {
    let files = texts.iter().map(|(name, text)| Source::new(*name, *text));
    files.chain(settings.iter().map(|setting| Source::set(setting).unwrap())).collect()
}

#[test]
fn the_later_wins_key_by_key() {
    let overlay = "graph = \"payments-test\"\n[steps.role]\nneeds = [\"mount\", \"reader\"]\nwith.name = \"eso\"\n[steps.extra]\nuses = \"probe\"\n";
    let settings = ["steps.role.with.ttl=2h", "run.parallelism=3", "steps.reader.with.rules.\"kv/data/x\"=[\"list\"]"];
    let all = sources(&[("plugins.toml", WHOLE), ("test.toml", overlay)], &settings);
    let loaded = load_all(all).unwrap_or_else(|mistakes| panic!("{}", screen(&mistakes)));
    let node = |name: &str| loaded.graph.node(loaded.graph.place(name).unwrap());
    assert_eq!(loaded.graph.id(), "payments-test");
    assert_eq!(node("role").with, json!({ "name": "eso", "ttl": "2h" }));
    assert_eq!(node("role").needs, ["mount", "reader"]);
    assert_eq!(
        node("reader").with,
        json!({ "name": "apps-read", "rules": { "kv/data/apps/*": ["read"], "kv/data/x": ["list"] } })
    );
    assert_eq!(loaded.run.parallelism, 3);
    assert!(loaded.graph.place("extra").is_some());
}

#[test]
fn mistakes_point_into_the_text_that_has_them() {
    let overlay =
        "[steps.role]\nneeds = [\"mount\", \"readr\"]\n\n[steps.mount.with]\ntune = { default_ttl = \"1m\" }\n";
    let settings = ["steps.role.with.tttl=2h", "steps.reader.with.name=5", "grph=x"];
    assert_snapshot!(refused(sources(&[("plugins.toml", WHOLE), ("prod.toml", overlay)], &settings)));
}

#[test]
fn one_mistake_with_places_in_two_texts() {
    let base = "\n\n\n\n\n\n\n\n[steps.a]\nuses = \"mount\"\nneeds = [\"b\"]\n\n[steps.b]\nuses = \"mount\"\n";
    assert_snapshot!(refused(sources(&[("plugins.toml", base), ("prod.toml", "[steps.b]\nneeds = [\"a\"]\n")], &[])));
}

#[test]
fn syntax_errors_in_each_text() {
    let all =
        sources(&[("plugins.toml", "[steps.a]\nuses = mount\n"), ("prod.toml", "# prod\nsteps.b.uses = mount\n")], &[]);
    assert_snapshot!(refused(all));
}

#[test]
fn a_key_is_not_missing_where_an_unreadable_line_may_hold_it() {
    let all = sources(&[("plugins.toml", "[steps.policy]\nuses = \"policy\"\nwith = { name = apps }\n")], &[]);
    assert_eq!(load_all(all).err().unwrap().iter().len(), 1);
}

#[test]
fn a_setting_that_is_none_says_how_to_write_one() {
    assert_snapshot!(screen(&Source::set("steps.role.with.ttl").unwrap_err()));
}
