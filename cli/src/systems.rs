//! The way from `[connections]` to the systems behind them.

use std::sync::Arc;

use trustpath_core::{Facts, Handles, Result};
use trustpath_platform::{
    Connections, Environment, Heard, VaultServer,
    kubernetes::{Cluster, KubernetesSettings},
    lock::Fence,
    vault::{Vault, VaultSettings},
};

use crate::{
    render::{Style, line},
    screen::Screen,
};

/// What says where the systems are, besides the graph file.
pub(crate) struct Systems {
    pub(crate) environment: Environment,
    pub(crate) context: Option<String>,
    pub(crate) more: Arc<dyn Fn(Handles) -> Handles + Send + Sync>,
    pub(crate) screen: Screen,
    pub(crate) fence: Fence,
}

impl Systems {
    /// The facts that every step sees.
    ///
    /// # Errors
    /// When environment and graph file contradict each other.
    pub(crate) fn ambient(&self, connections: &Connections) -> Result<Facts> {
        let mut facts = Facts::default();
        facts.add("[connections]", VaultServer::new(&self.environment, connections)?);
        Ok(facts)
    }

    /// The systems; each is opened when a step first asks for it, and warns then.
    pub(crate) fn handles(&self, connections: &Connections) -> Arc<Handles> {
        let handles = Handles::new().with(self.vault(connections)).with(self.cluster(connections));
        Arc::new((self.more)(handles))
    }

    fn vault(&self, connections: &Connections) -> impl Fn() -> Opening<Vault> + Send + Sync + 'static {
        let (environment, connections) = (self.environment.clone(), connections.clone());
        let (screen, fence) = (self.screen.clone(), self.fence.clone());
        move || {
            let settings = VaultSettings::from(&environment, &connections);
            let (screen, fence) = (screen.clone(), fence.clone());
            Box::pin(async move {
                let settings = settings?;
                warn(&screen, &settings.warnings);
                Vault::open(settings.with_fence(fence).with_heard(heard("Vault", screen))).await
            })
        }
    }

    fn cluster(&self, connections: &Connections) -> impl Fn() -> Opening<Cluster> + Send + Sync + 'static {
        let (environment, connections) = (self.environment.clone(), connections.clone());
        let (screen, context, fence) = (self.screen.clone(), self.context.clone(), self.fence.clone());
        move || {
            let settings = KubernetesSettings::from(&environment, &connections, context.as_deref());
            let (screen, fence) = (screen.clone(), fence.clone());
            Box::pin(async move {
                let heard = heard("Kubernetes", screen.clone());
                let cluster = Cluster::open(settings.with_fence(fence).with_heard(heard)).await?;
                warn(&screen, &cluster.warnings());
                Ok(cluster)
            })
        }
    }
}

type Opening<H> = std::pin::Pin<Box<dyn Future<Output = Result<H>> + Send>>;

/// What a server warns of is its own word.
fn heard(server: &'static str, screen: Screen) -> Heard {
    Heard::by(move |warning| warn(&screen, &[format!("{server} says: {warning}")]))
}

fn warn(screen: &Screen, warnings: &[String]) {
    for warning in warnings {
        screen.say(&format!("{} {}", Style::Careful.of("warning:"), line(warning)));
    }
}
