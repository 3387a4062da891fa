//! What is at the path: the mount and its config.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use trustpath_core::{Answers, Result};
use trustpath_platform::Vault;

use crate::{
    config::KubernetesAuth,
    description,
    reads::JwtSeen,
    state::{Config, Digest, Mount, Reviewer, State},
};

/// A mount as `GET sys/auth` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawMount {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    config: BTreeMap<String, Value>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// A config as `GET auth/<mount>/config` has it.
pub(crate) type RawConfig = Map<String, Value>;

/// What is chosen when a mount is made, and cannot be tuned.
const MADE_WITH: [&str; 5] = ["external_entropy_access", "local", "options", "plugin_version", "seal_wrap"];

/// Vault echoes it among what is tuned, and takes it nowhere.
const NOT_TUNED: &str = "force_no_cache";

impl KubernetesAuth {
    /// The object, from what was read so far.
    pub(crate) fn observed(&self, answers: &Answers) -> Result<Option<State>> {
        let Some(mount) = mount(answers.get("mounts")?, self.mount.as_str()) else { return Ok(None) };
        let previous = answers.get::<JwtSeen>("previous")?.map(|jwt| jwt.digest);
        let observed = state(mount, answers.get("config")?, previous);
        let roles = if observed.config.is_none() { answers.get("roles")? } else { None };
        Ok(Some(State { roles: roles.unwrap_or_default(), ..observed }))
    }

    /// A path below the mount.
    pub(crate) fn path(&self, below: &str) -> String {
        Vault::path(["auth", self.mount.as_str(), below])
    }
}

/// The mount at a path, of those that `GET sys/auth` has.
pub(crate) fn mount(mounts: Option<BTreeMap<String, RawMount>>, path: &str) -> Option<RawMount> {
    mounts?.remove(&format!("{path}/"))
}

/// Old servers do not have the flag: there, it may.
pub(crate) fn may_hold_jwt(config: &Value) -> bool {
    config.get("token_reviewer_jwt_set").and_then(Value::as_bool).unwrap_or(true)
}

/// What Vault's answers mean.
pub(crate) fn state(raw: RawMount, config: Option<RawConfig>, previous: Option<Digest>) -> State {
    let (text, mut mark) = description::split(&raw.description);
    let config = config.map(|config| {
        let flag = config.get("token_reviewer_jwt_set").and_then(Value::as_bool);
        // Where there is no JWT, there is no doubt which.
        let was = mark.as_mut().and_then(description::take_was);
        let marked = mark.as_ref().and_then(|mark| mark.reviewer.clone());
        let reviewer = match (flag, &mark) {
            (Some(false), _) => Reviewer::None,
            (None, Some(_)) if marked.is_none() && was.is_none() => Reviewer::None,
            _ => {
                let named = was.or(marked.map(Reviewer::Jwt));
                let previous = previous.clone().map(Reviewer::Jwt);
                match named {
                    None | Some(Reviewer::Unknown) => previous.or(named).unwrap_or(Reviewer::Unknown),
                    Some(known) => known,
                }
            }
        };
        read_config(config, reviewer)
    });
    let tune = raw.config.into_iter().filter(|(key, value)| key != NOT_TUNED && is_said(key, value)).collect();
    let made_with =
        raw.other.into_iter().filter(|(key, value)| MADE_WITH.contains(&key.as_str()) && is_said(key, value));
    let mount = Mount { kind: raw.kind, description: text, mark, tune, made_with: made_with.collect() };
    State { mount, config, at_hand: previous.into_iter().collect(), roles: Vec::new() }
}

/// Whether a value is other than Vault's default.
fn is_said(key: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !(text.is_empty() || (key == "token_type" && text == "default-service")),
        Value::Array(list) => !list.is_empty(),
        Value::Object(table) => !table.is_empty(),
        Value::Bool(true) => true,
    }
}

fn read_config(mut raw: RawConfig, reviewer: Reviewer) -> Config {
    raw.remove("token_reviewer_jwt_set");
    let mut text = |key: &str| raw.remove(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let (kubernetes_host, kubernetes_ca_cert) = (text("kubernetes_host"), text("kubernetes_ca_cert"));
    let issuer = text("issuer");
    let mut flag = |key: &str, default: bool| raw.remove(key).and_then(|value| value.as_bool()).unwrap_or(default);
    let disable_local_ca_jwt = flag("disable_local_ca_jwt", false);
    let disable_iss_validation = flag("disable_iss_validation", true);
    let use_annotations_as_alias_metadata = flag("use_annotations_as_alias_metadata", false);
    let pem_keys = raw.remove("pem_keys").and_then(|keys| serde_json::from_value(keys).ok()).unwrap_or_default();
    Config {
        kubernetes_host,
        kubernetes_ca_cert,
        pem_keys,
        disable_local_ca_jwt,
        disable_iss_validation,
        issuer,
        use_annotations_as_alias_metadata,
        reviewer,
        other: raw.into_iter().filter(|(key, value)| is_said(key, value)).collect(),
    }
}

impl Config {
    /// The body that writes it, without the reviewer's JWT.
    pub(crate) fn body(&self) -> Map<String, Value> {
        let mut body: Map<_, _> = self.other.clone().into_iter().collect();
        body.insert("kubernetes_host".to_owned(), self.kubernetes_host.clone().into());
        body.insert("pem_keys".to_owned(), self.pem_keys.clone().into());
        body.insert("disable_local_ca_jwt".to_owned(), self.disable_local_ca_jwt.into());
        body.insert("disable_iss_validation".to_owned(), self.disable_iss_validation.into());
        body.insert("issuer".to_owned(), self.issuer.clone().into());
        if !self.kubernetes_ca_cert.is_empty() {
            body.insert("kubernetes_ca_cert".to_owned(), self.kubernetes_ca_cert.clone().into());
        }
        if self.use_annotations_as_alias_metadata {
            body.insert("use_annotations_as_alias_metadata".to_owned(), true.into());
        }
        body
    }
}
