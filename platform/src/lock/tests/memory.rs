//! A record in memory, with whose writes something may go wrong.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::sleep;
use trustpath_core::Result;

use crate::{
    Error,
    error::{ErrorKind, System},
    lock::{Claim, FoundRecord, LockStore, RecordVersion, Removed},
};

/// What goes wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not reach the server.
    Lost,
    /// It is made, and the answer is lost; the retry is refused.
    AnswerLost,
    /// It is made, and no answer ever comes.
    Silent,
    /// The server says that this may not be written.
    Denied,
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) record: Option<(u64, Claim)>,
    pub(super) written: u64,
    faults: VecDeque<Fault>,
    /// Every request fails until this is over.
    pub(super) down: bool,
    /// How long an answer is on its way.
    pub(super) slow: Duration,
}

#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Inside>>);

impl Memory {
    pub(super) fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(super) fn claim(&self) -> Option<Claim> {
        self.inside(|inside| inside.record.clone().map(|(_, claim)| claim))
    }

    pub(super) fn holder(&self) -> Option<String> {
        Some(self.claim()?.holder?.id)
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.inside(|inside| inside.faults.push_back(fault));
    }

    async fn write(
        &self,
        expected: Option<&RecordVersion>,
        claim: Option<&Claim>,
    ) -> Result<Option<RecordVersion>, Error> {
        let (fault, written) = self.inside(|inside| {
            let fault = if inside.down { Some(Fault::Lost) } else { inside.faults.pop_front() };
            let there = inside.record.as_ref().map(|(revision, _)| version(*revision));
            if matches!(fault, Some(Fault::Lost | Fault::Denied)) || there.as_ref() != expected {
                return (fault, None);
            }
            inside.written += 1;
            inside.record = claim.map(|claim| (inside.written, claim.clone()));
            (fault, Some(version(inside.written)))
        });
        sleep(self.inside(|inside| inside.slow)).await;
        match fault {
            Some(Fault::Lost) => Err(Error::new(System::Vault, ErrorKind::Unreachable, "it cannot be reached")),
            Some(Fault::Denied) => Err(Error::new(System::Vault, ErrorKind::Denied, "it may not be written")),
            Some(Fault::AnswerLost) => Ok(None),
            Some(Fault::Silent) => std::future::pending().await,
            None => Ok(written),
        }
    }
}

pub(super) fn version(revision: u64) -> RecordVersion {
    RecordVersion { object: "o".into(), revision: revision.to_string() }
}

#[async_trait]
impl LockStore for Memory {
    fn name(&self) -> String {
        "the record".into()
    }

    fn is_removed_by_version(&self) -> bool {
        true
    }

    async fn read(&self) -> Result<Option<FoundRecord>, Error> {
        if self.inside(|inside| inside.down) {
            return Err(Error::new(System::Vault, ErrorKind::Unreachable, "it cannot be reached"));
        }
        Ok(self.inside(|inside| inside.record.clone()).map(|(at, claim)| FoundRecord { version: version(at), claim }))
    }

    async fn create(&self, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        self.write(None, Some(claim)).await
    }

    async fn replace(&self, version: &RecordVersion, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        self.write(Some(version), Some(claim)).await
    }

    async fn remove(&self, version: &RecordVersion) -> Result<Removed, Error> {
        Ok(match self.write(Some(version), None).await? {
            Some(_) => Removed::Yes,
            None => Removed::Refused,
        })
    }
}
