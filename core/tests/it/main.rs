//! The engine, the journal and the conformance kit, against a shelf: a server in memory that can be told to fail.

mod conformance;
mod engine;
mod journal;
mod late;
mod partial;
mod resume;
mod shelf;
mod undo;
