//! `init --from-store`: the graph file of a chain that others have made.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program};

use crate::kept::changed;

const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
const NAMESPACE: &str = "external-secrets";
const CREDENTIAL: &str = "hvs.CAESIJ1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuV";
const READS: &str = r#"path "kv/data/apps/*" { capabilities = ["read"] }"#;

/// A chain, as others may have made it.
struct Found {
    name: &'static str,
    /// The Vault namespace, with a slash behind it; empty for the root namespace.
    namespace: &'static str,
    mount: Value,
    policies: &'static [(&'static str, &'static str)],
    role: Value,
    /// More of the store's `vault` section.
    store: Value,
    audiences: Value,
    auth_namespace: Value,
}

impl Default for Found {
    /// As the commands of a wiki make it.
    fn default() -> Self {
        Self {
            name: "by hand",
            namespace: "",
            mount: json!({"type": "kubernetes"}),
            policies: &[("apps-read", READS)],
            role: json!({
                "bound_service_account_names": "external-secrets", "bound_service_account_namespaces": NAMESPACE,
                "policies": "apps-read", "ttl": "1h",
            }),
            store: json!({}),
            audiences: Value::Null,
            auth_namespace: Value::Null,
        }
    }
}

fn all(pair: &Pair) -> Vec<Found> {
    let terraform = Found {
        name: "by Terraform's providers",
        mount: json!({"type": "kubernetes", "description": "managed by terraform", "config": {"default_lease_ttl": "1h", "max_lease_ttl": "24h"}}),
        policies: &[(
            "apps-read",
            "path \"kv/data/apps/*\"\n{\n  capabilities = [\"read\", \"list\"]\n}\n\npath \"kv/metadata/*\" {\n  capabilities = [\"list\"]\n}\n",
        )],
        role: json!({
            "bound_service_account_names": ["external-secrets"], "bound_service_account_namespaces": [NAMESPACE],
            "token_policies": ["apps-read"], "token_ttl": 3600, "token_max_ttl": 86400, "alias_name_source": "serviceaccount_name",
        }),
        ..Found::default()
    };
    let any = Found {
        name: "a role for any ServiceAccount",
        role: json!({
            "bound_service_account_names": "*", "bound_service_account_namespaces": "*", "token_policies": "apps-read,default",
        }),
        ..Found::default()
    };
    let two = Found {
        name: "two policies and an audience",
        policies: &[
            ("apps-read", READS),
            ("more-read", "# more\npath \"kv/data/more/+/a\" {\n  capabilities = [\"read\"]\n}"),
        ],
        role: json!({
            "bound_service_account_names": "external-secrets", "bound_service_account_namespaces": NAMESPACE,
            "token_policies": ["more-read", "apps-read"], "audience": "vault", "token_bound_cidrs": ["127.0.0.0/8"],
        }),
        store: json!({"caProvider": {"type": "ConfigMap", "name": "kube-root-ca.crt", "namespace": NAMESPACE, "key": "ca.crt"}}),
        audiences: json!(["vault"]),
        ..Found::default()
    };
    let secret = |key: &str| json!({"name": "client", "namespace": NAMESPACE, "key": key});
    let behind_a_proxy = Found {
        name: "behind a proxy",
        store: json!({
            "path": null, "server": "https://vault.example.com", "headers": {"X-Team": "payments", "X-Key": CREDENTIAL},
            "tls": {"certSecretRef": secret("tls.crt"), "keySecretRef": secret("tls.key")},
            "readYourWrites": true, "forwardInconsistent": true,
        }),
        ..Found::default()
    };
    let namespace = Found {
        name: "in a Vault namespace",
        namespace: "team/",
        store: json!({"namespace": "team"}),
        ..Found::default()
    };
    let apart = Found {
        name: "with the login in another Vault namespace",
        auth_namespace: json!("team"),
        store: json!({"namespace": "team/apps"}),
        namespace: "team/",
        ..Found::default()
    };
    let from_the_root = Found {
        name: "with secrets in the root namespace",
        auth_namespace: json!("team"),
        namespace: "team/",
        ..Found::default()
    };
    let everywhere = [Found::default(), terraform, any, two, behind_a_proxy];
    // The community edition of Vault has none.
    let namespaces = [namespace, apart, from_the_root].into_iter().filter(|_| !pair.which.hashicorp_vault);
    everywhere.into_iter().chain(namespaces).collect()
}

/// The file says what is there, `plan` on it has nothing to do, and what is taken over gets its marks and nothing else.
pub(crate) async fn a_chain_that_is_there_is_told_as_a_graph_file(pair: Arc<Pair>) {
    for found in all(&pair) {
        found.make(&pair).await;
        let program = Program::bare().connected(&pair);
        program.ok(&["init", "--from-store", "vault-backend"]).await;
        let file = std::fs::read_to_string(program.home().join("plugins.toml")).expect("the graph file");
        println!("--- {}\n{file}", found.name);
        let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
        assert!(!file.contains(jwt.trim()) && !file.contains(CREDENTIAL), "{}: a secret in the file", found.name);
        let planned = program.run(&["plan", "--detailed-exitcode"]).await;
        assert_eq!(
            planned.code, 0,
            "{}: there is something to do\n{file}\n{}{}",
            found.name, planned.stdout, planned.stderr
        );
        let adopted: Vec<_> = steps(&file).into_iter().filter(|step| step != "role").collect();
        let adopt = adopted.iter().flat_map(|step| ["--adopt", step]).collect::<Vec<_>>();
        let planned = program.ok(&[&["plan", "--output", "json"], &adopt[..]].concat()).await;
        for leaf in changed(&planned.stdout) {
            let is_mark = ["mount.mark", "trustpath.dev/graph", "text"].iter().any(|mark| leaf.contains(mark));
            assert!(is_mark, "{}: {leaf} is more than a mark", found.name);
        }
        let applied = program.ok(&[&["apply", "--yes"], &adopt[..]].concat()).await;
        println!("{}", applied.stdout);
        program.ok(&["plan", "--detailed-exitcode"]).await;
        for (name, text) in found.policies {
            let policy =
                pair.vault.get(&format!("{}sys/policies/acl/{name}", found.namespace)).await.expect("the policy");
            let policy = policy["data"]["policy"].as_str().expect("a text").to_owned();
            let (mark, rest) = policy.split_once('\n').expect("a line with the mark");
            assert!(mark.contains("[trustpath graph=vault-backend]") && rest.trim_end() == text.trim_end(), "{policy}");
        }
        let mount = pair.vault.get(&format!("{}sys/auth/kubernetes", found.namespace)).await.expect("the mount");
        assert!(mount.to_string().contains("[trustpath graph=vault-backend"), "{}: {mount}", found.name);
        found.clean(&pair).await;
    }
}

