//! The requests that change the mount and its config.

mod configure;

use std::sync::Arc;

use trustpath_core::{Leg, Request};
use trustpath_platform::{
    AuthMount,
    vault::backend::{Disable, Enable},
};

use self::configure::{ConfigJwt, Configure};
use crate::{
    Taken,
    config::KubernetesAuth,
    document::document,
    jwt::JwtSource,
    marked,
    state::{Config, Reviewer, State},
    transition,
};

impl KubernetesAuth {
    /// The states on the way, each with the request that leads to it.
    pub(crate) fn legs(&self, facts: &Taken, from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
        let mut now = from.cloned();
        let leg = |next: Option<State>| {
            let request = self.request(facts, now.as_ref(), next.as_ref(), to);
            now.clone_from(&next);
            Leg { to: next, request }
        };
        transition::waypoints(from, to).into_iter().map(leg).collect()
    }

    fn request(
        &self,
        facts: &Taken,
        now: Option<&State>,
        next: Option<&State>,
        last: Option<&State>,
    ) -> Box<dyn Request> {
        let at = self.auth_mount(facts);
        match (now, next) {
            (_, None) => Box::new(Disable::new(at, vec![("role".to_owned(), Vec::new())])),
            (None, Some(next)) => {
                let is_known = last.is_none_or(|last| *last.reviewer() != Reviewer::NotYet);
                let known = is_known.then_some(()).ok_or(marked::NOT_YET);
                Box::new(Enable::new(at, &next.mount, &next.description(), known))
            }
            (Some(now), Some(next)) => match next.config.as_ref().filter(|_| transition::writes_config(now, next)) {
                None => Box::new(at.tune(next.mount.tuning(&now.mount, &next.description()))),
                Some(config) if config.reviewer.is_some() => Box::new(self.configure(facts, at, now, next, config)),
                Some(config) => document().change(&at, None, &config.held),
            },
        }
    }

    fn configure(&self, facts: &Taken, at: AuthMount, now: &State, to: &State, config: &Config) -> Configure {
        let own = self.source(facts);
        let anew = own.clone().filter(|source| source.is_made && now.config.is_none());
        let sources = own.into_iter().chain(self.previous_reviewer.as_ref().map(JwtSource::from)).collect();
        let jwt = ConfigJwt { mount: at.path.clone(), reviewer: config.reviewer.clone(), sources };
        Configure { at, to: to.clone(), held: config.held.clone(), jwt: Arc::new(jwt), anew }
    }
}
