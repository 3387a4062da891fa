//! No secret that a run holds is in anything that it says, writes or hands on: each is proven to have been held, and
//! looked for in every form in which it may have come out.

mod echoes;
mod nest;
mod places;
mod plugin;

pub(crate) use self::{
    echoes::{in_what_a_hostile_cluster_sends_back, in_what_a_hostile_vault_sends_back},
    places::{in_a_panic, in_urls, of_a_proxy},
};

use std::sync::Arc;

use secrecy::ExposeSecret;
use trustpath_tests::{
    pair::Pair,
    program::Ran,
    proxy::{Fault, Rule},
    somebody, view,
};

use self::nest::Nest;

/// What the program writes, and that holds no secret by itself.
const WRITTEN: [&str; 4] =
    ["sys/policies/acl/apps-read", "auth/kubernetes/role/external-secrets", "auth/kubernetes/config", "sys/auth"];
const OBJECTS: [&str; 2] = [
    "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets",
    "apis/external-secrets.io/v1/clustersecretstores/vault-backend",
];

/// Every verb, over another client's values, with a plugin that makes the credentials of the cluster.
pub(crate) async fn in_every_verb(pair: Arc<Pair>) {
    let theirs = pair.reviewer("somebodys-reviewer", "somebody").await;
    let file = somebody::keep_jwt(&pair, &theirs);
    let (host, ca) = (format!("https://{}", pair.kubernetes_proxy.address()), pair.proxy_ca());
    somebody::auth(&pair, &host, &ca).await;
    somebody::policy(&pair, "apps-read").await;
    let before = view::snapshot(&pair).await;
    let mut nest = Nest::new(pair.clone()).await;
    nest.canaries.watch("the JWT of the reviewer before", theirs.expose_secret());
    plugin::exec(&mut nest);
    nest.with_overlay(&format!("[steps.kubernetes-auth.with]\nprevious_reviewer = {{ file = {file:?} }}\n"));
    for quiet in [vec!["graph"], vec!["steps", "list"], vec!["steps", "describe", "kubernetes-auth"], vec!["schema"]] {
        nest.run(0, &quiet).await;
    }
    for asks in [vec!["plan"], vec!["plan", "--requests"], vec!["plan", "--requests", "--destroy"], vec!["permissions"]]
    {
        in_both_formats(&mut nest, &asks).await;
    }
    let adopt = ["--yes", "--adopt", "policy", "--adopt", "kubernetes-auth"];
    for format in ["json", "text"] {
        nest.run(0, &[&["apply", "--output", format], adopt.as_slice()].concat()).await;
        nest.run(0, &["verify", "--output", format]).await;
        nest.run(0, &["runs", "--output", format]).await;
        written(&mut nest).await;
        let changed = ["--set", "steps.kubernetes-auth.with.disable_iss_validation=false"];
        nest.run(0, &[&["plan", "--requests", "--output", format], &changed[..]].concat()).await;
        nest.run(0, &["plan", "--requests", "--destroy", "--output", format]).await;
        nest.run(0, &["rollback", "--yes", "--output", format]).await;
    }
    plugin::was_run_and_told_nothing(&mut nest);
    assert!(nest.state_files() > 1, "there is no journal to look through");
    view::assert_same(&before, &view::snapshot(&pair).await, "the runs left something");
    nest.search(&["a value in KV"]).await;
    for path in ["sys/policies/acl/apps-read", "sys/auth/kubernetes"] {
        pair.vault.delete(path).await;
    }
    std::fs::remove_file(file).expect("the file that was kept");
    pair.remove_reviewer("somebodys-reviewer", "somebody").await;
}

async fn in_both_formats(nest: &mut Nest, asks: &[&str]) {
    for format in ["text", "json"] {
        nest.run(0, &[asks, &["--output", format]].concat()).await;
    }
}

