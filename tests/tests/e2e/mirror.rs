//! `--journal cluster`: the cluster keeps the journals of its runs, and a machine that has nothing goes on from there.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::process::Child;
use trustpath_core::journal::{End, Log, Record, replay};
use trustpath_tests::{
    least::{Least, Taken},
    pair::Pair,
    program::Program,
    proxy::{Fault, Key, Lasts, Rule, Seen, keys},
    view,
};

use crate::racer::writes;

const SECRETS: &str = "api/v1/namespaces/default/secrets";
const SECRET: &str = "api/v1/namespaces/default/secrets/trustpath-journals";
const PLACE: &str = "default/trustpath-journals";
const LEASE: &str = "apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath";
const ROLE: &str = "auth/kubernetes/role/external-secrets";
const POLICY: &str = "sys/policies/acl/apps-read";
const APPLY: [&str; 6] = ["apply", "--yes", "--adopt", "policy", "--journal", "cluster"];

/// A machine of its own: its state directory is empty, and one step is made after the other.
fn machine(pair: &Pair) -> Program {
    let program = Program::on(pair);
    let limits = program.file(
        "limits.toml",
        "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"10s\"\nparallelism = 1\nlease = \"30s\"\n",
    );
    let files = [trustpath_tests::program::standard_file(), pair.overlay_file(), limits];
    program.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"))
}

/// What was there before, so that there is something to put back.
async fn with_a_policy(pair: &Pair) -> Value {
    pair.vault.post(POLICY, &json!({"policy": "# mine\n"})).await;
    view::snapshot(pair).await
}

/// All is as before, but for the Secret; it goes now, and so does the policy.
async fn is_before(pair: &Pair, before: &Value, what: &str) {
    pair.quiet().await;
    pair.kubernetes.delete(SECRET).await;
    view::assert_same(before, &view::snapshot(pair).await, what);
    pair.vault.delete(POLICY).await;
}

/// A screen says all of this, wherever its lines break.
fn said(screen: &str, all: &[&str]) {
    let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '│', "");
    for words in all {
        assert!(plain(screen).contains(&plain(words)), "{words} is not said: {screen}");
    }
}

/// The journals that the cluster has, by their keys.
async fn mirrored(pair: &Pair) -> Vec<(String, Vec<u8>)> {
    let secret = pair.kubernetes.get(SECRET).await.unwrap_or_default();
    let decode = |value: &Value| STANDARD.decode(value.as_str().expect("a text")).expect("base64");
    secret["data"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), decode(value))).collect()
}

/// The one journal that the cluster has.
async fn the_mirrored(pair: &Pair) -> Log {
    let journals = mirrored(pair).await;
    let [(key, lines)] = journals.as_slice() else { panic!("{:?}", journals.iter().map(|(key, _)| key)) };
    let log = Log::parse(Path::new(key), lines).expect("a journal");
    assert_eq!(log.sound, lines.len() as u64, "a record is torn");
    assert_eq!(key, &format!("{}.jsonl", log.start.run));
    log
}

/// The one journal that a machine has.
fn the_local(program: &Program) -> Log {
    Log::read(&program.journal()).expect("a journal")
}

fn intents(log: &Log) -> usize {
    log.entries.iter().filter(|entry| matches!(entry.record, Record::Intent { .. })).count()
}

fn is_of_the_mirror(seen: &Seen) -> bool {
    seen.path.ends_with(SECRET) || seen.method == "POST" && seen.path.ends_with(SECRETS)
}

/// What the steps have asked the servers to change so far; what a proof asks for, and gives back, is none of it.
fn sent(pair: &Pair) -> Vec<Seen> {
    let is_of_a_proof = |seen: &Seen| ["/token", "/login", "/revoke-self"].iter().any(|end| seen.path.ends_with(end));
    writes(pair).into_iter().filter(|seen| !is_of_the_mirror(seen) && !is_of_a_proof(seen)).collect()
}

