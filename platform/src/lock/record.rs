//! Where a lock lies.

use async_trait::async_trait;

use super::Claim;
use crate::Error;

/// One state of a record: written again only if it is still in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// Tells the record from an earlier or later one of its name, where the server does.
    pub object: String,
    /// Changes with every write.
    pub revision: String,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// Which state it is in.
    pub version: RecordVersion,
    /// What it says, safe to show.
    pub claim: Claim,
}

/// What came of a removal.
#[derive(Debug)]
pub enum Removed {
    /// It is gone.
    Yes,
    /// The server does not remove it, which is why. It says that no one holds it.
    Emptied(Error),
    /// Nothing was removed: something else is there.
    Refused,
}

/// A record on a server that one writer at a time can win. A write whose answer is lost may be repeated, and is then
/// `None` though it was made: who needs to know reads it. One that
/// fails may have been made, too.
#[async_trait]
pub trait LockStore: Send + Sync {
    /// What it is called in messages, such as `the Lease default/trustpath`.
    fn name(&self) -> String;

    /// Reads it; `None` where there is none.
    async fn read(&self) -> Result<Option<FoundRecord>, Error>;

    /// Makes it, unless it is there; `None` where it is.
    async fn create(&self, claim: &Claim) -> Result<Option<RecordVersion>, Error>;

    /// Writes it, if it is still in this state; `None` where it is not.
    async fn replace(&self, version: &RecordVersion, claim: &Claim) -> Result<Option<RecordVersion>, Error>;

    /// Removes it, if it is still in this state. Called only while the lock is held.
    async fn remove(&self, version: &RecordVersion) -> Result<Removed, Error>;

    /// Whether the server itself ties a removal to the state: one that comes late does nothing to another then.
    fn is_removed_by_version(&self) -> bool {
        false
    }
}
