//! The engine, the journal and the conformance kit, against a shelf: a server in memory that can be told to fail.

mod ahead;
mod close;
mod conformance;
mod damage;
mod engine;
mod guard;
mod import;
mod journal;
mod late;
mod left;
mod medium;
mod mirror;
mod orphans;
mod partial;
mod resume;
mod rights;
mod shelf;
mod system;
mod undo;
