//! Namespaces are never empty: other controllers write into every new one, and APIs and webhooks come and go.

pub(crate) mod admission;

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{
    aggregated::{self, Aggregated},
    controller::Controller,
    pair::Pair,
    program::{Program, Ran},
    proxy::{Fault, Rule},
};

const NAMESPACE: &str = "api/v1/namespaces/external-secrets";
const APPLY: [&str; 2] = ["apply", "--yes"];
const ROLLBACK: [&str; 2] = ["rollback", "--yes"];
const DESTROY: [&str; 2] = ["destroy", "--yes"];

/// What others have in every namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Nothing,
    ConfigMap,
    ServiceAccounts,
    Secret,
    RoleBinding,
    View,
    ApiWithoutServer,
}

impl Others {
    /// On a real API server all of them; the sandbox has no aggregated APIs.
    fn on(pair: &Pair) -> Vec<Self> {
        let everywhere = [Self::Nothing, Self::ConfigMap, Self::ServiceAccounts, Self::Secret, Self::RoleBinding];
        let real = [Self::View, Self::ApiWithoutServer].into_iter().filter(|_| pair.which.real_kubernetes);
        everywhere.into_iter().chain(real).collect()
    }

    fn what(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::ConfigMap => "a ConfigMap (Istio, trust-manager)",
            Self::ServiceAccounts => "ServiceAccounts (OpenShift)",
            Self::Secret => "a dockercfg Secret (OpenShift)",
            Self::RoleBinding => "a RoleBinding (OpenShift)",
            Self::View => "PackageManifests, without `delete` (OLM)",
            Self::ApiWithoutServer => "an APIService without a backend",
        }
    }

    /// What has to be named where the namespace stays; it goes where there is nothing.
    fn named(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::View => None,
            Self::ConfigMap => Some("the ConfigMap `istio-ca-root-cert`"),
            Self::ServiceAccounts => Some("the ServiceAccount `builder` and the ServiceAccount `deployer`"),
            Self::Secret => Some("the Secret `default-dockercfg-x2x4q`"),
            Self::RoleBinding => Some("the RoleBinding `system:image-pullers`"),
            Self::ApiWithoutServer => Some("the types of `metrics.k8s.io/v1beta1` cannot be listed"),
        }
    }

    fn objects(self) -> Vec<(&'static str, Value)> {
        let object = |version: &str, kind: &str, name: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        match self {
            Self::ConfigMap => {
                vec![("configmaps/istio-ca-root-cert", object("v1", "ConfigMap", "istio-ca-root-cert"))]
            }
            Self::ServiceAccounts => vec![
                ("serviceaccounts/builder", object("v1", "ServiceAccount", "builder")),
                ("serviceaccounts/deployer", object("v1", "ServiceAccount", "deployer")),
            ],
            Self::Secret => vec![("secrets/default-dockercfg-x2x4q", dockercfg())],
            Self::RoleBinding => vec![("rolebindings/system:image-pullers", binding())],
            Self::Nothing | Self::View | Self::ApiWithoutServer => Vec::new(),
        }
    }
}

fn dockercfg() -> Value {
    let metadata = json!({"name": "default-dockercfg-x2x4q"});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}})
}

fn binding() -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"});
    let metadata = json!({"name": "system:image-pullers"});
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": []})
}

/// The namespace is for the program to make: cases that came before have left it on a real cluster, which takes seconds to
/// remove one.
async fn to_be_made(pair: &Pair) {
    pair.remove_namespace("external-secrets").await;
}

/// What holds for every sort of content, as a table: exit code, and what becomes of the namespace.
pub(crate) async fn what_others_put_into_it_stays_and_every_run_ends(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let mut table = vec![["in every namespace", "apply", "rollback", "next apply", "destroy"].map(str::to_owned)];
    for others in Others::on(&pair) {
        table.push(row(&pair, others).await);
    }
    let sort = if pair.which.real_kubernetes { "kube-apiserver" } else { "sandbox" };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("namespaces@{sort}"), aligned(&table)));
}

