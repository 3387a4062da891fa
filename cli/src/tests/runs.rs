//! Verbs that write: apply, destroy, rollback; and the list of runs.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::stage::{CHAIN, Stage};

fn items(stage: &Stage) -> Vec<String> {
    stage.shelf.inside(|shelf| shelf.items.keys().cloned().collect())
}

#[test]
fn apply_builds_and_proves() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert_eq!(items(&stage), ["a", "b", "c"]);
}

#[test]
fn apply_with_nothing_to_do_makes_no_run() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    assert_snapshot!(stage.screen(&["apply"]));
    assert_eq!(stage.ok(&["runs"]).out.lines().count(), 2);
}

#[test]
fn without_a_terminal_a_yes_is_needed() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["apply", "a"]));
    assert_eq!(stage.run(&["apply", "--output", "json"]).code, 7);
    assert!(items(&stage).is_empty());
    assert!(stage.journals().is_empty(), "no journal is begun before the yes");
}

#[test]
fn a_failure_takes_everything_back() {
    let stage = Stage::chain();
    stage.shelf.put("a", json!({"size": 9, "owner": "test"}));
    stage.shelf.inside(|shelf| shelf.refuses.insert("c".into(), 1));
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert_eq!(items(&stage), ["a"]);
    assert_eq!(stage.shelf.inside(|shelf| shelf.items["a"]["size"].clone()), json!(9));
}

#[test]
fn what_cannot_be_taken_back_is_named_and_tried_again() {
    let stage = Stage::chain();
    stage.shelf.inside(|shelf| {
        shelf.refuses.insert("c".into(), 1);
        shelf.holds_fast.insert("b".into());
    });
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert_snapshot!(stage.screen(&["runs"]));
    assert_eq!(stage.run(&["rollback", "--yes"]).code, 12);
    stage.shelf.inside(|shelf| shelf.holds_fast.clear());
    assert_snapshot!(stage.screen(&["rollback", "--yes"]));
    assert!(items(&stage).is_empty());
}

#[test]
fn a_chain_that_does_not_hold_is_taken_back_or_kept() {
    let stage = Stage::chain();
    stage.shelf.inside(|shelf| shelf.broken.insert("b".into()));
    let ran = stage.run(&["apply", "--yes"]);
    assert_eq!((ran.code, items(&stage).len()), (11, 0));
    assert_snapshot!(stage.screen(&["apply", "--yes", "--keep"]));
    assert_eq!(items(&stage).len(), 3);
}

#[test]
fn what_is_another_clients_is_taken_over_only_on_request() {
    let stage = Stage::chain();
    stage.shelf.put("b", json!({"text": "mine", "owner": "somebody"}));
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert_eq!(items(&stage), ["b"]);
    assert!(stage.ok(&["apply", "--yes", "--adopt", "b"]).out.contains("1 taken over"));
    stage.ok(&["rollback", "--yes"]);
    assert_eq!(stage.shelf.inside(|shelf| shelf.items["b"]["owner"].clone()), json!("somebody"));
}

#[test]
fn destroy_removes_and_names_what_stays() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.shelf.inside(|shelf| shelf.items.get_mut("a").unwrap().insert("lent".into(), true.into()));
    assert_snapshot!(stage.screen(&["destroy", "--yes"]));
    assert_eq!(items(&stage), ["a"]);
}

#[test]
fn rollback_goes_by_the_journal_and_not_by_the_file() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.edit(&CHAIN.replace("item = \"b\"", "item = \"renamed\""));
    assert_snapshot!(stage.screen(&["rollback", "--yes"]));
    assert!(items(&stage).is_empty());
    assert_snapshot!(stage.screen(&["rollback"]));
}

#[test]
fn rollback_asks_and_refuses_other_servers() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes", "a"]);
    assert_eq!(stage.run(&["rollback"]).code, 7);
    stage.shelf.inside(|shelf| shelf.serial = 7);
    assert_snapshot!(stage.screen(&["rollback", "--yes"]));
    assert_eq!(items(&stage), ["a"]);
}

#[test]
fn rollback_knows_its_runs() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["rollback"]));
    stage.ok(&["apply", "--yes"]);
    assert_eq!(stage.run(&["rollback", "nonsense"]).code, 64);
}

#[test]
fn damaged_and_unfinished_journals_are_listed_and_mentioned() {
    let stage = Stage::chain();
    assert_snapshot!(stage.screen(&["runs"]));
    stage.ok(&["apply", "--yes", "a"]);
    let journal = stage.journals().remove(0);
    let text = std::fs::read_to_string(&journal).unwrap();
    let unfinished: Vec<_> = text.lines().take(2).collect();
    std::fs::write(&journal, unfinished.join("\n") + "\n").unwrap();
    std::fs::write(stage.path("state/19990101-000000.jsonl"), "not a journal\n\nat all\n").unwrap();
    assert_snapshot!(stage.screen(&["runs"]));
    assert_snapshot!(stage.screen(&["apply", "--yes", "a"]));
}

#[test]
fn where_the_journals_lie_is_said_so_that_it_is_found_from_anywhere() {
    let stage = Stage::chain();
    let here = std::env::current_dir().unwrap().join("no/such/place");
    let told = stage.ok(&["runs", "--state-dir", "no/such/place"]);
    assert!(told.out.contains(&*here.to_string_lossy()), "{}", told.out);
}

