use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// A role as it is on the server: `GET auth/MOUNT/role/NAME`. What is at the server's default is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleState {
    /// The ServiceAccounts that may log in, in the server's order.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub bound_service_account_names: Vec<String>,
    /// Their namespaces.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub bound_service_account_namespaces: Vec<String>,
    /// Further namespaces by their labels: JSON, as it was written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub bound_service_account_namespace_selector: String,
    /// Whom a token has to be made for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub audience: String,
    /// What identity is known by; empty for the uid.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias_name_source: String,
    /// The policies of the tokens.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub token_policies: Vec<String>,
    /// In seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub token_ttl: u64,
    /// In seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub token_max_ttl: u64,
    /// In seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub token_period: u64,
    /// In seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub token_explicit_max_ttl: u64,
    /// How often a token can be used.
    #[serde(skip_serializing_if = "is_zero")]
    pub token_num_uses: u64,
    /// The addresses from which a login, and a token, are accepted.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub token_bound_cidrs: Vec<String>,
    /// Whether tokens go without the `default` policy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub token_no_default_policy: bool,
    /// Whether a token is bound to the address that logged in. OpenBao only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub token_strictly_bind_ip: bool,
    /// `service` or `batch`; empty for the mount's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token_type: String,
    /// The fields that were last written by the names that they had before Vault 1.2, such as `policies`: servers show
    /// these beside the new ones, until the field is written by its new name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legacy_keys: Vec<String>,
}

/// The old name of each field that has one.
pub(crate) const LEGACY: [(&str, &str); 6] = [
    ("bound_cidrs", "token_bound_cidrs"),
    ("max_ttl", "token_max_ttl"),
    ("num_uses", "token_num_uses"),
    ("period", "token_period"),
    ("policies", "token_policies"),
    ("ttl", "token_ttl"),
];

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A list, where servers may write null for an empty one.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

impl RoleState {
    /// What a server answers.
    pub(crate) fn answered(answer: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let legacy = LEGACY.iter().filter(|(old, _)| answer.get(*old).is_some_and(|value| !is_empty(value)));
        let legacy_keys = legacy.map(|(old, _)| (*old).to_owned()).collect();
        let mut state = Self::deserialize(Value::Object(answer))?;
        state.legacy_keys = legacy_keys;
        if state.alias_name_source == DEFAULT_ALIAS {
            state.alias_name_source.clear();
        }
        if state.token_type == DEFAULT_TYPE {
            state.token_type.clear();
        }
        Ok(state)
    }

    /// The body of the write that makes it so, whatever was there: every field, by the name that it is to be known by.
    pub(crate) fn body(&self, now: Option<&Self>) -> Map<String, Value> {
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        let fields = [
            ("bound_service_account_names", json!(self.bound_service_account_names)),
            ("bound_service_account_namespaces", json!(self.bound_service_account_namespaces)),
            ("bound_service_account_namespace_selector", json!(self.bound_service_account_namespace_selector)),
            ("audience", json!(self.audience)),
            ("alias_name_source", json!(or(&self.alias_name_source, DEFAULT_ALIAS))),
            ("token_policies", json!(self.token_policies)),
            ("token_ttl", number(self.token_ttl)),
            ("token_max_ttl", number(self.token_max_ttl)),
            ("token_period", number(self.token_period)),
            ("token_explicit_max_ttl", number(self.token_explicit_max_ttl)),
            ("token_num_uses", number(self.token_num_uses)),
            ("token_bound_cidrs", json!(self.token_bound_cidrs)),
            ("token_no_default_policy", json!(self.token_no_default_policy)),
            ("token_type", json!(or(&self.token_type, DEFAULT_TYPE))),
        ];
        let mut body: Map<_, _> = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        // Only some servers know it, and unset it is as if unknown.
        if self.token_strictly_bind_ip || now.is_some_and(|now| now.token_strictly_bind_ip) {
            body.insert("token_strictly_bind_ip".into(), self.token_strictly_bind_ip.into());
        }
        for (old, new) in LEGACY.iter().filter(|(old, _)| self.legacy_keys.iter().any(|key| key == old)) {
            let value = body.remove(*new).unwrap_or_default();
            body.insert((*old).to_owned(), value);
        }
        body
    }
}

/// As a text: servers read numbers from it, and a policy can be held to a text alone.
fn number(number: u64) -> Value {
    number.to_string().into()
}

const DEFAULT_ALIAS: &str = "serviceaccount_uid";
const DEFAULT_TYPE: &str = "default";

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
