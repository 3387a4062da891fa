//! The program on a pair of servers: what it sends, and how long it takes.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
    proxy::Seen,
};

use crate::raw::Server;

/// The namespace that an apply makes where it is missing.
pub(super) const NAMESPACE: &str = "external-secrets";

/// A binary of the program, and the servers that it is measured on.
pub(super) struct Measured<'a> {
    program: Program,
    pair: &'a Pair,
}

/// How the program reaches the servers.
pub(super) struct Way {
    pub(super) vault: String,
    pub(super) kubeconfig: PathBuf,
}

impl Way {
    /// Through the proxies that see each request.
    pub(super) fn seen(pair: &Pair) -> Self {
        Self { vault: pair.vault_address(), kubeconfig: pair.kubeconfig() }
    }

    /// Without anything in between.
    pub(super) fn direct(pair: &Pair) -> Self {
        Self { vault: pair.vault_direct().to_owned(), kubeconfig: pair.kubeconfig_direct() }
    }
}

impl<'a> Measured<'a> {
    /// With the standard graph.
    pub(super) fn new(pair: &'a Pair, binary: PathBuf) -> Self {
        let program = Program::of(binary).connected(pair);
        let files = [standard_file(), pair.overlay_file(), direct(&program, pair)];
        let files = files.map(|file| file.display().to_string()).join(":");
        Self { program: program.with("TRUSTPATH_FILE", &files), pair }
    }

    /// With a graph of its own.
    pub(super) fn with_graph(pair: &'a Pair, binary: PathBuf, graph: &str) -> Self {
        let program = Program::of(binary).connected(pair);
        let file = program.file("graph.toml", graph).display().to_string();
        Self { program: program.with("TRUSTPATH_FILE", &file), pair }
    }

    /// The program's requests, where its way leads through the proxies that see them.
    pub(super) async fn seen(&self, way: &Way, arguments: &[&str]) -> Vec<(Server, Seen)> {
        self.pair.forget();
        self.time(way, arguments).await;
        let own = |(_, request): &(Server, Seen)| request.agent.starts_with("trustpath/");
        let vault = self.pair.vault_proxy.seen().into_iter().map(|request| (Server::Vault, request));
        let kubernetes = self.pair.kubernetes_proxy.seen().into_iter().map(|request| (Server::Kubernetes, request));
        let mut seen: Vec<_> = vault.chain(kubernetes).filter(own).collect();
        seen.sort_by_key(|(_, request)| request.at);
        seen
    }

    /// How long it takes.
    pub(super) async fn time(&self, way: &Way, arguments: &[&str]) -> Duration {
        let mut command = self.program.command(arguments);
        command.env("VAULT_ADDR", &way.vault).env("KUBECONFIG", &way.kubeconfig);
        let begun = Instant::now();
        let output = command.output().await.expect("the program runs");
        let time = begun.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        time
    }

    /// Back to empty, without what logins leave.
    pub(super) async fn clean(&self) {
        for entity in self.pair.vault.list("identity/entity/id").await {
            self.pair.vault.delete(&format!("identity/entity/id/{entity}")).await;
        }
        for path in ["auth/kubernetes/role/external-secrets", "sys/policies/acl/apps-read", "sys/auth/kubernetes"] {
            self.pair.vault.delete(path).await;
        }
        let store = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
        self.pair.kubernetes.delete(store).await;
        let account = format!("api/v1/namespaces/{NAMESPACE}/serviceaccounts/external-secrets");
        self.pair.kubernetes.delete(&account).await;
        self.pair.remove_namespace(NAMESPACE).await;
    }
}

/// The API server's own address, so that the graph is the same whichever way the program takes.
fn direct(program: &Program, pair: &Pair) -> PathBuf {
    let (host, ca) = pair.kubernetes_direct();
    let ca = program.file("ca.pem", ca);
    let with = format!("kubernetes_host = {host:?}\nca = {{ file = {:?} }}\n", ca.display());
    program.file("direct.toml", &format!("[steps.kubernetes-auth.with]\n{with}"))
}

pub(super) fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How many times as long one took as another.
pub(super) fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
