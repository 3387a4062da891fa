//! What the API server has to allow. Pure.

use trustpath_core::{Act, Around, Right};
use trustpath_platform::kubernetes::rights::{On, on};

use crate::{
    ClusterSecretStore,
    state::State,
    survey::{GROUP, USERS},
};

impl ClusterSecretStore {
    pub(crate) fn needs(&self, act: Act<'_, State>) -> Vec<Right> {
        match act {
            Act::Observe => self.store().may(&["get"]),
            Act::Survey(Around::Making, _) => Vec::new(),
            Act::Survey(Around::Removing, _) => {
                let users = USERS.iter().map(|user| on(GROUP, user.plural).if_served().may(&["list"]));
                users.collect::<Vec<_>>().concat()
            }
            Act::Rehearse(now, to) | Act::Write(now, to) => {
                self.store().may_write(now.map(|now| &now.owned), to.map(|to| &to.owned))
            }
            Act::WriteUnseen => self.store().may(&["get", "patch", "create", "delete"]),
            // Whether the operator runs, and what it says of the store.
            Act::Prove(_) => {
                let operator = [on("apps", "deployments"), on("", "pods")].map(|on| on.may(&["list"]));
                [operator.concat(), on("", "events").may(&["list"])].concat()
            }
        }
    }

    fn store(&self) -> On<'_> {
        on(GROUP, "clustersecretstores").named(self.name.as_str())
    }
}
