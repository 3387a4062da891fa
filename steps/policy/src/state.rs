use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_platform::vault::{Body, backend::is_said};

/// A policy as it is on the server, with everything that a write has to carry: what it leaves out, the server clears.
///
/// `GET sys/policies/acl/NAME`; HashiCorp Vault 1.21 has the text alone, OpenBao 2.7 all of it. Left out: `version` and
/// `modified`, which no server gives back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyState {
    /// The text, byte for byte.
    #[serde(alias = "policy")]
    pub(crate) text: String,
    /// When the server removes it, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiration: Option<String>,
    /// Whether a write has to name the version that it replaces.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cas_required: bool,
    /// Whether what identity templates stand for may hold slashes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_slashes_in_identity_templates: bool,
    /// Whether what identity templates stand for may hold wildcards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_wildcards_in_identity_templates: bool,
}

impl PolicyState {
    /// The body of the write that makes it so. Servers that do not know a key are not sent it.
    pub(crate) fn body(&self) -> Body {
        let Value::Object(mut said) = json!(self) else { return Body::default() };
        let text = said.remove("text").unwrap_or_default();
        said.retain(|_, value| is_said(value));
        said.into_iter().collect::<Body>().with("policy", text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use trustpath_core::Request as _;
    use trustpath_platform::vault::VaultRequest;

    use super::*;

    fn sent(state: &PolicyState) -> Value {
        VaultRequest::update(None, "x".into(), state.body()).shown().body
    }

    #[test]
    fn what_a_server_answers_is_what_a_write_carries() {
        let answer = json!({
            "name": "apps-read",
            "policy": "path \"a\" {}\r\n\n",
            "expiration": "2030-01-01T00:00:00.123456789Z",
            "cas_required": true,
            "allow_slashes_in_identity_templates": true,
            "allow_wildcards_in_identity_templates": true,
            "modified": "2026-11-23T20:44:03.038355225Z",
            "version": 7,
        });
        let state: PolicyState = serde_json::from_value(answer.clone()).unwrap();
        let body = sent(&state);
        for key in ["policy", "expiration", "cas_required", "allow_slashes_in_identity_templates"] {
            assert_eq!(body[key], answer[key], "{key}");
        }
        assert_eq!(body.as_object().unwrap().len(), 5);
        let again: PolicyState = serde_json::from_value(serde_json::to_value(&state).unwrap()).unwrap();
        assert_eq!(again, state);
    }

    #[test]
    fn a_state_without_what_only_some_servers_know_is_its_text() {
        let state = PolicyState { text: "x".into(), ..PolicyState::default() };
        assert_eq!(serde_json::to_value(&state).unwrap(), json!({"text": "x"}));
        assert_eq!(sent(&state), json!({"policy": "x"}));
    }
}
