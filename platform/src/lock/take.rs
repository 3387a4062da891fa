//! Taking a lock: make its record, or wait until the one that is there is free.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Problem, Result, run::Cancel};

use super::{
    Claim, FoundRecord, HeldLock, LockHolder, LockPurpose, LockStore, Observed, RecordVersion, Terms, Unfinished,
    clock::Moment,
    judge::{admit, busy, is_free},
};

/// How a lock is to be taken.
pub struct Taking<'a> {
    /// Who takes it.
    pub holder: LockHolder,
    /// On which terms.
    pub terms: Terms,
    /// What for.
    pub purpose: LockPurpose,
    /// The unfinished run that is given up knowingly.
    pub abandon: Option<&'a str>,
    /// How long to wait in all. Without it: until it is known whether the holder is alive, and no longer.
    pub timeout: Option<Duration>,
    /// Ends the waiting.
    pub cancel: &'a Cancel,
    /// What is known here of a run that the lock names.
    pub known: &'a (dyn Fn(&Unfinished) -> Observed + Sync),
    /// Is told once of each holder that is waited for.
    pub tell: &'a (dyn Fn(&Waiting) + Sync),
}

/// Another client's lock is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The record.
    pub record: String,
    /// Who holds it.
    pub holder: LockHolder,
    /// How long it takes at most to know whether they are alive.
    pub decided_within: Duration,
}

/// The longest and the shortest pause between two looks at a record.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How often it is tried: each time but the last, another client was faster.
const ROUNDS: usize = 100;

/// Takes the lock of a record.
///
/// # Errors
/// When another client holds it, a run was left unfinished under it, the server says no, or the waiting was interrupted.
pub async fn take(record: Arc<dyn LockStore>, taking: &Taking<'_>) -> Result<HeldLock> {
    let mut claim = Claim::new(taking.holder.clone(), taking.terms);
    let deadline = taking.timeout.map(|timeout| Instant::now() + timeout);
    for _ in 0..ROUNDS {
        let sent = Moment::now();
        if let Some(version) = record.create(&claim).await? {
            return Ok(HeldLock::new(record, version, claim, taking.terms, sent));
        }
        let Some((version, last)) = until_free(&*record, taking, deadline).await? else { continue };
        claim.unfinished = match last.is_of(&taking.holder.id) {
            true => last.unfinished,
            false => admit(&last, &taking.purpose, taking.abandon, taking.known)?,
        };
        let sent = Moment::now();
        if let Some(version) = record.replace(&version, &claim).await? {
            return Ok(HeldLock::new(record, version, claim, taking.terms, sent));
        }
    }
    Err(contended(&record.name()).into())
}

/// Also what a server that contradicts itself looks like: it is there when it is made, and gone when it is read.
fn contended(record: &str) -> Problem {
    let message = format!("{record} is never free when it is written, and never held when it is read");
    Problem::new(Class::Conflict, "trustpath::lock::contended", message)
        .help("nothing was changed; see who else writes it, and whether one and the same server answers")
}

/// Looks at the record until it is nobody's; `None` where it is gone.
///
/// A holder counts from before it sent its last renewal, we count from after we first saw it: whatever the two clocks
/// say, ours runs out later.
async fn until_free(
    record: &dyn LockStore,
    taking: &Taking<'_>,
    deadline: Option<Instant>,
) -> Result<Option<(RecordVersion, Claim)>> {
    // A state of the record, and when the first answer that showed it had arrived.
    let mut watch: Option<(RecordVersion, Instant)> = None;
    let mut seen_alive = false;
    loop {
        let found = unless(taking.cancel, record.read()).await??;
        let Some(FoundRecord { version, claim }) = found else { return Ok(None) };
        let now = Instant::now();
        let since = watch.as_ref().filter(|(seen, _)| *seen == version).map(|(_, since)| *since);
        // Its holder has written it since the last look.
        let is_alive = watch.is_some() && since.is_none();
        let until = since.unwrap_or(now) + claim.takeover_after();
        if is_free(&claim, &taking.holder.id, &taking.holder.process) || (!is_alive && now >= until) {
            return Ok(Some((version, claim)));
        }
        seen_alive |= is_alive;
        if deadline.map_or(is_alive, |deadline| now >= deadline) {
            return Err(busy(&record.name(), &claim, seen_alive).into());
        }
        if since.is_none() {
            if let Some(holder) = claim.holder.clone() {
                (taking.tell)(&Waiting { record: record.name(), holder, decided_within: until - now });
            }
            watch = Some((version, now));
        }
        let next = now + pause(&claim);
        let next = next.min(until).min(deadline.unwrap_or(next));
        unless(taking.cancel, sleep(next.saturating_duration_since(Instant::now()))).await?;
    }
}

/// Often enough to see a renewal, which comes four times a lease.
fn pause(claim: &Claim) -> Duration {
    (Duration::from_secs(claim.lease_seconds) / 16).clamp(PAUSES.0, PAUSES.1)
}

/// What comes of something, unless the waiting is interrupted first.
async fn unless<T>(cancel: &Cancel, something: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        came = something => Ok(came),
        () = cancel.cancelled() => Err(interrupted().into()),
    }
}

fn interrupted() -> Problem {
    Problem::new(Class::Interrupted, "trustpath::lock::interrupted", "interrupted while the lock was waited for")
        .help("nothing was changed; run it again when you are ready")
}