async fn row(pair: &Pair, others: Others) -> [String; 5] {
    let controller = Controller::start(&pair.kubernetes, others.objects()).await;
    let view = if others == Others::View { Some(Aggregated::start(pair).await) } else { None };
    if others == Others::ApiWithoutServer {
        aggregated::down(pair).await;
    }
    let program = Program::on(pair);
    let mut row = vec![others.what().to_owned()];
    for words in [APPLY, ROLLBACK, APPLY, DESTROY] {
        let ran = program.run(&words).await;
        let there = pair.kubernetes.get(NAMESPACE).await.is_some();
        if words != APPLY {
            assert_eq!(there, others.named().is_some(), "{others:?}, {words:?}\n{}\n{}", ran.stdout, ran.stderr);
            named(&ran, others, &format!("{others:?}, {words:?}"));
        }
        row.push(format!("{}, {}", ran.code, if there { "there" } else { "gone" }));
    }
    drop(controller);
    if let Some(view) = view {
        view.leave(pair).await;
    }
    if others == Others::ApiWithoutServer {
        aggregated::up(pair).await;
    }
    pair.remove_namespace("external-secrets").await;
    row.try_into().expect("five cells")
}

fn named(ran: &Ran, others: Others, when: &str) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    if let Some(named) = others.named() {
        assert!(said.contains(named), "{when}: not named\n{said}");
    }
}

