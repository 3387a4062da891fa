//! Several processes over the same objects: one at a time, whoever is killed or stopped.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use tokio::process::Child;
use trustpath_tests::{
    pair::Pair,
    program::Ran,
    proxy::{Fault, Rule},
    view,
};

use crate::racer::{Racer, sweep, writes};

/// Long enough for a busy machine, short enough to be waited for.
const RUN: &str = "lease = \"10s\"\nin_flight_timeout = \"2s\"\nstep_timeout = \"8s\"";
const LEASE_AND_HORIZON: Duration = Duration::from_secs(12);

/// The request in which a run is caught in the middle: after it, others would come.
const ROLE: &str = "auth/kubernetes/role/external-secrets";

/// Eight processes, eight different graphs, a common start. Half of them wait for their turn, the others are refused
/// unless the lock is free.
pub(crate) async fn eight_graphs_over_the_same_objects(pair: Arc<Pair>) {
    let run = "lease = \"24s\"\nin_flight_timeout = \"2s\"\nstep_timeout = \"20s\"";
    let mut racers = Vec::new();
    for number in 0..8 {
        racers.push(Racer::new(&pair, number, number + 1, run).await);
    }
    pair.forget();
    let ran = join_all(racers.iter().map(|racer| async {
        let patient: &[&str] = if racer.graph.as_str() < "racer-4" { &["--lock-timeout", "10m"] } else { &[] };
        racer.program.run(&racer.apply(patient)).await
    }))
    .await;
    pair.quiet().await;
    for (racer, Ran { code, stderr, .. }) in racers.iter().zip(&ran) {
        match code {
            0 => assert!(racer.writes(&pair) > 0, "{} says that it is done, and wrote nothing", racer.graph),
            6 => {
                assert!(stderr.contains("trustpath::lock::held"), "{stderr}");
                assert_eq!(racer.writes(&pair), 0, "{} was refused, and wrote", racer.graph);
                assert!(racer.graph.as_str() >= "racer-4", "{} was to wait: {stderr}", racer.graph);
            }
            _ => panic!("{} ended with {code}: {stderr}", racer.graph),
        }
    }
    let turns = turns(&pair, &racers);
    let done = ran.iter().filter(|ran| ran.code == 0).count();
    println!("{done} of {} were done, one after the other: {}", racers.len(), turns.join(", "));
    assert_eq!(turns.len(), done, "each has one turn, and no one writes in another's: {turns:?}");
    let last = racers.iter().find(|racer| Some(&racer.graph) == turns.last()).expect("somebody was the last");
    last.assert_reigns(&pair).await;
    clean_up(&pair, &racers).await;
}

/// Who wrote, one after the other.
fn turns(pair: &Pair, racers: &[Racer]) -> Vec<String> {
    let sender = |seen| racers.iter().find(|racer| racer.sent(seen)).map(|racer| racer.graph.clone());
    let mut turns: Vec<_> = writes(pair).iter().filter_map(sender).collect();
    turns.dedup();
    turns
}

/// A process that is stopped for longer than its lease, and woken: it writes nothing more, and the other one's values
/// stay. What it had begun is known to the other one, who has to give it up by its name.
pub(crate) async fn one_that_is_stopped_past_its_lease_writes_nothing_once_woken(pair: Arc<Pair>) {
    // The role of both is the same: undoing it, the woken one would find what it had made itself, and take it away.
    let (stopped, other) = (Racer::new(&pair, 0, 1, RUN).await, Racer::new(&pair, 1, 1, RUN).await);
    let child = caught(&pair, &stopped).await;
    signal(&child, "-STOP").await;
    // What it had sent before is carried out: no lock calls it back, which is what the in-flight timeout is for.
    pair.vault_proxy.release();
    pair.quiet().await;
    let begun = Instant::now();
    let refused = other.program.fails(7, &other.apply(&[])).await;
    assert!(begun.elapsed() >= LEASE_AND_HORIZON, "it did not wait: {:?}", begun.elapsed());
    assert!(refused.stderr.contains("trustpath::lock::unfinished_elsewhere"), "{}", refused.stderr);
    assert_eq!(other.writes(&pair), 0);
    let run = the_run(&stopped).await;
    assert!(refused.stderr.contains(&run), "{run} is not named: {}", refused.stderr);
    other.program.ok(&other.apply(&["--abandon", &run])).await;
    let (held, before) = (view::snapshot(&pair).await, stopped.writes(&pair));
    signal(&child, "-CONT").await;
    let output = child.wait_with_output().await.expect("it ends");
    pair.quiet().await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(12), "{said}");
    assert!(said.contains("the lock under which this run writes could not be renewed"), "{said}");
    assert_eq!(stopped.writes(&pair), before, "it wrote after it was woken");
    view::assert_same(&held, &view::snapshot(&pair).await, "the woken one changed something");
    other.assert_reigns(&pair).await;
    clean_up(&pair, &[stopped, other]).await;
}

/// A process that is killed in the middle: no one writes over what it left, and on its own machine it is taken back at
/// once.
pub(crate) async fn one_that_is_killed_is_followed(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (killed, other) = (Racer::new(&pair, 0, 1, RUN).await, Racer::new(&pair, 1, 2, RUN).await);
    let mut child = caught(&pair, &killed).await;
    child.kill().await.expect("it is killed");
    pair.vault_proxy.release();
    pair.quiet().await;
    let refused = other.program.fails(7, &other.apply(&["--output", "json"])).await;
    assert!(refused.stdout.contains("trustpath::lock::unfinished_elsewhere"), "{}", refused.stdout);
    let place = killed.program.home().display().to_string();
    assert!(refused.stdout.contains(&place), "where its journal lies is not said: {}", refused.stdout);
    assert_eq!(other.writes(&pair), 0);
    let begun = Instant::now();
    killed.program.ok(&["rollback", "--yes"]).await;
    println!("rolled back {:?} after the crash", begun.elapsed());
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    other.program.ok(&other.apply(&[])).await;
    other.program.ok(&["destroy", "--yes"]).await;
    clean_up(&pair, &[killed, other]).await;
}

/// Starts an apply, and returns once it is in the middle of a request.
async fn caught(pair: &Pair, racer: &Racer) -> Child {
    pair.forget();
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.to_owned(), times: 1, fault: Fault::Hold });
    let child = racer.program.command(&racer.apply(&[])).spawn().expect("it starts");
    pair.vault_proxy.held().await;
    child
}

async fn signal(child: &Child, signal: &str) {
    let pid = child.id().expect("it is there").to_string();
    let sent = tokio::process::Command::new("kill").args([signal, &pid]).status().await.expect("kill runs");
    assert!(sent.success());
}

/// The id of the one run that this racer has begun.
async fn the_run(racer: &Racer) -> String {
    let runs = racer.program.ok(&["runs", "--output", "json"]).await;
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).expect("a document");
    assert_eq!(runs["runs"][0]["state"], "running", "{runs}");
    runs["runs"][0]["run"].as_str().expect("a run").to_owned()
}

async fn clean_up(pair: &Pair, racers: &[Racer]) {
    sweep(pair).await;
    join_all(racers.iter().map(|racer| racer.leave(pair))).await;
}
