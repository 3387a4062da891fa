//! The notes by which a run says on its locks that it has begun: one that is not taken, cut off, or out of date.

use std::sync::Arc;

use serde_json::json;
use trustpath_tests::{
    pair::Pair,
    proxy::{Fault, Key, Lasts, Rule},
    view,
};

use super::{How, LEASE, Locked, ROLE, Refused, clean_up, latest, machine, may_begin, refuse, said, unlocked};

/// The second lock does not take the note: nothing was begun, and the first one says nothing of it.
pub(crate) async fn a_run_that_the_second_lock_does_not_note_has_not_begun(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    for the_first_lets_go in [true, false] {
        let (program, other) = (machine(&pair, Locked::Both), machine(&pair, Locked::Both));
        pair.forget();
        if !the_first_lets_go {
            refuse(&pair, How::Applied, Locked::Cluster, Refused { writing: true, removing: true });
        }
        let note = Key { what: "POST /v1/kv/data/trustpath/lock".into(), nth: 2 };
        pair.vault_proxy.fault_nth(note, Lasts::Once, Fault::Refuse(403));
        let failed = program.fails(5, &["apply", "--yes"]).await;
        pair.quiet().await;
        pair.lift();
        if the_first_lets_go {
            unlocked(&pair, "refused").await;
        } else {
            let run = latest(&program).await;
            said(&failed.stderr, &[&format!("trustpath rollback {run}")]);
            other.fails(7, &["apply", "--yes"]).await;
            program.ok(&["rollback", &run, "--yes"]).await;
            unlocked(&pair, "what was advised").await;
        }
        for machine in [&other, &program] {
            let next = machine.run(&["apply"]).await;
            assert!(may_begin(&next), "{}\n{}", next.code, next.stderr);
        }
        view::assert_same(&before, &view::snapshot(&pair).await, "a run that has not begun left something");
    }
}

/// The same where a finished run is to be taken back: it is as over as before.
pub(crate) async fn a_rollback_that_the_second_lock_does_not_note_has_not_begun(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (program, other) = (machine(&pair, Locked::Both), machine(&pair, Locked::Both));
    program.ok(&["apply", "--yes"]).await;
    pair.forget();
    let note = Key { what: "POST /v1/kv/data/trustpath/lock".into(), nth: 2 };
    pair.vault_proxy.fault_nth(note, Lasts::Once, Fault::Refuse(403));
    program.fails(5, &["rollback", "--yes"]).await;
    pair.quiet().await;
    pair.lift();
    unlocked(&pair, "refused").await;
    assert!(program.ok(&["runs"]).await.stdout.contains("done"));
    assert!(may_begin(&other.run(&["apply"]).await));
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
}

/// Killed between the two notes, or at the second one: the command that is advised continues it.
pub(crate) async fn killed_between_its_notes_it_can_be_gone_on_with(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    for fault in [Fault::Hold, Fault::Withhold] {
        for verb in ["rollback", "resume"] {
            let (program, other) = (machine(&pair, Locked::Both), machine(&pair, Locked::Both));
            pair.forget();
            let note = Key { what: "POST /v1/kv/data/trustpath/lock".into(), nth: 2 };
            pair.vault_proxy.fault_nth(note, Lasts::Once, fault);
            let mut child = program.until_held(&["apply", "--yes"], &pair.vault_proxy).await;
            child.kill().await.expect("it is killed");
            pair.vault_proxy.discard();
            pair.lift();
            pair.quiet().await;
            let refused = program.fails(7, &["apply", "--yes"]).await;
            let run = latest(&program).await;
            said(&refused.stderr, &[&format!("trustpath {verb} {run}")]);
            program.ok(&[verb, &run, "--yes"]).await;
            unlocked(&pair, verb).await;
            assert!(may_begin(&other.run(&["apply"]).await));
            if verb == "resume" {
                program.ok(&["rollback", "--yes"]).await;
            }
            pair.quiet().await;
            view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
        }
    }
}

/// A journal that says that its run is finished, and a lock that says that it is not: so an earlier version left them. From
/// where the journal lies the lock is taken; from elsewhere nothing is known.
pub(crate) async fn a_lock_that_is_out_of_date_is_taken(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (program, other) = (machine(&pair, Locked::Cluster), machine(&pair, Locked::Cluster));
    pair.forget();
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    let child = program.until_held(&["apply", "--yes"], &pair.vault_proxy).await;
    let noted = pair.kubernetes.get(LEASE).await.expect("a Lease");
    pair.vault_proxy.release();
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success());
    pair.lift();
    let annotations = noted["metadata"]["annotations"].clone();
    let left = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "trustpath", "annotations": annotations}, "spec": noted["spec"],
    });
    pair.kubernetes.apply(LEASE, "trustpath", left.to_string()).await;
    other.fails(7, &["apply", "--yes"]).await;
    program.ok(&["apply", "--yes"]).await;
    unlocked(&pair, "taken").await;
    clean_up(&pair, &program, &before, "something is left").await;
}
