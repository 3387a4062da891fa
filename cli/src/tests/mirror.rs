//! `--journal`, for graphs that have nothing to do with a cluster, and the variable that says the same.

use insta::assert_snapshot;

use super::stage::Stage;

#[test]
fn without_a_cluster_there_is_none_to_keep_journals() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["apply", "--yes", "--journal", "cluster"]));
    for verb in [&["destroy", "--yes"][..], &["rollback", "--yes"], &["resume", "--yes"], &["runs"], &["permissions"]] {
        let refused = stage.run(&[verb, &["--journal", "cluster"]].concat());
        assert_eq!(refused.code, 64, "{verb:?}: {}", refused.err);
        assert!(refused.err.contains("trustpath::journal::no_cluster"), "{verb:?}: {}", refused.err);
    }
    assert!(stage.shelf.inside(|shelf| shelf.items.is_empty()));
    assert!(!stage.path("state").exists(), "a state directory was made");
}

#[test]
fn the_environment_says_it_where_no_option_does() {
    let mut stage = Stage::chain();
    stage.set("TRUSTPATH_JOURNAL", "cluster");
    assert!(stage.run(&["runs"]).err.contains("trustpath::journal::no_cluster"));
    stage.ok(&["runs", "--journal", "local"]);
    stage.ok(&["plan"]);
    stage.ok(&["apply", "--yes", "--journal", "local"]);
    stage.set("TRUSTPATH_JOURNAL", "the moon");
    assert_snapshot!(stage.screen(&["runs"]));
    stage.ok(&["runs", "--journal", "local"]);
    stage.ok(&["plan"]);
}
