//! The `Step` contract, the graph of steps, and its runs.
//!
//! This crate knows nothing of Vault or Kubernetes, prints nothing, and reads no environment. What it is given:
//! kinds (`&[&Kind]`), the texts of the graph files, and [`Handles`] to the systems that the steps talk to.
//!
//! - [`contract`]: what a step author writes against: [`Step`], [`Managed`], facts, changes, evidence.
//! - [`failure`]: every error that a user can see, with the class that decides the exit code.
//! - [`file`](mod@file): the graph file: a checked graph, or every mistake with its place.
//! - [`graph`]: steps and their `needs`, checked and ordered.
//! - [`journal`]: what a run is about to do, on disk before it is done.
//! - [`nearest`]: for an unknown name, the nearest known one.
//! - [`run`]: plan, apply along the graph, undo in reverse, verify.

pub mod contract;
pub mod failure;
pub mod file;
pub mod graph;
pub mod journal;
mod mistake;
pub mod nearest;
pub mod run;
mod unseen;

pub use contract::{
    About, Answer, Answers, At, Change, ChangeHistory, Check, CheckOutcome, Connection, Context, Decision, Demand,
    Evidence, Fact, Facts, Gives, Goal, Handle, Handles, Identity, Import, ImportedStep, Intent, Kind, KnownStep, Leaf,
    Leftover, LeftoverSearch, Leftovers, Leg, Managed, MissingRights, Note, ObjectAddress, Op, Part, Plan, Probe,
    Proof, Purpose, Read, Reads, Request, RequestList, Reversibility, Right, Seen, Shown, Stage, Step, Takes, Target,
    Values, Want, note_retained, note_unacknowledged,
};
pub use failure::{Class, Classified, Failure, Problem, Result};
pub use unseen::unseen;
