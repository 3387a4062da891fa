//! Taking a whole run back.

use std::{process::Stdio, sync::Arc};

use serde_json::json;
use trustpath_tests::{
    least::Least,
    pair::{Pair, Which},
    program::Program,
    proxy::{Fault, Rule},
    view,
};

/// The journal knows what the run made, whatever the file says today.
pub(crate) async fn after_the_file_was_edited(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let renamed = program
        .file("renamed.toml", "[steps.policy.with]\nname = \"renamed\"\n[steps.role.with]\nname = \"renamed\"\n");
    let standard = trustpath_tests::program::standard_file();
    let file = |with: &str| format!("{}:{}{with}", standard.display(), pair.overlay_file().display());
    program.ok(&["apply", "--yes"]).await;
    let edited = program.with("TRUSTPATH_FILE", &file(&format!(":{}", renamed.display())));
    edited.fails(2, &["plan", "--detailed-exitcode"]).await;
    edited.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    let runs = edited.ok(&["runs"]).await;
    assert!(runs.stdout.contains("rolled back"), "{}", runs.stdout);
}

/// A journal is good for the servers of its run, and for no other.
pub(crate) async fn against_other_servers(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let made = view::snapshot(&pair).await;
    let other = Pair::start(Which::SANDBOX).await;
    let program = program.connected(&other).with("KUBECONFIG", &pair.kubeconfig().display().to_string());
    let empty = view::snapshot(&other).await;
    let refused = program.fails(7, &["rollback", "--yes"]).await;
    assert!(refused.stderr.contains("cluster_id"), "{}", refused.stderr);
    crate::screens::same("a_journal_of_another_target", &pair, &program, &refused);
    view::assert_same(&empty, &view::snapshot(&other).await, "a refused rollback changed the other server");
    view::assert_same(&made, &view::snapshot(&pair).await, "a refused rollback changed something");
    let program = program.connected(&pair);
    program.ok(&["rollback", "--yes"]).await;
}

/// SIGTERM in the middle of a run: what is under way settles, and everything is taken back.
pub(crate) async fn interrupted_by_a_signal(pair: Arc<Pair>) {
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": "# mine\n"})).await;
    let (least, program) = Least::standard(&pair).await;
    let before = view::snapshot(&pair).await;
    // The role's write never gets an answer in time: the signal finds the run in the middle of it.
    let path = "auth/kubernetes/role/external-secrets".to_owned();
    pair.vault_proxy.fault(Rule { method: "POST", path: path.clone(), times: 1, fault: Fault::Hold });
    let mut command = program.command(&["apply", "--yes", "--adopt", "policy"]);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    pair.vault_proxy.held().await;
    let pid = child.id().expect("it runs").to_string();
    let sent = tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    assert!(sent.success());
    pair.vault_proxy.release();
    let output = child.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    view::assert_same(&before, &view::snapshot(&pair).await, "the interrupted run left something");
    least.leave(&pair).await;
    pair.vault.delete("sys/policies/acl/apps-read").await;
}
