//! Two teams, two credentials: one system alone, and nothing of the other is looked at.

use std::{path::PathBuf, sync::Arc};

use serde_json::Value;
use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
    proxy::{Fault, Proxy, Rule},
    view,
};

const ROLE: &str = "auth/kubernetes/role/external-secrets";
const VAULT: [&str; 2] = ["--system", "vault"];
const KUBERNETES: [&str; 2] = ["--system", "kubernetes"];

/// What Vault's team is told by hand: the graph file is the same for both.
async fn by_hand(pair: &Pair, program: &Program) -> [PathBuf; 3] {
    let system = pair.kubernetes.get("api/v1/namespaces/kube-system").await.expect("a namespace");
    let text = format!(
        "[connections.kubernetes]\nuid = {}\n[steps.kubernetes-auth.with]\nkubernetes_host = \"https://{}\"\nca = {{ file = {:?} }}\n",
        system["metadata"]["uid"],
        pair.kubernetes_proxy.address(),
        pair.proxy_ca_file().display(),
    );
    [standard_file(), pair.overlay_file(), program.file("by-hand.toml", &text)]
}

/// With Vault's credentials, and a kubeconfig that is not there.
fn of_vault(pair: &Pair) -> Program {
    Program::on(pair).with("KUBECONFIG", "/nowhere/kubeconfig")
}

/// With a kubeconfig, and nothing of Vault's.
fn of_kubernetes(pair: &Pair) -> Program {
    ["VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"].into_iter().fold(Program::on(pair), Program::without)
}

fn asked(proxy: &Proxy) -> Vec<String> {
    let ours = proxy.seen().into_iter().filter(|request| request.agent.starts_with("trustpath/"));
    ours.map(|request| request.line()).collect()
}

fn verb<'a>(verb: &'a str, system: [&'a str; 2], more: &[&'a str]) -> Vec<&'a str> {
    [&[verb], &system[..], more].concat()
}

/// Plan, apply, verify; the program asks nothing of the other system.
async fn made(program: &Program, system: [&str; 2], other: &Proxy, taken: &str) {
    let planned = program.fails(2, &verb("plan", system, &["--detailed-exitcode"])).await;
    println!("{}", planned.stdout);
    let said = format!("Not looked at, and taken as the graph file says: {taken}\n");
    assert!(planned.stdout.contains(&said), "{}", planned.stdout);
    let applied = program.ok(&verb("apply", system, &["--yes"])).await;
    println!("{}{}", applied.stdout, applied.stderr);
    assert!(applied.stdout.matches(&said).count() == 2, "in the plan and in the result: {}", applied.stdout);
    let verified = program.ok(&verb("verify", system, &["--output", "json"])).await;
    let document: Value = serde_json::from_str(&verified.stdout).expect("a document");
    for step in taken.split(", ") {
        let link = document["links"].as_array().expect("links").iter().find(|link| link["step"] == step);
        let link = link.unwrap_or_else(|| panic!("{step} is not told of: {document:#}"));
        assert_eq!(link["checks"][0]["outcome"], "unchecked", "{link}");
    }
    program.ok(&verb("plan", system, &["--detailed-exitcode"])).await;
    program.ok(&verb("permissions", system, &[])).await;
    assert_eq!(asked(other), [] as [&str; 0]);
}

pub(crate) async fn each_team_by_its_own_credentials(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (vault, kubernetes, both) = (of_vault(&pair), of_kubernetes(&pair), Program::on(&pair));
    let files = by_hand(&pair, &both).await;
    let [vault, kubernetes, both] = [vault, kubernetes, both].map(|program| program.with_files(&files));
    pair.forget();
    made(&vault, VAULT, &pair.kubernetes_proxy, "service-account, secret-store").await;
    pair.forget();
    made(&kubernetes, KUBERNETES, &pair.vault_proxy, "kubernetes-auth, policy, role").await;
    let planned = both.ok(&["plan", "--detailed-exitcode"]).await;
    assert!(planned.stdout.contains("nothing to do in 5 steps"), "{}", planned.stdout);
    both.ok(&["verify"]).await;

    pair.forget();
    let destroyed = kubernetes.ok(&verb("destroy", KUBERNETES, &["--yes"])).await;
    println!("{}", destroyed.stdout);
    assert_eq!(asked(&pair.vault_proxy), [] as [&str; 0]);
    pair.forget();
    let destroyed = vault.ok(&verb("destroy", VAULT, &["--yes"])).await;
    println!("{}", destroyed.stdout);
    assert!(destroyed.stdout.contains("taken to be gone: service-account, secret-store\n"), "{}", destroyed.stdout);
    assert_eq!(asked(&pair.kubernetes_proxy), [] as [&str; 0]);
    view::assert_same(&before, &view::snapshot(&pair).await, "the two of them left something");
}

