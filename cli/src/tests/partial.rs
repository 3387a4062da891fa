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

/// Which systems there are is what the kinds say.
#[test]
fn an_unknown_system_is_named_with_the_known_ones() {
    let stage = Stage::chain();
    let refused = stage.run(&["plan", "--system", "shlef"]);
    assert_eq!(refused.code, 64);
    assert!(
        refused.err.contains("trustpath::cli::unknown_system") && refused.err.contains("`shelf`"),
        "{}",
        refused.err
    );
    stage.ok(&["apply", "--system", "shelf", "--yes"]);
}

#[test]
fn why_a_run_is_made_is_kept_and_nothing_secret_of_it() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes", "--reason", "a\u{1b}[2Jb: hvs.CAESIJ1234567890abcdefghijklmnopqrstuvwxyz"]);
    stage.ok(&["destroy", "--yes", "--reason", " "]);
    let listed = stage.ok(&["runs"]).out;
    let whys: Vec<_> = listed.lines().filter(|line| line.starts_with("why ")).collect();
    assert!(matches!(whys[..], [why] if why.ends_with(": ab: [hidden]")), "{listed}");
}