/// Killed in the middle of the role's write, which is carried out, and its disk is gone with it. Answers with the run.
async fn killed_and_gone(pair: &Pair) -> String {
    let gone = machine(pair);
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    let mut child = gone.until_held(&APPLY, &pair.vault_proxy).await;
    child.kill().await.expect("it is killed");
    pair.vault_proxy.release();
    pair.quiet().await;
    let log = the_mirrored(pair).await;
    assert_eq!(replay(&log.entries).end, None);
    log.start.run
}

/// Another machine, which has nothing: it says where the journal lies, and takes the run back from there.
pub(crate) async fn a_machine_that_is_gone_is_followed_by_one_that_takes_its_run_back(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let run = killed_and_gone(&pair).await;
    let other = machine(&pair);
    assert!(!other.ok(&["runs"]).await.stdout.contains(&run), "nothing of it is here");
    let refused = other.fails(7, &["apply", "--yes", "--adopt", "policy"]).await;
    said(
        &refused.stderr,
        &["trustpath::lock::unfinished_elsewhere", PLACE, &format!("rollback {run} --journal cluster")],
    );
    other.fails(64, &["rollback", &run, "--yes"]).await;
    let runs = other.ok(&["runs", "--journal", "cluster"]).await;
    said(&runs.stdout, &[&run, "unfinished", &format!("trustpath resume {run} --journal cluster")]);
    let refused = other.fails(7, &APPLY).await;
    said(&refused.stderr, &["trustpath::run::unfinished", &format!("trustpath resume {run} --journal cluster")]);
    // Even where no lock says so any more.
    pair.kubernetes.delete(LEASE).await;
    let refused = machine(&pair).fails(7, &APPLY).await;
    said(&refused.stderr, &["trustpath::run::unfinished", &format!("trustpath resume {run} --journal cluster")]);
    // Yet another one, which has not looked before.
    let third = machine(&pair);
    third.ok(&["rollback", &run, "--yes", "--journal", "cluster"]).await;
    assert_eq!(replay(&the_mirrored(&pair).await.entries).end, Some(End::RolledBack));
    // The one that looked in between has an older state of it, and takes the newer one.
    let runs = other.ok(&["runs", "--journal", "cluster"]).await;
    assert!(runs.stdout.contains("rolled back"), "{}", runs.stdout);
    is_before(&pair, &before, "the rollback left something").await;
}

/// The same, carried to its end, and then taken back by a third one.
pub(crate) async fn a_machine_that_is_gone_is_followed_by_one_that_carries_its_run_to_its_end(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    killed_and_gone(&pair).await;
    let other = machine(&pair).with("TRUSTPATH_JOURNAL", "cluster");
    let resumed = other.ok(&["resume", "--yes"]).await;
    assert!(resumed.stderr.contains("looked at again"), "{}", resumed.stderr);
    other.ok(&["plan", "--detailed-exitcode"]).await;
    other.ok(&["verify"]).await;
    assert_eq!(replay(&the_mirrored(&pair).await.entries).end, Some(End::Done));
    machine(&pair).ok(&["rollback", "--yes", "--journal", "cluster"]).await;
    is_before(&pair, &before, "the rollback left something").await;
}

/// A run that is at work on another machine is nobody's to continue: that machine is waited for. When it dies, the run
/// that it had begun meanwhile is fetched.
pub(crate) async fn a_machine_that_is_at_work_is_waited_for_and_followed(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let (first, second) = (machine(&pair), machine(&pair));
    pair.forget();
    pair.vault_proxy.fault(Rule { method: "GET", path: POLICY.into(), times: 1, fault: Fault::Hold });
    let mut at_work = first.until_held(&APPLY, &pair.vault_proxy).await;
    let looks = |seen: &[Seen]| seen.iter().filter(|seen| seen.method == "GET" && is_of_the_mirror(seen)).count();
    let so_far = looks(&pair.kubernetes_proxy.seen());
    let waiting = second.command(&[&APPLY[..], &["--lock-timeout", "5m"]].concat()).spawn().expect("it starts");
    pair.kubernetes_proxy.until(|seen| looks(seen) > so_far).await;
    // The second one has looked, and there was nothing; now the first one begins, and is caught in the middle.
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    pair.vault_proxy.release();
    pair.vault_proxy.until(|seen| seen.iter().any(|seen| seen.path.ends_with(ROLE) && seen.method == "POST")).await;
    let held = machine(&pair).run(&APPLY).await;
    at_work.kill().await.expect("it is killed");
    pair.vault_proxy.release();
    assert_eq!(held.code, 6, "{}", held.stderr);
    said(&held.stderr, &["trustpath::lock::held"]);
    let refused = waiting.wait_with_output().await.expect("it ends");
    let run = the_mirrored(&pair).await.start.run;
    let words = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(7), "{words}");
    said(&words, &["trustpath::run::unfinished", &format!("trustpath resume {run} --journal cluster")]);
    second.ok(&["rollback", "--yes", "--journal", "cluster"]).await;
    is_before(&pair, &before, "the rollback left something").await;
}

