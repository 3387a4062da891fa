//! What every verb is given.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use trustpath_core::{
    Class, Handles, Kind, Problem,
    journal::{Log, Store, replay},
};
use trustpath_platform::Environment;

use clap::ValueEnum as _;

use crate::{
    args::{Global, JournalPlace, Journaling},
    render,
    screen::Screen,
};

/// One command line, and all that it may look at.
pub(crate) struct Command {
    /// Adds the handles of systems besides Vault and Kubernetes.
    pub(crate) more_handles: Arc<MoreHandles>,
    /// Sorted by name, each name once.
    pub(crate) kinds: Vec<&'static Kind>,
    pub(crate) global: Global,
    pub(crate) environment: Environment,
    pub(crate) screen: Screen,
    /// Where the journals of runs are kept.
    pub(crate) journal: JournalPlace,
}

/// What adds handles to those of Vault and Kubernetes.
pub(crate) type MoreHandles = dyn Fn(Handles) -> Handles + Send + Sync;

/// The variable that says the same as `--journal`.
const JOURNAL: &str = "TRUSTPATH_JOURNAL";

/// Where the journals of runs are kept: as the option says, or else the environment.
pub(crate) fn journal_place(asked: &Journaling, environment: &Environment) -> Result<JournalPlace, Problem> {
    match (asked.journal, environment.get(JOURNAL)) {
        (Some(place), _) => Ok(place),
        (None, None) => Ok(JournalPlace::default()),
        (None, Some(text)) => JournalPlace::from_str(text, false).map_err(|_| no_place()),
    }
}

impl Command {
    /// Where the journals of runs lie.
    pub(crate) fn store(&self) -> Result<Store, Problem> {
        let named = self.global.connect.state_dir.clone();
        let named = named.or_else(|| self.environment.get("TRUSTPATH_STATE_DIR").map(PathBuf::from));
        let directory = named.or_else(|| self.standard_state_dir()).ok_or_else(nowhere)?;
        Ok(Store::new(found_from_anywhere(&directory)))
    }

    /// As the XDG base directory specification has it: a relative path in the variable counts as none.
    fn standard_state_dir(&self) -> Option<PathBuf> {
        let set = self.environment.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let state = set.or_else(|| self.environment.home().map(|home| home.join(".local/state")))?;
        Some(state.join("trustpath/runs"))
    }

    /// The command that takes a run back from here.
    pub(crate) fn rollback(&self, run: &str) -> String {
        self.about_run("rollback", run)
    }

    /// The command that carries a run to its end, where it is on its way forward.
    pub(crate) fn resume(&self, log: &Log) -> Option<String> {
        replay(&log.entries).is_forward().then(|| self.about_run("resume", &log.start.run))
    }

    /// The command that continues a run, whichever way it was going.
    pub(crate) fn resume_command(&self, log: &Log) -> String {
        self.resume(log).unwrap_or_else(|| self.rollback(&log.start.run))
    }

    /// With the options that led to the run's journal and its servers.
    fn about_run(&self, verb: &str, run: &str) -> String {
        let connect = &self.global.connect;
        let mut words = vec!["trustpath".to_owned(), verb.to_owned(), run.to_owned()];
        if let Some(directory) = &connect.state_dir {
            words.extend(["--state-dir".to_owned(), found_from_anywhere(directory).display().to_string()]);
        }
        if let Some(context) = &connect.context {
            words.extend(["--context".to_owned(), context.clone()]);
        }
        let ambient = self.environment.get(JOURNAL).is_some_and(|text| text == "cluster");
        if self.journal == JournalPlace::Cluster && !ambient {
            words.extend(["--journal", "cluster"].map(str::to_owned));
        }
        render::command(&words)
    }
}

/// The absolute path: where a journal lies is told to those who come from other directories, and from other hosts.
fn found_from_anywhere(path: &Path) -> PathBuf {
    // Without a working directory nothing relative can be used, and using it says so.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn no_place() -> Problem {
    Problem::new(Class::Config, "trustpath::cli::journal", format!("{JOURNAL} names no place for journals"))
        .help("set it to `local` or `cluster`, or unset it")
}

fn nowhere() -> Problem {
    let message = "there is no directory for the journals of runs: neither HOME nor XDG_STATE_HOME is set";
    Problem::new(Class::Config, "trustpath::cli::state_dir", message)
        .help("name one with --state-dir or TRUSTPATH_STATE_DIR")
}
