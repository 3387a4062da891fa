//! The way from `[connections]` to the systems behind them.

use std::{collections::BTreeSet, sync::Arc};

use trustpath_core::{Class, Facts, Handle as _, Handles, Identity, Problem, Result, Target, nearest};
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

/// Refuses a system on which no kind has objects.
pub(crate) fn check(command: &Command, system: Option<&str>) -> Result<(), Problem> {
    let known: BTreeSet<_> = command.kinds.iter().filter_map(|kind| kind.systems().first().copied()).collect();
    let Some(system) = system.filter(|system| !known.contains(system)) else { return Ok(()) };
    let known: Vec<_> = known.into_iter().collect();
    let message = format!("no step of this program is on a system `{system}`");
    Err(Problem::new(Class::Usage, "trustpath::cli::unknown_system", message).help(nearest::hint(system, &known)))
}

/// The systems; each is opened when a step first asks for it, and warns then. What they send stands behind the fence. Where
/// one alone is looked at, the graph file may say which cluster the other is.
pub(crate) fn handles(command: &Command, connections: &Connections, fence: &Fence, only: Option<&str>) -> Arc<Handles> {
    let way = Arc::new(Way {
        environment: command.environment.clone(),
        connections: connections.clone(),
        context: command.global.connect.context.clone(),
        screen: command.screen.clone(),
        fence: fence.clone(),
    });
    let to_vault = way.clone();
    let handles = Handles::new().with(move || to_vault.clone().vault()).with(move || way.clone().cluster());
    let handles = (command.more_handles)(handles);
    let uid = connections.kubernetes.uid.clone().map(|uid| Identity::from([(Cluster::UID.to_owned(), uid)]));
    let stated = Target::from_iter(uid.map(|uid| (Cluster::NAME.to_owned(), uid)));
    Arc::new(match only {
        Some(system) => handles.only(system, stated),
        None => handles,
    })
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