fn aligned(table: &[[String; 5]]) -> String {
    let widths: Vec<_> = (0..5).map(|at| table.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let row = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// A run that fails ends with its own exit code, says what stays on the screen, in its documents and in `runs`, and the next
/// one may come at once.
pub(crate) async fn a_run_that_fails_says_what_stays_and_is_over(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let controller = Controller::start(&pair.kubernetes, Others::ConfigMap.objects()).await;
    let program = Program::on(&pair);
    pair.kubernetes_proxy.fault(Rule {
        method: "PATCH",
        path: "clustersecretstores/vault-backend".into(),
        times: 1,
        fault: Fault::Refuse(422),
    });
    let ran = program.fails(8, &APPLY).await;
    assert!(pair.kubernetes_proxy.faults_fired(), "the fault did not happen");
    crate::screens::same("a_namespace_that_stays", &pair, &program, &ran);
    named(&ran, Others::ConfigMap, "apply");
    let runs = program.ok(&["runs", "--output", "json"]).await;
    let runs: Value = serde_json::from_str(&runs.stdout).expect("a document");
    let run = &runs["runs"][0];
    assert_eq!((&run["state"], &run["stays"][0]["step"]), (&json!("rolled-back"), &json!("service-account")), "{run}");
    assert_eq!((run.get("next"), run.get("standing")), (None, None), "{run}");
    let ran = program.ok(&["apply", "--yes", "--output", "json"]).await;
    assert_eq!(document(&ran)["outcome"], "done");
    let ran = program.ok(&["rollback", "--yes", "--output", "json"]).await;
    assert_eq!(document(&ran)["outcome"], "rolled-back", "{}", ran.stdout);
    drop(controller);
    pair.kubernetes.delete(&format!("{NAMESPACE}/configmaps/istio-ca-root-cert")).await;
    // Its mark is still there: whoever empties it may have it removed.
    program.ok(&DESTROY).await;
    assert!(pair.kubernetes.get(NAMESPACE).await.is_none(), "the namespace was not removed");
}

/// Empty in the plan, and no longer when its turn comes: it is looked at right before it goes, and not in the plan alone.
pub(crate) async fn what_comes_while_it_is_being_removed_stays_too(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let program = Program::on(&pair);
    for words in [ROLLBACK, DESTROY] {
        program.ok(&APPLY).await;
        let path = "serviceaccounts/external-secrets".into();
        pair.kubernetes_proxy.fault(Rule { method: "DELETE", path, times: 1, fault: Fault::Hold });
        let child = program.until_held(&words, &pair.kubernetes_proxy).await;
        let (path, object) = Others::ConfigMap.objects().remove(0);
        pair.kubernetes.apply(&format!("{NAMESPACE}/{path}"), "controller", object.to_string()).await;
        pair.kubernetes_proxy.release();
        let ran = Ran::from(child.wait_with_output().await.expect("it ends"));
        pair.lift();
        assert_eq!(ran.code, 0, "{words:?}\n{}\n{}", ran.stdout, ran.stderr);
        named(&ran, Others::ConfigMap, &format!("{words:?}"));
        assert!(pair.kubernetes.get(&format!("{NAMESPACE}/{path}")).await.is_some(), "{words:?}: it is gone");
    }
    pair.remove_namespace("external-secrets").await;
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

/// A namespace that others hold up while it goes is named, and the run ends; what comes next waits for it to be gone.
pub(crate) async fn one_that_others_hold_up_on_its_way_out_keeps_no_run(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let (patient, program) = (Program::on(&pair), Program::on(&pair));
    let limits =
        program.file("limits.toml", "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"6s\"\n").display().to_string();
    let program = with_file(program, &pair, &limits);
    program.ok(&APPLY).await;
    let finalizer = json!({"metadata": {"finalizers": ["example.com/held"]}});
    merge(&pair, NAMESPACE, &finalizer).await;
    let ran = program.ok(&ROLLBACK).await;
    assert!(ran.stdout.contains("is being removed, and is not gone yet"), "{}", ran.stdout);
    assert!(ran.stdout.contains("example.com/held"), "{}", ran.stdout);
    let ran = program.fails(9, &APPLY).await;
    assert!(ran.stderr.contains("is being removed"), "{}", ran.stderr);
    merge(&pair, NAMESPACE, &json!({"metadata": {"finalizers": null}})).await;
    pair.kubernetes.wait(NAMESPACE, |found| found.is_none()).await;
    // A real cluster takes longer than those limits to remove a namespace.
    patient.ok(&APPLY).await;
    patient.ok(&DESTROY).await;
    assert!(pair.kubernetes.get(NAMESPACE).await.is_none(), "the namespace was not removed");
}

fn with_file(program: Program, pair: &Pair, file: &str) -> Program {
    let files = [trustpath_tests::program::standard_file(), pair.overlay_file()];
    let files: Vec<_> = files.iter().map(|file| file.display().to_string()).chain([file.to_owned()]).collect();
    program.with("TRUSTPATH_FILE", &files.join(":"))
}

async fn merge(pair: &Pair, path: &str, patch: &Value) {
    let body = Some(("application/merge-patch+json", patch.to_string()));
    let (status, answer) = pair.kubernetes.send("PATCH", path, body).await;
    assert!(status.is_success(), "PATCH {path}: {status} {answer}");
}

const LABELS: &str = "namespace_labels = { team = \"platform\" }\nnamespace_annotations = { owner = \"someone\" }";

fn labelled(pair: &Pair) -> Program {
    let program = Program::on(pair);
    let file = program.file("labels.toml", &format!("[steps.service-account.with]\n{LABELS}\n")).display().to_string();
    with_file(program, pair, &file)
}

/// Made with the namespace, put back when they drift, and gone with it.
pub(crate) async fn labels_of_the_namespace_are_the_graph_files(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let (bare, program) = (Program::on(&pair), labelled(&pair));
    program.ok(&APPLY).await;
    let label = async || pair.kubernetes.get(NAMESPACE).await.map(|found| found["metadata"]["labels"]["team"].clone());
    assert_eq!(label().await, Some(json!("platform")));
    program.ok(&["plan", "--detailed-exitcode"]).await;
    merge(&pair, NAMESPACE, &json!({"metadata": {"labels": {"team": null}}})).await;
    program.fails(2, &["plan", "--detailed-exitcode"]).await;
    let ran = program.fails(11, &["verify", "service-account"]).await;
    assert!(
        format!("{}{}", ran.stdout, ran.stderr).contains("labels and annotations of the namespace"),
        "{}",
        ran.stdout
    );
    program.ok(&APPLY).await;
    assert_eq!(label().await, Some(json!("platform")));
    program.ok(&ROLLBACK).await;
    assert_eq!(label().await, Some(Value::Null), "the run that put it back was taken back");
    program.ok(&APPLY).await;
    // Left out of the file, they go from the namespace.
    bare.fails(2, &["plan", "--detailed-exitcode"]).await;
    bare.ok(&APPLY).await;
    assert_eq!(label().await, Some(Value::Null));
    bare.ok(&DESTROY).await;
    assert_eq!(label().await, None);
}
