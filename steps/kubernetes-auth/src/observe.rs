//! What is at the path: the mount and its config.

use serde_json::{Map, Value};
use trustpath_core::{Answers, Result};
use trustpath_platform::{
    digest::Digest,
    vault::backend::{MountState, is_said},
};

use crate::{
    config::KubernetesAuth,
    marked,
    reads::JwtSeen,
    state::{Config, Reviewer, State},
};

/// A config as `GET auth/<mount>/config` has it.
pub(crate) type RawConfig = Map<String, Value>;

impl KubernetesAuth {
    /// The object, from what was read so far.
    pub(crate) fn observed(&self, answers: &Answers) -> Result<Option<State>> {
        let Some(mount) = MountState::answered(answers, "mounts", self.mount.as_str())? else { return Ok(None) };
        let previous = answers.get::<JwtSeen>("previous")?.map(|jwt| jwt.digest);
        let observed = state(mount, answers.get("config")?, previous);
        let roles = if observed.config.is_none() { answers.get("roles")? } else { None };
        Ok(Some(State { roles: roles.unwrap_or_default(), ..observed }))
    }
}

/// Old servers do not have the flag: there, it may.
pub(crate) fn may_hold_jwt(config: &Value) -> bool {
    config.get("token_reviewer_jwt_set").and_then(Value::as_bool).unwrap_or(true)
}

/// What Vault's answers mean.
pub(crate) fn state(mut mount: MountState, config: Option<RawConfig>, previous: Option<Digest>) -> State {
    // What was not written to its end is as good as nothing, and is written again.
    let is_unfinished = mount.mark.as_mut().is_some_and(marked::take_unfinished);
    let config = config.filter(|_| !is_unfinished).map(|config| {
        let flag = config.get("token_reviewer_jwt_set").and_then(Value::as_bool);
        // Where there is no JWT, there is no doubt which.
        let was = mount.mark.as_mut().and_then(marked::take_was);
        let marked = mount.mark.as_ref().and_then(marked::reviewer);
        let reviewer = match (flag, &mount.mark) {
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
    State { mount, config, at_hand: previous.into_iter().collect(), roles: Vec::new() }
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
        other: raw.into_iter().filter(|(_, value)| is_said(value)).collect(),
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
