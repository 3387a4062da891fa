//! The locks of one command, from when they are taken until they are given back.

use std::{
    path::{Path, absolute},
    sync::Arc,
    time::Duration,
};

use trustpath_core::{
    Failure, Result,
    journal::{DirectoryLock, Log, replay},
    run::{Cancel, Guard, Unguarded},
};
use trustpath_platform::lock::{Held, Holder, Process, Unfinished};

use super::{Wish, journal::digest, local, taking::aside};
use crate::{
    command::Command,
    mirror::{Mirrored, Unfit},
    render::{Style, line},
    screen::Screen,
    session::Session,
};

/// The locks of one command. The one of this machine is there always, the others where the graph has something to do
/// with their systems.
pub(crate) struct Locks {
    pub(super) remote: Vec<Held>,
    host: String,
    /// Where the cluster keeps journals.
    pub(crate) mirror: Mirrored,
    /// What of it cannot be gone on with.
    pub(crate) unfit: Unfit,
    /// Why the cluster is not locked though the graph has to do with it.
    pub(super) unlocked: Option<Failure>,
    _local: DirectoryLock,
}

impl Locks {
    /// Takes them all, or none.
    ///
    /// # Errors
    /// When one cannot be had.
    pub(super) async fn take(command: &Command<'_>, session: &Session, cancel: &Cancel, wish: Wish) -> Result<Self> {
        let process = Process::this(command.environment.get("HOSTNAME"));
        let user = ["USER", "LOGNAME"].iter().find_map(|name| command.environment.get(name)).unwrap_or("somebody");
        let host = process.host.clone();
        let holder = Holder::new(process, user, wish.verb, session.graph.id());
        let mirror = Mirrored::of(command, session).await?;
        let tell = |words: &str| command.screen.say(&aside(words));
        let local = local::take(&command.store()?, &holder, wish.options.lock_timeout, cancel, &tell).await?;
        let mut locks =
            Self { remote: Vec::new(), host, mirror, unfit: Unfit::default(), unlocked: None, _local: local };
        match locks.take_remote(command, session, cancel, wish, holder).await {
            Ok(()) => Ok(locks),
            Err(failure) => {
                locks.release(&command.screen).await;
                Err(failure)
            }
        }
    }

    /// What a run has to ask before it sends anything.
    pub(crate) fn guard(&self) -> Arc<dyn Guard> {
        match self.remote.as_slice() {
            [] => Arc::new(Unguarded),
            held => Arc::new(All(held.iter().map(Held::guard).collect())),
        }
    }

    /// Says what is not locked though it should be, once it is clear that the command can do without it.
    pub(crate) fn mention(&self, screen: &Screen) {
        if let Some(failure) = &self.unlocked {
            let warning = Style::Careful.of("warning:");
            screen.say(&format!("{warning} only this machine is locked: {}", line(&failure.to_string())));
        }
    }

    /// Does the work of a run between two notes on the locks: that it has begun, and that it has come to an end, as far
    /// as its journal says so.
    ///
    /// # Errors
    /// When the first note cannot be written: nothing was done then.
    pub(crate) async fn during<T>(&self, run: &str, journal: &Path, work: impl Future<Output = T>) -> Result<T> {
        for held in &self.remote {
            let path = absolute(journal).unwrap_or_else(|_| journal.to_owned()).display().to_string();
            let (run, host, digest) = (run.to_owned(), self.host.clone(), digest(journal)?);
            held.begin(Unfinished { run, host, journal: path, mirror: self.mirror.place(), digest }).await?;
        }
        let done = work.await;
        if Log::read(journal).is_ok_and(|log| replay(&log.entries).end.is_some()) {
            self.remote.iter().for_each(Held::end);
        }
        Ok(done)
    }

    /// A lock that cannot be given back is no reason to call what was done failed: it expires.
    pub(super) async fn release(self, screen: &Screen) {
        for held in self.remote.into_iter().rev() {
            if let Err(failure) = held.release().await {
                let warning = Style::Careful.of("warning:");
                let why = line(&failure.to_string());
                screen.say(&format!("{warning} a lock could not be given back, and expires by itself: {why}"));
            }
        }
    }
}

/// Several locks are held as long as each of them is.
struct All(Vec<Arc<dyn Guard>>);

impl Guard for All {
    fn remaining(&self) -> Duration {
        self.0.iter().map(|guard| guard.remaining()).min().unwrap_or(Duration::MAX)
    }
}
