//! What is shown, asked, and only then done.

use serde_json::json;

use super::stage::Stage;

#[test]
fn what_is_said_yes_to_is_done() {
    let stage = Stage::chain();
    let ran = stage.run_asked(&["apply"], |_| {});
    assert_eq!((ran.code, stage.shelf.inside(|shelf| shelf.items.len())), (0, 3), "{}", ran.err);
    assert!(ran.err.contains("Make these changes? (yes/no)"), "{}", ran.err);
}

#[test]
fn what_was_changed_while_the_question_was_open_is_not_written_over() {
    let stage = Stage::chain();
    stage.shelf.put("b", json!({"text": "old", "owner": "test"}));
    let ran = stage.run_asked(&["apply"], |shelf| shelf.put("b", json!({"text": "somebody's", "owner": "test"})));
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(ran.err.contains("trustpath::run::changed_meanwhile") && ran.err.contains("`b`"), "{}", ran.err);
    assert_eq!(stage.shelf.inside(|shelf| shelf.items["b"]["text"].clone()), json!("somebody's"));
    assert_eq!(stage.shelf.inside(|shelf| shelf.items.len()), 1, "nothing was made");
    assert!(stage.journals().is_empty(), "no journal is begun for what is not carried out");
}

#[test]
fn what_is_gone_meanwhile_is_planned_again() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    let ran = stage.run_asked(&["destroy"], |shelf| {
        shelf.inside(|shelf| shelf.items.remove("c"));
    });
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert_eq!(stage.shelf.inside(|shelf| shelf.items.len()), 2, "nothing was removed");
}
