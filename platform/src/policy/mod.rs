//! The language of Vault's policies: what a text means, whatever it looks like.
//!
//! Servers read HCL of the first generation, or JSON; this reads what that has in common with the second generation.
//! A text outside of that is not understood here ([`Misread`]), and no one should pretend otherwise: such texts are
//! compared byte by byte.

mod capability;
mod meaning;
mod misread;
mod render;
mod rules;
mod tree;

pub use capability::{Capability, KNOWN};
pub use meaning::Meaning;
pub use misread::Misread;
pub use render::render;
pub use rules::{Parameters, Rules};
pub use tree::{Tree, Value, is_json};
