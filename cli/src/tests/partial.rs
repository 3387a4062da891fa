//! Runs of some steps.

use insta::assert_snapshot;

use super::stage::Stage;

#[test]
fn a_step_alone_wants_what_it_needs_in_place() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["apply", "b", "--yes"]));
    stage.ok(&["apply", "a", "--yes"]);
    stage.ok(&["apply", "b", "--yes"]);
}

#[test]
fn from_and_skip_choose() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--skip", "c", "--yes"]);
    let planned = stage.ok(&["plan", "--from", "b"]).out;
    assert!(planned.contains("= b") && planned.contains("+ c") && !planned.contains("a  "), "{planned}");
}

#[test]
fn an_unknown_step_is_named_with_the_known_ones() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["plan", "--adopt", "bb"]));
    assert_eq!(stage.run(&["verify", "x"]).code, 64);
}
