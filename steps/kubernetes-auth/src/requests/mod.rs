//! The requests that change the mount and its config.

mod configure;

use std::sync::Arc;

use trustpath_core::{At, Leg, Managed as _};
use trustpath_platform::vault::backend::{Disable, Enable, MountAt};

use self::configure::{ConfigJwt, Configure};
use crate::{
    Taken,
    config::KubernetesAuth,
    marked,
    source::JwtSource,
    state::{Config, Reviewer, State},
    way::{self, Move},
};

impl KubernetesAuth {
    /// The states on the way, each with the request that leads to it.
    pub(crate) fn legs(&self, at: At<'_, Taken>, from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
        let mut now = from.cloned();
        let mut legs = Vec::new();
        for next in way::waypoints(from, to) {
            legs.extend(self.leg(at.facts, now.as_ref(), next.clone(), to));
            now = next;
        }
        legs
    }

    fn leg(&self, facts: &Taken, now: Option<&State>, to: Option<State>, last: Option<&State>) -> Option<Leg<State>> {
        let at = self.at(facts);
        Some(match way::request(now, to.as_ref()) {
            Move::Nothing => return None,
            Move::Enable(wanted) => {
                let is_known = last.is_none_or(|last| *last.reviewer() != Reviewer::NotYet);
                let known = is_known.then_some(()).ok_or(marked::NOT_YET);
                let enable = Enable::new(at, &wanted.mount, &wanted.description(), known);
                Leg::new(to, enable)
            }
            Move::Disable => Leg::new(to, Disable::new(at, vec![("role".to_owned(), Vec::new())])),
            Move::Tune(body) => Leg::new(to, at.tune(body)),
            Move::Config(wanted, config) => {
                let configure = self.configure(facts, at, now, wanted, config);
                Leg::new(to, configure)
            }
        })
    }

    /// Where it is mounted.
    pub(crate) fn at(&self, facts: &Taken) -> MountAt {
        MountAt::from(self.gives(facts))
    }

    fn configure(&self, facts: &Taken, at: MountAt, now: Option<&State>, to: &State, config: &Config) -> Configure {
        let own = self.source(facts);
        let is_bare = now.is_some_and(|now| now.config.is_none());
        let anew = own.clone().filter(|source| source.is_made && is_bare);
        let sources = own.into_iter().chain(self.previous_reviewer.as_ref().map(JwtSource::from)).collect();
        let jwt = ConfigJwt { mount: at.path().to_owned(), reviewer: config.reviewer.clone(), sources };
        let jwt = config.reviewer.is_some().then(|| Arc::new(jwt));
        Configure { at, to: to.clone(), held: config.held.clone(), jwt, anew }
    }
}
