//! Taking the locks of the cluster and of Vault.

use std::sync::Arc;

use trustpath_core::{Failure, Result};
use trustpath_platform::{
    Cluster, Vault,
    kubernetes::LeaseRecord,
    lock::{HeldLock, LockHolder, LockStore, Taking, Unfinished, Waiting, take},
    vault::KvRecord,
};

use super::{LockRequest, Locks, journal::known};
use crate::{open_runs, render::line};

/// A run was left unfinished whose journal lies here, or does not: that code begins with this one.
pub(crate) const UNFINISHED: &str = "trustpath::lock::unfinished";
const ELSEWHERE: &str = "trustpath::lock::unfinished_elsewhere";

impl Locks<'_> {
    /// The cluster's first, then Vault's: always in this order, so that no two runs wait for each other.
    pub(super) async fn take_remote(&mut self, wish: LockRequest, holder: LockHolder) -> Result<()> {
        let Self { session, cancel, .. } = *self;
        let (store, host) = (session.command.store()?, self.host.clone());
        let known = move |run: &Unfinished| known(&store, &host, run);
        let tell = |waiting: &Waiting| session.command.screen.aside(&waiting_for(waiting));
        let taking = Taking {
            holder,
            terms: session.terms(),
            purpose: wish.purpose,
            abandon: wish.options.abandon.as_deref(),
            timeout: wish.options.lock_timeout,
            cancel,
            known: &known,
            tell: &tell,
        };
        if let Some(record) = self.cluster().await? {
            self.remote.push(self.take_one(Arc::new(record), &taking).await?);
        }
        if let Some(path) = session.scope.vault_lock() {
            let vault = session.handles.get::<Vault>().await?;
            let record: Arc<dyn LockStore> = Arc::new(KvRecord::open(&vault, path).await?);
            self.remote.push(self.take_one(record, &taking).await?);
        }
        Ok(())
    }

    /// Takes one lock. Whose journal lies here is decided by what lies here: one that does not may have come to the
    /// cluster since that was looked at, and is fetched once. How to go on is said as for any other run then.
    async fn take_one(&self, record: Arc<dyn LockStore>, taking: &Taking<'_>) -> Result<HeldLock> {
        let taken = match take(record.clone(), taking).await {
            Err(failure) if self.mirror.is_there() && is(&failure, ELSEWHERE) => {
                // What cannot be taken over from there leaves the same failure.
                self.mirror.pull(self.session.command).await?;
                take(record, taking).await
            }
            taken => taken,
        };
        match taken {
            Err(failure) if self.mirror.is_there() && is(&failure, UNFINISHED) => {
                let told = open_runs::refuse(self.session, &self.unfit).await.err();
                Err(told.and_then(|failures| failures.0.into_iter().next()).unwrap_or(failure))
            }
            taken => taken,
        }
    }

    /// The Lease of the cluster. A cluster that cannot be spoken to at all is none that this command can change: a step
    /// that needs it says so, with the same words.
    async fn cluster(&mut self) -> Result<Option<LeaseRecord>> {
        let session = self.session;
        if !session.scope.cluster {
            return Ok(None);
        }
        match session.handles.get::<Cluster>().await {
            Ok(cluster) => {
                let in_flight_timeout = session.terms().in_flight_timeout.as_secs();
                LeaseRecord::open(&cluster, &session.scope.lock_namespace, in_flight_timeout).await.map(Some)
            }
            Err(failure) => {
                self.unlocked = Some(failure);
                Ok(None)
            }
        }
    }
}

fn is(failure: &Failure, code: &str) -> bool {
    failure.report().code.as_deref() == Some(code)
}

fn waiting_for(waiting: &Waiting) -> String {
    let Waiting { record, holder, decided_within } = waiting;
    let (record, holder) = (line(record), line(&holder.to_string()));
    let seconds = decided_within.as_secs();
    format!("{record}, held by {holder}: waiting for at most {seconds} s to see whether that run is alive")
}
