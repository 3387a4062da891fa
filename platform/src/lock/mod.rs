//! One at a time: a lock that lies on a server, is renewed while it is held, and expires when its holder is gone.
//!
//! What is the same for every such lock is here; where it lies is a [`LockStore`]: a Lease of the cluster, or a secret of a
//! KV v2 mount. Whether another client's lock is still alive is told by whether its record changes, and by this process's
//! own clock: no two machines' clocks are ever compared. `docs/locks.md` says what is promised, and what is not.

mod claim;
mod clock;
mod fence;
mod held;
mod host;
mod judge;
mod record;
mod take;
#[cfg(test)]
mod tests;

pub use claim::{Claim, LockHolder, Terms, Unfinished};
pub use fence::Fence;
pub use held::HeldLock;
pub use host::Process;
pub use judge::{LockPurpose, Observed};
pub use record::{FoundRecord, LockStore, RecordVersion, Removed};
pub use take::{Taking, Waiting, take};
