//! Whether an object is as it is wanted.

use serde_json::Value;
use trustpath_core::{Evidence, graph::word};

use super::{Fields, Owned};
use crate::text::{clean, listed};

impl Owned {
    /// Whether it holds `body`; `what` names these fields.
    pub fn compared(&self, what: &str, body: &Fields, step: &str) -> Evidence {
        let unlike = self.unlike(body);
        if unlike.is_empty() {
            return Evidence::new().passed(what, "as the graph file says");
        }
        let each = |(path, value): &(String, Option<&Value>)| match value {
            Some(value) => format!("{path} is {}", clean(&value.to_string())),
            None => format!("{path} is missing"),
        };
        let why = format!("not as the graph file says: {}", listed(&unlike.iter().map(each).collect::<Vec<_>>()));
        Evidence::new().failed(what, why, format!("trustpath apply {}", word(step)))
    }
}