/// Killed where it writes the Secret: an intent, or an answer, on its way or there already. Taken back from the Secret
/// alone, or on the same machine, whose file is ahead of it then.
pub(crate) async fn killed_at_a_write_of_the_journal_it_is_taken_back(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let what = format!("PUT /{SECRET}");
    for (nth, fault) in [(1, Fault::Hold), (1, Fault::Withhold), (2, Fault::Hold), (2, Fault::Withhold)] {
        for disk_is_gone in [true, false] {
            let program = machine(&pair);
            pair.forget();
            pair.kubernetes_proxy.fault_nth(Key { what: what.clone(), nth }, Lasts::Once, fault);
            let mut child = program.until_held(&APPLY, &pair.kubernetes_proxy).await;
            child.kill().await.expect("it is killed");
            pair.kubernetes_proxy.discard();
            pair.lift();
            pair.quiet().await;
            let (here, there) = (the_local(&program), the_mirrored(&pair).await);
            assert!(here.entries.starts_with(&there.entries), "the Secret is ahead of the file");
            assert_eq!(here.entries.len() - there.entries.len(), usize::from(fault == Fault::Hold));
            let next = if disk_is_gone { machine(&pair) } else { program };
            next.ok(&["rollback", "--yes", "--journal", "cluster"]).await;
            assert_eq!(replay(&the_mirrored(&pair).await.entries).end, Some(End::RolledBack));
            assert_eq!(the_local(&next).entries, the_mirrored(&pair).await.entries);
            pair.kubernetes.delete(SECRET).await;
            view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
        }
    }
    pair.vault.delete(POLICY).await;
}

/// Each write of a run is stopped on its way: the Secret has its intent already.
pub(crate) async fn every_intent_is_in_the_cluster_before_its_write(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = machine(&pair);
    pair.forget();
    program.ok(&APPLY).await;
    let all = intents(&the_mirrored(&pair).await);
    let announced: Vec<_> = sent(&pair).into_iter().take(all).collect();
    program.ok(&["rollback", "--yes", "--journal", "cluster"]).await;
    pair.kubernetes.delete(SECRET).await;
    pair.forget();
    for (proxy, of_vault) in [(&pair.vault_proxy, true), (&pair.kubernetes_proxy, false)] {
        for key in keys(announced.iter().filter(|seen| seen.path.starts_with("/v1/") == of_vault)) {
            proxy.fault_nth(key, Lasts::Once, Fault::Hold);
        }
    }
    let again = machine(&pair);
    let mut child = again.command(&APPLY).spawn().expect("it starts");
    for nth in 1..=all {
        held(&pair, &mut child).await;
        let log = the_mirrored(&pair).await;
        assert_eq!((sent(&pair).len(), intents(&log)), (nth, nth), "{:?}", sent(&pair).last());
        let last = &log.entries.last().expect("a record").record;
        assert!(matches!(last, Record::Intent { .. }), "write {nth}: {last:?}");
        assert_eq!(the_local(&again).entries, log.entries);
        pair.vault_proxy.release();
        pair.kubernetes_proxy.release();
        let answered = |seen: &[Seen]| seen.iter().all(|seen| seen.status != 0);
        tokio::join!(pair.vault_proxy.until(answered), pair.kubernetes_proxy.until(answered));
    }
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{}: {all} writes, each announced in the Secret", pair.which.name());
    pair.lift();
    again.ok(&["rollback", "--yes", "--journal", "cluster"]).await;
    is_before(&pair, &before, "the rollback left something").await;
}

