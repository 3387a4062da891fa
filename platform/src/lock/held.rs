//! A lock that is held: renewed in the background, counted by our own clock, given back at the end.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::Mutex as AsyncMutex,
    task::AbortHandle,
    time::{sleep, timeout},
};
use trustpath_core::{Class, Failure, Problem, Result, run::Guard};

use super::{Claim, LockStore, RecordVersion, Removed, Terms, Unfinished, clock::Moment};

/// A lock that this process holds. Dropped without [`HeldLock::release`], it is renewed no more and expires.
pub struct HeldLock {
    shared: Arc<Shared>,
    renewing: AbortHandle,
}

/// What the renewing task and the run have in common.
struct Shared {
    record: Arc<dyn LockStore>,
    terms: Terms,
    /// When the last renewal that was answered well was sent; nothing once another client has it, or it was taken away, or
    /// given back.
    renewed: Mutex<Option<Moment>>,
    /// One write at a time: each needs the version that the one before it led to.
    writing: AsyncMutex<Writing>,
}

/// What was written last, as far as we know, and what is written next.
struct Writing {
    version: RecordVersion,
    claim: Claim,
    /// The run that the record named when the lock was taken.
    found: Option<Unfinished>,
    /// Whether the record may name a run, as far as we know.
    noted: bool,
    /// Why the record was emptied instead of removed, when the lock was given back.
    emptied: Option<Failure>,
}

/// How often giving back is tried, or taking a run off the record; where it is in vain, an earlier write of ours has landed
/// late.
const ATTEMPTS: usize = 3;

impl HeldLock {
    /// The lock whose record was written by a request that was sent at `sent`.
    pub(super) fn new(
        record: Arc<dyn LockStore>,
        version: RecordVersion,
        claim: Claim,
        terms: Terms,
        sent: Moment,
    ) -> Self {
        let renewed = Mutex::new(Some(sent));
        let (found, noted) = (claim.unfinished.clone(), claim.unfinished.is_some());
        let writing = AsyncMutex::new(Writing { version, claim, found, noted, emptied: None });
        let shared = Arc::new(Shared { record, terms, renewed, writing });
        let renewing = tokio::spawn(Arc::clone(&shared).keep()).abort_handle();
        Self { shared, renewing }
    }

    /// What a run has to ask before it sends anything.
    pub fn guard(&self) -> Arc<dyn Guard> {
        Arc::new(OfRun { shared: Arc::clone(&self.shared), until_clear: false })
    }

    /// The same for a run after which nothing has to be done under the lock: where the server can tie that to what we wrote
    /// last, the record goes with the run.
    pub fn guard_until_clear(&self) -> Arc<dyn Guard> {
        let until_clear = self.shared.record.is_removed_by_version();
        Arc::new(OfRun { shared: Arc::clone(&self.shared), until_clear })
    }

    /// Writes into the record that a run has begun: whoever takes the lock over has to know of it.
    ///
    /// # Errors
    /// When that cannot be written while the lock is ours: the run must not write anything then.
    pub async fn begin(&self, run: Unfinished) -> Result<()> {
        let mut writing = self.shared.writing.lock().await;
        let before = writing.claim.unfinished.replace(run);
        writing.noted = true;
        loop {
            let Err(failure) = self.shared.write(&mut writing).await else { return Ok(()) };
            let pause = self.shared.soon();
            // A right that is missing does not come by waiting.
            if failure.class() == Class::Denied || self.shared.remaining() <= pause {
                // The run does not begin, so that nothing has to be known of it.
                writing.claim.unfinished = before;
                return Err(failure);
            }
            sleep(pause).await;
        }
    }

    /// The run that [`HeldLock::begin`] was about does not begin: once the lock is given back, the record says what it said when
    /// the lock was taken.
    pub async fn withdraw(&self) {
        let mut writing = self.shared.writing.lock().await;
        writing.claim.unfinished = writing.found.clone();
    }

    /// Whether the record says that a run is unfinished, as far as we know.
    pub async fn names_a_run(&self) -> bool {
        self.shared.writing.lock().await.claim.unfinished.is_some()
    }

