//! The graph file: its texts in, a checked graph out, or every mistake in them with its place.
//!
//! ```text
//! sources ─► syntax ─► overlay ─► each ─► document ─► read: head, [connections], [steps.NAME] ─► graph ─► Loaded
//!    │          │                    │                   │  by the schema and by serde                 │
//!    └──────────┴───── mistakes ◄────┴───────────────────┴─────────────────────────────────────────────┘
//! ```
//!
//! Several texts are one file: tables merge, the later text wins. Placeholders are filled in, and `for_each` makes several
//! steps of one. All share one space of positions ([`Source`]), so
//! that any mistake can point into the text that it came from.

mod document;
mod each;
mod generate;
mod head;
mod load;
mod mistake;
mod origin;
mod overlay;
mod path;
mod placeholder;
mod read;
mod schema;
mod set;
mod shape;
mod sources;
mod steps;
mod syntax;
mod write;

pub use head::DEFAULT_GRAPH;
pub use load::{Loaded, load, origins};
pub use mistake::Mistakes;
pub use origin::Origin;
pub use placeholder::Placeholder;
pub use schema::{kind_schema, schema};
pub use sources::Source;
pub use write::written;

/// A range of bytes in the space that all sources of one graph file share.
type Span = std::ops::Range<usize>;
