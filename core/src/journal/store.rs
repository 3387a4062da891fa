//! The directory in which the journals of all runs lie.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Corrupt, End, Log,
    lock::{TryLock, is_locked},
    private, replay,
};
use crate::{
    failure::{Class, Problem, Result},
    nearest,
};

/// A directory of journals, one file a run.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// The journals in `directory`, which is made on first use.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Where they lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// An id for a new run, later than every earlier one, and the path of its journal. Of the finished runs, the
    /// latest `kept` stay; what is unfinished, stuck or damaged always does.
    ///
    /// # Errors
    /// When the directory cannot be made, or an old journal cannot be removed.
    pub fn next(&self, kept: usize) -> Result<(String, PathBuf)> {
        if !self.directory.is_dir() {
            private::create(&self.directory).map_err(|error| unusable(&self.directory, error))?;
        }
        self.prune(kept)?;
        let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
        let mut names = std::iter::once(now.clone()).chain((2..).map(|again| format!("{now}-{again}")));
        let free = names.find(|name| !self.path(name).exists()).expect("there is always a next number");
        let path = self.path(&free);
        Ok((free, path))
    }

    /// The ids of all runs, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be listed; one that is not there holds no run.
    pub fn runs(&self) -> Result<Vec<String>> {
        let listed = match fs::read_dir(&self.directory) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&self.directory, error).into()),
        };
        let mut runs = Vec::new();
        for entry in listed {
            let path = entry.map_err(|error| unusable(&self.directory, error))?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                runs.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            }
        }
        runs.sort_by_key(|run| sort_key(run));
        Ok(runs)
    }

    /// The journal of a run.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(&self, run: &str) -> Result<Log> {
        let known = self.runs()?;
        if !known.iter().any(|other| other == run) {
            return Err(unknown(run, &self.directory, &known).into());
        }
        Ok(Log::read(&self.path(run))?)
    }

    /// The journals of all runs, oldest first; a damaged one is an error of its own.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn read_all(&self) -> Result<Vec<(String, Result<Log, Corrupt>)>> {
        let read = |run: String| (run.clone(), Log::read(&self.path(&run)));
        Ok(self.runs()?.into_iter().map(read).collect())
    }

    fn prune(&self, kept: usize) -> Result<()> {
        let over = |log: &Log| !matches!(replay(&log.entries).end, None | Some(End::Stuck));
        let runs = self.read_all()?.into_iter();
        let over: Vec<_> = runs.filter(|(_, log)| log.as_ref().is_ok_and(over)).map(|(run, _)| run).collect();
        for run in &over[..over.len().saturating_sub(kept)] {
            fs::remove_file(self.path(run)).map_err(|error| unusable(&self.directory, error))?;
        }
        Ok(())
    }

    /// Takes the state directory for this process; `words` say who it is, to those who come meanwhile.
    ///
    /// # Errors
    /// When the directory cannot be made or written to, or its file system knows no locks.
    pub fn try_lock(&self, words: &str) -> Result<TryLock> {
        TryLock::at(&self.directory, words)
    }

    /// Whether a process is at work on a run at this moment.
    pub fn is_running(&self, run: &str) -> bool {
        is_locked(&self.path(run))
    }

    /// Where the journal of a run lies.
    pub fn path(&self, run: &str) -> PathBuf {
        self.directory.join(format!("{run}.jsonl"))
    }
}

/// What sorts runs by age: their time, then the number that tells runs of one second apart.
pub fn sort_key(run: &str) -> (String, u32) {
    let mut parts = run.splitn(3, '-');
    let time = [parts.next(), parts.next()].map(Option::unwrap_or_default).join("-");
    (time, parts.next().and_then(|number| number.parse().ok()).unwrap_or(1))
}

fn unknown(run: &str, directory: &Path, known: &[String]) -> Problem {
    let message = format!("there is no run `{run}` in {}", directory.display());
    Problem::new(Class::Usage, "trustpath::journal::unknown_run", message).help(nearest::hint(run, known))
}

fn unusable(directory: &Path, error: io::Error) -> Problem {
    let message = format!("the state directory {} cannot be used", directory.display());
    Problem::new(Class::Config, "trustpath::journal::directory", message)
        .help("choose another one with --state-dir")
        .because(error)
}
