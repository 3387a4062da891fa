//! One run at a time: the locks that a command takes before it plans, and gives back at its end.

mod local;
mod scope;

pub(crate) use scope::Scope;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, absolute},
    sync::Arc,
    time::Duration,
};

use trustpath_core::{
    Class, Failure, Problem, Result,
    journal::{DirectoryLock, Log, replay},
    run::{Cancel, Guard, Unguarded},
};
use trustpath_platform::{
    Cluster, Vault,
    digest::sha256,
    kubernetes::LeaseRecord,
    lock::{Held, Holder, Process, Purpose, Record, Taking, Unfinished, Waiting, take},
    vault::KvRecord,
};

use crate::{
    args::Locking,
    command::Command,
    mirror::{Mirrored, Unfit},
    open_runs,
    render::{Style, line},
    screen::Screen,
    session::Session,
    trouble::Trouble,
};

/// A run was left unfinished whose journal lies here, or does not.
const HERE: &str = "trustpath::lock::unfinished";
const ELSEWHERE: &str = "trustpath::lock::unfinished_elsewhere";

/// What a command wants the locks for.
pub(crate) struct Wish {
    /// What it is called on the command line.
    pub(crate) verb: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) options: Locking,
}

/// The locks of one command. The one of this machine is there always, the others where the graph has something to do
/// with their systems.
pub(crate) struct Locks {
    remote: Vec<Held>,
    host: String,
    /// Where the cluster keeps journals.
    pub(crate) mirror: Mirrored,
    /// What of it cannot be gone on with.
    pub(crate) unfit: Unfit,
    /// Why the cluster is not locked though the graph has to do with it.
    unlocked: Option<Failure>,
    _local: DirectoryLock,
}

/// Takes the locks, does the work, and gives them back, however it ended.
///
/// # Errors
/// When a lock cannot be had; otherwise what the work came to.
pub(crate) async fn under(
    command: &Command<'_>,
    session: &Session,
    cancel: &Cancel,
    wish: Wish,
    work: impl AsyncFnOnce(&Locks) -> Result<u8, Trouble>,
) -> Result<u8, Trouble> {
    let mut locks = Locks::take(command, session, cancel, wish).await?;
    session.fence.put_up(locks.guard());
    let answer = match locks.mirror.exchange(command).await {
        Ok(unfit) => {
            locks.unfit = unfit;
            work(&locks).await
        }
        Err(failure) => Err(failure.into()),
    };
    locks.release(&command.screen).await;
    answer
}

/// The same to go on with a run: its journal is read again under the locks, since whoever held them before may have been
/// at work on this very run.
///
/// # Errors
/// When a lock cannot be had, or the journal cannot be read; otherwise what the work came to.
pub(crate) async fn to_go_on(
    command: &Command<'_>,
    session: &Session,
    cancel: &Cancel,
    (verb, log, options): (&'static str, &Log, &Locking),
    work: impl AsyncFnOnce(&Locks, Log) -> Result<u8, Trouble>,
) -> Result<u8, Trouble> {
    let wish = Wish { verb, purpose: Purpose::GoOn(digest(&log.path)?), options: options.clone() };
    under(command, session, cancel, wish, async |locks| {
        locks.unfit.refuse(&log.start.run)?;
        let log = command.store()?.read(&log.start.run)?;
        work(locks, log).await
    })
    .await
}

impl Locks {
    async fn take(command: &Command<'_>, session: &Session, cancel: &Cancel, wish: Wish) -> Result<Self> {
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

    /// The cluster's first, then Vault's: always in this order, so that no two runs wait for each other.
    async fn take_remote(
        &mut self,
        command: &Command<'_>,
        session: &Session,
        cancel: &Cancel,
        wish: Wish,
        holder: Holder,
    ) -> Result<()> {
        let store = command.store()?;
        let owns =
            |run: &Unfinished| store.runs().is_ok_and(|runs| runs.iter().any(|own| is_of(&store.path(own), run)));
        let tell = |waiting: &Waiting| command.screen.say(&waiting_for(waiting));
        let taking = Taking {
            holder,
            terms: session.terms(),
            purpose: wish.purpose,
            abandon: wish.options.abandon.as_deref(),
            timeout: wish.options.lock_timeout,
            cancel,
            owns: &owns,
            tell: &tell,
        };
        if let Some(record) = self.cluster(session).await? {
            self.remote.push(self.take_one(command, session, Arc::new(record), &taking).await?);
        }
        if let Some(path) = session.scope.vault_lock() {
            let vault = session.handles.get::<Vault>().await?;
            let record: Arc<dyn Record> = Arc::new(KvRecord::open(&vault, path).await?);
            self.remote.push(self.take_one(command, session, record, &taking).await?);
        }
        Ok(())
    }

    /// Takes one lock. Whose journal lies here is decided by what lies here: one that does not may have come to the
    /// cluster since that was looked at, and is fetched once. How to go on is said as for any other run then.
    async fn take_one(
        &self,
        command: &Command<'_>,
        session: &Session,
        record: Arc<dyn Record>,
        taking: &Taking<'_>,
    ) -> Result<Held> {
        let taken = match take(record.clone(), taking).await {
            Err(failure) if self.mirror.is_there() && is(&failure, ELSEWHERE) => {
                // What cannot be taken over from there leaves the same failure.
                self.mirror.pull(command).await?;
                take(record, taking).await
            }
            taken => taken,
        };
        match taken {
            Err(failure) if self.mirror.is_there() && is(&failure, HERE) => {
                let told = open_runs::refuse(command, &session.handles, &self.unfit).await.err();
                Err(told.and_then(|failures| failures.0.into_iter().next()).unwrap_or(failure))
            }
            taken => taken,
        }
    }

    /// The Lease of the cluster. A cluster that cannot be spoken to at all is none that this command can change: a step
    /// that needs it says so, with the same words.
    async fn cluster(&mut self, session: &Session) -> Result<Option<LeaseRecord>> {
        if !session.scope.cluster {
            return Ok(None);
        }
        match session.handles.get::<Cluster>().await {
            Ok(cluster) => {
                let horizon = session.terms().horizon.as_secs();
                LeaseRecord::open(&cluster, &session.scope.lock_namespace, horizon).await.map(Some)
            }
            Err(failure) => {
                self.unlocked = Some(failure);
                Ok(None)
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
    async fn release(self, screen: &Screen) {
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

/// What tells a run from every other one: the digest of the first record of its journal.
///
/// # Errors
/// When it cannot be read.
fn digest(journal: &Path) -> Result<String> {
    let mut first = Vec::new();
    let read = fs::File::open(journal).and_then(|file| BufReader::new(file).read_until(b'\n', &mut first));
    read.map_err(|error| {
        let message = format!("the journal {} cannot be read", journal.display());
        Problem::new(Class::Config, "trustpath::journal::unreadable", message)
            .help("check that the file is there and yours")
            .because(error)
    })?;
    Ok(sha256(first))
}

fn is_of(journal: &Path, run: &Unfinished) -> bool {
    digest(journal).is_ok_and(|digest| digest == run.digest)
}

fn is(failure: &Failure, code: &str) -> bool {
    failure.report().code.as_deref() == Some(code)
}

fn waiting_for(waiting: &Waiting) -> String {
    let Waiting { record, holder, decided_within } = waiting;
    let (record, holder) = (line(record), line(&holder.to_string()));
    let seconds = decided_within.as_secs();
    aside(&format!("{record}, held by {holder}: waiting for at most {seconds} s to see whether that run is alive"))
}

fn aside(words: &str) -> String {
    format!("{} {words}", Style::Quiet.of("…"))
}
