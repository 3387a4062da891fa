//! One of several who run different graphs over the same objects, each from a state directory of its own.

use serde_json::json;
use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
    proxy::Seen,
};

/// The steps of the standard graph: whoever comes second takes all of them over.
const STEPS: [&str; 5] = ["service-account", "kubernetes-auth", "policy", "role", "secret-store"];

/// A process-to-be with a graph, values, and a Vault token of its own.
pub(crate) struct Racer {
    pub(crate) program: Program,
    /// The graph's id, which marks what it writes to the cluster.
    pub(crate) graph: String,
    number: usize,
    token: String,
    accessor: String,
}

impl Racer {
    /// `run` are the lines of its `[run]` table.
    pub(crate) async fn new(pair: &Pair, number: usize, run: &str) -> Self {
        let graph = format!("racer-{number}");
        let made = pair.vault.post("auth/token/create", &json!({"policies": ["root"]})).await;
        let text = |key: &str| made["auth"][key].as_str().expect("a token").to_owned();
        let (token, accessor) = (text("client_token"), text("accessor"));
        let program = Program::on(pair).with("VAULT_TOKEN", &token);
        let own = program.file("own.toml", &own_file(&graph, number, run));
        let files = [standard_file(), pair.overlay_file(), own].map(|file| file.display().to_string());
        let program = program.with("TRUSTPATH_FILE", &files.join(":"));
        Self { program, graph, number, token, accessor }
    }

    /// The words of an apply that takes over whatever is there.
    pub(crate) fn apply<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let adopt = STEPS.iter().flat_map(|step| ["--adopt", step]);
        ["apply", "--yes"].into_iter().chain(adopt).chain(more.iter().copied()).collect()
    }

    /// Whether this one sent a request: by its token, or by the mark of its graph.
    pub(crate) fn sent(&self, seen: &Seen) -> bool {
        let token = seen.headers.0.get("x-vault-token").and_then(|token| token.to_str().ok());
        let body = String::from_utf8_lossy(&seen.body.0);
        token == Some(&self.token) || body.contains(&format!("\"{}\"", self.graph))
    }

    /// What it asked the servers to change so far.
    pub(crate) fn writes(&self, pair: &Pair) -> usize {
        writes(pair).iter().filter(|seen| self.sent(seen)).count()
    }

    /// Whether what the servers hold is this one's, all of it.
    pub(crate) async fn assert_reigns(&self, pair: &Pair) {
        let policy = pair.vault.get("sys/policies/acl/apps-read").await.expect("a policy");
        let rules = policy["data"]["policy"].as_str().expect("rules").to_owned();
        assert!(rules.contains(&format!("kv/data/{}/*", self.graph)), "{}: {rules}", self.graph);
        let role = pair.vault.get("auth/kubernetes/role/external-secrets").await.expect("a role");
        assert_eq!(role["data"]["token_ttl"], json!(3600 * (self.number + 1)), "{}", self.graph);
        let store = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
        let store = pair.kubernetes.get(store).await.expect("a store");
        assert_eq!(store["metadata"]["annotations"]["trustpath.dev/graph"], json!(self.graph));
    }

    /// Takes its token away.
    pub(crate) async fn leave(&self, pair: &Pair) {
        pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": self.accessor})).await;
    }
}

fn own_file(graph: &str, number: usize, run: &str) -> String {
    let ttl = number + 1;
    format!(
        "graph = \"{graph}\"\n[run]\n{run}\n[steps.policy.with]\nrules = {{ \"kv/data/{graph}/*\" = [\"read\"] }}\n\
         [steps.role.with]\nttl = \"{ttl}h\"\n"
    )
}

/// Every request that could change something, in the order in which they came.
pub(crate) fn writes(pair: &Pair) -> Vec<Seen> {
    let mut seen = [pair.vault_proxy.seen(), pair.kubernetes_proxy.seen()].concat();
    seen.retain(Seen::writes);
    seen.sort_by_key(|seen| seen.at);
    seen
}

/// Takes away whatever racers leave: what several have taken over, no one of them removes alone.
pub(crate) async fn sweep(pair: &Pair) {
    pair.kubernetes.delete("apis/external-secrets.io/v1/clustersecretstores/vault-backend").await;
    pair.vault.delete("sys/auth/kubernetes").await;
    pair.vault.delete("sys/policies/acl/apps-read").await;
    pair.remove_namespace("external-secrets").await;
}
