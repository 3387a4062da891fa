//! Errors on the screen.

use insta::assert_snapshot;

use super::stage::{CHAIN, Stage};

#[test]
fn mistakes_in_the_file_are_all_shown_with_their_places() {
    let file = CHAIN.replace("needs = [\"a\"]", "needs = [\"aa\"]").replace("care = \"hot\"", "car = \"hot\"");
    assert_snapshot!(Stage::with(&file).screen(&["plan"]));
}

#[test]
fn no_file_says_how_to_get_one() {
    let stage = Stage::chain();
    std::fs::remove_file(stage.path("plugins.toml")).unwrap();
    assert_snapshot!(stage.screen(&["plan"]));
}

#[test]
fn errors_are_documents_too() {
    let stage = Stage::with("graph = 1");
    let ran = stage.run(&["plan", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["document"], &document["error"]["class"]), (3, &"error".into(), &"config".into()));
    assert!(!ran.err.is_empty(), "people are told on stderr all the same");
}

#[test]
fn a_setting_without_a_key_is_a_usage_error() {
    assert_snapshot!(Stage::chain().screen(&["plan", "--set", "steps.a.with.size"]));
}

#[test]
fn settings_win_over_files_and_later_files_over_earlier_ones() {
    let stage = Stage::chain();
    let over = stage.path("over.toml");
    std::fs::write(&over, "[steps.a.with.fields]\nsize = 2\ncolor = \"red\"\n").unwrap();
    let (base, over) = (stage.path("plugins.toml"), over.display().to_string());
    let words = ["-f", base.to_str().unwrap(), "-f", &over, "--set", "steps.a.with.fields.size=7", "plan", "a"];
    let out = stage.ok(&words).out;
    assert!(out.contains("color  \"red\"") && out.contains("size   7"), "{out}");
}

#[test]
fn no_place_for_journals_is_an_error() {
    let mut stage = Stage::chain();
    stage.forget("TRUSTPATH_STATE_DIR");
    assert_snapshot!(stage.screen(&["runs"]));
}
