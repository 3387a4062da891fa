//! What Vault has to allow. Pure.

use trustpath_core::{Act, Around, Right};
use trustpath_platform::{
    RoleRef,
    policy::Capability::{Delete, Read, Update},
    vault::rights::{On, on},
};

use crate::{config::Policy, state::PolicyState, users};

/// The version that a write replaces is counted by the server.
const CAS: (&str, &str) = ("cas", "it is the version that is there when the policy is written");

impl Policy {
    /// Writing a policy is always an `update` to the servers.
    pub(crate) fn needs(&self, own: &[&RoleRef], namespace: Option<&str>, act: Act<'_, PolicyState>) -> Vec<Right> {
        let path = self.path();
        let here = on(namespace, &path);
        match act {
            Act::Observe => here.may(&[Read]),
            Act::Survey(Around::Removing, _) => users::to_see_them(own, namespace),
            Act::Write(now, Some(to)) => to_write(here, now, to),
            Act::Write(_, None) => [here.may(&[Delete]), users::to_see_them(own, namespace)].concat(),
            Act::WriteUnseen => here.may(&[Update, Delete]),
            Act::Survey(Around::Making, _) | Act::Rehearse(..) | Act::Prove(_) => Vec::new(),
        }
    }
}

fn to_write(here: On<'_>, now: Option<&PolicyState>, to: &PolicyState) -> Vec<Right> {
    let versioned = to.cas_required || now.is_some_and(|now| now.cas_required);
    let unpinned = if versioned { &[CAS][..] } else { &[] };
    here.may_send(&[Update], &to.body(), unpinned)
}
