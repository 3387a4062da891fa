use schemars::JsonSchema;
use serde::Deserialize;

use crate::rules::Rules;

/// A policy: what the tokens that hold it may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The policy's name, in lower case, such as `apps-read`.
    pub name: Name,
    /// What it allows: HCL or JSON as text, `{ file = "apps-read.hcl" }`, or a table of paths such as
    /// `{ "kv/data/apps/*" = ["read"] }`.
    pub rules: Rules,
}

/// The name of a policy. Servers lower-case what they are given; a name that would change is refused here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Name(#[schemars(regex(pattern = r"^[^\sA-Z,]+$"))] String);

/// `root` and those that servers make by themselves cannot be owned by a graph.
const RESERVED: [&str; 4] = ["root", "default", "response-wrapping", "control-group"];

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let lower = name.to_lowercase();
        if name.is_empty() {
            return Err("a policy has a name".into());
        }
        if lower != name {
            return Err(format!("the names of policies are in lower case: write `{lower}`"));
        }
        if name.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',') {
            return Err("a policy's name holds no spaces, commas or control characters".into());
        }
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("between slashes, a policy's name has something other than dots".into());
        }
        if RESERVED.contains(&lower.as_str()) {
            return Err(format!("`{name}` belongs to the server: choose another name"));
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_servers_keep_are_taken() {
        for name in ["apps-read", "team/apps-read", "ä", "a.b_c"] {
            assert_eq!(Name::try_from(name.to_owned()).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_servers_change_or_own_are_refused() {
        for name in ["", "Apps", "a b", "a,b", "/a", "a/", "a/../b", "root", "default", "x\n"] {
            assert!(Name::try_from(name.to_owned()).is_err(), "{name}");
        }
        assert!(Name::try_from("Apps-Read".to_owned()).unwrap_err().contains("write `apps-read`"));
    }
}
