//! The requests, in order: the later build on the earlier.

use serde_json::{Value, json};

pub(crate) const STORES: &str = "/apis/external-secrets.io/v1/clustersecretstores";
const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";
const ACCOUNT: &str = "/api/v1/namespaces/default/serviceaccounts/a";
const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";

/// One request, and who makes it.
pub(crate) struct Case {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) media: &'static str,
    pub(crate) body: Value,
    /// `admin`, `account` (the bearer of the token issued last), `stranger`, or `anonymous`.
    pub(crate) user: &'static str,
}

impl Case {
    pub(crate) fn new(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        let media = match method {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        Self { method, path: path.into(), media, body, user: "admin" }
    }

    fn by(self, user: &'static str) -> Self {
        Self { user, ..self }
    }
}

pub(crate) fn all() -> Vec<Case> {
    [reading(), objects(), applying(), writing(), tokens(), access(), stores()].into_iter().flatten().collect()
}

fn get(path: &str) -> Case {
    Case::new("GET", path, Value::Null)
}

fn post(path: &str, body: Value) -> Case {
    Case::new("POST", path, body)
}

fn put(path: &str, body: Value) -> Case {
    Case::new("PUT", path, body)
}

fn merge(path: &str, body: Value) -> Case {
    Case::new("PATCH", path, body)
}

fn delete(path: &str, preconditions: Value) -> Case {
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions});
    Case::new("DELETE", path, options)
}

fn apply(path: &str, manager: &str, body: Value) -> Case {
    let mark = if path.contains('?') { '&' } else { '?' };
    let case = Case::new("PATCH", format!("{path}{mark}fieldManager={manager}"), body);
    Case { media: "application/apply-patch+yaml", ..case }
}

fn account(metadata: Value) -> Value {
    let mut account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}});
    json_patch::merge(&mut account["metadata"], &metadata);
    account
}

fn annotated(annotations: Value) -> Value {
    account(json!({"annotations": annotations}))
}

fn with(mut object: Value, fields: Value) -> Value {
    json_patch::merge(&mut object, &fields);
    object
}

fn reading() -> Vec<Case> {
    let paths = [
        "/api/v1/namespaces/missing",
        "/missing",
        "/apis/missing.io/v1",
        "/apis/missing.io/v1/things",
        "/api/v1/missing",
        "/apis/external-secrets.io",
        TOKEN_REVIEWS,
        "/apis/external-secrets.io/v1beta1/clustersecretstores",
    ];
    paths.map(get).into()
}

fn objects() -> Vec<Case> {
    let missing = format!("{ACCOUNTS}/missing");
    vec![
        post("/api/v1/namespaces/missing/serviceaccounts", account(json!({}))),
        apply("/api/v1/namespaces/missing/serviceaccounts/a", "us", account(json!({}))),
        post("/api/v1/namespaces", json!({"metadata": {"name": "Bad_Name"}})),
        post("/api/v1/namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})),
        get("/api/v1/namespaces/x"),
        delete("/api/v1/namespaces/kube-system", json!(null)),
        delete("/api/v1/namespaces/x", json!(null)),
        post(ACCOUNTS, account(json!({"name": "Bad_Name"}))),
        post(ACCOUNTS, account(json!({"name": null}))),
        post(ACCOUNTS, account(json!({"namespace": "other"}))),
        put(&missing, account(json!({"name": "missing"}))),
        merge(&missing, json!({})),
        delete(&missing, json!(null)),
        post(
            SECRETS,
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t"},
                "type": "kubernetes.io/service-account-token",
            }),
        ),
        post(
            SECRETS,
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "o"}, "stringData": {"k": "v"},
            }),
        ),
        merge(&format!("{SECRETS}/o"), json!({"type": "x"})),
    ]
}

fn applying() -> Vec<Case> {
    let bare = || account(json!({}));
    let secrets = |name: &str| json!({"secrets": [{"name": name}]});
    let edit = format!("{ACCOUNT}?fieldManager=edit");
    let force = format!("{ACCOUNT}?force=true");
    let missing = format!("{ACCOUNTS}/missing");
    vec![
        apply(ACCOUNT, "them", annotated(json!({"x": "1"}))),
        apply(ACCOUNT, "them", annotated(json!({"x": "1"}))),
        apply(ACCOUNT, "us", annotated(json!({"x": "2"}))),
        apply(ACCOUNT, "us", annotated(json!({"x": "1", "y": "1"}))),
        merge(&edit, json!({"metadata": {"annotations": {"y": "2", "z": "3"}}})),
        apply(ACCOUNT, "us", annotated(json!({"x": "1", "y": "1"}))),
        apply(&force, "us", annotated(json!({"x": "2", "y": "1"}))),
        apply(ACCOUNT, "us", bare()),
        apply(ACCOUNT, "us", with(bare(), with(secrets("b"), json!({"imagePullSecrets": [{"name": "p"}]})))),
        apply(ACCOUNT, "them", with(account(json!({"finalizers": ["example.com/f"]})), secrets("c"))),
        apply(ACCOUNT, "us", bare()),
        merge(&edit, json!({"metadata": {"finalizers": null}})),
        apply(&format!("{ACCOUNT}?dryRun=All"), "them", annotated(json!({"w": "1"}))),
        get(ACCOUNT),
        apply(&missing, "us", bare()),
        apply(ACCOUNT, "us", account(json!({"managedFields": []}))),
        apply(&missing, "us", account(json!({"name": "missing", "uid": "x"}))),
        apply(ACCOUNT, "us", account(json!({"resourceVersion": "1"}))),
        apply(ACCOUNT, "us", account(json!({"uid": "x"}))),
        apply(ACCOUNT, "us", with(bare(), json!({"apiVersion": "v1beta1"}))),
        apply(ACCOUNT, "", bare()),
    ]
}

