//! Where the reviewer comes from.

use std::sync::Arc;

use secrecy::ExposeSecret;
use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::{Program, standard_file},
    proxy::{Fault, Key, Lasts, Rule},
    view,
};

/// The standard graph, and a step that makes the reviewer.
pub(crate) fn made_by_a_step(pair: &Pair) -> Program {
    let program = Program::bare().connected(pair);
    let overlay = program.file(
        "reviewer.toml",
        r#"
[steps.token-reviewer]
uses = "token-reviewer"
needs = ["service-account"]
with = { name = "reviewer" }

[steps.kubernetes-auth]
needs = ["token-reviewer"]
"#,
    );
    program.with("TRUSTPATH_FILE", &format!("{}:{}", standard_file().display(), overlay.display()))
}

/// A step of the graph makes the reviewer: its token is known only after it was applied.
pub(crate) async fn as_a_step_of_the_graph(pair: Arc<Pair>) {
    let program = made_by_a_step(&pair);
    let least = Least::of(&pair, &program, &[]).await;
    let program = least.holder(&pair, program);
    let before = view::snapshot(&pair).await;
    let planned = program.fails(2, &["plan", "--detailed-exitcode"]).await;
    assert!(planned.stdout.contains("known after apply"), "{}", planned.stdout);
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    program.ok(&["verify"]).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
    least.leave(&pair).await;
}

/// A destroy that is taken back makes the reviewer's token anew. Whichever of the two writes to the mark does not come through,
/// the config that holds the new one is written to its end by the rollback.
pub(crate) async fn made_anew_and_cut_off(pair: Arc<Pair>) {
    const TUNE: &str = "POST /v1/sys/mounts/auth/kubernetes/tune";
    let program = made_by_a_step(&pair);
    program.ok(&["apply", "--yes"]).await;
    for nth in [1, 2] {
        pair.forget();
        let path = "serviceaccounts/external-secrets".to_owned();
        pair.kubernetes_proxy.fault(Rule { method: "DELETE", path, times: 1, fault: Fault::Refuse(403) });
        pair.vault_proxy.fault_nth(Key { what: TUNE.into(), nth }, Lasts::Once, Fault::Refuse(403));
        program.fails(12, &["destroy", "--yes"]).await;
        assert!(pair.vault_proxy.faults_fired() && pair.kubernetes_proxy.faults_fired());
        pair.lift();
        program.ok(&["rollback", "--yes"]).await;
        program.ok(&["verify"]).await;
        program.ok(&["plan", "--detailed-exitcode"]).await;
    }
    program.ok(&["destroy", "--yes"]).await;
}

/// The server cannot show its reviewer JWT; a rotated file is seen all the same.
pub(crate) async fn a_rotated_file_is_drift(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let jwt = std::fs::read_to_string(pair.reviewer_jwt()).unwrap();
    let file = program.file("reviewer.jwt", &jwt).display().to_string();
    let set = format!("steps.kubernetes-auth.with.reviewer.file={file}");
    let least = Least::of(&pair, &program, &["--set", &set]).await;
    let program = least.holder(&pair, program);
    program.ok(&["apply", "--yes", "--set", &set]).await;
    program.ok(&["plan", "--detailed-exitcode", "--set", &set]).await;
    let rotated = pair.reviewer("rotated", "rotated").await;
    program.file("reviewer.jwt", rotated.expose_secret());
    let planned = program.fails(2, &["plan", "--detailed-exitcode", "--set", &set]).await;
    assert!(planned.stdout.contains("reviewer"), "{}", planned.stdout);
    assert!(!planned.stdout.contains(rotated.expose_secret()), "a secret is in the plan");
    // Another JWT has another digest, which the first policy does not let be written.
    let program = program.connected(&pair);
    let next = Least::of(&pair, &program, &["--set", &set]).await;
    let program = next.holder(&pair, program);
    let allow = ["apply", "--yes", "--allow-irreversible", "--set", &set];
    program.ok(&allow).await;
    program.ok(&["verify", "--set", &set]).await;
    program.ok(&["destroy", "--yes", "--set", &set, "--allow-irreversible"]).await;
    least.leave(&pair).await;
    next.leave(&pair).await;
    pair.remove_reviewer("rotated", "rotated").await;
}
