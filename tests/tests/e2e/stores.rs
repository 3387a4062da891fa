//! What a store says of its way into Vault.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::{Program, standard_file},
};

const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";

/// The standard file with this one laid over it.
fn overlaid(pair: &Pair, overlay: &str) -> Program {
    let program = Program::on(pair);
    let overlay = program.file("store.toml", overlay);
    program.with_files(&[standard_file(), pair.overlay_file(), overlay])
}

/// As the operator does it: a login in the namespace that the store says, with a token of the ServiceAccount.
async fn log_in(pair: &Pair, namespace: &str) -> Option<String> {
    let account = "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets/token";
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let token = pair.kubernetes.post(account, &request).await["status"]["token"].clone();
    let login = Some(("application/json", json!({"role": "external-secrets", "jwt": token}).to_string()));
    let (_, answer) = pair.vault.send("POST", &format!("{namespace}/auth/kubernetes/login"), login).await;
    answer["auth"]["client_token"].as_str().map(str::to_owned)
}

/// The role is in one Vault namespace, and the secrets are in another one.
pub(crate) async fn the_operator_logs_in_where_the_role_is(pair: Arc<Pair>) {
    pair.vault.post("sys/namespaces/team", &json!({})).await;
    pair.vault.post("team/sys/namespaces/apps", &json!({})).await;
    pair.vault.post("team/apps/sys/mounts/kv", &json!({"type": "kv", "options": {"version": "1"}})).await;
    pair.vault.post("team/apps/kv/demo", &json!({"password": "for-the-app"})).await;
    let program = overlaid(
        &pair,
        "[connections.vault]\nnamespace = \"team\"\n\
         [steps.policy.with]\nrules = { \"apps/kv/*\" = [\"read\"] }\n\
         [steps.secret-store.with]\nnamespace = \"team/apps\"\nversion = \"v1\"\n",
    );
    program.ok(&["apply", "--yes"]).await;
    let store = pair.kubernetes.get(STORE).await.expect("the store");
    let vault = &store["spec"]["provider"]["vault"];
    assert_eq!((&vault["namespace"], &vault["auth"]["namespace"]), (&json!("team/apps"), &json!("team")));
    assert_eq!(log_in(&pair, "team/apps").await, None, "without a word about it, the operator would log in there");
    let token = log_in(&pair, "team").await.expect("a login");
    let reader = trustpath_tests::rest::Rest::vault(pair.vault_direct(), token.into());
    let read: Value = reader.get("team/apps/kv/demo").await.expect("a secret");
    assert_eq!(read["data"]["password"], "for-the-app");
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let elsewhere = ["plan", "--set", "steps.secret-store.with.auth_namespace=team/apps"];
    let warned = program.ok(&elsewhere).await.stdout;
    assert!(
        warned.contains("logs in in the Vault namespace \"team/apps\", and the role that it needs is in \"team\""),
        "{warned}"
    );
    program.ok(&["destroy", "--yes"]).await;
    pair.vault.delete("team/sys/namespaces/apps").await;
    pair.vault.wait("team/sys/namespaces/apps", |found| found.is_none()).await;
    pair.vault.delete("sys/namespaces/team").await;
}

const CA: &str = "api/v1/namespaces/vault/configmaps/vault-ca";
const CLIENT: &str = "api/v1/namespaces/vault/secrets/client";
const HELD: &str = "what-the-client-secret-holds";

const NAMING: &str = "[steps.secret-store.with]\n\
    ca_provider = { type = \"ConfigMap\", namespace = \"vault\", name = \"vault-ca\", key = \"ca.crt\" }\n\
    tls.cert_secret_ref = { namespace = \"vault\", name = \"client\" }\n\
    tls.key_secret_ref = { namespace = \"vault\", name = \"client\", key = \"key.pem\" }\n";

