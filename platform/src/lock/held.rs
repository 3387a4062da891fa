//! A lock that is held: renewed in the background, counted by our own clock, given back at the end.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Mutex as AsyncMutex,
    task::AbortHandle,
    time::{sleep, timeout},
};
use trustpath_core::{Class, Problem, Result, run::Guard};

use super::{Claim, Record, Terms, Unfinished, Version, Written, clock::Moment};

/// A lock that this process holds. Dropped without [`Held::release`], it is renewed no more and expires.
pub struct Held {
    shared: Arc<Shared>,
    renewing: AbortHandle,
}

/// What the renewing task and the run have in common.
struct Shared {
    record: Arc<dyn Record>,
    terms: Terms,
    standing: Mutex<Standing>,
    ended: AtomicBool,
    /// One write at a time: each needs the version that the one before it led to.
    writing: AsyncMutex<Writing>,
}

/// How sure we are of it.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// The last renewal that was answered well was sent at this moment.
    Renewed(Moment),
    /// Somebody else has it, or took it away.
    Lost,
}

/// What was written last, as far as we know, and what is written next.
struct Writing {
    version: Version,
    claim: Claim,
}

/// How often giving back is tried; each time that it is in vain, an earlier write of ours has landed late.
const ATTEMPTS: usize = 3;

impl Held {
    /// The lock whose record was written by a request that was sent at `sent`.
    pub(super) fn new(record: Arc<dyn Record>, version: Version, claim: Claim, terms: Terms, sent: Moment) -> Self {
        let standing = Mutex::new(Standing::Renewed(sent));
        let writing = AsyncMutex::new(Writing { version, claim });
        let shared = Arc::new(Shared { record, terms, standing, ended: AtomicBool::new(false), writing });
        let renewing = tokio::spawn(Arc::clone(&shared).keep()).abort_handle();
        Self { shared, renewing }
    }

    /// What a run has to ask before it sends anything.
    pub fn guard(&self) -> Arc<dyn Guard> {
        Arc::clone(&self.shared) as Arc<dyn Guard>
    }

    /// Writes into the record that a run has begun: whoever takes the lock over has to know of it.
    ///
    /// # Errors
    /// When that cannot be written while the lock is ours: the run must not write anything then.
    pub async fn begin(&self, run: Unfinished) -> Result<()> {
        self.shared.note(run).await
    }

    /// The run has ended: nothing has to be known of it once the lock is given back.
    pub fn end(&self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }

