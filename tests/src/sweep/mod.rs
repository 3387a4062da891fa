//! Every fault at every request: what may happen, what must come of it, and the world in which it happens.
//!
//! - [`asked`]: the requests of one run, in their order.
//! - [`way`]: the ways in which one of them can go wrong.
//! - [`model`]: what must come of it.
//! - [`world`]: the servers, the program, and what was there before.
//! - [`tally`]: what came of it, counted.

pub mod asked;
pub mod model;
pub mod tally;
pub mod way;
pub mod world;

pub use asked::{Asked, Phase, System};
pub use model::Outcome;
pub use tally::{Part, Tally};
pub use way::Way;
pub use world::{Beginning, World};