/// Returns once either server's proxy holds a request of it.
async fn held(pair: &Pair, child: &mut Child) {
    tokio::select! {
        () = pair.vault_proxy.held() => {}
        () = pair.kubernetes_proxy.held() => {}
        ended = child.wait() => panic!("it ended with {ended:?} before a request was held"),
    }
}

/// From the third intent on the Secret cannot be written: what it lacks is not sent, all is taken back, and the next
/// command brings the rest.
pub(crate) async fn what_the_cluster_does_not_take_is_not_sent(pair: Arc<Pair>) {
    for (status, code) in [(403, 5), (500, 8)] {
        let before = with_a_policy(&pair).await;
        let program = machine(&pair);
        pair.forget();
        // The first record makes the Secret; then each request has one for its intent, and one for its answer.
        let what = format!("PUT /{SECRET}");
        pair.kubernetes_proxy.fault_nth(Key { what, nth: 5 }, Lasts::On, Fault::Refuse(status));
        let failed = program.fails(code, &APPLY).await;
        pair.quiet().await;
        assert!(pair.kubernetes_proxy.faults_fired());
        let lacks = "the cluster lacks the last records";
        said(&failed.stderr, &["trustpath::journal::unmirrored", PLACE, "is back as it was", lacks]);
        let (there, here) = (the_mirrored(&pair).await, the_local(&program));
        assert!(here.entries.starts_with(&there.entries), "the Secret has something else");
        let undoing = here.entries.iter().filter(|entry| matches!(entry.record, Record::UndoIntent { .. })).count();
        assert_eq!((intents(&there), intents(&here)), (2, 3));
        assert_eq!(sent(&pair).len(), intents(&there) + undoing, "{:?}", sent(&pair));
        pair.lift();
        program.ok(&["destroy", "policy", "--yes", "--journal", "cluster"]).await;
        assert_eq!(the_mirrored(&pair).await.entries, here.entries);
        is_before(&pair, &before, "the run left something").await;
    }
}

/// Not even the first record: nothing was begun, and nothing is in the way of the next run.
pub(crate) async fn without_its_first_record_in_the_cluster_no_run_begins(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = machine(&pair);
    pair.forget();
    pair.kubernetes_proxy.fault(Rule { method: "POST", path: SECRETS.into(), times: 2, fault: Fault::Refuse(403) });
    let failed = program.fails(5, &APPLY).await;
    assert!(failed.stderr.contains("trustpath::journal::unmirrored"), "{}", failed.stderr);
    assert_eq!(sent(&pair), []);
    pair.lift();
    program.ok(&APPLY).await;
    program.ok(&["rollback", "--yes"]).await;
    is_before(&pair, &before, "the run left something").await;
}

/// A journal in the cluster that cannot be read, or that says something else than the one here, is in the way of that
/// run, of a new one, and of no other.
pub(crate) async fn a_journal_that_is_damaged_there_stops_its_run_alone(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = machine(&pair);
    program.ok(&APPLY).await;
    let run = the_local(&program).start.run;
    put(&pair, "20260131-120000.jsonl", b"damaged\n").await;
    let runs = program.ok(&["runs", "--journal", "cluster", "--output", "json"]).await;
    let runs: Value = serde_json::from_str(&runs.stdout).expect("a document");
    let states: Vec<_> = runs["runs"].as_array().into_iter().flatten().map(|run| &run["state"]).collect();
    assert_eq!(states, ["damaged", "done"], "{runs}");
    let refused = program.fails(3, &APPLY).await;
    said(&refused.stderr, &["20260131-120000.jsonl", PLACE]);
    program.fails(3, &["rollback", "20260131-120000", "--yes", "--journal", "cluster"]).await;
    program.fails(3, &["rollback", "--yes", "--journal", "cluster"]).await;
    // The same run, continued from two places.
    let mut lines = mirrored(&pair).await.into_iter().find(|(key, _)| *key == format!("{run}.jsonl")).expect("it").1;
    let end = lines.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    lines.truncate(end);
    let start = lines.split_inclusive(|byte| *byte == b'\n').next().expect("a line").to_vec();
    put(&pair, &format!("{run}.jsonl"), &[lines, start].concat()).await;
    let apart = program.fails(7, &["rollback", &run, "--yes", "--journal", "cluster"]).await;
    said(&apart.stderr, &["trustpath::journal::apart", PLACE, &program.home().join("state").display().to_string()]);
    pair.kubernetes.delete(SECRET).await;
    program.ok(&["rollback", &run, "--yes", "--journal", "cluster"]).await;
    is_before(&pair, &before, "the rollback left something").await;
}

