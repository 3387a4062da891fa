//! Verbs that write nothing: plan, verify, graph, steps, schema, init, completions.

use insta::assert_snapshot;
use serde_json::json;

use super::stage::{CHAIN, Stage};

#[test]
fn plan_of_what_is_not_there() {
    assert_snapshot!(Stage::chain().screen(&["plan"]));
}

#[test]
fn plan_of_updates_and_of_what_is_another_clients() {
    let stage = Stage::chain();
    stage.shelf.put("a", json!({"size": 1}));
    stage.shelf.put("b", json!({"text": "one\n2\nthree\n", "names": ["x"], "owner": "test", "old": null}));
    stage.shelf.put("c", json!({"size": 9, "owner": "somebody\u{1b}[31m"}));
    assert_snapshot!(stage.screen(&["plan"]));
    assert!(!stage.run(&["plan", "--adopt", "c"]).out.contains("without your word"));
}

#[test]
fn plan_says_what_cannot_be_taken_back() {
    let stage = Stage::with(&CHAIN.replace("\"hot\"", "\"fragile\""));
    stage.ok(&["apply", "a", "b", "--yes"]);
    stage.shelf.put("c", json!({"size": 9, "owner": "test"}));
    assert_snapshot!(stage.screen(&["plan", "c"]));
    let ran = stage.run(&["plan", "--allow-irreversible"]);
    assert!(!ran.out.contains("without your word"), "{}", ran.out);
}

#[test]
fn plan_of_a_destroy_names_what_stays() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.shelf.inside(|shelf| shelf.items.get_mut("a").unwrap().insert("lent".into(), true.into()));
    assert_snapshot!(stage.screen(&["plan", "--destroy"]));
}

#[test]
fn detailed_exit_codes_tell_changes_from_none() {
    let stage = Stage::chain();
    assert_eq!(stage.run(&["plan", "--detailed-exitcode"]).code, 2);
    assert_eq!(stage.run(&["plan"]).code, 0);
    stage.ok(&["apply", "--yes"]);
    let ran = stage.ok(&["plan", "--detailed-exitcode"]);
    assert!(ran.out.contains("nothing to do in 3 steps"), "{}", ran.out);
}

#[test]
fn verify_shows_the_chain() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    assert_snapshot!(stage.screen(&["verify"]));
}

#[test]
fn verify_names_the_links_that_do_not_hold() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.shelf.inside(|shelf| {
        shelf.broken.insert("b".into());
        shelf.items.remove("c");
    });
    assert_snapshot!(stage.screen(&["verify"]));
    assert_snapshot!("verify_in_short", stage.screen(&["verify", "--short"]));
    assert_eq!(stage.run(&["verify", "a"]).code, 0);
}

#[test]
fn what_could_not_be_checked_is_a_failure_where_that_is_asked_for() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    let codes = |arguments: &[&str]| {
        let json: Vec<_> = arguments.iter().copied().chain(["--output", "json"]).collect();
        (stage.run(arguments).code, stage.run(&json).code)
    };
    assert_eq!((codes(&["verify", "a", "b", "--strict"]), codes(&["verify"])), ((0, 0), (0, 0)));
    assert_eq!(codes(&["verify", "--strict"]), (13, 13));
    stage.shelf.inside(|shelf| shelf.broken.insert("b".into()));
    assert_eq!((codes(&["verify"]), codes(&["verify", "--strict"])), ((11, 11), (11, 11)));
}

#[test]
fn a_chain_is_watched_until_it_holds() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.shelf.inside(|shelf| shelf.broken.insert("b".into()));
    assert_eq!(stage.run(&["verify", "--watch", "1s"]).code, 11, "it is over before the second look");
    let mends = stage.shelf.clone();
    let mending = std::thread::spawn(move || {
        while mends.inside(|shelf| shelf.tried) < 8 {
            std::thread::yield_now();
        }
        mends.inside(|shelf| shelf.broken.clear());
    });
    stage.ok(&["verify", "--watch", "1m"]);
    mending.join().expect("it was looked at more than once");
}

#[test]
fn the_graph_is_drawn_three_ways() {
    let stage = Stage::chain();
    let drawn = ["text", "mermaid", "dot"].map(|format| stage.ok(&["graph", "--format", format]).out);
    assert_snapshot!(drawn.join("\n"));
}

#[test]
fn kinds_are_listed_and_described() {
    let stage = Stage::chain();
    let (list, item) = (stage.ok(&["steps", "list"]).out, stage.ok(&["steps", "describe", "item"]).out);
    assert_snapshot!(format!("{list}\n{item}"));
    assert_snapshot!(stage.screen(&["steps", "describe", "itme"]));
}

#[test]
fn the_schema_is_json_and_knows_the_kinds() {
    let schema: serde_json::Value = serde_json::from_str(&Stage::chain().ok(&["schema"]).out).unwrap();
    let kind = schema.pointer("/properties/steps/additionalProperties/oneOf/0/properties/uses/const");
    assert_eq!(kind, Some(&json!("item")));
}

#[test]
fn init_writes_the_standard_file_once() {
    let stage = Stage::chain();
    let file = stage.path("new.toml");
    let words = ["init", file.to_str().unwrap()];
    stage.ok(&words);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), crate::verbs::STANDARD);
    std::fs::write(&file, "mine").unwrap();
    assert_snapshot!(stage.screen(&words));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(stage.ok(&["init", "-"]).out, crate::verbs::STANDARD);
}

#[test]
fn completions_are_there_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Stage::chain().ok(&["completions", shell]).out;
        assert!(script.contains("rollback"), "{shell}");
    }
}

#[test]
fn permissions_of_other_systems_are_comments() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["permissions", "a", "b"]));
    assert_snapshot!(stage.screen(&["permissions", "--only", "vault"]));
}
