//! The whole command line in memory: a kind of step on a shelf instead of a server, buffers instead of streams.

mod arguments;
mod asking;
mod documents;
mod errors;
mod mirror;
mod partial;
mod reading;
mod requests;
mod runs;
mod shelf;
mod stage;
mod terminal;
