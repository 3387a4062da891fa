use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_platform::{Ttl, names};

use crate::selector::LabelSelector;

/// A role: which ServiceAccounts may log in, and what the tokens are that they get.
///
/// What is left out is at the server's default, and is put back to it where it is not.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KubernetesRole {
    /// The role's name, in lower case, such as `external-secrets`.
    #[serde(skip_serializing)]
    pub(crate) name: RoleName,
    /// Whom a ServiceAccount's token has to be made for, such as `vault`. Default: anybody, so that every token of the
    /// ServiceAccount that leaks from another system is good here too.
    pub(crate) audience: Option<Bound>,
    /// The names of the ServiceAccounts that may log in; `"*"` for any. Default: that of the `service-account` step
    /// among its needs.
    pub(crate) bound_service_account_names: Option<Vec<Bound>>,
    /// The namespaces of these ServiceAccounts; `*` stands for any text. Default: that of the `service-account` step
    /// among its needs, unless there is a selector.
    pub(crate) bound_service_account_namespaces: Option<Vec<Bound>>,
    /// Further namespaces, by their labels: a Kubernetes label selector, as a table or as JSON. A namespace needs to be
    /// either named or selected.
    #[schemars(extend("x-one-value" = true))]
    pub(crate) bound_service_account_namespace_selector: Option<LabelSelector>,
    /// What identity is known by: the ServiceAccount's uid (the default), or its namespace and name.
    #[serde(default)]
    pub(crate) alias_name_source: AliasNameSource,
    /// The policies of the tokens. Default: those of the `policy` steps among its needs.
    #[serde(default, alias = "policies")]
    #[schemars(extend("x-aliases" = ["policies"]))]
    pub(crate) token_policies: Option<Vec<Bound>>,
    /// How long a token lives, such as `1h`. Default: as long as the mount says.
    #[serde(default, alias = "ttl")]
    #[schemars(extend("x-aliases" = ["ttl"]))]
    pub(crate) token_ttl: Ttl,
    /// How long a token can live when it is renewed. Default: as long as the mount says.
    #[serde(default, alias = "max_ttl")]
    #[schemars(extend("x-aliases" = ["max_ttl"]))]
    pub(crate) token_max_ttl: Ttl,
    /// Makes tokens periodic: each renewal gives them this long again, without end.
    #[serde(default, alias = "period")]
    #[schemars(extend("x-aliases" = ["period"]))]
    pub(crate) token_period: Ttl,
    /// The end of a token's life, whatever else is said, periodic ones included.
    #[serde(default)]
    pub(crate) token_explicit_max_ttl: Ttl,
    /// How often a token can be used. Default: 0, without limit.
    #[serde(default, alias = "num_uses")]
    #[schemars(extend("x-aliases" = ["num_uses"]))]
    pub(crate) token_num_uses: u32,
    /// The addresses from which a login, and a token, are accepted, such as `10.0.0.0/8`. Default: any.
    #[serde(default, alias = "bound_cidrs")]
    #[schemars(extend("x-aliases" = ["bound_cidrs"]))]
    pub(crate) token_bound_cidrs: Vec<Bound>,
    /// Leaves the `default` policy out of the tokens. The operator needs it: it looks its own token up.
    #[serde(default)]
    pub(crate) token_no_default_policy: bool,
    /// Binds each token to the address that logged in (OpenBao).
    #[serde(default)]
    pub(crate) token_strictly_bind_ip: bool,
    /// What sort of token: `default` (as the mount says), `service`, or `batch`.
    #[serde(default)]
    pub(crate) token_type: RoleTokenType,
}

names! {
    /// The name of a role. Servers lower-case what they are given; a name that would change is refused here.
    #[schemars(extend("pattern" = r"^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$"))]
    pub(crate) RoleName: "name of a role", is_name,
        "it has letters in lower case, digits, `_`, `-` and `.`, the last two not at its ends";
    /// A text without spaces and commas, at which servers split lists.
    #[schemars(extend("pattern" = r"^[^\s,]+$"))]
    pub(crate) Bound: "text of a list", |text| !text.is_empty() && !text.contains(splits),
        "it is empty, or holds a space or a comma, at which servers split lists";
}

/// As the servers' own pattern has it (`framework.GenericNameRegex`).
fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(word) && name.ends_with(word) && name.chars().all(|c| word(c) || matches!(c, '-' | '.'))
}

fn splits(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == ','
}

/// What identity is known by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AliasNameSource {
    /// The uid of the ServiceAccount: one that is made anew is another.
    #[default]
    ServiceaccountUid,
    /// Its namespace and name: one that is made anew is the same.
    ServiceaccountName,
}

/// What sort of token a login gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleTokenType {
    /// As the mount says.
    #[default]
    Default,
    /// A token that is stored, and can be renewed and revoked.
    Service,
    /// A token that is not stored, and can be neither.
    Batch,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("external-secrets", true)]
    #[case("a", true)]
    #[case("_a.b-c_", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("a.", false)]
    #[case("a/b", false)]
    #[case("External", false)]
    fn names(#[case] name: &str, #[case] valid: bool) {
        assert_eq!(RoleName::try_from(name.to_owned()).is_ok(), valid);
    }

    #[test]
    fn short_names_of_keys_are_taken() {
        let long = json!({"name": "r", "token_ttl": "1h", "token_max_ttl": 7200, "token_policies": ["p"]});
        let short = json!({"name": "r", "ttl": 3600, "max_ttl": "2h", "policies": ["p"]});
        let read = |value| serde_json::from_value::<KubernetesRole>(value).unwrap();
        assert_eq!(format!("{:?}", read(long)), format!("{:?}", read(short)));
        let both = json!({"name": "r", "ttl": 1, "token_ttl": 2});
        assert!(serde_json::from_value::<KubernetesRole>(both).unwrap_err().to_string().contains("duplicate field"));
    }

    #[test]
    fn a_list_in_one_text_is_refused() {
        for list in ["a,b", "a b", ""] {
            assert!(Bound::try_from(list.to_owned()).is_err(), "{list}");
        }
    }
}
