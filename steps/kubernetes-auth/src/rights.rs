//! What both servers have to allow. Pure.

use trustpath_core::{Act, Around, Right};
use trustpath_platform::{
    Vault,
    kubernetes::rights::{on as on_cluster, to_read_uid},
    policy::Capability::{Delete, List, Read, Sudo, Update},
    vault::rights::{On, on},
};

use crate::{
    Taken,
    config::KubernetesAuth,
    source::JwtSource,
    state::{Config, State},
    way::{self, Request},
};

const SECRET: (&str, &str) = ("token_reviewer_jwt", "it is a secret");
const NOT_YET: (&str, &str) = ("description", "it names the reviewer JWT, which is not there yet");

impl KubernetesAuth {
    pub(crate) fn needs(&self, facts: &Taken, act: Act<'_, State>) -> Vec<Right> {
        match act {
            Act::Observe => [self.at(facts, "sys/auth").may(&[Read]), self.config_of(facts, &[Read])].concat(),
            Act::Survey(Around::Making, now) => {
                let bare = now.is_some_and(|now| now.config.is_none());
                [self.to_decide(facts), if bare { self.to_see_roles(facts) } else { Vec::new() }].concat()
            }
            Act::Survey(Around::Removing, _) => [to_read_uid(), self.to_see_roles(facts)].concat(),
            Act::Write(now, to) => self.to_send(facts, now, way::request(now, to)),
            Act::WriteUnseen => self.to_send_anything(facts),
            Act::Prove(_) => self.to_decide(facts),
            Act::Rehearse(..) => Vec::new(),
        }
    }

    fn at<'a>(&self, (server, _): &'a Taken, path: &'a str) -> On<'a> {
        on(server.namespace.as_deref(), path)
    }

    fn config_of(&self, facts: &Taken, capabilities: &[trustpath_platform::policy::Capability]) -> Vec<Right> {
        self.at(facts, &self.path("config")).may(capabilities)
    }

    fn to_see_roles(&self, facts: &Taken) -> Vec<Right> {
        self.at(facts, &self.path("role")).may(&[List])
    }

    /// Which cluster this is, where Vault is, and the JWTs.
    fn to_decide(&self, facts: &Taken) -> Vec<Right> {
        let place = self.service_asked_for(facts).map(|(namespace, name)| {
            let service = on_cluster("", "services").within(&namespace).named(&name).may(&["get"]);
            [service, on_cluster("", "pods").within(&namespace).may(&["list"])].concat()
        });
        [to_read_uid(), place.unwrap_or_default(), self.to_read_jwts(facts)].concat()
    }

    fn to_read_jwts(&self, facts: &Taken) -> Vec<Right> {
        let previous = self.previous_reviewer.as_ref().map(JwtSource::from);
        let secrets = self.source(facts).into_iter().chain(previous).map(|source| match source {
            JwtSource::File(_) => Vec::new(),
            JwtSource::Secret { namespace, name, .. } => {
                on_cluster("", "secrets").within(&namespace).named(&name).may(&["get"])
            }
        });
        secrets.collect::<Vec<_>>().concat()
    }

    fn to_send(&self, facts: &Taken, now: Option<&State>, request: Request<'_>) -> Vec<Right> {
        let mount = Vault::path(["sys/auth", self.mount.as_str()]);
        match request {
            Request::Nothing => Vec::new(),
            Request::Enable(to) => {
                let unpinned = if self.is_not_yet(facts, to) { &[NOT_YET][..] } else { &[] };
                self.at(facts, &mount).may_send(&[Update, Sudo], &way::enabling(to), unpinned)
            }
            Request::Disable => [self.at(facts, &mount).may(&[Delete, Sudo]), self.to_see_roles(facts)].concat(),
            Request::Tune(body) => self.at(facts, &self.tuned()).may_send(&[Update], &body, &[]),
            Request::Config(to, config) => {
                [self.to_configure(facts, config), self.to_configure_anew(facts, now, to)].concat()
            }
        }
    }

    /// Whether the mark will name a JWT that a step before this one has still to make.
    fn is_not_yet(&self, facts: &Taken, to: &State) -> bool {
        let named = to.mount.mark.as_ref().is_some_and(|mark| mark.reviewer.is_some());
        !named && self.source(facts).is_some_and(|source| source.is_made())
    }

    fn to_configure(&self, facts: &Taken, config: &Config) -> Vec<Right> {
        let unpinned = if config.reviewer.is_some() { &[SECRET][..] } else { &[] };
        let write = self.at(facts, &self.path("config")).may_send(&[Update], &config.body(), unpinned);
        [write, self.to_read_jwts(facts)].concat()
    }

    /// A JWT that a step before this one makes anew gets its digest into the description.
    fn to_configure_anew(&self, facts: &Taken, now: Option<&State>, to: &State) -> Vec<Right> {
        let made = self.source(facts).is_some_and(|source| source.is_made());
        if !made || now.is_none_or(|now| now.config.is_some()) {
            return Vec::new();
        }
        self.at(facts, &self.tuned()).may_send(&[Update], &way::tuning(to, to), &[NOT_YET])
    }

    fn to_send_anything(&self, facts: &Taken) -> Vec<Right> {
        let mount = Vault::path(["sys/auth", self.mount.as_str()]);
        let mount = self.at(facts, &mount).may(&[Update, Delete, Sudo]);
        let config = self.config_of(facts, &[Update]);
        let tune = self.at(facts, &self.tuned()).may(&[Update]);
        [mount, config, tune, self.to_see_roles(facts), self.to_read_jwts(facts)].concat()
    }

    /// Below `sys/auth` it would need sudo.
    pub(crate) fn tuned(&self) -> String {
        Vault::path(["sys/mounts/auth", self.mount.as_str(), "tune"])
    }
}
