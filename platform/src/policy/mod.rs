//! The language of Vault's policies: what a text means, whatever it looks like.
//!
//! Servers read HCL of the first generation, or JSON, and so does this: what any supported server takes is understood, and
//! what one family of them refuses is known ([`Meaning::refusal`]). A text outside of that is not understood
//! ([`Misread`]), and no one should pretend otherwise: such texts are compared byte by byte.

mod capability;
mod decode;
mod meaning;
mod misread;
mod number;
mod render;
mod rules;
mod tree;

pub use capability::{Capability, KNOWN};
pub use meaning::Meaning;
pub use misread::Misread;
pub use render::render;
pub use rules::{Parameters, Rules};
pub use tree::{Tree, Value, is_json};
