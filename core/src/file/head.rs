//! What stands in a graph file besides its steps.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::run::Settings;

/// The id of a graph that has none of its own.
pub const DEFAULT_GRAPH: &str = "trustpath";

/// All that stands beside `[connections]` and `[steps]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Head {
    /// The id that marks what this graph owns on the servers. Graphs that share servers need different ids.
    pub(super) graph: GraphId,
    /// The limits of a run.
    pub(super) run: Settings,
    /// Tables that steps are repeated for: each has a name, and a value for each key.
    for_each: Map<String, Value>,
    steps: Value,
    connections: Value,
}

/// An id of lower-case letters, digits and `-`, such as `trustpath` or `payments-prod`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^[a-z0-9-]{1,40}$"))]
pub(super) struct GraphId(pub(super) String);

impl Default for GraphId {
    fn default() -> Self {
        Self(DEFAULT_GRAPH.to_owned())
    }
}

impl TryFrom<String> for GraphId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=40).contains(&id.len()) && id.chars().all(fits) {
            return Ok(Self(id));
        }
        Err("an id has 1 to 40 lower-case letters, digits and `-`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_plain() {
        let fits = |id: &str| GraphId::try_from(id.to_owned()).is_ok();
        assert!(fits("external-secrets") && fits(&"a".repeat(40)) && fits(DEFAULT_GRAPH));
        assert!(!fits("") && !fits("Prod") && !fits("a b") && !fits("a/b") && !fits(&"a".repeat(41)));
    }
}
