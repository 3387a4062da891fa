//! One run at a time: the locks that a command takes before it plans, and gives back at its end.

mod journal;
mod local;
mod locks;
mod scope;
mod taking;

pub(crate) use locks::Locks;
pub(crate) use scope::Scope;
pub(crate) use taking::UNFINISHED;

use trustpath_core::{Result, journal::Log, run::Cancel};
use trustpath_platform::lock::LockPurpose;

use self::journal::digest;
use crate::{args::Locking, command_error::CommandError, session::Session};

/// What a command wants the locks for.
pub(crate) struct LockRequest {
    /// What it is called on the command line.
    pub(crate) verb: &'static str,
    pub(crate) purpose: LockPurpose,
    /// Whether it asks for its rights before it writes.
    pub(crate) asks_rights: bool,
    pub(crate) options: Locking,
}

impl LockRequest {
    /// To continue a run.
    pub(crate) fn to_continue(verb: &'static str, log: &Log, options: &Locking) -> Result<Self> {
        let purpose = LockPurpose::GoOn(digest(&log.path)?);
        Ok(Self { verb, purpose, asks_rights: false, options: options.clone() })
    }
}

/// Takes the locks, does the work, and gives them back, however it ended.
pub(crate) async fn under(
    session: &Session<'_>,
    cancel: &Cancel,
    wish: LockRequest,
    work: impl AsyncFnOnce(&Locks<'_>) -> Result<u8, CommandError>,
) -> Result<u8, CommandError> {
    session.warm(wish.asks_rights);
    let mut locks = Locks::take(session, cancel, wish).await?;
    session.fence.put_up(locks.guard());
    let answer = match locks.mirror.exchange(session.command).await {
        Ok(unfit) => {
            locks.unfit = unfit;
            work(&locks).await
        }
        Err(failure) => Err(failure.into()),
    };
    locks.release().await;
    answer
}

/// The same to continue a run: its journal is read again under the locks, since whoever held them before may have been
/// at work on this very run.
pub(crate) async fn continuing(
    session: &Session<'_>,
    cancel: &Cancel,
    (verb, log, options): (&'static str, &Log, &Locking),
    work: impl AsyncFnOnce(&Locks<'_>, Log) -> Result<u8, CommandError>,
) -> Result<u8, CommandError> {
    under(session, cancel, LockRequest::to_continue(verb, log, options)?, async |locks| {
        locks.unfit.refuse(&log.start.run)?;
        let log = session.command.store()?.read(&log.start.run)?;
        work(locks, log).await
    })
    .await
}
