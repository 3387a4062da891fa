//! The requests that change the mount and its config.

mod configure;
mod disable;
mod enable;

use serde_json::{Map, Value};
use trustpath_core::{At, Context, Handle as _, Leg, Result, Shown};
use trustpath_platform::{
    Vault,
    vault::{
        Body, VaultRequest,
        rights::{On, on},
    },
};

use self::{configure::Configure, disable::Disable, enable::Enable};
use crate::{
    Taken,
    config::KubernetesAuth,
    source::JwtSource,
    state::{Config, State},
    way::{self, Move},
};

/// That the mark will name a JWT which a step before this one has still to make.
const NOT_YET: (&str, &str) = ("description", "it names the reviewer JWT, which is not there yet");

/// The path of the mount, where requests go.
#[derive(Debug, Clone)]
struct MountAt {
    namespace: Option<String>,
    mount: String,
}

impl MountAt {
    fn on<'a>(&'a self, path: &'a str) -> On<'a> {
        on(self.namespace.as_deref(), path)
    }

    fn method(&self) -> String {
        Vault::path(["sys/auth", &self.mount])
    }

    /// Below `sys/auth` it would need sudo.
    fn tuned(&self) -> String {
        Vault::path(["sys/mounts/auth", &self.mount, "tune"])
    }

    fn below(&self, what: &str) -> String {
        Vault::path(["auth", &self.mount, what])
    }

    async fn vault(&self, cx: &Context) -> Result<Vault> {
        Ok(cx.handle::<Vault>().await?.within(self.namespace.as_deref()))
    }

    fn tuning(&self, body: Map<String, Value>) -> VaultRequest {
        VaultRequest::update(self.namespace.as_deref(), self.tuned(), Body::from_iter(body))
    }
}

fn shown(method: &str, path: String, body: Value) -> Shown {
    Shown { system: Vault::NAME.into(), method: method.into(), path, body }
}

impl KubernetesAuth {
    /// The states on the way, each with the request that leads to it.
    pub(crate) fn legs(&self, at: At<'_, Taken>, from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
        let mut now = from.cloned();
        let mut legs = Vec::new();
        for next in way::waypoints(from, to) {
            legs.extend(self.leg(at.facts, now.as_ref(), next.clone()));
            now = next;
        }
        legs
    }

    fn leg(&self, facts: &Taken, now: Option<&State>, to: Option<State>) -> Option<Leg<State>> {
        let at = MountAt { namespace: facts.0.namespace.clone(), mount: self.mount.to_string() };
        Some(match way::request(now, to.as_ref()) {
            Move::Nothing => return None,
            Move::Enable(wanted) => {
                let enable = Enable { at, to: wanted.clone(), is_not_yet: self.is_not_yet(facts, wanted) };
                Leg::new(to, enable)
            }
            Move::Disable => Leg::new(to, Disable(at)),
            Move::Tune(body) => Leg::new(to, at.tuning(body)),
            Move::Config(wanted, config) => {
                let configure = self.configure(facts, at, now, wanted, config);
                Leg::new(to, configure)
            }
        })
    }

    fn configure(&self, facts: &Taken, at: MountAt, now: Option<&State>, to: &State, config: &Config) -> Configure {
        let own = self.source(facts);
        let is_bare = now.is_some_and(|now| now.config.is_none());
        let anew = own.clone().filter(|source| source.is_made() && is_bare);
        let sources = own.into_iter().chain(self.previous_reviewer.as_ref().map(JwtSource::from)).collect();
        Configure { at, to: to.clone(), config: config.clone(), sources, anew }
    }

    /// Whether the mark will name a JWT that a step before this one has still to make.
    fn is_not_yet(&self, facts: &Taken, to: &State) -> bool {
        let named = to.mount.mark.as_ref().is_some_and(|mark| mark.reviewer.is_some());
        !named && self.source(facts).is_some_and(|source| source.is_made())
    }
}
