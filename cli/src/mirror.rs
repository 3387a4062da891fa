//! The journals that the cluster keeps (`--journal cluster`), beside those that lie here.

use std::sync::Arc;

use trustpath_core::{
    Class, Failure, Problem, Result,
    journal::{Journal, JournalRelation, Log, Mirror as _, Store},
};
use trustpath_platform::{Cluster, kubernetes::JournalSecret};

use crate::{args::JournalPlace, command::Command, render::line, screen::Screen, session::Session};

/// The Secret in which the cluster keeps journals, where the command is to keep them there.
#[derive(Clone, Default)]
pub(crate) struct Mirrored(Option<Arc<JournalSecret>>);

/// The runs whose journal in the cluster cannot be continued from here, each with the reason.
#[derive(Default)]
pub(crate) struct UnusableJournals(pub(crate) Vec<(String, Failure)>);

/// Brings the cluster's journals here, before anything is decided by them. Of the run that the command names, the journal
/// here says which cluster that is, as long as there is one; the graph file does for all others.
pub(crate) async fn fetch(command: &Command, run: Option<&str>) -> Result<UnusableJournals> {
    if command.journal == JournalPlace::Local {
        return Ok(UnusableJournals::default());
    }
    // One that is not here, or that cannot be read, may be there.
    let here = run.map(|run| Ok::<_, Problem>(command.store()?.read(run).ok())).transpose()?.flatten();
    let session = match here {
        Some(log) => Session::of_run(command, &log.start)?,
        None => Session::open(command, None)?,
    };
    Mirrored::of(&session).await?.pull(command).await
}

/// The journal of the run that a command names, or else that `latest` finds, here or in the cluster.
/// Where no run is named, one that cannot be continued may be the one that is meant.
pub(crate) async fn chosen(
    command: &Command,
    run: Option<&str>,
    latest: impl FnOnce(&Store) -> Result<Log>,
) -> Result<Log> {
    let unfit = fetch(command, run).await?;
    let store = command.store()?;
    match run {
        Some(run) => unfit.refuse(run).and_then(|()| store.read(run)),
        None => unfit.refuse_any().and_then(|()| latest(&store)),
    }
}

/// Whether the command is to keep journals in the cluster.
pub(crate) fn is_wanted(session: &Session<'_>) -> Result<bool, Problem> {
    match (session.command.journal, session.scope.cluster) {
        (JournalPlace::Local, _) => Ok(false),
        (JournalPlace::Cluster, true) => Ok(true),
        (JournalPlace::Cluster, false) => Err(no_cluster()),
    }
}

impl Mirrored {
    /// What the command asks for, in the cluster of this session.
    pub(crate) async fn of(session: &Session<'_>) -> Result<Self> {
        if !is_wanted(session)? {
            return Ok(Self::default());
        }
        let cluster = session.handles.get::<Cluster>().await?;
        Ok(Self(Some(Arc::new(JournalSecret::new(&cluster, &session.scope.lock_namespace)))))
    }

    /// Whether there is one.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Where it lies.
    pub(crate) fn place(&self) -> Option<String> {
        Some(self.0.as_ref()?.place())
    }

    /// Brings here what the cluster has of every run. What only lies here stays as it is.
    pub(crate) async fn pull(&self, command: &Command) -> Result<UnusableJournals> {
        self.compare(command).await.map(|(unfit, _)| unfit)
    }

    /// The same under the locks, where the cluster gets what it lacks of its runs as well: a process that was killed, or
    /// that could not write the Secret, has left it behind. That it still cannot be written keeps no one from going on.
    pub(crate) async fn exchange(&self, command: &Command) -> Result<UnusableJournals> {
        let (unfit, ahead) = self.compare(command).await?;
        for run in ahead {
            if let Err(failure) = self.bring(command, &run).await {
                lacks(&command.screen, &run, &failure);
            }
        }
        Ok(unfit)
    }

    /// The runs that cannot be continued, and those of which there is more here. One that another process of this
    /// machine is at work on is that process's.
    async fn compare(&self, command: &Command) -> Result<(UnusableJournals, Vec<String>)> {
        let (mut unfit, mut ahead) = (UnusableJournals::default(), Vec::new());
        let Some(secret) = &self.0 else { return Ok((unfit, ahead)) };
        let store = command.store()?;
        for (run, lines) in secret.read().await? {
            if store.is_running(&run) {
                continue;
            }
            match store.take_over(&run, &secret.place_of(&run), lines).await {
                Ok(JournalRelation::Ahead) => ahead.push(run),
                Ok(_) => {}
                Err(failure) => unfit.0.push((run, failure)),
            }
        }
        Ok((unfit, ahead))
    }

    async fn bring(&self, command: &Command, run: &str) -> Result<()> {
        let Some(secret) = &self.0 else { return Ok(()) };
        let lines = command.store()?.lines(run)?;
        secret.keep(run, &lines).await
    }

    /// The journal of a run, kept in the cluster too where that is wanted.
    pub(crate) fn on(&self, journal: Journal, run: &str) -> Journal {
        match &self.0 {
            None => journal,
            Some(secret) => journal.mirrored(run, secret.clone()),
        }
    }
}

/// Says what the cluster lacks of a run's journal, when the run has done all that it could.
pub(crate) fn mention_pending(screen: &Screen, journal: &Journal, run: &str) {
    if let Some(failure) = journal.last_error() {
        lacks(screen, run, &failure);
    }
}

fn lacks(screen: &Screen, run: &str, why: &Failure) {
    let (run, why) = (line(run), line(&why.to_string()));
    screen.warn(&format!(
        "the cluster lacks the last records of the run {run}: {why}\n  \
         the next command from here with --journal cluster brings them there; until then continue it from here"
    ));
}

impl UnusableJournals {
    /// Refuses to continue this run.
    pub(crate) fn refuse(&self, run: &str) -> Result<()> {
        self.0.iter().find(|(unfit, _)| unfit == run).map_or(Ok(()), |(_, failure)| Err(failure.clone()))
    }

    /// Refuses where it may be any run that is meant.
    pub(crate) fn refuse_any(&self) -> Result<()> {
        self.0.last().map_or(Ok(()), |(_, failure)| Err(failure.clone()))
    }
}

fn no_cluster() -> Problem {
    let message =
        "nothing that this command looks at is in Kubernetes, so there is no cluster that could keep its journals";
    Problem::new(Class::Usage, "trustpath::journal::no_cluster", message)
        .help("leave --journal cluster out, and unset TRUSTPATH_JOURNAL: journals are kept in the state directory")
}
