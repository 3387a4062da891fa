//! How a run leaves its locks: one that is over is in no one's way, one that is not stays named.

pub(crate) mod notes;

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran, standard_file},
    proxy::{Fault, Key, Lasts, Rule},
    view,
};

const LEASE: &str = "apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath";
const IN_VAULT: &str = "kv/trustpath/lock";
const SECRET: &str = "api/v1/namespaces/default/secrets/trustpath-journals";
const ROLE: &str = "auth/kubernetes/role/external-secrets";
const POLICY: &str = "sys/policies/acl/apps-read";

/// Which locks a run takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Locked {
    Cluster,
    Both,
}

/// How a run comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Applied,
    Kept,
    Destroyed,
    RolledBack,
    Resumed,
}

const HOWS: [How; 5] = [How::Applied, How::Kept, How::Destroyed, How::RolledBack, How::Resumed];

/// A machine of its own: its state directory is empty, and one step is made after the other.
fn machine(pair: &Pair, locked: Locked) -> Program {
    let program = Program::on(pair);
    let lock = if locked == Locked::Both { IN_VAULT } else { "" };
    let lock = if lock.is_empty() { String::new() } else { format!("[connections.vault]\nlock = \"{lock}\"\n") };
    let limits = format!("[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"10s\"\nparallelism = 1\n{lock}");
    let files = [standard_file(), pair.overlay_file(), program.file("limits.toml", &limits)];
    program.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"))
}

/// What the Lease says, where there is one: who holds it, and which run it names.
async fn lease(pair: &Pair) -> Option<(Value, Value)> {
    let lease = pair.kubernetes.get(LEASE).await?;
    let run = lease["metadata"]["annotations"]["trustpath.dev/unfinished-run"].clone();
    Some((lease["spec"]["holderIdentity"].clone(), run))
}

/// What the lock in Vault says, where there is one.
async fn in_vault(pair: &Pair) -> Option<Value> {
    pair.vault.get("kv/data/trustpath/lock").await.map(|secret| secret["data"]["data"].clone())
}

async fn unlocked(pair: &Pair, what: &str) {
    assert_eq!((lease(pair).await, in_vault(pair).await), (None, None), "{what}: a lock is left");
}

/// Whether a run could begin: it asks, and no one is there to say yes; or it has nothing to do.
fn may_begin(ran: &Ran) -> bool {
    ran.code == 0 || (ran.code == 7 && ran.stderr.contains("trustpath::cli::no_consent"))
}

/// A screen says all of this, wherever its lines break.
fn said(screen: &str, all: &[&str]) {
    let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '│', "");
    for words in all {
        assert!(plain(screen).contains(&plain(words)), "{words} is not said: {screen}");
    }
}

fn words<'a>(how: How, more: &[&'a str]) -> Vec<&'a str> {
    let words: &[&str] = match how {
        How::Applied => &["apply", "--yes"],
        How::Kept => &["apply", "--yes", "--keep"],
        How::Destroyed => &["destroy", "--yes"],
        How::RolledBack => &["rollback", "--yes"],
        How::Resumed => &["resume", "--yes"],
    };
    [words, more].concat()
}

/// What has to be there before a run can come to its end in this way.
async fn prepare(pair: &Pair, program: &Program, how: How, more: &[&str]) {
    match how {
        How::Applied | How::Kept => {}
        How::Destroyed | How::RolledBack => drop(program.ok(&words(How::Applied, more)).await),
        How::Resumed => {
            pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
            let mut child = program.until_held(&words(How::Applied, more), &pair.vault_proxy).await;
            child.kill().await.expect("it is killed");
            pair.vault_proxy.release();
            pair.quiet().await;
        }
    }
    pair.forget();
    if how == How::Kept {
        // The proof does not come about.
        pair.vault_proxy.fault(Rule { method: "POST", path: "/login".into(), times: 1, fault: Fault::Refuse(403) });
    }
}

/// What is refused from the moment on in which a run has noted on its locks that it has begun.
#[derive(Debug, Clone, Copy)]
struct Refused {
    writing: bool,
    removing: bool,
}

