//! The standard graph file, as it stands at the top of the repository.

/// Its text.
pub(crate) const FILE: &str = include_str!("../../plugins.toml");