async fn holding(pair: &Pair, path: &str, kind: &str, field: &str, data: &Value) {
    let name = path.rsplit('/').next().expect("a name");
    let object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: data});
    pair.kubernetes.apply(path, "tests", object.to_string()).await;
}

/// The plan says what is missing, and of which version the mount is; the run goes on, as it may come later.
pub(crate) async fn what_a_store_names_and_is_not_there_is_a_warning(pair: Arc<Pair>) {
    let program = overlaid(&pair, NAMING);
    let plan = async |more: &[&str]| program.ok(&[&["plan"], more].concat()).await.stdout.replace("\n", " ");
    let said = plan(&[]).await;
    for missing in [
        "warning: the ConfigMap vault/vault-ca is not there, which `ca_provider` names",
        "warning: the Secret vault/client is not there, which",
    ] {
        assert!(said.contains(missing), "{missing}: {said}");
    }
    program.ok(&["apply", "--yes"]).await;
    holding(&pair, CA, "ConfigMap", "data", &json!({"other": "x"})).await;
    holding(&pair, CLIENT, "Secret", "stringData", &json!({"tls.crt": HELD, "other": HELD})).await;
    let said = plan(&[]).await;
    for missing in [
        "ConfigMap vault/vault-ca has no key `ca.crt`",
        "Secret vault/client has no key `key.pem`, which `tls.key_secret_ref`",
    ] {
        assert!(said.contains(missing), "{missing}: {said}");
    }
    assert!(!said.contains("`tls.crt`") && !said.contains(HELD), "{said}");
    let least = Least::of(&pair, &program, &[]).await;
    let unseen = least.holder(&pair, overlaid(&pair, NAMING)).ok(&["plan"]).await.stdout;
    for what in [
        "note: whether the Secret vault/client of `tls.key_secret_ref` is there was not seen",
        "note: whether `kv` is a KV mount was not seen",
    ] {
        assert!(unseen.contains(what), "{what}: {unseen}");
    }
    least.leave(&pair).await;
    holding(&pair, CA, "ConfigMap", "data", &json!({"ca.crt": "x"})).await;
    holding(&pair, CLIENT, "Secret", "stringData", &json!({"tls.crt": HELD, "key.pem": HELD})).await;
    let said = plan(&[]).await;
    assert!(!said.contains("which `"), "{said}");
    for (set, expected) in [
        ("path=nowhere", "warning: there is no secrets engine at `nowhere`, which `path` names"),
        ("version=v1", "`kv` is KV v2, and the operator would read it as the other: version = \"v2\""),
        ("path=kv/apps", "`kv/apps` is no mount: path = \"kv\""),
        ("path=cubbyhole", "`cubbyhole` is a mount of the type `cubbyhole`"),
    ] {
        let said = plan(&["--set", &format!("steps.secret-store.with.{set}")]).await;
        assert!(said.contains(expected), "{set}: {said}");
    }
    if !pair.which.hashicorp_vault {
        let said = plan(&["--set", "steps.secret-store.with.namespace=nowhere"]).await;
        assert!(
            said.contains("note: whether `kv` is a KV mount was not seen: the Vault namespace does not exist"),
            "{said}"
        );
    }
    let alone =
        ["VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"].into_iter().fold(overlaid(&pair, NAMING), Program::without);
    let said = alone.ok(&["plan", "--system", "kubernetes"]).await.stdout;
    assert!(!said.contains("KV mount"), "{said}");
    program.ok(&["destroy", "--yes"]).await;
    pair.kubernetes.delete(CA).await;
    pair.kubernetes.delete(CLIENT).await;
}

