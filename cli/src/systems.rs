//! The way from `[connections]` to the systems behind them.

use std::sync::Arc;

use trustpath_core::{Facts, Handles, Result};
use trustpath_platform::{
    Connections, Heard, VaultServer,
    kubernetes::{Cluster, KubernetesSettings},
    lock::Fence,
    vault::{Vault, VaultSettings},
};

use crate::{command::Command, render::line, screen::Screen};

/// The facts that every step sees.
///
/// # Errors
/// When environment and graph file contradict each other.
pub(crate) fn ambient(command: &Command<'_>, connections: &Connections) -> Result<Facts> {
    let mut facts = Facts::default();
    facts.add("[connections]", VaultServer::new(&command.environment, connections)?);
    Ok(facts)
}

/// The systems; each is opened when a step first asks for it, and warns then. What they send stands behind the fence.
pub(crate) fn handles(command: &Command<'_>, connections: &Connections, fence: &Fence) -> Arc<Handles> {
    let handles = Handles::new().with(vault(command, connections, fence)).with(cluster(command, connections, fence));
    Arc::new((command.more_handles)(handles))
}

fn vault(
    command: &Command<'_>,
    connections: &Connections,
    fence: &Fence,
) -> impl Fn() -> Opening<Vault> + Send + Sync + 'static {
    let (environment, connections) = (command.environment.clone(), connections.clone());
    let (screen, fence) = (command.screen.clone(), fence.clone());
    move || {
        let settings = VaultSettings::from(&environment, &connections);
        let (screen, fence) = (screen.clone(), fence.clone());
        Box::pin(async move {
            let mut settings = settings?;
            warn(&screen, &settings.warnings);
            (settings.fence, settings.heard) = (fence, heard("Vault", screen));
            Vault::open(settings).await
        })
    }
}

fn cluster(
    command: &Command<'_>,
    connections: &Connections,
    fence: &Fence,
) -> impl Fn() -> Opening<Cluster> + Send + Sync + 'static {
    let (environment, connections) = (command.environment.clone(), connections.clone());
    let (screen, context) = (command.screen.clone(), command.global.connect.context.clone());
    let fence = fence.clone();
    move || {
        let mut settings = KubernetesSettings::from(&environment, &connections, context.as_deref());
        (settings.fence, settings.heard) = (fence.clone(), heard("Kubernetes", screen.clone()));
        let screen = screen.clone();
        Box::pin(async move {
            let cluster = Cluster::open(settings).await?;
            warn(&screen, &cluster.warnings());
            Ok(cluster)
        })
    }
}

type Opening<H> = std::pin::Pin<Box<dyn Future<Output = Result<H>> + Send>>;

/// What a server warns of is its own word.
fn heard(server: &'static str, screen: Screen) -> Heard {
    Heard::by(move |warning| warn(&screen, &[format!("{server} says: {warning}")]))
}

fn warn(screen: &Screen, warnings: &[String]) {
    warnings.iter().for_each(|warning| screen.warn(&line(warning)));
}
