//! Two clusters and one Vault: they come and go in every order, and neither breaks the other.

mod marks;
mod matrix;

use std::sync::Arc;

pub(crate) use marks::{
    a_cluster_that_was_built_anew_takes_its_mount_over, a_mark_of_an_earlier_version_is_completed,
    the_same_files_do_not_take_a_mount_away,
};
pub(crate) use matrix::whatever_one_does_the_other_holds;
use serde_json::json;
use trustpath_tests::{pair::Pair, program::Program, view};

/// What another cluster lays over the same files, to have a mount of its own.
const OWN_MOUNT: &str = "[steps.kubernetes-auth.with]\nmount = \"kubernetes-b\"\n[run]\nin_flight_timeout = \"1s\"\n";

/// Another cluster beside the Vault of the pair: its API server is the sandbox's.
async fn another(pair: &Pair) -> Pair {
    Pair::beside(pair, false).await
}

/// The program for a cluster that has these files, and one more.
fn with_file(pair: &Pair, text: &str) -> Program {
    let program = Program::on(pair);
    let more = program.file("more.toml", text);
    let files = [trustpath_tests::program::standard_file(), pair.overlay_file(), more];
    program.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"))
}

/// Both at once, again and again, and no lock in Vault: a run that met the other is taken back, and the chain that stands
/// holds.
pub(crate) async fn at_the_same_time(pair: Arc<Pair>) {
    let b = another(&pair).await;
    let (of_a, of_b) = (Program::on(&pair), with_file(&b, OWN_MOUNT));
    let empty = view::kubernetes(&b.kubernetes).await;
    for _ in 0..2 {
        futures::join!(at_last(&of_a, "apply"), at_last(&of_b, "apply"));
        futures::join!(of_a.ok(&["verify"]), of_b.ok(&["verify"]));
        futures::join!(at_last(&of_a, "apply"), at_last(&of_b, "destroy"));
        of_a.ok(&["verify"]).await;
        futures::join!(at_last(&of_a, "destroy"), at_last(&of_b, "apply"));
        of_b.ok(&["verify"]).await;
    }
    futures::join!(at_last(&of_a, "destroy"), at_last(&of_b, "destroy"));
    // Each may have left the policy because the other still used it.
    of_b.ok(&["destroy", "--yes"]).await;
    view::assert_same(&empty, &view::kubernetes(&b.kubernetes).await, "something was left in the other cluster");
}

/// Runs a verb until it ends well. It may meet the other cluster's run at the policy that they share: that was removed before
/// it came to be used.
async fn at_last(program: &Program, verb: &str) {
    for _ in 0..3 {
        let ran = program.run(&[verb, "--yes"]).await;
        if ran.code == 0 {
            return;
        }
        // By its name where it is missing, by its path where a login had it and may not use it any more.
        let is_told = ["apps-read", "kv/data/apps/*"].iter().any(|shared| ran.stderr.contains(shared));
        let met = ran.code == 11 && is_told;
        let is_back = ran.stderr.contains("Everything that this run changed is back");
        assert!(met && is_back, "trustpath {verb}: {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    }
    program.ok(&[verb, "--yes"]).await;
}

/// With an ExternalSecret on the store, all that the store needs is in use as well.
pub(crate) async fn a_chain_in_use_stays_whole(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let user = trustpath_tests::external_secret::ExternalSecret::on_the_store(&pair).await;
    program.ok(&["apply", "--yes"]).await;
    let made = view::snapshot(&pair).await;
    let planned = program.ok(&["plan", "--destroy"]).await;
    for arguments in [&["destroy", "--yes"][..], &["destroy", "role", "secret-store", "--yes"]] {
        let left = program.ok(arguments).await;
        println!("trustpath {}\n{}", arguments.join(" "), left.stdout);
        assert!(left.stdout.contains("ExternalSecret `vault/app`"), "{}", left.stdout);
        view::assert_same(&made, &view::snapshot(&pair).await, "a chain in use was taken apart");
    }
    for (step, needing) in
        [("service-account", "role"), ("kubernetes-auth", "role"), ("policy", "role"), ("role", "secret-store")]
    {
        let says = planned.stdout.split("\n\n").find(|block| block.contains(&format!(" {step} ")));
        let says = says.unwrap_or_else(|| panic!("{step}: {}", planned.stdout));
        assert!(says.contains("left:") && says.contains(&format!("`{needing}`")), "{step}: {says}");
    }
    program.ok(&["verify"]).await;
    user.go(&pair).await;
    program.ok(&["destroy", "--yes"]).await;
}

/// A role that another made on the mount keeps it, and so the reviewer whose JWT it holds.
pub(crate) async fn a_mount_that_stays_keeps_its_reviewer(pair: Arc<Pair>) {
    let program = Program::bare().connected(&pair);
    let overlay = "[steps.token-reviewer]\nuses = \"token-reviewer\"\nneeds = [\"service-account\"]\nwith = { name = \"reviewer\" }\n\
                   [steps.kubernetes-auth]\nneeds = [\"token-reviewer\"]\n";
    let overlay = program.file("reviewer.toml", overlay).display().to_string();
    let program =
        program.with("TRUSTPATH_FILE", &format!("{}:{overlay}", trustpath_tests::program::standard_file().display()));
    program.ok(&["apply", "--yes"]).await;
    let role = json!({"bound_service_account_names": ["a"], "bound_service_account_namespaces": ["n"]});
    pair.vault.post("auth/kubernetes/role/theirs", &role).await;
    let left = program.ok(&["destroy", "--yes"]).await;
    assert!(left.stdout.contains("roles that are not this graph's: theirs"), "{}", left.stdout);
    assert!(left.stdout.contains("`kubernetes-auth` stays, and needs it"), "{}", left.stdout);
    assert!(pair.vault.get("auth/kubernetes/config").await.is_some());
    let reviewer = "api/v1/namespaces/external-secrets/secrets/reviewer-token";
    assert!(pair.kubernetes.get(reviewer).await.is_some(), "{}", left.stdout);
    pair.vault.delete("auth/kubernetes/role/theirs").await;
    program.ok(&["destroy", "--yes"]).await;
}
