//! What a step author writes against.

mod change;
mod context;
mod evidence;
mod fact;
mod handle;
mod host;
mod host_rights;
mod kind;
mod managed;
mod noted;
mod plan;
mod probe;
mod read;
mod readings;
mod request;
mod right;
mod state;
mod step;
mod trail;

pub use change::{Change, Leaf, Op};
pub use context::{Consent, Context};
pub use evidence::{Check, Evidence, Outcome};
pub use fact::{Count, Fact, Facts, Gives, Takes, Want};
pub use handle::{Handle, Handles, Identity, Target};
pub use kind::{JsonError, Kind, TomlError};
pub use managed::{At, Decision, Intent, Managed, Seen};
pub(crate) use noted::{Noted, watched};
pub use noted::{note_late, note_left};
pub use plan::{Goal, Note, Plan, Undo};
pub use probe::{Probe, Proof};
pub use read::{Answer, Answers, Read, Reads};
pub(crate) use readings::Readings;
pub use request::{Leg, Part, Request, RequestList, Shown, Values};
pub use right::{Demand, Lacking, Purpose, Right, Stage};
pub use step::Step;
pub use trail::{Standing, Trail};
