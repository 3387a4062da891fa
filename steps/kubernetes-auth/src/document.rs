//! The config as a document of its mount, and what Vault's answers mean.

use serde_json::{Value, json};
use trustpath_core::{Answers, Result};
use trustpath_platform::{
    digest::Digest,
    vault::backend::{Content, Document, MountState},
};

use crate::{
    config::KubernetesAuth,
    jwt::JwtSeen,
    marked, pem,
    state::{CA, Config, HOST, Reviewer, State},
    url::same_host,
};

/// Whether the config holds a JWT; old servers do not say it.
const JWT_SET: &str = "token_reviewer_jwt_set";
const KEYS: &str = "pem_keys";

/// The config, with nothing said of it.
pub(crate) fn document() -> Document {
    Document::replaced("config", ["config"])
        .whole()
        .server_default(KEYS, json!([]))
        .server_default("issuer", "")
        .server_default("disable_local_ca_jwt", false)
        .server_default("disable_iss_validation", true)
        .told(&["disable_local_ca_jwt", "disable_iss_validation"])
        .echoed(&[JWT_SET])
        .same_by(HOST, |one, other| same_texts(one, other, same_host))
        .same_by(CA, |one, other| same_texts(one, other, pem::same))
        .same_by(KEYS, same_keys)
}

fn same_texts(one: &Value, other: &Value, same: fn(&str, &str) -> bool) -> bool {
    one.as_str().zip(other.as_str()).is_some_and(|(one, other)| same(one, other))
}

fn same_keys(one: &Value, other: &Value) -> bool {
    let list = |keys: &Value| keys.as_array().cloned().unwrap_or_default();
    let (one, other) = (list(one), list(other));
    let each = |some: &[Value], others: &[Value]| {
        some.iter().all(|key| others.iter().any(|other| same_texts(key, other, pem::same)))
    };
    one.len() == other.len() && each(&one, &other) && each(&other, &one)
}

impl KubernetesAuth {
    /// The config that is there, with what is managed as it should be: the reviewer, host and CA, and what else is said.
    pub(crate) fn config(
        &self,
        now: Option<&Config>,
        reviewer: Reviewer,
        [host, ca]: [&str; 2],
        said: Value,
    ) -> Config {
        let own = json!({
            "issuer": self.issuer,
            "disable_iss_validation": self.disable_iss_validation,
            "use_annotations_as_alias_metadata": self.use_annotations_as_alias_metadata,
        });
        let config = document().set_all(&own).set_all(&said).set_exactly(HOST, host).set_exactly(CA, ca);
        Config { reviewer, held: config.desired(now.map(|now| &now.held)) }
    }

    /// The object, from what was read so far.
    pub(crate) fn observed(&self, answers: &Answers) -> Result<Option<State>> {
        let Some(mount) = MountState::answered(answers, "mounts", self.mount.as_str())? else { return Ok(None) };
        let previous = answers.get::<JwtSeen>("previous")?.map(|jwt| jwt.digest);
        Ok(Some(observed(mount, answers.get("config")?, previous)))
    }
}

/// Whether a config may hold a JWT. Old servers do not have the flag: there, it may.
pub(crate) fn may_hold_jwt(config: &Value) -> bool {
    config.get(JWT_SET).and_then(Value::as_bool).unwrap_or(true)
}

/// What Vault's answers mean. Where there is no JWT, there is no doubt which.
pub(crate) fn observed(mut mount: MountState, config: Option<Content>, previous: Option<Digest>) -> State {
    let was = mount.mark.as_mut().and_then(marked::take_was);
    // What was not written to its end is as good as nothing, and is written again.
    let config = config.filter(|_| was != Some(Reviewer::None)).map(|config| {
        let is_set = config.get(JWT_SET).and_then(Value::as_bool);
        let named = was.or(mount.mark.as_ref().and_then(marked::reviewer).map(Reviewer::Jwt));
        let reviewer = match (is_set, named) {
            (Some(false), _) => Reviewer::None,
            (None, None) if mount.mark.is_some() => Reviewer::None,
            (_, None | Some(Reviewer::Unknown)) => previous.map_or(Reviewer::Unknown, Reviewer::Jwt),
            (_, Some(known)) => known,
        };
        Config { reviewer, held: document().observed(config) }
    });
    State { mount, config }
}