#[test]
fn one_process_at_a_time_works_from_a_state_directory() {
    let stage = Stage::chain();
    let store = trustpath_core::journal::Store::new(stage.path("state"));
    let words = "`apply` of the graph `other` by ada\u{1b}[2J on build-7 (pid 4711), since 2026-01-31T12:00:00Z";
    let held = store.try_lock(words).unwrap();
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert_eq!([stage.run(&["destroy", "--yes"]).code, stage.run(&["plan"]).code], [6, 0]);
    assert!(items(&stage).is_empty() && stage.journals().is_empty());
    assert_eq!(stage.run(&["apply", "--yes", "--lock-timeout", "150ms"]).code, 6);
    assert_eq!(stage.run(&["apply", "--yes", "--lock-timeout", "soon"]).code, 64);
    drop(held);
    stage.ok(&["apply", "--yes"]);
}

#[test]
fn what_another_client_changed_can_be_left_and_is_in_nobodys_way_then() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    stage.shelf.put("b", json!({"text": "somebody's", "owner": "test"}));
    assert_snapshot!(stage.screen(&["rollback", "--yes"]));
    assert_eq!(stage.run(&["apply", "--yes"]).code, 7, "a run that is stuck is in the way");
    assert_eq!(stage.run(&["rollback", "--yes", "--leave", "bb"]).code, 64);
    assert_snapshot!(stage.screen(&["rollback", "--yes", "--leave", "b"]));
    assert_eq!(items(&stage), ["b"]);
    stage.ok(&["apply", "--yes"]);
}

#[test]
fn a_run_that_somebody_continued_meanwhile_is_looked_at_again() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes", "a"]);
    let journal = stage.journals().remove(0);
    let over = std::fs::read_to_string(&journal).unwrap();
    let unfinished: Vec<_> = over.lines().take(2).collect();
    std::fs::write(&journal, unfinished.join("\n") + "\n").unwrap();
    let held = trustpath_core::journal::Store::new(stage.path("state")).try_lock("`rollback` by ada").unwrap();
    let resumed =
        stage.run_until(&["resume", "--yes", "--lock-timeout", "1m"], "is in use by `rollback` by ada", || {
            std::fs::write(&journal, &over).unwrap();
            drop(held);
        });
    assert_eq!(resumed.code, 6, "{}", resumed.err);
    assert!(resumed.err.contains("trustpath::run::went_on"), "{}", resumed.err);
}

#[test]
fn a_run_that_had_made_all_of_it_ends_with_a_whole_sentence() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes"]);
    let journal = stage.journals().remove(0);
    let over = std::fs::read_to_string(&journal).unwrap();
    let but_its_end: Vec<_> = over.lines().take(over.lines().count() - 1).collect();
    std::fs::write(&journal, but_its_end.join("\n") + "\n").unwrap();
    let resumed = stage.run(&["resume", "--yes"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    assert!(resumed.out.contains("Done: nothing was left to change.\n"), "{}", resumed.out);
}

#[test]
fn a_run_that_a_process_is_at_work_on_is_running() {
    let stage = Stage::chain();
    stage.ok(&["apply", "--yes", "a"]);
    let journal = std::fs::File::open(stage.journals().remove(0)).unwrap();
    journal.lock().unwrap();
    assert_snapshot!(stage.screen(&["runs"]));
    let busy = stage.run(&["rollback", "--yes"]);
    assert!(busy.code == 6 && busy.err.contains("trustpath::journal::busy"), "{}", busy.err);
    drop(journal);
    stage.ok(&["rollback", "--yes"]);
}

#[test]
fn documents_of_runs_are_one_each() {
    let stage = Stage::chain();
    let document = |words: &[&str]| -> Value { serde_json::from_str(&stage.run(words).out).expect("one document") };
    assert_eq!(document(&["apply", "--yes", "--output", "json"])["outcome"], "done");
    assert_eq!(document(&["apply", "--yes", "--output", "json"])["outcome"], "nothing");
    assert_eq!(document(&["destroy", "--yes", "--output", "json"])["outcome"], "done");
    assert_eq!(document(&["rollback", "--yes", "--output", "json"])["outcome"], "rolled-back");
    assert_eq!(document(&["rollback", "--yes", "--output", "json"])["outcome"], "rolled-back", "the apply before it");
    assert_eq!(document(&["rollback", "--yes", "--output", "json"])["outcome"], "nothing");
    stage.shelf.inside(|shelf| shelf.refuses.insert("b".into(), 1));
    let failed = document(&["apply", "--yes", "--output", "json"]);
    assert_eq!((&failed["outcome"], &failed["failure"]["class"]), (&json!("rolled-back"), &json!("denied")));
}

#[test]
fn what_is_missing_is_told_at_once_and_nothing_is_written() {
    let stage = Stage::chain();
    let forbid = |rights: &[&str]| {
        stage.shelf.inside(|shelf| shelf.forbidden = rights.iter().map(|right| (*right).to_owned()).collect());
    };
    forbid(&["`put` on b", "`take` on a", "`try` on c"]);
    assert_snapshot!(stage.screen(&["apply", "--yes"]));
    assert!(items(&stage).is_empty());
    assert_eq!(stage.ok(&["runs"]).out.lines().count(), 1, "no journal is begun");
    stage.ok(&["apply", "--yes", "--no-preflight"]);
    forbid(&["`take` on b"]);
    for verb in ["rollback", "destroy"] {
        let refused = stage.run(&[verb, "--yes"]);
        assert_eq!((refused.code, items(&stage).len()), (5, 3), "{}", refused.err);
        assert!(refused.err.contains("shelf: `take` on b (`b`: "), "{}", refused.err);
    }
    stage.ok(&["rollback", "--yes", "--no-preflight"]);
    assert!(items(&stage).is_empty());
}
