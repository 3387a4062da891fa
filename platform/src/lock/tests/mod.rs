//! The life of a lock, on a record in memory and a clock that stands still until everybody waits.

mod holding;
mod memory;
mod taking;

use std::{sync::Arc, time::Duration};

use trustpath_core::{Failure, Result, run::Cancel};

use self::memory::Memory;
use super::*;

const LEASE: Duration = Duration::from_secs(120);
const IN_FLIGHT: Duration = Duration::from_secs(90);

fn terms() -> Terms {
    Terms::new(LEASE, IN_FLIGHT, Duration::from_secs(60))
}

/// Who takes the lock, and how.
struct Hand {
    id: &'static str,
    purpose: LockPurpose,
    abandon: Option<&'static str>,
    timeout: Option<Duration>,
    cancel: Cancel,
}

impl Hand {
    fn of(id: &'static str) -> Self {
        Self { id, purpose: LockPurpose::Begin, abandon: None, timeout: None, cancel: Cancel::never() }
    }

    async fn take(self, memory: &Memory) -> Result<HeldLock> {
        let taking = Taking {
            holder: LockHolder::unknown(self.id),
            terms: terms(),
            purpose: self.purpose,
            abandon: self.abandon,
            timeout: self.timeout,
            cancel: &self.cancel,
            known: &|_| Observed::Elsewhere,
            tell: &|_| {},
        };
        take(Arc::new(memory.clone()), &taking).await
    }
}

fn code(failure: &Failure) -> String {
    failure.report().code.expect("a code")
}

/// A record that somebody wrote and no one renews.
fn dead(memory: &Memory, claim: Claim) {
    memory.inside(|inside| inside.record = Some((0, claim)));
}

fn theirs() -> Claim {
    Claim::new(LockHolder::unknown("theirs"), terms())
}

fn unfinished() -> Unfinished {
    Unfinished { run: "r".into(), host: "h".into(), journal: "/j".into(), mirror: None, digest: "d".into() }
}
