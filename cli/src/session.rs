//! From the words of a command line to an engine.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize as _;
use serde_json::Value;
use trustpath_core::{
    Class, Failure, Handle as _, Handles, Problem, Result,
    file::{Source, load},
    graph::{Graph, Selection},
    journal::{JournaledStep, Start, VERSION},
    run::{Cancel, Consent, Engine, RunPlan, Settings, graph_of},
};
use trustpath_platform::{
    Cluster, Connections, Vault,
    hide::{masked, shapes},
    lock::{Fence, Terms},
    text::clean,
};

use crate::{args::ConsentArgs, command::Command, lock::Scope, progress::Progress, systems};

/// This program, as a journal names it.
pub(crate) const PROGRAM: &str = concat!("trustpath ", env!("CARGO_PKG_VERSION"));

/// The graph file where none is named.
pub(crate) const STANDARD: &str = "plugins.toml";

/// A graph, and the systems that it is about.
pub(crate) struct Session<'a> {
    pub(crate) command: &'a Command,
    pub(crate) graph: Arc<Graph>,
    pub(crate) handles: Arc<Handles>,
    /// What is locked for it.
    pub(crate) scope: Scope,
    /// Stands before every write, once the locks are taken.
    pub(crate) fence: Fence,
    /// Why its runs are made.
    pub(crate) reason: Option<String>,
    settings: Settings,
    /// `[connections]` as it is journaled.
    connections: Value,
}

impl<'a> Session<'a> {
    /// The graph of the files and settings that the command names; every mistake in them is told at once.
    pub(crate) fn open(command: &'a Command, system: Option<&str>) -> Result<Self> {
        Self::of(command, sources(command)?, system)
    }

    /// The graph of these texts; where a system is named, that alone is looked at.
    pub(crate) fn of(command: &'a Command, sources: Vec<Source>, system: Option<&str>) -> Result<Self> {
        systems::check(command, system)?;
        let mut ambient = Ok(());
        let loaded = load(sources, &command.kinds, Connections::PLACEHOLDERS, |connections, facts| {
            ambient = systems::ambient(command, connections).map(|seen| facts.extend(&seen));
        });
        // Without these facts, steps lack what no step could give.
        ambient?;
        let loaded = loaded?;
        let connections = (&loaded.connections, loaded.connections_json);
        Ok(Self::new(command, loaded.graph, connections, loaded.run, system))
    }

    /// The graph as it was when a run began, whatever its files say today.
    pub(crate) fn of_run(command: &'a Command, start: &Start) -> Result<Self> {
        let read = connections(start)?;
        let graph = graph_of(start, &command.kinds, &systems::ambient(command, &read)?)?;
        let connections = (&read, start.connections.clone());
        let session = Self::new(command, graph, connections, start.limits, start.system.as_deref());
        Ok(Self { reason: start.reason.clone(), ..session })
    }

    fn new(
        command: &'a Command,
        graph: Graph,
        (read, connections): (&Connections, Value),
        settings: Settings,
        system: Option<&str>,
    ) -> Self {
        let fence = Fence::default();
        let handles = systems::handles(command, read, &fence, system);
        let scope = Scope::of(&graph, read, &handles);
        Self { command, graph: Arc::new(graph), handles, scope, fence, reason: None, settings, connections }
    }

    /// With why its runs are made. What looks like a credential is hidden, whoever wrote it.
    pub(crate) fn because(self, reason: Option<&str>) -> Self {
        let reason = reason.map(|text| clean(&shapes(text))).filter(|text| !text.is_empty());
        Self { reason, ..self }
    }

    /// Opens the graph's systems while something else is waited for; for a run, what it asks in any case is asked.
    pub(crate) fn warm(&self, for_a_run: bool) {
        for system in [Vault::NAME, Cluster::NAME].into_iter().filter(|system| self.graph.uses(system)) {
            let handles = self.handles.clone();
            // It ends with the program; whoever needs the system waits for the same opening.
            drop(tokio::spawn(async move { handles.open_early(system, for_a_run).await }));
        }
    }

