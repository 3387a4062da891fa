//! The command line: words in, words out.
//!
//! A program with all built-in kinds, and every kind that is registered with `inventory` in a crate that it names:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     trustpath_cli::main()
//! }
//! ```
//!
//! A program with its own kinds alone calls [`run`], and one whose steps talk to another system as well adds the
//! connection with [`Program::with_handles`].
//!
//! Only here is the environment read, and only here are words written: results to stdout, all else to stderr.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

mod args;
mod closing;
mod command;
mod command_error;
mod ending;
mod exit;
mod json;
mod kinds;
mod lock;
mod mirror;
mod open_runs;
mod program;
mod progress;
mod prompt;
mod render;
mod screen;
mod session;
mod signals;
mod systems;
#[cfg(test)]
mod tests;
mod verbs;

pub use program::{Program, main, run};
