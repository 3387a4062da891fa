//! Admission that says no: a webhook that cannot be called, and a label that the cluster demands.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program};

use super::{APPLY, DESTROY, NAMESPACE, ROLLBACK, labelled, to_be_made, with_file};

const WEBHOOK: &str = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard";

/// A configuration whose Service is not there: whatever it guards is answered with 500.
async fn webhook(pair: &Pair, operation: &str, resource: &str) {
    let rule = json!({"apiGroups": ["*"], "apiVersions": ["*"], "operations": [operation], "resources": [resource]});
    let service = json!({"name": "guard", "namespace": "default", "path": "/"});
    let hook = json!({"name": "guard.example.com", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail", "clientConfig": {"service": service}});
    let object = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "guard"}, "webhooks": [hook]});
    pair.kubernetes.apply(WEBHOOK, "tests", object.to_string()).await;
}

/// Returns once the API server goes by it, or no longer does.
async fn until_in_force(pair: &Pair, method: &str, path: &str, body: Option<(&str, String)>, expected: u16) {
    for _ in 0..600 {
        let (status, _) = pair.kubernetes.send(method, path, body.clone()).await;
        if status.as_u16() == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{method} {path} was never answered with {expected}");
}

async fn until_creating_namespaces_is(pair: &Pair, expected: u16) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tried"}});
    let body = Some(("application/json", object.to_string()));
    until_in_force(pair, "POST", "api/v1/namespaces?dryRun=All", body, expected).await;
}

/// A webhook that the API server cannot call yet is waited for within a request's patience, and named when that is over.
pub(crate) async fn a_webhook_that_is_not_ready_is_waited_for_and_named(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    webhook(&pair, "CREATE", "namespaces").await;
    until_creating_namespaces_is(&pair, 500).await;
    let program = Program::on(&pair);
    let seen = |request: &trustpath_tests::proxy::Seen| {
        request.path.ends_with("namespaces/external-secrets") && request.status == 500
    };
    pair.forget();
    let run = program.run(&APPLY);
    let fix = async {
        pair.kubernetes_proxy.until(|all| all.iter().filter(|request| seen(request)).count() > 1).await;
        pair.kubernetes.delete(WEBHOOK).await;
    };
    let (ran, ()) = tokio::join!(run, fix);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    program.ok(&DESTROY).await;
    webhook(&pair, "CREATE", "namespaces").await;
    until_creating_namespaces_is(&pair, 500).await;
    let program = Program::on(&pair);
    let ran = program.fails(4, &APPLY).await;
    assert!(ran.stderr.contains("cannot call the admission webhook `guard.example.com`"), "{}", ran.stderr);
    assert!(program.journals().is_empty(), "a run was begun");
    pair.kubernetes.delete(WEBHOOK).await;
    until_creating_namespaces_is(&pair, 201).await;
}

/// During the undo it holds back the step that it guards, and those that this one needs, and no other; once it is gone,
/// `rollback` ends.
pub(crate) async fn a_webhook_that_is_down_holds_back_only_what_it_guards(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let program = Program::on(&pair);
    let limits =
        program.file("limits.toml", "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"4s\"\n").display().to_string();
    let program = with_file(program, &pair, &limits);
    program.ok(&APPLY).await;
    webhook(&pair, "DELETE", "serviceaccounts").await;
    let account = format!("{NAMESPACE}/serviceaccounts/external-secrets");
    until_in_force(&pair, "DELETE", &format!("{account}?dryRun=All"), None, 500).await;
    let ran = program.fails(12, &ROLLBACK).await;
    assert!(ran.stderr.contains("service-account"), "{}", ran.stderr);
    assert!(pair.kubernetes.get(&account).await.is_some(), "it went past its webhook");
    for gone in ["sys/policies/acl/apps-read", "auth/kubernetes/config"] {
        let (status, _) = pair.vault.send("GET", gone, None).await;
        assert!(!status.is_success(), "{gone} was held back");
    }
    pair.kubernetes.delete(WEBHOOK).await;
    until_in_force(&pair, "DELETE", &format!("{account}?dryRun=All"), None, 200).await;
    program.ok(&ROLLBACK).await;
    assert!(pair.kubernetes.get(NAMESPACE).await.is_none(), "the namespace was not removed");
}

const POLICY: &str = "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/team";
const BINDING: &str = "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/team";

/// Whether a namespace has the label that the cluster demands is asked in the plan, and nothing is written before.
pub(crate) async fn a_label_that_admission_demands_is_asked_for_in_the_plan(pair: Arc<Pair>) {
    to_be_made(&pair).await;
    let resources = json!([{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["namespaces"]}]);
    let demands = json!([{"expression": "has(object.metadata.labels) && 'team' in object.metadata.labels", "message": "a namespace has a team"}]);
    let spec =
        json!({"failurePolicy": "Fail", "matchConstraints": {"resourceRules": resources}, "validations": demands});
    let object = |kind: &str, spec: Value| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "team"}, "spec": spec}).to_string()
    };
    pair.kubernetes.apply(POLICY, "tests", object("ValidatingAdmissionPolicy", spec)).await;
    let binding = json!({"policyName": "team", "validationActions": ["Deny"]});
    pair.kubernetes.apply(BINDING, "tests", object("ValidatingAdmissionPolicyBinding", binding)).await;
    until_creating_namespaces_is(&pair, 422).await;
    let bare = Program::on(&pair);
    for words in [["plan", "--detailed-exitcode"], APPLY] {
        let ran = bare.fails(8, &words).await;
        assert!(ran.stderr.contains("a namespace has a team"), "{}", ran.stderr);
    }
    assert!(bare.journals().is_empty(), "a run was begun");
    let program = labelled(&pair);
    program.ok(&APPLY).await;
    program.ok(&ROLLBACK).await;
    program.ok(&APPLY).await;
    program.ok(&DESTROY).await;
    assert!(pair.kubernetes.get(NAMESPACE).await.is_none(), "the namespace was not removed");
    pair.kubernetes.delete(BINDING).await;
    pair.kubernetes.delete(POLICY).await;
    until_creating_namespaces_is(&pair, 201).await;
}