fn writing() -> Vec<Case> {
    vec![
        post(ACCOUNTS, account(json!({}))),
        merge(&format!("{ACCOUNT}?force=true"), json!({})),
        merge(ACCOUNT, json!({"metadata": {"resourceVersion": "1"}})),
        merge(ACCOUNT, json!({"metadata": {"uid": "1"}})),
        put(ACCOUNT, account(json!({"resourceVersion": "1"}))),
        put(ACCOUNT, account(json!({"uid": "1"}))),
        put(ACCOUNT, account(json!({"name": "z"}))),
        put(&format!("{ACCOUNT}?fieldManager=put"), account(json!({"labels": {"l": "1"}}))),
        get(&format!("{ACCOUNTS}?labelSelector=l%3D1")),
        delete(ACCOUNT, json!({"uid": "other"})),
        delete(ACCOUNT, json!({"resourceVersion": "1"})),
        Case::new("DELETE", format!("{ACCOUNT}?dryRun=All"), Value::Null),
        Case::new("DELETE", ACCOUNT, json!({"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]})),
    ]
}

fn tokens() -> Vec<Case> {
    let token = |spec: Value| {
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
        post(&format!("{ACCOUNT}/token"), request)
    };
    let review = |spec: Value| {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec});
        post(TOKEN_REVIEWS, review)
    };
    let pod = json!({"kind": "Pod", "apiVersion": "v1", "name": "p"});
    vec![
        token(json!({"audiences": ["vault"], "expirationSeconds": 300})),
        token(json!({"audiences": ["vault"], "expirationSeconds": 900})),
        token(json!({"audiences": [], "boundObjectRef": pod})),
        post(&format!("{ACCOUNTS}/missing/token"), json!({"spec": {"audiences": []}})),
        // The token so far is for Vault, and no good here.
        get(ACCOUNT).by("account"),
        token(json!({"audiences": []})),
        review(json!({"token": "garbage"})),
        review(json!({})),
        review(json!({"token": "garbage"})).by("account"),
    ]
}

fn access() -> Vec<Case> {
    let delegator = |role: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"},
            "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "default"}],
        })
    };
    let may = |user: &str, group: &str, resource: &str| {
        let asked = json!({"verb": "create", "group": group, "resource": resource});
        post(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {"user": user, "resourceAttributes": asked},
            }),
        )
    };
    let binding = format!("{BINDINGS}/b");
    let account = "system:serviceaccount:default:a";
    vec![
        apply(&binding, "us", delegator("system:auth-delegator")),
        merge(&binding, json!({"roleRef": {"name": "view"}})),
        may(account, "authentication.k8s.io", "tokenreviews"),
        may(account, "apps", "deployments"),
        may("somebody", "authentication.k8s.io", "tokenreviews"),
        get(&format!("{SECRETS}/o")).by("account"),
        get("/api/v1/secrets").by("account"),
        get("/api/v1/namespaces/default").by("account"),
        get("/metrics").by("account"),
        get("/version/missing").by("account"),
        get(STORES).by("account"),
        apply(ACCOUNT, "us", annotated(json!({}))).by("account"),
        post(&format!("{ACCOUNT}/token"), json!({"spec": {"audiences": []}})).by("account"),
        get("/api").by("anonymous"),
        get(ACCOUNT).by("anonymous"),
        get(ACCOUNT).by("stranger"),
        get("/version").by("stranger"),
        // Not asked again by the bearer: the real server takes a token for some seconds yet.
        delete(ACCOUNT, json!(null)),
    ]
}

fn stores() -> Vec<Case> {
    let kind = json!({"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore"});
    let store = |spec: Value| with(kind.clone(), json!({"metadata": {"name": "s"}, "spec": spec}));
    let vault = |vault: Value| store(json!({"provider": {"vault": vault}}));
    let auth = json!({"kubernetes": {"mountPath": "k", "role": "r", "serviceAccountRef": {"name": "n"}}});
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let one = format!("{STORES}/s");
    vec![
        apply(&one, "us", vault(json!({"server": "http://v"}))),
        apply(&one, "us", vault(json!({"server": "http://w", "auth": auth}))),
        apply(&one, "us", vault(json!({"server": "http://w"}))),
        apply(&one, "them", vault(json!({"server": "http://z"}))),
        apply(&one, "us", vault(json!({"server": "http://v", "sever": "x"}))),
        apply(&format!("{one}?fieldValidation=Strict"), "us", vault(json!({"server": "v", "sever": "x"}))),
        apply(&one, "us", vault(json!({"version": "v3"}))),
        apply(&one, "us", vault(json!({"server": 1}))),
        post(STORES, store(json!({"provider": {}}))),
        post(STORES, vault(json!({"server": "http://v", "version": "v3"}))),
        post(STORES, vault(json!({"server": "http://v", "readYourWrites": "x"}))),
        post(STORES, store(json!({}))),
        post(STORES, vault(json!({"server": "http://v"}))),
        post(&format!("{STORES}?fieldValidation=Strict"), vault(json!({"server": "s", "sever": 1}))),
        merge(&format!("{one}/status?fieldManager=eso"), ready),
        merge(&format!("{one}?fieldManager=edit"), json!({"spec": {"controller": "c"}})),
        put(&one, vault(json!({"server": "http://v"}))),
        get(STORES),
        delete(&one, json!({"uid": "other"})),
        delete(&one, json!(null)),
        get(&one),
    ]
}
