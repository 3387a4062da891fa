//! The journal of a run: what it is about to do, on disk before it is done.
//!
//! One file a run, one JSON record a line, each with a checksum, synced before the write that it announces. From it
//! alone a run can be taken back, in another process and after the graph file was edited.

mod line;
mod lock;
mod medium;
mod mirror;
mod private;
mod pull;
mod read;
mod record;
mod replay;
mod store;
mod write;

pub use lock::{DirectoryLock, TryLock};
pub use medium::Medium;
pub use mirror::Mirror;
pub use pull::JournalRelation;
pub use read::{Corrupt, Log};
pub use record::{End, Entry, JournaledStep, Record, Start, Verb};
pub use replay::{JournalState, StepHistory, replay};
pub use store::{Store, sort_key};
pub use write::Journal;

/// The version of the format that this program writes, and the only one that it reads.
pub const VERSION: u32 = 3;