/// A chain that runs was made with `auto`: what the cluster would say stays as Vault has it.
pub(crate) async fn what_is_auto_stays_as_it_is(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (both, vault) = (Program::on(&pair), of_vault(&pair));
    both.ok(&["apply", "--yes"]).await;
    let whole = view::snapshot(&pair).await;
    let planned = vault.ok(&verb("plan", VAULT, &["--detailed-exitcode"])).await;
    assert!(planned.stdout.contains("nothing to do in 3 steps"), "{}", planned.stdout);
    pair.vault.delete(ROLE).await;
    pair.forget();
    let applied = vault.ok(&["apply", "role", "--system", "vault", "--yes"]).await;
    println!("{}", applied.stdout);
    assert!(applied.stdout.contains("login as external-secrets/external-secrets"), "{}", applied.stdout);
    assert!(applied.stdout.contains("unchecked"), "{}", applied.stdout);
    view::assert_same(&whole, &view::snapshot(&pair).await, "the role is not what it was");
    vault.ok(&["rollback", "--yes"]).await;
    assert!(pair.vault.get(ROLE).await.is_none());
    vault.ok(&verb("destroy", VAULT, &["--yes"])).await;
    assert_eq!(asked(&pair.kubernetes_proxy), [] as [&str; 0]);
    both.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}

pub(crate) async fn what_has_to_be_given_is_named(pair: Arc<Pair>) {
    let vault = of_vault(&pair);
    pair.forget();
    let planned = vault.fails(3, &verb("plan", VAULT, &[])).await;
    assert!(planned.stderr.contains("`uid` under [connections.kubernetes]"), "{}", planned.stderr);
    let planned = vault.fails(3, &verb("plan", VAULT, &["--set", "connections.kubernetes.uid=a"])).await;
    assert!(planned.stderr.contains("set `kubernetes_host`"), "{}", planned.stderr);
    let planned = vault.fails(64, &verb("plan", ["--system", "kubernets"], &[])).await;
    assert!(planned.stderr.contains("`kubernetes`") && planned.stderr.contains("vault"), "{}", planned.stderr);
    let applied = vault.fails(64, &verb("apply", VAULT, &["--journal", "cluster"])).await;
    assert!(applied.stderr.contains("trustpath::journal::no_cluster"), "{}", applied.stderr);
    assert_eq!(asked(&pair.kubernetes_proxy), [] as [&str; 0]);
}

/// A run that was cut off goes on by the same credentials: its journal knows the system, and why it was begun.
pub(crate) async fn a_run_that_was_killed_goes_on_alone(pair: Arc<Pair>) {
    let program = of_vault(&pair);
    let mut files = by_hand(&pair, &program).await.to_vec();
    files.push(program.file("limits.toml", "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"20s\"\n"));
    let vault = program.with_files(&files);
    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    pair.forget();
    let applied = verb("apply", VAULT, &["--yes", "--reason", "CHG-4711"]);
    let mut child = vault.until_held(&applied, &pair.vault_proxy).await;
    child.kill().await.expect("a process of ours");
    pair.vault_proxy.discard();
    let resumed = vault.ok(&["resume", "--yes"]).await;
    println!("{}", resumed.stdout);
    assert!(pair.vault.get(ROLE).await.is_some());
    vault.ok(&["rollback", "--yes"]).await;
    assert!(pair.vault.get(ROLE).await.is_none());
    assert_eq!(asked(&pair.kubernetes_proxy), [] as [&str; 0]);
}

pub(crate) async fn why_a_run_is_made_is_kept(pair: Arc<Pair>) {
    const REASON: &str = "CHG-4711: \u{1b}[2Jrotation, hvs.CAESIJ1234567890abcdefghijklmnopqrstuvwxyz";
    // A short lease: that its holder is alive is soon seen.
    let program = Program::on(&pair);
    let lease = program.file("lease.toml", "[run]\nlease = \"16s\"\nstep_timeout = \"10s\"\n");
    let program = program.with_files(&[standard_file(), pair.overlay_file(), lease]);
    program.ok(&["apply", "--yes", "--reason", REASON]).await;
    let listed = program.ok(&["runs"]).await;
    let journal = std::fs::read_to_string(program.journal()).expect("a journal");
    for text in [&listed.stdout, &journal] {
        assert!(text.contains("CHG-4711: rotation, ") && !text.contains("hvs.CAES"), "{text}");
    }
    program.ok(&["destroy", "--yes", "--reason", "it was a trial"]).await;
    let listed = program.ok(&["runs", "--output", "json"]).await;
    assert!(listed.stdout.contains("it was a trial"), "{}", listed.stdout);

    pair.vault_proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
    let child = program.until_held(&["apply", "--yes", "--reason", REASON], &pair.vault_proxy).await;
    let kept_out = Program::on(&pair).fails(6, &["apply", "--yes"]).await;
    assert!(kept_out.stderr.contains("CHG-4711: rotation, "), "{}", kept_out.stderr);
    pair.vault_proxy.release();
    let ended = child.wait_with_output().await.expect("it ends");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    program.ok(&["destroy", "--yes"]).await;
}