    /// On which terms its locks are held.
    pub(crate) fn terms(&self) -> Terms {
        let Settings { lease, in_flight_timeout, step_timeout, .. } = self.settings;
        Terms::new(lease, in_flight_timeout, step_timeout)
    }

    /// What the user agrees to beforehand.
    pub(crate) fn consent(&self, consent: ConsentArgs, keep: bool) -> Result<Consent> {
        // No name is no step; to a selection it would be all of them.
        let named = Selection { only: consent.adopt.clone(), ..Default::default() }.places(&self.graph)?;
        let adopt = named.into_iter().filter(|_| !consent.adopt.is_empty());
        Ok(Consent {
            adopt: adopt.map(|place| self.graph.node(place).name.to_string()).collect(),
            force_conflicts: consent.force_conflicts,
            allow_irreversible: consent.allow_irreversible,
            keep,
        })
    }

    /// An engine that tells what happens on the screen.
    pub(crate) fn engine(&self, consent: Consent, cancel: Cancel) -> Engine {
        Engine::new(self.graph.clone(), self.handles.clone())
            .with_settings(self.settings)
            .with_consent(consent)
            .with_own_rights(self.scope.own_rights(self.command.journal))
            .with_observer(Arc::new(Progress::new(self.command.screen.clone())))
            .with_cancel(cancel)
    }

    /// The first record of a run's journal.
    pub(crate) async fn start(&self, run: &str, plan: &RunPlan, engine: &Engine) -> Result<Start> {
        let graph = engine.graph();
        let name = |place| graph.node(place).name.to_string();
        Ok(Start {
            version: VERSION,
            program: PROGRAM.to_owned(),
            run: run.to_owned(),
            verb: plan.verb,
            graph: graph.id().to_owned(),
            chosen: plan.chosen().into_iter().map(name).collect(),
            system: self.handles.alone().map(str::to_owned),
            reason: self.reason.clone(),
            consent: engine.consent().clone(),
            limits: self.settings,
            target: self.handles.target().await?,
            connections: self.connections.clone(),
            steps: JournaledStep::of(graph),
        })
    }
}

/// The files, then the settings: the later wins. Each is read once, as a pipe can be.
pub(crate) fn sources(command: &Command) -> Result<Vec<Source>> {
    let files = files(command);
    let settings = command.global.settings.iter();
    let mut sources = files.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    for setting in settings {
        sources.push(Source::set(setting)?.shown_by(masked));
    }
    Ok(sources)
}

fn files(command: &Command) -> Vec<PathBuf> {
    if !command.global.files.is_empty() {
        return command.global.files.clone();
    }
    let listed = command.environment.get("TRUSTPATH_FILE").unwrap_or(STANDARD);
    std::env::split_paths(listed).filter(|path| !path.as_os_str().is_empty()).collect()
}

fn read(path: &Path) -> Result<Source> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
    let text = String::from_utf8(bytes).map_err(|_| not_text(path))?;
    // An error is read by others than who wrote the file: no excerpt shows what looks like a credential.
    Ok(Source::new(path.display().to_string(), text).shown_by(masked))
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    let message = format!("the graph file {} cannot be read", path.display());
    let help = match error.kind() {
        std::io::ErrorKind::NotFound => "name the file with -f, or write the standard one: trustpath init",
        _ => "check that it is a file, and yours to read",
    };
    Problem::new(Class::Config, "trustpath::file::unreadable", message).help(help).because(error).into()
}

fn not_text(path: &Path) -> Failure {
    let message = format!("{} is not a TOML file: it is not text in UTF-8", path.display());
    Problem::new(Class::Config, "trustpath::file::not_toml", message)
        .help("give the path of a graph file; `trustpath init` writes the standard one")
        .into()
}

fn connections(start: &Start) -> Result<Connections> {
    let read = Option::<Connections>::deserialize(&start.connections).map_err(|error| {
        let message = "this program reads the `[connections]` of the run differently";
        Problem::new(Class::Config, "trustpath::run::other_connections", message)
            .help("use the version of the program that made the run")
            .because(error)
    })?;
    Ok(read.unwrap_or_default())
}
