//! Runs that do not come to their end: stopped where they are, or killed.

use std::sync::Arc;

use serde_json::json;
use tokio::{io::AsyncReadExt as _, process::Child};
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran},
    proxy::{Fault, Rule},
    view,
};

const ROLE: &str = "auth/kubernetes/role/external-secrets";

/// A short in-flight timeout: what was cut off is looked at again after it.
fn program(pair: &Pair) -> Program {
    let program = Program::on(pair);
    let limits = program.file("limits.toml", "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"20s\"\n");
    let files = [trustpath_tests::program::standard_file(), pair.overlay_file(), limits];
    program.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"))
}

/// Applies until the role's write is held.
async fn held(pair: &Pair, program: &Program, more: &[&str]) -> Child {
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    let arguments = [&["apply", "--yes", "--adopt", "policy"], more].concat();
    program.until_held(&arguments, &pair.vault_proxy).await
}

pub(crate) async fn signal(child: &Child, name: &str) {
    let pid = child.id().expect("it runs").to_string();
    let sent = tokio::process::Command::new("kill").args([name, &pid]).status().await.expect("kill runs");
    assert!(sent.success());
}

/// Returns once it has said this.
pub(crate) async fn until_said(child: &mut Child, words: &str) {
    let stderr = child.stderr.as_mut().expect("no one else reads it");
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(words) {
        let read = stderr.read_buf(&mut said).await.expect("a pipe");
        assert_ne!(read, 0, "it has not said `{words}`: {}", String::from_utf8_lossy(&said));
    }
}

pub(crate) async fn ended(child: Child) -> Ran {
    child.wait_with_output().await.expect("it ends").into()
}

/// What was there before, so that there is something to put back.
async fn with_a_policy(pair: &Pair) -> serde_json::Value {
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": "# mine\n"})).await;
    view::snapshot(pair).await
}

/// What stands in the way of the next run is taken back by the command that was printed.
async fn goes_on(pair: &Pair, program: &Program, before: &serde_json::Value, printed: &str) {
    let refused = program.fails(7, &["apply", "--yes", "--adopt", "policy"]).await;
    assert!(refused.stderr.contains("trustpath::run::unfinished"), "{}", refused.stderr);
    let command = printed.lines().find_map(|line| line.split_once("trustpath ")).expect("a command to continue").1;
    let words: Vec<_> = command.split_whitespace().chain(["--yes"]).collect();
    program.ok(&words).await;
    view::assert_same(before, &view::snapshot(pair).await, "the run left something");
    pair.vault.delete("sys/policies/acl/apps-read").await;
}

/// Ctrl-C twice: it stops where it is, says how to go on, and that command leaves nothing.
pub(crate) async fn stopped_by_a_second_signal(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = program(&pair);
    let mut child = held(&pair, &program, &[]).await;
    signal(&child, "-INT").await;
    // Two signals of a kind that no one has looked at yet are one signal.
    until_said(&mut child, "interrupted: ").await;
    signal(&child, "-INT").await;
    let ran = ended(child).await;
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("trustpath::run::halted"), "{}", ran.stderr);
    // The request that was under way is carried out now, with no one there to see it.
    pair.vault_proxy.release();
    pair.quiet().await;
    let printed = ran.stderr.split("To go on:").nth(1).expect("a command to continue").to_owned();
    goes_on(&pair, &program, &before, &printed).await;
}

/// A pod that is deleted: taking back has the grace, and no more.
pub(crate) async fn stopped_at_the_end_of_the_grace(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = program(&pair);
    let child = held(&pair, &program, &["--grace", "300ms"]).await;
    signal(&child, "-TERM").await;
    let ran = ended(child).await;
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("the time to take everything back is over"), "{}", ran.stderr);
    pair.vault_proxy.release();
    pair.quiet().await;
    let printed = ran.stderr.split("To go on:").nth(1).expect("a command to continue").to_owned();
    goes_on(&pair, &program, &before, &printed).await;
}

/// Killed in the middle: `runs` says so, nothing else begins, and `resume` carries it to its end.
pub(crate) async fn killed_and_resumed(pair: Arc<Pair>) {
    let before = with_a_policy(&pair).await;
    let program = program(&pair);
    let mut child = held(&pair, &program, &[]).await;
    child.kill().await.expect("it is killed");
    pair.vault_proxy.release();
    pair.quiet().await;
    let runs = program.ok(&["runs"]).await;
    assert!(runs.stdout.contains("unfinished") && runs.stdout.contains("trustpath resume"), "{}", runs.stdout);
    program.fails(7, &["destroy", "--yes"]).await;
    let resumed = program.ok(&["resume", "--yes"]).await;
    assert!(resumed.stderr.contains("looked at again"), "{}", resumed.stderr);
    program.ok(&["plan", "--detailed-exitcode"]).await;
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
    pair.vault.delete("sys/policies/acl/apps-read").await;
}
