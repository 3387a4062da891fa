//! A defect of the program's own: a step that panics, and a process that is aborted. `cargo xtask test` runs these cases with
//! what is shipped, too: what a panic does is for its profile to say.

use std::{os::unix::process::ExitStatusExt as _, process::Command, sync::Arc};

use secrecy::ExposeSecret as _;
use serde_json::json;
use trustpath_tests::{
    canary::Canaries,
    pair::Pair,
    program::{Program, build, standard_file},
    view,
};

/// SIGABRT.
const ABORT: i32 = 6;
/// A shell that lets what it runs leave core dumps.
const DUMPING: &str = "ulimit -c unlimited && exec \"$0\" \"$@\"";

/// All of the program, and the kind that panics.
async fn binary() -> String {
    let built = tokio::task::spawn_blocking(|| build("trustpath-panicking-step", "trustpath-panicking-step"));
    built.await.expect("it is built").display().to_string()
}

/// The standard chain, and at its end a step that panics there.
fn with_a_defect(pair: &Pair, program: Program, at: &str) -> Program {
    let step = format!("[steps.it]\nuses = \"panicking\"\nneeds = [\"role\"]\nwith = {{ at = {at:?} }}\n");
    let overlay = program.file("defect.toml", &format!("[run]\nin_flight_timeout = \"1s\"\n{step}"));
    let files = [standard_file(), pair.overlay_file(), overlay].map(|file| file.display().to_string());
    program.with("TRUSTPATH_FILE", &files.join(":"))
}

/// Whatever it does when it panics: all is as it was before, the lock included, and nothing is in the way of the next run.
pub(crate) async fn a_run_whose_step_panics_is_taken_back(pair: Arc<Pair>) {
    let binary = binary().await;
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": "# mine\n"})).await;
    let before = view::snapshot(&pair).await;
    for at in ["plan", "rights", "apply", "verify"] {
        let program = with_a_defect(&pair, Program::of(binary.clone().into()).connected(&pair), at);
        let ran = program.fails(1, &["apply", "--yes", "--adopt", "policy"]).await;
        assert!(ran.stderr.contains("panicking-step/src/main.rs"), "{at}: {}", ran.stderr);
        assert!(ran.stderr.contains("trustpath::step::panicked") && ran.stderr.contains("it"), "{at}: {}", ran.stderr);
        view::assert_same(&before, &view::snapshot(&pair).await, at);
        let files = [standard_file(), pair.overlay_file()].map(|file| file.display().to_string());
        let program = program.with("TRUSTPATH_FILE", &files.join(":"));
        program.ok(&["apply", "--yes", "--adopt", "policy"]).await;
        program.ok(&["rollback", "--yes"]).await;
        view::assert_same(&before, &view::snapshot(&pair).await, at);
    }
    pair.vault.delete("sys/policies/acl/apps-read").await;
}

/// What is in memory when a process is aborted holds the token. It stays there, even where the shell asks for a dump.
pub(crate) async fn an_aborted_process_leaves_no_core_dump(pair: Arc<Pair>) {
    let binary = binary().await;
    let program = with_a_defect(&pair, Program::of("/bin/sh".into()).connected(&pair), "abort");
    let words = ["-c", DUMPING, &binary, "apply", "--yes"];
    let status = program.command(&words).status().await.expect("a shell");
    assert_eq!(status.signal(), Some(ABORT), "{status:?}");
    assert!(!status.core_dumped(), "a core dump was made");
    let mut canaries = Canaries::default();
    canaries.watch("the Vault token", pair.root_token().expose_secret());
    canaries.watch("the token of the cluster", pair.admin_token().expose_secret());
    assert!(canaries.assert_absent_below(program.home(), &[]) > 1, "nothing was looked through");
    let program = with_a_defect(&pair, Program::of(binary.into()).connected(&pair), "abort")
        .with("TRUSTPATH_STATE_DIR", &program.home().join("state").display().to_string());
    program.ok(&["rollback", "--yes"]).await;
}

/// Whether a process that is aborted here, and does nothing about it, leaves a core dump at all.
pub(crate) fn are_dumped() -> bool {
    let home = tempfile::tempdir().expect("a directory");
    let aborted = Command::new("/bin/sh")
        .args(["-c", DUMPING, "/bin/sh", "-c", "kill -ABRT $$"])
        .current_dir(home.path())
        .output()
        .expect("a shell");
    aborted.status.core_dumped()
}
