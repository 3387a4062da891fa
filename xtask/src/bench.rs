//! `cargo xtask bench`: the release binary beside the same requests sent raw, in turn, in one run.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use miette::{Result, miette};
use trustpath_tests::{
    cargo::cargo,
    pair::{Pair, Which},
    program::Program,
    proxy::Seen,
};

use crate::{
    provision,
    raw::{Raw, Server},
    shell::step,
};

#[derive(Args)]
pub(crate) struct Options {
    /// A real kube-apiserver instead of the sandbox's API
    #[arg(long)]
    real: bool,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Another binary of the program, such as that of an earlier commit: its `apply` is measured in turn with this one's
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,
}

/// The program on the servers themselves, and what its requests were when it went through the proxies.
struct Measured<'a> {
    program: Program,
    pair: &'a Pair,
    raw: Raw<'a>,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let which = Which { real_kubernetes: options.real, hashicorp_vault: false };
    tokio::task::spawn_blocking(move || provision::have(which)).await.map_err(|error| miette!("{error}"))??;
    step("release binary", cargo(&["build", "--release", "--quiet", "--package", "trustpath-cli"]))?;
    let binary = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/trustpath"));
    let pair = Pair::start(which).await;
    let measured = Measured::new(&pair, binary)?;
    if let Some(other) = &options.against {
        return measured.against(&Measured::new(&pair, other.clone())?, options.rounds).await;
    }
    measured.apply(options.rounds).await?;
    measured.reading("plan", &["plan"], options.rounds).await?;
    measured.reading("verify", &["verify"], options.rounds).await
}

impl<'a> Measured<'a> {
    fn new(pair: &'a Pair, binary: PathBuf) -> Result<Self> {
        let program = Program::of(binary).connected(pair);
        let files = [trustpath_tests::program::standard_file(), pair.overlay_file(), direct(&program, pair)];
        let files = files.map(|file| file.display().to_string()).join(":");
        let program = program.with("TRUSTPATH_FILE", &files);
        Ok(Self { program, pair, raw: Raw::new(pair)? })
    }

    /// From empty to applied and proven; raw are the writes alone, and then all of its requests, both from empty too.
    async fn apply(&self, rounds: usize) -> Result<()> {
        let seen = self.seen(&["apply", "--yes"]).await;
        self.clean().await;
        let writes: Vec<_> = seen.iter().filter(|(_, request)| built(request)).cloned().collect();
        let (mut ours, mut raw, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(self.direct(&["apply", "--yes"]).await);
            self.clean().await;
            raw.push(self.raw.time(&writes).await?);
            self.clean().await;
            all.push(self.raw.time(&seen).await?);
            self.clean().await;
        }
        self.direct(&["apply", "--yes"]).await;
        report("apply", "writes", &mut ours, &mut raw, writes.len());
        report("apply", "requests", &mut ours, &mut all, seen.len());
        list(&seen);
        Ok(())
    }

    /// Both from empty, in turn.
    async fn against(&self, other: &Self, rounds: usize) -> Result<()> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            for (measured, times) in [(self, &mut ours), (other, &mut theirs)] {
                times.push(measured.direct(&["apply", "--yes"]).await);
                self.clean().await;
            }
        }
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        println!("apply {:.2}x of the other ({ours:.1?} / {theirs:.1?})", ours.as_secs_f64() / theirs.as_secs_f64());
        Ok(())
    }

    /// Something that only reads; raw are the same requests.
    async fn reading(&self, name: &str, arguments: &[&str], rounds: usize) -> Result<()> {
        let seen = self.seen(arguments).await;
        let (mut ours, mut raw) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(self.direct(arguments).await);
            raw.push(self.raw.time(&seen).await?);
        }
        report(name, "requests", &mut ours, &mut raw, seen.len());
        list(&seen);
        Ok(())
    }

    /// The program's requests, seen by the proxies.
    async fn seen(&self, arguments: &[&str]) -> Vec<(Server, Seen)> {
        self.pair.forget();
        self.program.ok(arguments).await;
        let own = |(_, request): &(Server, Seen)| request.agent.starts_with("trustpath/");
        let vault = self.pair.vault_proxy.seen().into_iter().map(|request| (Server::Vault, request));
        let kubernetes = self.pair.kubernetes_proxy.seen().into_iter().map(|request| (Server::Kubernetes, request));
        let mut seen: Vec<_> = vault.chain(kubernetes).filter(own).collect();
        seen.sort_by_key(|(_, request)| request.at);
        seen
    }

    /// Without the proxies in between.
    async fn direct(&self, arguments: &[&str]) -> Duration {
        let mut command = self.program.command(arguments);
        command.env("VAULT_ADDR", self.pair.vault_direct()).env("KUBECONFIG", self.pair.kubeconfig_direct());
        let begun = Instant::now();
        let output = command.output().await.expect("the program runs");
        let time = begun.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        time
    }

    /// Back to empty.
    async fn clean(&self) {
        for path in ["auth/kubernetes/role/external-secrets", "sys/policies/acl/apps-read", "sys/auth/kubernetes"] {
            self.pair.vault.delete(path).await;
        }
        let store = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
        self.pair.kubernetes.delete(store).await;
        let namespace = "api/v1/namespaces/external-secrets";
        self.pair.kubernetes.delete(&format!("{namespace}/serviceaccounts/external-secrets")).await;
        self.pair.kubernetes.delete(namespace).await;
        self.pair.kubernetes.wait(namespace, |found| found.is_none()).await;
    }
}

/// The API server's own address, so that the graph is the same with the proxies in between and without them.
fn direct(program: &Program, pair: &Pair) -> PathBuf {
    let (host, ca) = pair.kubernetes_direct();
    let ca = program.file("ca.pem", ca);
    let with = format!("kubernetes_host = {host:?}\nca = {{ file = {:?} }}\n", ca.display());
    program.file("direct.toml", &format!("[steps.kubernetes-auth.with]\n{with}"))
}

/// What `apply` builds, without what its verify leaves for a moment.
fn built(request: &Seen) -> bool {
    request.writes()
        && !["/login", "/token", "/revoke-self", "/revoke-accessor"].iter().any(|end| request.path.ends_with(end))
}

/// One line: the ratio of the medians, and what was compared.
fn report(name: &str, what: &str, ours: &mut [Duration], raw: &mut [Duration], compared: usize) {
    let (ours, raw) = (median(ours), median(raw));
    let ratio = ours.as_secs_f64() / raw.as_secs_f64();
    println!("{name} {ratio:.1}x ({ours:.1?}; its {compared} {what} raw {raw:.1?})");
}

fn list(seen: &[(Server, Seen)]) {
    for (_, request) in seen {
        println!("    {} {}", request.line(), request.status);
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
