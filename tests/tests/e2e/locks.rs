//! The locks themselves: where they lie, who is named, and that nothing is left of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program, rest::Rest, view};

use crate::racer::writes;

const LEASES: &str = "apis/coordination.k8s.io/v1/namespaces/default/leases";
const IN_VAULT: &str = "kv/trustpath/lock";

fn lease(renewed: usize) -> Value {
    let holder = json!({
        "id": "elsewhere/1/0", "host": "build-\u{1b}[2J7", "pid": 4711, "user": "ada", "command": "apply",
        "graph": "payments", "since": "2026-01-31T12:00:00Z",
    });
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "trustpath", "annotations": {
            "trustpath.dev/holder": holder.to_string(), "trustpath.dev/in-flight-seconds": "1",
        }},
        "spec": {"holderIdentity": "ada@build-7/4711", "leaseDurationSeconds": 3, "leaseTransitions": renewed},
    })
}

/// Whether it is dead is told by nothing but that its Lease stands still: here for three seconds and one.
pub(crate) async fn a_holder_of_another_host_that_is_dead_is_followed(pair: Arc<Pair>) {
    pair.kubernetes.post(LEASES, &lease(0)).await;
    let program = Program::on(&pair);
    let begun = Instant::now();
    let unsure = program.fails(6, &["apply", "--yes", "--lock-timeout", "0s"]).await;
    assert!(unsure.stderr.contains("trustpath::lock::undecided"), "{}", unsure.stderr);
    let applied = program.ok(&["apply", "--yes"]).await;
    assert!(begun.elapsed() >= Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(applied.stderr.contains("held by `apply` of the graph `payments` by ada on build-7"), "{}", applied.stderr);
    program.ok(&["rollback", "--yes"]).await;
}

/// One renewal that is seen is enough: who holds it is named, and nothing was written.
pub(crate) async fn a_holder_that_is_alive_is_named(pair: Arc<Pair>) {
    pair.kubernetes.post(LEASES, &lease(0)).await;
    let (program, alive) = (Program::on(&pair), Renewing::start(pair.kubernetes.clone()));
    pair.forget();
    let refused = program.fails(6, &["apply", "--yes", "--output", "json"]).await;
    alive.stop().await;
    pair.kubernetes.delete(&format!("{LEASES}/trustpath")).await;
    let error: Value = serde_json::from_str(&refused.stdout).expect("a document");
    assert_eq!(error["error"]["code"], "trustpath::lock::held");
    let message = error["error"]["message"].as_str().expect("a message");
    let named = "by ada on build-7 (pid 4711), since 2026-01-31T12:00:00Z";
    assert!(message.contains(named), "{message}");
    assert_eq!(writes(&pair), []);
}

/// Somebody who renews a Lease four times a second.
struct Renewing(tokio::task::JoinHandle<()>);

impl Renewing {
    fn start(api: Rest) -> Self {
        Self(tokio::spawn(async move {
            for renewed in 1.. {
                api.apply(&format!("{LEASES}/trustpath"), "elsewhere", lease(renewed).to_string()).await;
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }))
    }

    async fn stop(self) {
        self.0.abort();
        let ended = self.0.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "it renewed to the end");
    }
}

pub(crate) async fn a_namespace_that_a_run_could_take_away_is_refused(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let set = |namespace: &str| format!("connections.kubernetes.lock_namespace={namespace}");
    pair.forget();
    let missing = program.fails(3, &["apply", "--yes", "--set", &set("nowhere")]).await;
    assert!(missing.stderr.contains("trustpath::lock::namespace"), "{}", missing.stderr);
    assert_eq!(writes(&pair), []);
    program.ok(&["apply", "--yes"]).await;
    let made = view::snapshot(&pair).await;
    let ours = program.fails(3, &["destroy", "--yes", "--set", &set("external-secrets")]).await;
    assert!(ours.stderr.contains("trustpath::lock::namespace"), "{}", ours.stderr);
    view::assert_same(&made, &view::snapshot(&pair).await, "a refused run changed something");
    program.ok(&["destroy", "--yes", "--set", &set("kube-system")]).await;
}

/// Graphs that have nothing to do with a cluster, as those of two clusters have nothing to do with each other's.
fn sharing(pair: &Pair, number: usize, lock: &str) -> Program {
    let program = Program::bare().connected(pair).without("KUBECONFIG");
    let file = program.file(
        "plugins.toml",
        &format!(
            "graph = \"cluster-{number}\"\n[run]\nlease = \"24s\"\nin_flight_timeout = \"2s\"\nstep_timeout = \"20s\"\n{lock}\n\
             [steps.one]\nuses = \"policy\"\nwith = {{ name = \"shared-one\", rules = {{ \"kv/data/{number}\" = [\"read\"] }} }}\n\
             [steps.two]\nuses = \"policy\"\nneeds = [\"one\"]\nwith = {{ name = \"shared-two\", rules = {{ \"kv/data/{number}\" = [\"read\"] }} }}\n"
        ),
    );
    program.with("TRUSTPATH_FILE", &file.display().to_string())
}

fn with_lock() -> String {
    format!("[connections.vault]\nlock = \"{IN_VAULT}\"\n")
}

async fn remove_shared(pair: &Pair) {
    pair.vault.delete("sys/policies/acl/shared-one").await;
    pair.vault.delete("sys/policies/acl/shared-two").await;
}

pub(crate) async fn a_lock_in_vault_for_clusters_that_share_it(pair: Arc<Pair>) {
    let unlocked = sharing(&pair, 9, "").ok(&["plan"]).await;
    assert!(unlocked.stdout.contains("only this machine is locked"), "{}", unlocked.stdout);
    let nowhere = sharing(&pair, 9, "[connections.vault]\nlock = \"nowhere/at/all\"\n");
    assert!(nowhere.fails(3, &["apply", "--yes"]).await.stderr.contains("trustpath::lock::no_kv"));
    let before = pair.vault.list("kv/metadata/").await;
    let clusters: Vec<_> = (0..4).map(|number| sharing(&pair, number, &with_lock())).collect();
    pair.forget();
    let words = ["apply", "--yes", "--adopt", "one", "--adopt", "two", "--lock-timeout", "10m"];
    join_all(clusters.iter().map(|cluster| cluster.ok(&words))).await;
    let policies: Vec<_> = writes(&pair).into_iter().filter(|seen| seen.path.contains("/sys/policies/")).collect();
    assert_eq!(policies.len(), 8, "{policies:?}");
    for pair_of in policies.chunks(2) {
        let paths: Vec<_> = pair_of.iter().map(|seen| seen.path.rsplit('/').next().unwrap()).collect();
        assert_eq!(paths, ["shared-one", "shared-two"], "two runs at once");
        let number = |at: usize| {
            let body = String::from_utf8_lossy(&pair_of[at].body.0).into_owned();
            (0..4).find(|number| body.contains(&format!("kv/data/{number}")))
        };
        assert_eq!(number(0), number(1), "two runs at once");
    }
    assert_eq!(pair.vault.list("kv/metadata/").await, before, "the lock left something");
    remove_shared(&pair).await;
}

/// The lock is then a secret that says that no one holds it, and the next run takes it as it is.
pub(crate) async fn a_token_that_may_not_remove_the_lock_in_vault(pair: Arc<Pair>) {
    let rules = "path \"sys/policies/acl/shared-*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n\
                 path \"sys/policies/acl\" { capabilities = [\"list\"] }\n\
                 path \"auth/*\" { capabilities = [\"read\", \"list\"] }\n\
                 path \"kv/data/trustpath/lock\" { capabilities = [\"create\", \"read\", \"update\"] }\n";
    pair.vault.post("sys/policies/acl/lock-alone", &json!({"policy": rules})).await;
    let made = pair.vault.post("auth/token/create", &json!({"policies": ["lock-alone"]})).await;
    let token = SecretString::from(made["auth"]["client_token"].as_str().expect("a token"));
    let program = sharing(&pair, 1, &with_lock()).with("VAULT_TOKEN", token.expose_secret());
    for verb in ["apply", "destroy"] {
        // The rights that are asked for beforehand are those of a run that leaves nothing.
        let refused = program.fails(5, &[verb, "--yes"]).await;
        assert!(refused.stderr.contains("kv/metadata/trustpath/lock"), "{}", refused.stderr);
        let ran = program.ok(&[verb, "--yes", "--no-preflight"]).await;
        assert!(!ran.stderr.contains("could not be given back"), "{}", ran.stderr);
        let left = pair.vault.get("kv/data/trustpath/lock").await.expect("a secret that stays");
        assert_eq!(left["data"]["data"], json!({}), "no one holds it");
    }
    // Destroy leaves a policy whose users this token may not list.
    remove_shared(&pair).await;
    pair.vault.delete("kv/metadata/trustpath/lock").await;
    pair.vault.delete("sys/policies/acl/lock-alone").await;
    pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": made["auth"]["accessor"]})).await;
}
