//! How many round trips a verb waits for, one after the other: what it takes longer with servers that are far away.

use std::time::Duration;

use tempfile::TempDir;
use trustpath_tests::{far::Far, pair::Pair, proxy::Seen};

use super::measured::{Measured, NAMESPACE, Way, median, ratio};
use crate::raw::Server;

pub(super) async fn run(pair: &Pair, measured: &Measured<'_>, round_trip: Duration, rounds: usize) {
    let to_proxies = (pair.vault_address(), format!("https://{}", pair.kubernetes_proxy.address()), pair.proxy_ca());
    let (kubernetes, ca) = pair.kubernetes_direct();
    let direct = (pair.vault_direct().to_owned(), kubernetes.to_owned(), ca.to_owned());
    let (far, seen) = (Away::start(pair, direct, round_trip), Away::start(pair, to_proxies, round_trip));
    Compared { pair, measured, near: Way::direct(pair), far, seen, round_trip, rounds }.all().await;
}

/// A way to far servers, which ends when dropped.
struct Away {
    way: Way,
    vault: Far,
    kubernetes: Far,
    _directory: TempDir,
}

impl Away {
    fn start(pair: &Pair, (vault, kubernetes, ca): (String, String, String), round_trip: Duration) -> Self {
        let parts = |url: &str| url.split_once("://").map(|(scheme, host)| (scheme.to_owned(), host.to_owned()));
        let ((scheme, vault), (_, kubernetes)) = (parts(&vault).expect("a URL"), parts(&kubernetes).expect("a URL"));
        let (vault, kubernetes) = (Far::start(&vault, round_trip), Far::start(&kubernetes, round_trip));
        let directory = tempfile::tempdir().expect("a directory");
        let kubeconfig = directory.path().join("kubeconfig");
        let text = pair.kubeconfig_at(&format!("https://{}", kubernetes.address()), &ca);
        std::fs::write(&kubeconfig, text).expect("a file in a directory of our own");
        let way = Way { vault: format!("{scheme}://{}", vault.address()), kubeconfig };
        Self { way, vault, kubernetes, _directory: directory }
    }

    fn connections(&self) -> [usize; 2] {
        [self.vault.connections(), self.kubernetes.connections()]
    }
}

struct Compared<'a> {
    pair: &'a Pair,
    measured: &'a Measured<'a>,
    near: Way,
    far: Away,
    /// As far, through the proxies that see each request.
    seen: Away,
    round_trip: Duration,
    rounds: usize,
}

impl Compared<'_> {
    async fn all(&self) {
        let (nothing, clean) = (async || (), async || self.measured.clean().await);
        self.verb("apply", &["apply", "--yes"], nothing, clean).await;
        self.apply().await;
        self.verb("plan", &["plan"], nothing, nothing).await;
        self.verb("verify", &["verify"], nothing, nothing).await;
        clean().await;
        let stays = async || {
            self.pair.make_namespace(NAMESPACE).await;
            self.apply().await;
        };
        self.verb("destroy (the namespace stays)", &["destroy", "--yes"], stays, nothing).await;
        clean().await;
    }

    async fn apply(&self) {
        self.measured.time(&self.near, &["apply", "--yes"]).await;
    }

    async fn verb(&self, name: &str, arguments: &[&str], before: impl AsyncFn(), after: impl AsyncFn()) {
        let (mut near, mut far) = (Vec::new(), Vec::new());
        let mut connections = [0; 2];
        for _ in 0..self.rounds {
            before().await;
            near.push(self.measured.time(&self.near, arguments).await);
            after().await;
            before().await;
            let open = self.far.connections();
            far.push(self.measured.time(&self.far.way, arguments).await);
            connections = [0, 1].map(|server| self.far.connections()[server] - open[server]);
            after().await;
        }
        let (near, far) = (median(&mut near), median(&mut far));
        let trips = ratio(far.saturating_sub(near), self.round_trip);
        let [vault, kubernetes] = connections;
        println!(
            "{name}: {trips:.1} round trips ({far:.1?} / {near:.1?}; connections: Vault {vault}, Kubernetes {kubernetes})"
        );
        before().await;
        self.list(&self.measured.seen(&self.seen.way, arguments).await);
        after().await;
    }

    /// Each with how many round trips after the first it came: what waits for what can be seen from that.
    fn list(&self, seen: &[(Server, Seen)]) {
        let Some((_, first)) = seen.first() else { return };
        for (server, request) in seen {
            let trips = ratio(request.at.duration_since(first.at).unwrap_or_default(), self.round_trip);
            println!("    {trips:5.1}  {server:?} {} {}", request.what(), request.status);
        }
    }
}