/// A lock that is there already is taken over by a write: the note is the second one then.
fn refuse(pair: &Pair, how: How, locked: Locked, what: Refused) {
    let taken_over = usize::from(how == How::Resumed);
    let on = |what: String, nth| (Key { what, nth }, Lasts::On, Fault::Refuse(500));
    let in_the_cluster = [(what.writing, "PUT", 2 + taken_over), (what.removing, "DELETE", 1)];
    for (_, verb, nth) in in_the_cluster.into_iter().filter(|(refused, ..)| *refused) {
        let (key, lasts, fault) = on(format!("{verb} /{LEASE}"), nth);
        pair.kubernetes_proxy.fault_nth(key, lasts, fault);
    }
    // Making the secret, taking it over, and noting are the same request.
    let in_vault = [
        (what.writing, "POST /v1/kv/data/trustpath/lock", 3 + taken_over),
        (what.removing, "DELETE /v1/kv/metadata/trustpath/lock", 1),
    ];
    for (_, request, nth) in in_vault.into_iter().filter(|(refused, ..)| *refused && locked == Locked::Both) {
        let (key, lasts, fault) = on(request.to_owned(), nth);
        pair.vault_proxy.fault_nth(key, lasts, fault);
    }
}

/// Runs it to its end, which is a good one whatever its locks say.
async fn ended(pair: &Pair, program: &Program, how: How, more: &[&str]) -> Ran {
    let ran = program.run(&words(how, more)).await;
    pair.quiet().await;
    pair.lift();
    let well = if how == How::Kept { ran.stderr.contains("was kept, as --keep asks") } else { ran.code == 0 };
    assert!(well, "{how:?}: exit code {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    ran
}

/// Takes everything away again.
async fn clean_up(pair: &Pair, program: &Program, before: &Value, what: &str) {
    program.ok(&["destroy", "--yes"]).await;
    pair.quiet().await;
    view::assert_same(before, &view::snapshot(pair).await, what);
}

/// One of the two requests by which a run leaves a lock is refused for good: the other one does.
pub(crate) async fn a_run_that_ended_well_is_in_no_ones_way(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    for how in HOWS {
        for (locked, writing) in [(Locked::Cluster, false), (Locked::Both, false), (Locked::Both, true)] {
            let what = format!("{how:?}, {locked:?}, writing is refused: {writing}");
            let (program, other) = (machine(&pair, locked), machine(&pair, locked));
            prepare(&pair, &program, how, &[]).await;
            refuse(&pair, how, locked, Refused { writing, removing: !writing });
            ended(&pair, &program, how, &[]).await;
            if let Some((holder, run)) = lease(&pair).await {
                assert_eq!((holder, run), (Value::Null, Value::Null), "{what}");
            }
            let next = other.run(&["apply"]).await;
            assert!(may_begin(&next), "{what}, from another machine: {}\n{}", next.code, next.stderr);
            let next = program.run(&["apply"]).await;
            assert!(may_begin(&next), "{what}, from here: {}\n{}", next.code, next.stderr);
            clean_up(&pair, &program, &before, &what).await;
            unlocked(&pair, &what).await;
        }
    }
}

/// Both are refused: it says so, and how to fix that; that command does, and so does the next run from here.
pub(crate) async fn where_no_lock_answers_the_command_that_is_named_mends_it(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    for how in HOWS {
        for (locked, as_named) in [(Locked::Cluster, true), (Locked::Both, true), (Locked::Both, false)] {
            let what = format!("{how:?}, {locked:?}, as named: {as_named}");
            let (program, other) = (machine(&pair, locked), machine(&pair, locked));
            prepare(&pair, &program, how, &[]).await;
            refuse(&pair, how, locked, Refused { writing: true, removing: true });
            let ran = ended(&pair, &program, how, &[]).await;
            let run = latest(&program).await;
            let verb = if how == How::RolledBack { "rollback" } else { "resume" };
            let fixes = format!("trustpath {verb} {run}");
            said(&ran.stderr, &["its lock may still say that it is not", &fixes, &format!("--abandon {run}")]);
            assert!(!ran.stderr.contains("expires by itself"), "{what}: {}", ran.stderr);
            let refused = other.fails(7, &["apply", "--yes"]).await;
            said(&refused.stderr, &["trustpath::lock::unfinished_elsewhere", &run]);
            if as_named {
                program.ok(&[verb, &run, "--yes"]).await;
                unlocked(&pair, &what).await;
            } else {
                let next = program.run(&["apply"]).await;
                assert!(may_begin(&next), "{what}: {}\n{}", next.code, next.stderr);
                assert!(!next.stderr.contains("trustpath rollback"), "{what}: {}", next.stderr);
            }
            unlocked(&pair, &what).await;
            let next = other.run(&["apply"]).await;
            assert!(may_begin(&next), "{what}, from another machine: {}\n{}", next.code, next.stderr);
            clean_up(&pair, &program, &before, &what).await;
        }
    }
}

/// The id of the run that was begun last.
async fn latest(program: &Program) -> String {
    let runs = program.ok(&["runs", "--output", "json"]).await;
    let runs: Value = serde_json::from_str(&runs.stdout).expect("a document");
    let last = runs["runs"].as_array().and_then(|runs| runs.last()).expect("a run");
    last["run"].as_str().expect("an id").to_owned()
}

/// The same with its journal in the cluster: what is named there fixes it from a machine that has nothing.
pub(crate) async fn a_run_of_a_machine_that_is_gone_is_closed_from_another(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let cluster = ["--journal", "cluster"];
    for as_named in [true, false] {
        let (gone, other) = (machine(&pair, Locked::Cluster), machine(&pair, Locked::Cluster));
        pair.forget();
        refuse(&pair, How::Applied, Locked::Cluster, Refused { writing: true, removing: true });
        let ran = ended(&pair, &gone, How::Applied, &cluster).await;
        let run = latest(&gone).await;
        said(&ran.stderr, &[&format!("from another machine: trustpath resume {run} --journal cluster")]);
        let words = if as_named { vec!["resume", run.as_str(), "--yes"] } else { vec!["apply"] };
        other.ok(&[&words[..], &cluster].concat()).await;
        unlocked(&pair, "closed from another machine").await;
        let runs = other.ok(&["runs"]).await;
        assert!(runs.stdout.contains("done"), "{}", runs.stdout);
        other.ok(&["rollback", "--yes", "--journal", "cluster"]).await;
        pair.kubernetes.delete(SECRET).await;
        pair.quiet().await;
        view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    }
}

/// The cluster lacks the end of a finished run: another machine proves that it is, and the first one has no other
/// journal then.
pub(crate) async fn a_run_whose_end_the_cluster_lacks_is_closed_from_another_machine(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (first, other) = (machine(&pair, Locked::Cluster), machine(&pair, Locked::Cluster));
    let cluster = ["--journal", "cluster"];
    pair.forget();
    first.ok(&[&["apply", "--yes"][..], &cluster].concat()).await;
    let writes = pair.kubernetes_proxy.seen().iter().filter(|seen| seen.line() == format!("PUT /{SECRET}")).count();
    first.ok(&[&["rollback", "--yes"][..], &cluster].concat()).await;
    pair.kubernetes.delete(SECRET).await;
    pair.forget();
    let last = Key { what: format!("PUT /{SECRET}"), nth: writes };
    pair.kubernetes_proxy.fault_nth(last, Lasts::On, Fault::Refuse(500));
    let first = machine(&pair, Locked::Cluster);
    let ran = first.ok(&[&["apply", "--yes"][..], &cluster].concat()).await;
    pair.lift();
    said(&ran.stderr, &["the cluster lacks the last records"]);
    other.ok(&[&["apply", "--yes"][..], &cluster].concat()).await;
    first.ok(&[&["apply", "--yes"][..], &cluster].concat()).await;
    first.ok(&[&["rollback", "--yes"][..], &cluster].concat()).await;
    pair.kubernetes.delete(SECRET).await;
    pair.quiet().await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
}

/// Killed at each request by which it leaves its locks, on its way or carried out: nothing of the run is left to do, which
/// the next one proves, and no one is told to take it back.
pub(crate) async fn killed_when_all_was_done_it_is_closed_by_the_next_run(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let leaving = [
        (false, format!("DELETE /{LEASE}"), 1),
        (true, "DELETE /v1/kv/metadata/trustpath/lock".to_owned(), 1),
        (true, "POST /v1/kv/data/trustpath/lock".to_owned(), 3),
    ];
    for (of_vault, what, nth) in leaving {
        for fault in [Fault::Hold, Fault::Withhold] {
            let name = format!("{what} #{nth}, {fault:?}");
            let program = machine(&pair, Locked::Both);
            let proxy = if of_vault { &pair.vault_proxy } else { &pair.kubernetes_proxy };
            pair.forget();
            proxy.fault_nth(Key { what: what.clone(), nth }, Lasts::Once, fault);
            let mut child = program.until_held(&words(How::Applied, &[]), proxy).await;
            child.kill().await.expect("it is killed");
            proxy.discard();
            pair.lift();
            pair.quiet().await;
            let next = program.ok(&["apply", "--yes"]).await;
            assert!(!next.stderr.contains("rollback"), "{name}: {}", next.stderr);
            unlocked(&pair, &name).await;
            let runs = program.ok(&["runs"]).await;
            assert!(runs.stdout.contains("done") && !runs.stdout.contains("unfinished"), "{name}: {}", runs.stdout);
            program.ok(&["rollback", "--yes"]).await;
            pair.quiet().await;
            view::assert_same(&before, &view::snapshot(&pair).await, &name);
        }
    }
}

/// A run whose chain does not hold when the next one looks is not called done: whoever wants to go on says how.
pub(crate) async fn a_chain_that_broke_meanwhile_is_not_called_done(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = machine(&pair, Locked::Cluster);
    pair.forget();
    refuse(&pair, How::Applied, Locked::Cluster, Refused { writing: true, removing: true });
    ended(&pair, &program, How::Applied, &[]).await;
    let run = latest(&program).await;
    pair.vault_proxy.fault(Rule { method: "POST", path: "/login".into(), times: 1, fault: Fault::Refuse(403) });
    let refused = program.fails(7, &["apply", "--yes"]).await;
    pair.lift();
    said(&refused.stderr, &["trustpath::run::unfinished", &format!("trustpath resume {run}")]);
    assert!(lease(&pair).await.is_some_and(|(_, run)| !run.is_null()), "a run that is not over lost its note");
    program.ok(&["apply", "--yes"]).await;
    unlocked(&pair, "proven").await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
}

/// What could not be taken back is known to everyone until it is.
pub(crate) async fn a_stuck_run_stays_on_its_locks(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    for locked in [Locked::Cluster, Locked::Both] {
        let (program, other) = (machine(&pair, locked), machine(&pair, locked));
        pair.forget();
        pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Refuse(400) });
        let key = Key { what: format!("DELETE /v1/{POLICY}"), nth: 1 };
        pair.vault_proxy.fault_nth(key, Lasts::On, Fault::Refuse(403));
        program.fails(12, &["apply", "--yes"]).await;
        pair.lift();
        let run = latest(&program).await;
        let (holder, noted) = lease(&pair).await.expect("a Lease that stays");
        assert!(holder.is_null() && noted.to_string().contains(&run), "{holder}, {noted}");
        if locked == Locked::Both {
            assert_eq!(in_vault(&pair).await.expect("a secret that stays")["unfinished"]["run"], json!(run));
        }
        let refused = other.fails(7, &["apply", "--yes"]).await;
        said(&refused.stderr, &["trustpath::lock::unfinished_elsewhere", &run]);
        program.fails(7, &["apply", "--yes"]).await;
        program.ok(&["rollback", "--yes"]).await;
        unlocked(&pair, "rolled back").await;
        view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
        assert!(may_begin(&other.run(&["apply"]).await));
    }
}