/// Writes a key of the Secret by force.
async fn put(pair: &Pair, key: &str, lines: &[u8]) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "trustpath-journals"}, "type": "trustpath.dev/journals",
        "data": {key: STANDARD.encode(lines)},
    });
    pair.kubernetes.apply(SECRET, &format!("somebody-{}", key.len()), secret.to_string()).await;
}

/// A cluster that does not answer is said, and nothing is written.
pub(crate) async fn without_the_cluster_nothing_is_written(pair: Arc<Pair>) {
    let program = machine(&pair);
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let config = std::fs::read_to_string(pair.kubeconfig()).expect("a kubeconfig");
    let config = config.replace(&pair.kubernetes_proxy.address().to_string(), &nowhere.to_string());
    let kubeconfig = program.file("kubeconfig-nowhere", &config).display().to_string();
    let program = program.with("KUBECONFIG", &kubeconfig);
    pair.forget();
    for words in [&APPLY[..], &["runs", "--journal", "cluster"], &["rollback", "--yes", "--journal", "cluster"]] {
        let failed = program.fails(4, words).await;
        assert!(failed.stderr.contains("trustpath::kubernetes::unreachable"), "{}", failed.stderr);
    }
    assert_eq!(writes(&pair), []);
    assert!(!program.home().join("state").exists(), "a state directory was made");
}

/// With exactly the rights that are printed for it, every verb; and without any one of them that are for the Secret, none
/// that writes.
pub(crate) async fn printed_for_the_cluster_is_enough_and_none_is_too_much(pair: Arc<Pair>) {
    let program = machine(&pair);
    let without = Least::of(&pair, &program, &[]).await;
    let usual = without.rights().len();
    without.leave(&pair).await;
    let least = Least::of(&pair, &program, &["--journal", "cluster"]).await;
    let holder = least.holder(&pair, program).with("TRUSTPATH_JOURNAL", "cluster");
    let before = view::snapshot(&pair).await;
    let of_the_secret = |right: &Taken| match right {
        Taken::Verb(cell) => cell.resource == "secrets" && cell.namespace == "default",
        Taken::Capability(..) => false,
    };
    let rights: Vec<_> = least.rights().into_iter().filter(of_the_secret).collect();
    assert_eq!((rights.len(), least.rights().len()), (3, usual + 3), "{rights:?}");
    for right in &rights {
        least.take(&pair, right).await;
        let refused = holder.fails(5, &["apply", "--yes"]).await;
        assert!(right.words().iter().all(|word| refused.stderr.contains(word)), "{right:?}: {}", refused.stderr);
        holder.fails(5, &["apply", "--yes", "--no-preflight"]).await;
        pair.quiet().await;
        least.give_back(&pair, right).await;
        pair.kubernetes.delete(SECRET).await;
        view::assert_same(&before, &view::snapshot(&pair).await, "a refused run left something");
    }
    holder.ok(&["apply", "--yes"]).await;
    holder.ok(&["verify"]).await;
    holder.ok(&["runs"]).await;
    holder.ok(&["rollback", "--yes"]).await;
    holder.ok(&["apply", "--yes"]).await;
    holder.ok(&["destroy", "--yes"]).await;
    assert_eq!(mirrored(&pair).await.iter().filter(|(key, _)| key.ends_with(".jsonl")).count(), 3);
    pair.kubernetes.delete(SECRET).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "something was left");
    least.leave(&pair).await;
}
