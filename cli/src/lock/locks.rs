//! The locks of one command, from when they are taken until they are given back.

use std::{path::Path, sync::Arc};

use trustpath_core::{
    Failure, Result,
    journal::DirectoryLock,
    run::{Cancel, Consent, Engine, Guard},
};
use trustpath_platform::lock::{HeldLock, LockHolder, Process, Unfinished};

use super::{
    LockRequest,
    journal::{digest, place},
    local,
};
use crate::{
    mirror::{Mirrored, UnusableJournals},
    render::line,
    session::Session,
};

/// The locks of one command. The one of this machine is there always, the others where the graph has something to do
/// with their systems.
pub(crate) struct Locks<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) cancel: &'a Cancel,
    /// Where the cluster keeps journals.
    pub(crate) mirror: Mirrored,
    /// What of it cannot be continued.
    pub(crate) unfit: UnusableJournals,
    pub(super) remote: Vec<HeldLock>,
    pub(super) host: String,
    /// Why the cluster is not locked though the graph has to do with it.
    pub(super) unlocked: Option<Failure>,
    _local: DirectoryLock,
}

impl<'a> Locks<'a> {
    /// Takes them all, or none.
    pub(super) async fn take(session: &'a Session<'a>, cancel: &'a Cancel, wish: LockRequest) -> Result<Self> {
        let command = session.command;
        let process = Process::this(command.environment.get("HOSTNAME"));
        let user = ["USER", "LOGNAME"].iter().find_map(|name| command.environment.get(name)).unwrap_or("somebody");
        let host = process.host.clone();
        let holder = LockHolder::new(process, user, wish.verb, session.graph.id()).because(session.reason.as_deref());
        let mirror = Mirrored::of(session).await?;
        let _local = local::take(command, &holder, wish.options.lock_timeout, cancel).await?;
        let (remote, unfit, unlocked) = (Vec::new(), UnusableJournals::default(), None);
        let mut locks = Self { session, cancel, mirror, unfit, remote, host, unlocked, _local };
        match locks.take_remote(wish, holder).await {
            Ok(()) => Ok(locks),
            Err(failure) => {
                locks.release().await;
                Err(failure)
            }
        }
    }

    /// What a run has to ask before it sends anything, and before it says that it has ended. Where the cluster keeps its
    /// journal, the end has to reach it while the locks are held.
    pub(crate) fn guard(&self) -> Arc<dyn Guard> {
        let guard = if self.mirror.is_there() { HeldLock::guard } else { HeldLock::guard_until_clear };
        Arc::new(self.remote.iter().map(guard).collect::<Vec<_>>())
    }

    /// The same for a run after which another one is to begin under the same locks.
    pub(crate) fn guard_of_several(&self) -> Arc<dyn Guard> {
        Arc::new(self.remote.iter().map(HeldLock::guard).collect::<Vec<_>>())
    }

    /// An engine that can be interrupted, and asks the locks.
    pub(crate) fn engine(&self, consent: Consent) -> Engine {
        self.session.engine(consent, self.cancel.clone()).with_guard(self.guard())
    }

    /// Says what is not locked though it should be, once it is clear that the command can do without it.
    pub(crate) fn mention(&self) {
        if let Some(failure) = &self.unlocked {
            let why = line(&failure.to_string());
            self.session.command.screen.warn(&format!("only this machine is locked: {why}"));
        }
    }

    /// Does the work of a run once each lock says that it has begun. The run takes itself off them when it is over. When a
    /// lock cannot say so, nothing was done, and no lock says anything of it once it is given back.
    pub(crate) async fn during<T>(&self, run: &str, journal: &Path, work: impl Future<Output = T>) -> Result<T> {
        if let Err(failure) = self.begin(run, journal).await {
            for held in &self.remote {
                held.withdraw().await;
            }
            return Err(failure);
        }
        Ok(work.await)
    }

    async fn begin(&self, run: &str, journal: &Path) -> Result<()> {
        let (run, host, mirror, digest) = (run.to_owned(), self.host.clone(), self.mirror.place(), digest(journal)?);
        let run = Unfinished { run, host, journal: place(journal), mirror, digest };
        for held in &self.remote {
            held.begin(run.clone()).await?;
        }
        Ok(())
    }

    /// A lock that cannot be given back is no reason to call what was done failed: it expires, unless it names a run.
    pub(super) async fn release(self) {
        for held in self.remote.into_iter().rev() {
            let names_a_run = held.names_a_run().await;
            let (what, why) = match held.release().await {
                Ok(None) => continue,
                Ok(Some(why)) => ("a lock could not be removed, and is left, held by no one", why),
                Err(why) if names_a_run => {
                    ("a lock could not be given back, and is for whoever continues the run", why)
                }
                Err(why) => ("a lock could not be given back, and expires by itself", why),
            };
            self.session.command.screen.warn(&format!("{what}: {}", line(&why.to_string())));
        }
    }
}
