//! The graph file: its texts in, a checked graph out, or every mistake in them with its place.
//!
//! ```text
//! sources ─► syntax ─► merge ─► head, [connections], [steps.NAME] ─► assembly ─► Loaded
//!    │          │                  │  keys: unknown and missing ones, by the schema     │
//!    │          │                  │  typed: wrong values, by serde                     │
//!    └──────────┴──── mistakes ◄───┴────────────────────────────────────────────────────┘
//! ```
//!
//! Several texts are one file: tables merge, the later text wins. All share one space of positions ([`Source`]), so
//! that any mistake can point into the text that it came from.

mod allowed;
mod assembly;
mod head;
mod json;
mod keys;
mod limits;
mod load;
mod merge;
mod mistake;
mod mistakes;
mod path;
mod schema;
mod set;
mod shape;
mod sources;
mod steps;
mod syntax;
mod take;
mod typed;

pub use head::{DEFAULT_GRAPH, Section};
pub use load::{Loaded, load};
pub use mistakes::Mistakes;
pub use schema::schema;
pub use set::NotASetting;
pub use sources::Source;

/// A range of bytes in the space that all sources of one graph file share.
type Span = std::ops::Range<usize>;
