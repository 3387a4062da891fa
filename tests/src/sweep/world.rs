//! The servers and the program of a sweep, and what was there before.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{chain::Chain, pair::Pair, program::Program, somebody, view};

/// What the servers hold before the program comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Beginning {
    /// Nothing of the graph.
    Empty,
    /// Everything of it, with other values, made by another client.
    Other,
}

/// Steps that are one after the other, and limits that are short: a fault is told from the next one, and given up on.
const LIMITS: &str = r#"
[run]
parallelism = 1
step_timeout = "2s"
verify_timeout = "2s"
in_flight_timeout = "500ms"
lease = "60s"
"#;
/// A label of its own: else an account is as it should be, whoever made it.
const LABEL: &str = "[steps.service-account.with.labels]\nteam = \"platform\"\n";
const NAMESPACE: &str = "external-secrets";
/// What the graphs make in Vault.
const IN_VAULT: [&str; 5] = [
    "sys/policies/acl/apps-read",
    "sys/policies/acl/ci-read",
    "sys/auth/kubernetes",
    "sys/auth/approle",
    "sys/auth/jwt",
];
/// Where the lock of a run is in a snapshot.
const LEASES: &str = "/kubernetes/apis~1coordination.k8s.io~1v1~1leases";
/// Where all that etcd holds is in it, and what its locks begin with there.
const STORED: &str = "/etcd";
const STORED_LEASES: &str = "leases/";
/// What somebody puts into the namespace.
const THEIRS: &str = "theirs";
/// Whose reviewer somebody's config has.
const SOMEBODYS: (&str, &str) = ("somebodys-reviewer", "somebody");

/// A pair, a program on it, and what both servers held when it came.
pub struct World {
    /// The servers.
    pub pair: Arc<Pair>,
    /// The graph.
    pub chain: Chain,
    /// What they held.
    pub beginning: Beginning,
    /// The program; its state directory is the sweep's own.
    pub program: Program,
    /// The same on another machine, which knows of no run.
    pub elsewhere: Program,
    /// All that they held, as seen from outside.
    pub before: Value,
    /// All that they hold when the program has built its chain; null as long as it has not.
    pub after: Value,
}

impl World {
    /// Servers as `beginning` says, and a program with short limits.
    pub async fn new(pair: Arc<Pair>, chain: Chain, beginning: Beginning) -> Self {
        let program = || chain.program(&pair).with("VAULT_CLIENT_TIMEOUT", "1500ms");
        let (here, elsewhere) = (program(), program());
        let mut files = chain.files(&pair, &here);
        files.push(here.file("limits.toml", &limits(&here, &pair, chain, beginning).await));
        let (program, elsewhere) = (here.with_files(&files), elsewhere.with_files(&files));
        let mut world = Self { pair, chain, beginning, program, elsewhere, before: Value::Null, after: Value::Null };
        world.fill().await;
        world.before = world.seen().await;
        world
    }

    /// All that both servers hold now.
    pub async fn seen(&self) -> Value {
        self.pair.quiet().await;
        view::snapshot(&self.pair).await
    }

    /// Forgets what came by, and every journal.
    pub fn forget(&self) {
        self.pair.forget();
        // There is none before the first run.
        std::fs::remove_dir_all(self.program.home().join("state")).ok();
    }

    /// What is otherwise than it was before, if anything is.
    pub async fn differs(&self) -> Option<String> {
        view::difference(&self.before, &self.seen().await)
    }

    /// Whether this is what was there before. Of the lock of a run that could not remove it, a Lease may be left that no one
    /// holds and that names no run.
    pub fn is_before(&self, seen: &Value) -> bool {
        without_free_lock(seen) == self.before
    }

    /// Whether this is what the program's chain looks like, with the same exception.
    pub fn is_after(&self, seen: &Value) -> bool {
        // Vault chooses another role ID for each AppRole that is made.
        let known = |mut seen: Value| {
            view::without_anywhere(&mut seen, &["role_id"]);
            seen
        };
        known(without_free_lock(seen)) == known(self.after.clone())
    }

    /// Fails where anything is otherwise than it was before.
    ///
    /// # Panics
    /// With what is.
    pub async fn assert_before(&self, what: &str) {
        view::assert_same(&self.before, &self.seen().await, what);
    }

