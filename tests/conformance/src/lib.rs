//! The conformance kit: the laws of [`Step`](trustpath_core::Step), checked against a kind on real or pretended servers.
//!
//! A step crate's tests bring a [`Case`] and call [`check`] for each [`Law`]. A check that finds a law broken says how;
//! for each law the kit's own tests keep a step that breaks it.

mod case;
mod cut;
mod laws;
mod moves;
mod rights;

pub use case::{Beginning, Case, Limited, Servers, World};
pub use laws::{Broken, Law, check};