/// What the run has written, as the servers have it.
async fn written(nest: &mut Nest) {
    for path in WRITTEN {
        let found = nest.pair.vault.get(path).await.unwrap_or_else(|| panic!("{path} was not written"));
        nest.also(path, found.to_string());
    }
    for path in OBJECTS {
        let found = nest.pair.kubernetes.get(path).await.unwrap_or_else(|| panic!("{path} was not written"));
        nest.also(path, found.to_string());
    }
}

/// A run that is killed in the middle, and continued: its locks and its command line are looked at while it runs. The
/// reviewer is a step, the Vault token a file, and the kubeconfig has a key.
pub(crate) async fn in_the_middle_of_a_run(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let mut nest = Nest::new(pair.clone()).await;
    nest.without("VAULT_TOKEN");
    nest.program.file(".vault-token", nest.token.clone().expose_secret());
    plugin::certificate(&mut nest);
    nest.run(3, &["plan"]).await;
    nest.canaries.held("the key of the client", "without it, the kubeconfig cannot be used");
    let good = nest.given("kubeconfig-good").display().to_string();
    nest.with("KUBECONFIG", &good);
    nest.with_overlay(
        "[run]\nin_flight_timeout = \"1s\"\n[connections.vault]\nlock = \"kv/trustpath/lock\"\n\
         [steps.token-reviewer]\nuses = \"token-reviewer\"\nneeds = [\"service-account\"]\nwith = { name = \"reviewer\" }\n",
    );
    nest.with("TRUSTPATH_FILE", &reviewer_by_a_step(&nest));
    let path = "auth/kubernetes/role/external-secrets".to_owned();
    pair.vault_proxy.fault(Rule { method: "POST", path, times: 1, fault: Fault::Hold });
    // A JWT that is not there yet, and all from empty.
    in_both_formats(&mut nest, &["plan", "--requests"]).await;
    let mut child = nest.program.until_held(&["apply", "--yes", "-v"], &pair.vault_proxy).await;
    let lease = pair.kubernetes.get("apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath").await;
    nest.also("the Lease", lease.expect("the lock of the cluster").to_string());
    let lock = pair.vault.get("kv/data/trustpath/lock").await;
    nest.also("the lock in Vault", lock.expect("the lock in Vault").to_string());
    let process = format!("/proc/{}", child.id().expect("it runs"));
    nest.also("its command line", std::fs::read(format!("{process}/cmdline")).expect("it runs"));
    child.start_kill().expect("it can be killed");
    let ended: Ran = child.wait_with_output().await.expect("it ends").into();
    nest.keep("apply", &ended);
    pair.vault_proxy.release();
    pair.quiet().await;
    nest.run(0, &["runs", "--output", "json"]).await;
    nest.run(0, &["resume", "--yes"]).await;
    let secret = pair.kubernetes.get("api/v1/namespaces/external-secrets/secrets/reviewer-token").await;
    let jwt = secret.expect("the Secret of the reviewer")["data"]["token"].as_str().expect("a token").to_owned();
    let jwt = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, jwt).expect("base64");
    nest.canaries.watch("the JWT in the reviewer's Secret", std::str::from_utf8(&jwt).expect("a JWT"));
    nest.look();
    in_both_formats(&mut nest, &["plan", "--requests", "--destroy"]).await;
    nest.run(0, &["destroy", "--yes", "--output", "json"]).await;
    assert!(nest.state_files() > 1, "there is no journal to look through");
    view::assert_same(&before, &view::snapshot(&pair).await, "the runs left something");
    std::fs::remove_file(nest.program.home().join(".vault-token")).expect("the token's file");
    // The file of the other reviewer is not of this graph.
    nest.search(&["a value in KV", "the reviewer's JWT"]).await;
}

/// The standard file with the overlay of the nest alone: the reviewer is the step's.
fn reviewer_by_a_step(nest: &Nest) -> String {
    let needs = nest.program.file("needs.toml", "[steps.kubernetes-auth]\nneeds = [\"token-reviewer\"]\n");
    let files = [trustpath_tests::program::standard_file(), nest.program.home().join("overlay.toml"), needs];
    files.map(|file| file.display().to_string()).join(":")
}
