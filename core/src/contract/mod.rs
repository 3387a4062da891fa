//! What a step author writes against.

mod change;
mod context;
mod evidence;
mod fact;
mod handle;
mod kind;
mod managed;
mod needs;
mod noted;
mod plan;
mod right;
mod step;
mod trail;

pub use change::{Change, Leaf, Op};
pub use context::{Consent, Context};
pub use evidence::{Check, Evidence, Outcome};
pub use fact::{Count, Fact, Facts, Gives, Takes, Want};
pub use handle::{Handle, Handles, Identity, Target};
pub use kind::{JsonError, Kind, TomlError};
pub use managed::{Around, At, Managed, Released, Wanted};
pub(crate) use needs::removal;
pub(crate) use noted::{Noted, watched};
pub use noted::{note_late, note_left};
pub use plan::{Goal, Note, Plan, Undo};
pub use right::{Act, Demand, Lacking, Purpose, Right, Stage};
pub use step::Step;
pub use trail::{Standing, Trail};