/// What may not be read is said in the file, and a store of another sort is refused by its name.
pub(crate) async fn what_cannot_be_told_is_said(pair: Arc<Pair>) {
    let program = Program::bare().connected(&pair);
    let refused = program.fails(9, &["init", "--from-store", "nowhere"]).await;
    assert!(refused.stderr.contains("no ClusterSecretStore `nowhere`"), "{}", refused.stderr);
    let found = Found::default();
    found.make(&pair).await;
    let own = json!({"policy": "path \"auth/kubernetes/role/*\" { capabilities = [\"read\"] }"});
    pair.vault.post("sys/policies/acl/looker", &own).await;
    let token = pair.vault.post("auth/token/create", &json!({"policies": ["looker"], "ttl": "10m"})).await;
    let token = token["auth"]["client_token"].as_str().expect("a token").to_owned();
    let program = program.with("VAULT_TOKEN", &token);
    let file = program.ok(&["init", "-", "--from-store", "vault-backend"]).await.stdout;
    assert!(file.contains("# policy, of the kind policy:\n#") && file.contains("permission denied"), "{file}");
    assert!(file.contains("say who reviews") && file.contains("token_policies = [\"apps-read\"]"), "{file}");
    pair.vault.delete("sys/policies/acl/looker").await;
    found.clean(&pair).await;
}

impl Found {
    async fn make(&self, pair: &Pair) {
        pair.make_namespace(NAMESPACE).await;
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "external-secrets", "labels": {"team": "platform"}}});
        let path = format!("api/v1/namespaces/{NAMESPACE}/serviceaccounts/external-secrets");
        pair.kubernetes.apply(&path, "kubectl", account.to_string()).await;
        let (host, ca) = (format!("https://{}", pair.kubernetes_proxy.address()), pair.proxy_ca());
        let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
        let config = json!({"token_reviewer_jwt": jwt, "kubernetes_host": host, "kubernetes_ca_cert": ca});
        let namespace = self.namespace;
        if !namespace.is_empty() {
            pair.vault.post(&format!("sys/namespaces/{}", namespace.trim_end_matches('/')), &json!({})).await;
        }
        pair.vault.post(&format!("{namespace}sys/auth/kubernetes"), &self.mount).await;
        pair.vault.post(&format!("{namespace}auth/kubernetes/config"), &config).await;
        for (name, text) in self.policies {
            pair.vault.post(&format!("{namespace}sys/policies/acl/{name}"), &json!({"policy": text})).await;
        }
        pair.vault.post(&format!("{namespace}auth/kubernetes/role/external-secrets"), &self.role).await;
        pair.kubernetes.apply(STORE, "kubectl", self.store().to_string()).await;
    }

    fn store(&self) -> Value {
        let mut reference = json!({"name": "external-secrets", "namespace": NAMESPACE});
        if !self.audiences.is_null() {
            reference["audiences"] = self.audiences.clone();
        }
        let kubernetes = json!({"mountPath": "kubernetes", "role": "external-secrets", "serviceAccountRef": reference});
        let mut auth = json!({"namespace": self.auth_namespace, "kubernetes": kubernetes});
        auth.as_object_mut().expect("fields").retain(|_, value| !value.is_null());
        let mut vault = json!({"server": "http://vault.vault.svc:8200", "path": "kv", "version": "v2", "auth": auth});
        let more = self.store.as_object().expect("fields");
        let fields = vault.as_object_mut().expect("fields");
        fields.extend(more.clone());
        fields.retain(|_, value| !value.is_null());
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "vault-backend"},
            "spec": {"provider": {"vault": vault}, "refreshInterval": 300},
        })
    }

    async fn clean(&self, pair: &Pair) {
        pair.kubernetes.delete(STORE).await;
        pair.vault.delete(&format!("{}sys/auth/kubernetes", self.namespace)).await;
        for (name, _) in self.policies {
            pair.vault.delete(&format!("{}sys/policies/acl/{name}", self.namespace)).await;
        }
        if !self.namespace.is_empty() {
            pair.vault.delete(&format!("sys/namespaces/{}", self.namespace.trim_end_matches('/'))).await;
        }
        pair.remove_namespace(NAMESPACE).await;
    }
}

/// The steps of a graph file.
fn steps(file: &str) -> Vec<String> {
    let file: toml::Table = file.parse().expect("a TOML file");
    file["steps"].as_table().expect("steps").keys().cloned().collect()
}