    /// Gives the lock back. Nothing is left of it, unless a run is unfinished: then the record stays to say so, and is
    /// no one's. So it is where the server does not remove it; answers with why.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses: others have to wait until it expires then.
    pub async fn release(self) -> Result<Option<Failure>> {
        self.renewing.abort();
        let mut writing = self.shared.writing.lock().await;
        if let Some(why) = writing.emptied.take() {
            return Ok(Some(why));
        }
        if self.shared.remaining().is_zero() && !self.shared.is_lost() {
            let renewed = self.shared.write(&mut writing).await;
            if !self.shared.is_lost() {
                renewed?;
            }
        }
        self.shared.let_go(&mut writing).await
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// What a run asks of its lock.
struct OfRun {
    shared: Arc<Shared>,
    /// The lock ends with the run.
    until_clear: bool,
}

#[async_trait]
impl Guard for OfRun {
    fn remaining(&self) -> Duration {
        self.shared.remaining()
    }

    async fn clear(&self) -> Result<()> {
        let mut writing = self.shared.writing.lock().await;
        if !writing.noted {
            return Ok(());
        }
        let run = writing.claim.unfinished.take();
        let cleared = match self.until_clear {
            true => self.shared.let_go(&mut writing).await.map(|why| writing.emptied = why),
            false => self.shared.take_off(&mut writing).await,
        };
        match &cleared {
            Ok(()) => (writing.found, writing.noted) = (None, false),
            Err(_) => writing.claim.unfinished = run,
        }
        cleared
    }
}

impl Shared {
    fn remaining(&self) -> Duration {
        self.renewed().map_or(Duration::ZERO, |sent| self.terms.lease.saturating_sub(sent.elapsed()))
    }

    fn renewed(&self) -> MutexGuard<'_, Option<Moment>> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self) -> bool {
        self.renewed().is_none()
    }

    /// Renews until the lock is lost. A record that no one has written since is still ours, however late we come: a
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
            Some(version) => {
                writing.version = version;
                *self.renewed() = Some(sent);
                Ok(())
            }
            None if self.find(writing).await? => Err(unanswered(&self.record.name()).into()),
            None => Err(lost(&self.record.name()).into()),
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
                *self.renewed() = None;
                Ok(false)
            }
        }
    }

    /// Writes the record without the run, a few times at most; where that cannot be, removes it. The lock is given back then.
    async fn take_off(&self, writing: &mut Writing) -> Result<()> {
        let written = async {
            for _ in 1..ATTEMPTS {
                match self.write(writing).await {
                    // A right that is missing does not come by waiting.
                    Err(failure) if failure.class() != Class::Denied && !self.is_lost() => {}
                    written => return written,
                }
            }
            self.write(writing).await
        };
        match timeout(self.terms.lease / 4, written).await {
            Ok(Ok(())) => Ok(()),
            // What another client writes there is theirs.
            _ if self.is_lost() => Ok(()),
            _ => self.let_go(writing).await.map(drop),
        }
    }

    /// Leaves the record. What is still in it says that a run is unfinished, or that no one holds it and why it is there.
    async fn let_go(&self, writing: &mut Writing) -> Result<Option<Failure>> {
        for _ in 0..ATTEMPTS {
            let left = if self.is_lost() { Removed::Yes } else { self.leave(writing).await? };
            let why = match left {
                Removed::Yes => None,
                Removed::Emptied(why) => Some(why.into()),
                Removed::Refused if self.find(writing).await? => continue,
                Removed::Refused => None,
            };
            *self.renewed() = None;
            return Ok(why);
        }
        Err(late(&self.record.name()).into())
    }

    /// Takes our claim out of the record, if it is still as we know it.
    async fn leave(&self, writing: &Writing) -> Result<Removed> {
        if writing.claim.unfinished.is_some() {
            let vacant = Claim { holder: None, ..writing.claim.clone() };
            return Ok(match self.record.replace(&writing.version, &vacant).await? {
                Some(_) => Removed::Yes,
                None => Removed::Refused,
            });
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
    let message = format!("{record} is no longer this run's: another client has taken or removed it");
    Problem::new(Class::Conflict, "trustpath::lock::lost", message)
        .help("`trustpath runs` says what became of this run; nothing more was sent")
}

fn late(record: &str) -> Problem {
    Problem::new(Class::Timeout, "trustpath::lock::not_released", format!("{record} could not be given back in time"))
        .help("nothing has to be done: it expires by itself, and the next run waits for that")
}
