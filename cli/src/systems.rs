//! The way from `[connections]` to the systems behind them.

use std::sync::Arc;

use trustpath_core::{Facts, Handles, Result};
use trustpath_platform::{
    Cluster, Connections, Environment, Heard, Vault, VaultServer, kubernetes::KubernetesSettings, lock::Fence,
    vault::VaultSettings,
};

use crate::{command::Command, render::line, screen::Screen};

/// The facts that every step sees.
pub(crate) fn ambient(command: &Command, connections: &Connections) -> Result<Facts> {
    let mut facts = Facts::default();
    facts.add("[connections]", VaultServer::new(&command.environment, connections)?);
    Ok(facts)
}

/// The systems; each is opened when a step first asks for it, and warns then. What they send stands behind the fence.
pub(crate) fn handles(command: &Command, connections: &Connections, fence: &Fence) -> Arc<Handles> {
    let way = Arc::new(Way {
        environment: command.environment.clone(),
        connections: connections.clone(),
        context: command.global.connect.context.clone(),
        screen: command.screen.clone(),
        fence: fence.clone(),
    });
    let to_vault = way.clone();
    let handles = Handles::new().with(move || to_vault.clone().vault()).with(move || way.clone().cluster());
    Arc::new((command.more_handles)(handles))
}

/// What a system is opened by.
struct Way {
    environment: Environment,
    connections: Connections,
    context: Option<String>,
    screen: Screen,
    fence: Fence,
}

impl Way {
    async fn vault(self: Arc<Self>) -> Result<Vault> {
        let mut settings = VaultSettings::from(&self.environment, &self.connections)?;
        warn(&self.screen, &settings.warnings);
        (settings.fence, settings.heard) = (self.fence.clone(), self.heard("Vault"));
        Vault::open(settings).await
    }

    async fn cluster(self: Arc<Self>) -> Result<Cluster> {
        let mut settings = KubernetesSettings::from(&self.environment, &self.connections, self.context.as_deref());
        (settings.fence, settings.heard) = (self.fence.clone(), self.heard("Kubernetes"));
        let cluster = Cluster::open(settings).await?;
        warn(&self.screen, &cluster.warnings());
        Ok(cluster)
    }

    /// What a server warns of is its own word.
    fn heard(&self, server: &'static str) -> Heard {
        let screen = self.screen.clone();
        Heard::by(move |warning| warn(&screen, &[format!("{server} says: {warning}")]))
    }
}

fn warn(screen: &Screen, warnings: &[String]) {
    warnings.iter().for_each(|warning| screen.warn(&line(warning)));
}
