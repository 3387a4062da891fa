//! What is at the path: the mount and its config.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use trustpath_core::{At, Result};
use trustpath_platform::Vault;

use crate::{
    Taken,
    config::KubernetesAuth,
    description,
    source::{self, JwtSource},
    state::{Config, Digest, Mount, Reviewer, State, TYPE},
};

/// A mount as `GET sys/auth` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawMount {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    accessor: String,
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
    pub(crate) async fn look(&self, at: At<'_, Taken>) -> Result<Option<State>> {
        let vault = at.cx.handle::<Vault>().await?;
        let Some(mount) = self.mount(&vault).await? else { return Ok(None) };
        if mount.kind != TYPE {
            return Ok(Some(state(mount, None, None)));
        }
        let config = vault.read::<RawConfig>(&self.path("config")).await?;
        let roles = match &config {
            Some(_) => Vec::new(),
            None => vault.list(&self.path("role")).await?,
        };
        let previous = match config.as_ref().filter(|config| may_hold_jwt(config)) {
            Some(_) => self.previous(at, &mount).await?,
            None => None,
        };
        Ok(Some(State { roles, ..state(mount, config, previous) }))
    }

    /// The mount at the path.
    pub(crate) async fn mount(&self, vault: &Vault) -> Result<Option<RawMount>> {
        let mut mounts: BTreeMap<String, RawMount> = vault.read("sys/auth").await?.unwrap_or_default();
        Ok(mounts.remove(&format!("{}/", self.mount)))
    }

    /// The digest of the JWT that the configuration says was there before; without a mark it is what is known of it.
    async fn previous(&self, at: At<'_, Taken>, mount: &RawMount) -> Result<Option<Digest>> {
        let Some(source) = &self.previous_reviewer else { return Ok(None) };
        let (_, mark) = description::split(&mount.description);
        match source::read(at.cx, &JwtSource::from(source)).await {
            Ok(jwt) => Ok(jwt.map(|jwt| jwt.digest)),
            // It has served, and may be gone: the mark knows what is there now.
            Err(_) if mark.is_some_and(|mark| mark.reviewer.is_some()) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A path below the mount.
    pub(crate) fn path(&self, below: &str) -> String {
        Vault::path(["auth", self.mount.as_str(), below])
    }
}

/// Old servers do not have the flag: there, it may.
fn may_hold_jwt(config: &RawConfig) -> bool {
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
    State { mount, config, accessor: raw.accessor, at_hand: previous.into_iter().collect(), roles: Vec::new() }
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
