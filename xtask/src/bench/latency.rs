//! How many round trips a verb waits for, one after the other: what it takes longer with servers that are far away.

use std::time::Duration;

use trustpath_tests::{far::Far, pair::Pair};

use super::measured::{Measured, NAMESPACE, Way, median, ratio};

pub(super) async fn run(pair: &Pair, measured: &Measured<'_>, round_trip: Duration, rounds: usize) {
    let host = |url: &str| url.split_once("://").expect("a URL").1.to_owned();
    let vault = Far::start(&host(pair.vault_direct()), round_trip).await;
    let kubernetes = Far::start(&host(pair.kubernetes_direct().0), round_trip).await;
    let directory = tempfile::tempdir().expect("a directory");
    let kubeconfig = directory.path().join("kubeconfig");
    let text = pair.kubeconfig_at(&format!("https://{}", kubernetes.address()));
    std::fs::write(&kubeconfig, text).expect("a file in a directory of our own");
    let far = Way { vault: format!("http://{}", vault.address()), kubeconfig };
    let compared = Compared { measured, near: Way::direct(pair), far, servers: [vault, kubernetes], round_trip, rounds };
    compared.all(pair).await;
}

struct Compared<'a> {
    measured: &'a Measured<'a>,
    near: Way,
    far: Way,
    servers: [Far; 2],
    round_trip: Duration,
    rounds: usize,
}

impl Compared<'_> {
    async fn all(&self, pair: &Pair) {
        self.verb("apply", &["apply", "--yes"], async || (), async || self.measured.clean().await).await;
        self.apply().await;
        for reading in ["plan", "verify"] {
            self.verb(reading, &[reading], async || (), async || ()).await;
        }
        self.measured.clean().await;
        let stays = async || {
            pair.make_namespace(NAMESPACE).await;
            self.apply().await;
        };
        self.verb("destroy (the namespace stays)", &["destroy", "--yes"], stays, async || ()).await;
        self.measured.clean().await;
    }

    async fn apply(&self) {
        self.measured.time(&self.near, &["apply", "--yes"]).await;
    }

    async fn verb(&self, name: &str, arguments: &[&str], before: impl AsyncFn(), after: impl AsyncFn()) {
        let (mut near, mut far) = (Vec::new(), Vec::new());
        let mut connections = [0; 2];
        for _ in 0..self.rounds {
            for (way, times) in [(&self.near, &mut near), (&self.far, &mut far)] {
                before().await;
                let open = self.connections();
                times.push(self.measured.time(way, arguments).await);
                if std::ptr::eq(way, &self.far) {
                    connections = [0, 1].map(|server| self.connections()[server] - open[server]);
                }
                after().await;
            }
        }
        let (near, far) = (median(&mut near), median(&mut far));
        let trips = ratio(far.saturating_sub(near), self.round_trip);
        let [vault, kubernetes] = connections;
        println!(
            "{name}: {trips:.1} round trips ({far:.1?} and {near:.1?}; connections: {vault} to Vault, {kubernetes} to Kubernetes)"
        );
    }

    fn connections(&self) -> [usize; 2] {
        self.servers.each_ref().map(Far::connections)
    }
}
