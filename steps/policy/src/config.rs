use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_platform::names;

use crate::rules::RulesSource;

/// A policy: what the tokens that hold it may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The policy's name, in lower case, such as `apps-read`.
    pub(crate) name: Name,
    /// What it allows: HCL or JSON as text, `{ file = "apps-read.hcl" }`, or a table of paths such as
    /// `{ "kv/data/apps/*" = ["read"] }`.
    #[schemars(extend("x-one-value" = true))]
    pub(crate) rules: RulesSource,
}

names! {
    /// The name of a policy. Servers lower-case what they are given; a name that would change is refused here.
    #[schemars(extend("pattern" = r"^[^\sA-Z,]+$"))]
    pub(crate) Name: "name of a policy of a graph", |name| is_kept(name) && !RESERVED.contains(&name),
        "it is in lower case, without spaces and commas, has something other than dots between slashes, and is none that \
         belongs to the server (`root`, `default`, `response-wrapping`, `control-group`)";
}

/// `root` and those that servers make by themselves cannot be owned by a graph.
pub(crate) const RESERVED: [&str; 4] = ["root", "default", "response-wrapping", "control-group"];

/// Whether servers keep it as it is.
fn is_kept(name: &str) -> bool {
    let splits = |c: char| c.is_whitespace() || c.is_control() || c == ',';
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    name.to_lowercase() == name && !name.contains(splits) && name.split('/').all(is_part)
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
        assert!(Name::try_from("Apps-Read".to_owned()).unwrap_err().to_string().contains("in lower case"));
    }
}