const INSIDE: [(&str, &str); 4] = [
    (
        "services/vault",
        r#"{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "vault"},
        "spec": {"clusterIP": "10.96.0.77", "ports": [{"port": 8200}]}}"#,
    ),
    (
        "services/vault-internal",
        r#"{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "vault-internal"},
        "spec": {"clusterIP": "None", "ports": [{"port": 8200}]}}"#,
    ),
    (
        "pods/vault-0",
        r#"{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "vault-0"},
        "spec": {"containers": [{"name": "vault", "image": "vault"}]}}"#,
    ),
    (
        "deployments/external-secrets",
        r#"{"kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"name": "external-secrets", "labels": {"app.kubernetes.io/name": "external-secrets"}},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "operator", "image": "operator"}]}}}}"#,
    ),
];

fn path_in_vault((path, _): &(&str, &str)) -> String {
    let group = if path.starts_with("deployments") { "apis/apps/v1" } else { "api/v1" };
    format!("{group}/namespaces/vault/{path}")
}

/// Whatever a name is short for depends on where it is looked up; what is not there is told with the name that is.
pub(crate) async fn a_server_is_looked_up_from_where_the_operator_runs(pair: Arc<Pair>) {
    let (operator, others) = INSIDE.split_last().expect("objects");
    for object in others {
        pair.kubernetes.apply(&path_in_vault(object), "tests", object.1.to_owned()).await;
    }
    let program = Program::on(&pair);
    let said = async |program: &Program, server: &str| {
        let set = format!("steps.secret-store.with.server={server}");
        program.ok(&["plan", "--set", &set]).await.stdout
    };
    let about = |said: &str| {
        said.lines()
            .filter(|line| line.contains("finds nothing at") || line.contains("whether anything is"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (server, expected) in [
        (
            "http://vault:8200",
            "warning: the operator finds nothing at `http://vault:8200`: there is no Service external-secrets/vault, as the operator in `external-secrets` sees it; `vault.vault.svc` is there",
        ),
        ("http://vault.vault:8200", ""),
        ("http://vault.vault.svc.cluster.local:8200", ""),
        (
            "http://vault.ci:8200",
            "and no Service ci/vault, as the operator in `external-secrets` sees it; `vault.vault.svc` is there",
        ),
        ("http://vault-0.vault-internal:8200", "`vault-0.vault-internal.vault.svc` is there"),
        ("http://vault-0.vault-internal.vault.svc:8200", ""),
        (
            "http://vault-9.vault-internal.vault.svc:8200",
            "there is no Pod vault/vault-9 behind a headless Service vault-internal",
        ),
        ("http://vault-0.vault.vault.svc:8200", "there is no Pod vault/vault-0 behind a headless Service vault"),
        ("http://10.96.0.77:8200", ""),
        ("http://10.96.12.7:8200", "no Service of this cluster has the address 10.96.12.7"),
        ("http://127.0.0.1:8200", ""),
        ("http://vault.lan:8200", "note: whether anything is at `http://vault.lan:8200` was not seen"),
        ("https://vault.example.com", ""),
        ("https://203.0.113.7:8200", ""),
    ] {
        let about = about(&said(&program, server).await);
        println!("{server}: {about:?}");
        assert!(
            about.len() == usize::from(!expected.is_empty()) && about.iter().all(|line| line.contains(expected)),
            "{server}: {about:?}"
        );
    }
    pair.kubernetes.apply(&path_in_vault(operator), "tests", operator.1.to_owned()).await;
    for server in ["http://vault:8200", "http://vault-0.vault-internal:8200"] {
        assert_eq!(about(&said(&program, server).await), Vec::<String>::new(), "{server}: the operator is in `vault`");
    }
    let least = Least::of(&pair, &program, &[]).await;
    let unseen = about(&said(&least.holder(&pair, Program::on(&pair)), "http://vault.ci:8200").await);
    assert!(
        unseen.len() == 1 && unseen[0].contains("note: whether anything is at `http://vault.ci:8200` was not seen"),
        "{unseen:?}"
    );
    least.leave(&pair).await;
    for object in &INSIDE {
        pair.kubernetes.delete(&path_in_vault(object)).await;
        pair.kubernetes.wait(&path_in_vault(object), |found| found.is_none()).await;
    }
}