    /// The command that builds the chain, and takes over what is there.
    pub fn apply(&self) -> Vec<&'static str> {
        let mut words = vec!["apply", "--yes"];
        if self.beginning == Beginning::Other {
            words.extend(self.chain.steps().iter().flat_map(|step| ["--adopt", step]));
            words.push("--force-conflicts");
        }
        words
    }

    /// The same, which asks before it writes, and is given no answer: whether a run may begin is all that it shows. That
    /// the rights are there is shown by the runs themselves.
    pub fn begin(&self) -> Vec<&'static str> {
        let words = self.apply().into_iter().filter(|word| *word != "--yes");
        // Nothing goes wrong with it, so that it may take its time.
        words.chain(["--no-preflight", "--set", "run.step_timeout=30s"]).collect()
    }

    /// Puts everything back by hand, whatever a cell left.
    pub async fn fix(&self) {
        self.pair.lift();
        self.pair.quiet().await;
        self.clean().await;
        self.fill().await;
    }

    /// Gives back what a proof had made whose process was killed: no one else knows of it, and it ends by itself, or with its
    /// role.
    pub async fn give_back(&self) {
        const SECRET_IDS: &str = "auth/approle/role/ci/secret-id";
        if self.chain != Chain::AppRole {
            return;
        }
        for accessor in self.pair.vault.list(SECRET_IDS).await {
            self.pair
                .vault
                .post(&format!("{SECRET_IDS}-accessor/destroy"), &json!({"secret_id_accessor": accessor}))
                .await;
        }
    }

    /// Leaves the servers as they were before the sweep.
    pub async fn leave(self) {
        self.clean().await;
        self.pair.remove_namespace(NAMESPACE).await;
        if self.beginning == Beginning::Other && self.chain.has_reviewer() {
            let (name, namespace) = SOMEBODYS;
            self.pair.remove_reviewer(name, namespace).await;
        }
    }

    /// Whether the namespace is there before the program comes: a real cluster takes seconds to remove one, so that only
    /// the sandbox sees it made.
    pub fn namespace_stays(&self) -> bool {
        self.pair.which.real_kubernetes
    }

    async fn clean(&self) {
        let (vault, cluster) = (&self.pair.vault, &self.pair.kubernetes);
        for path in IN_VAULT {
            vault.delete(path).await;
        }
        cluster.delete("apis/external-secrets.io/v1/clustersecretstores/vault-backend").await;
        cluster.delete(&format!("api/v1/namespaces/{NAMESPACE}/serviceaccounts/external-secrets")).await;
        // The lock says which run was left unfinished; its journal goes too.
        cluster.delete("apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath").await;
        if self.namespace_stays() {
            cluster.delete(&format!("api/v1/namespaces/{NAMESPACE}/configmaps/{THEIRS}")).await;
        } else {
            self.pair.remove_namespace(NAMESPACE).await;
        }
    }

    async fn fill(&self) {
        if self.namespace_stays() {
            self.pair.make_namespace(NAMESPACE).await;
        }
        if self.beginning == Beginning::Other {
            self.chain.made_by_somebody(&self.pair).await;
        }
    }
}

fn without_free_lock(seen: &Value) -> Value {
    let is_free = |lease: &Value| {
        let names_a_run = &lease["metadata"]["annotations"]["trustpath.dev/unfinished-run"];
        lease["spec"]["holderIdentity"].is_null() && names_a_run.is_null()
    };
    let mut seen = seen.clone();
    if let Some(Value::Object(leases)) = seen.pointer_mut(LEASES) {
        leases.retain(|_, lease| !is_free(lease));
    }
    if let Some(Value::Object(stored)) = seen.pointer_mut(STORED) {
        stored.retain(|path, lease| !path.starts_with(STORED_LEASES) || !is_free(lease));
    }
    seen
}

/// What a sweep says besides the graph.
async fn limits(program: &Program, pair: &Pair, chain: Chain, beginning: Beginning) -> String {
    let mut limits = LIMITS.to_owned();
    if chain.is_of_a_cluster() {
        limits += LABEL;
    }
    if !chain.has_reviewer() {
        return limits;
    }
    limits += &direct(program, pair);
    if beginning == Beginning::Other {
        let (name, namespace) = SOMEBODYS;
        let file = somebody::keep_jwt(pair, &pair.reviewer(name, namespace).await);
        limits += &format!("previous_reviewer = {{ file = {:?} }}\n", file.display());
    }
    limits
}

/// Vault reaches the API server past the proxy, so that the program alone is seen there.
fn direct(program: &Program, pair: &Pair) -> String {
    let (host, ca) = pair.kubernetes_direct();
    let ca = program.file("ca.pem", ca);
    format!("[steps.kubernetes-auth.with]\nkubernetes_host = {host:?}\nca = {{ file = {:?} }}\n", ca.display())
}
