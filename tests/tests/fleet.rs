//! The pairs that the cases share: a case that fails, or hangs, is told, and the ones after it run.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use trustpath_tests::{
    fleet::{Case, Fleet},
    pair::{Pair, Which},
    program::Program,
    proxy::{Fault, Rule},
};

/// More than any of these cases needs that is to come to its end.
const PLENTY: Duration = Duration::from_secs(300);
/// Of the one that is to come to none.
const SHORT: Duration = Duration::from_millis(100);

/// What the run makes before that.
const POLICY: &str = "sys/policies/acl/apps-read";

/// Fails in the middle of a run, with a request held that no one lets go.
fn fails(pair: Arc<Pair>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let path = "auth/kubernetes/role/external-secrets".into();
        pair.vault_proxy.fault(Rule { method: "POST", path, times: 1, fault: Fault::Hold });
        let _child = Program::on(&pair).until_held(&["apply", "--yes"], &pair.vault_proxy).await;
        assert!(pair.vault.get(POLICY).await.is_none(), "on purpose");
    })
}

fn finds_no_policy(pair: Arc<Pair>) -> BoxFuture<'static, ()> {
    Box::pin(async move { assert!(pair.vault.get(POLICY).await.is_none(), "it was left by the one before") })
}

fn has_no_end(_: Arc<Pair>) -> BoxFuture<'static, ()> {
    Box::pin(std::future::pending())
}

/// What a case fails with.
fn failure(fleet: &Fleet, case: Case) -> String {
    let run = AssertUnwindSafe(|| fleet.run(Which::SANDBOX, case));
    let failed = catch_unwind(run).expect_err("it is to fail");
    let text = failed.downcast_ref::<String>().cloned();
    text.or_else(|| failed.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("words")
}

#[test]
fn a_case_that_fails_is_told_whatever_it_held_and_the_next_one_has_servers_of_its_own() {
    let fleet = Fleet::new(1, PLENTY);
    assert_eq!(failure(&fleet, fails), "on purpose");
    fleet.run(Which::SANDBOX, finds_no_policy);
    fleet.stop();
}

#[test]
fn a_case_that_does_not_end_has_failed() {
    let fleet = Fleet::new(1, SHORT);
    let told = failure(&fleet, has_no_end);
    assert!(told.contains("did not end"), "{told}");
    fleet.stop();
}