    /// Gives the lock back. Nothing is left of it, unless a run is unfinished: then the record stays to say so, and is
    /// nobody's.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses: others have to wait until it expires then.
    pub async fn release(self) -> Result<()> {
        self.renewing.abort();
        self.shared.give_back().await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Guard for Shared {
    fn remaining(&self) -> Duration {
        match *self.standing() {
            Standing::Renewed(sent) => self.terms.lease.saturating_sub(sent.elapsed()),
            Standing::Lost => Duration::ZERO,
        }
    }
}

impl Shared {
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self) -> bool {
        matches!(*self.standing(), Standing::Lost)
    }

    /// Renews until the lock is lost. A record that nobody has written since is still ours, however late we come: a
    /// takeover would have changed it.
    async fn keep(self: Arc<Self>) {
        let mut pause = self.terms.renew_every;
        while !self.is_lost() {
            sleep(pause).await;
            // What went wrong shows in `remaining`, and whoever has to know is told by that.
            let renewed = self.write(&mut *self.writing.lock().await).await.is_ok();
            pause = if renewed { self.terms.renew_every } else { self.soon() };
        }
    }

    /// How long to wait after an attempt that came to nothing.
    fn soon(&self) -> Duration {
        (self.terms.renew_every / 8).min(Duration::from_secs(1))
    }

    /// Writes the claim once. An attempt without an answer is given up in time for another: that one finds out what
    /// became of it.
    async fn write(&self, writing: &mut Writing) -> Result<()> {
        let sent = Moment::now();
        let attempt = self.record.replace(&writing.version, &writing.claim);
        let written = timeout(self.terms.lease / 3, attempt).await.map_err(|_| unanswered(&self.record.name()))??;
        match written {
            Written::As(version) => {
                writing.version = version;
                *self.standing() = Standing::Renewed(sent);
                Ok(())
            }
            Written::Refused if self.find(writing).await? => Err(unanswered(&self.record.name()).into()),
            Written::Refused => Err(lost(&self.record.name()).into()),
        }
    }

    /// What is there is not what we wrote last, as far as we know: it is an attempt of ours whose answer was lost, or
    /// the lock is. Says whether it is ours.
    async fn find(&self, writing: &mut Writing) -> Result<bool> {
        let id = writing.claim.holder.as_ref().map(|holder| holder.id.as_str()).unwrap_or_default();
        let found = timeout(self.terms.lease / 3, self.record.read()).await;
        match found.map_err(|_| unanswered(&self.record.name()))?? {
            Some(found) if found.claim.is_of(id) => {
                writing.version = found.version;
                Ok(true)
            }
            _ => {
                *self.standing() = Standing::Lost;
                Ok(false)
            }
        }
    }

    async fn note(&self, run: Unfinished) -> Result<()> {
        let mut writing = self.writing.lock().await;
        let before = writing.claim.unfinished.replace(run);
        loop {
            let Err(failure) = self.write(&mut writing).await else { return Ok(()) };
            // A right that is missing does not come by waiting.
            if failure.class() == Class::Denied || self.remaining() <= self.soon() {
                // The run does not begin, so that nothing has to be known of it.
                writing.claim.unfinished = before;
                return Err(failure);
            }
            sleep(self.soon()).await;
        }
    }

    async fn give_back(&self) -> Result<()> {
        let mut writing = self.writing.lock().await;
        if self.ended.load(Ordering::Relaxed) {
            writing.claim.unfinished = None;
        }
        if self.remaining().is_zero() && !self.is_lost() {
            let renewed = self.write(&mut writing).await;
            if !self.is_lost() {
                renewed?;
            }
        }
        for _ in 0..ATTEMPTS {
            let gone = self.is_lost() || self.leave(&writing).await? || !self.find(&mut writing).await?;
            if gone {
                return Ok(());
            }
        }
        Err(late(&self.record.name()).into())
    }

    /// Takes our claim out of the record; says whether the record was still as we knew it.
    async fn leave(&self, writing: &Writing) -> Result<bool> {
        if writing.claim.unfinished.is_some() {
            let vacant = Claim { holder: None, ..writing.claim.clone() };
            return Ok(self.record.replace(&writing.version, &vacant).await? != Written::Refused);
        }
        // Removing may be a request that no version can be tied to: it is sent only while the lock is ours.
        match self.remaining() {
            Duration::ZERO => Err(late(&self.record.name()).into()),
            left => {
                let removed = timeout(left, self.record.remove(&writing.version)).await;
                Ok(removed.map_err(|_| late(&self.record.name()))??)
            }
        }
    }
}

fn unanswered(record: &str) -> Problem {
    Problem::new(Class::Timeout, "trustpath::lock::unanswered", format!("{record} could not be renewed in time"))
        .help("see whether the server that it lies on is overloaded")
}

fn lost(record: &str) -> Problem {
    let message = format!("{record} is no longer this run's: somebody else has taken or removed it");
    Problem::new(Class::Conflict, "trustpath::lock::lost", message)
        .help("`trustpath runs` says what became of this run; nothing more was sent")
}

fn late(record: &str) -> Problem {
    Problem::new(Class::Timeout, "trustpath::lock::not_released", format!("{record} could not be given back in time"))
        .help("nothing has to be done: it expires by itself, and the next run waits for that")
}
