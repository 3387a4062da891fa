//! What the API server has to allow. Pure.

use trustpath_core::{Act, Around, Right};
use trustpath_platform::{
    ServiceAccountRef,
    kubernetes::{
        owned::Owned,
        rights::{On, on},
    },
};

use crate::{
    State,
    config::{Names, ROLE},
};

const RBAC: &str = "rbac.authorization.k8s.io";

impl Names {
    pub(crate) fn needs(&self, operator: Option<&ServiceAccountRef>, act: Act<'_, State>) -> Vec<Right> {
        match act {
            Act::Observe => self.each().map(|on| on.may(&["get"])).concat(),
            Act::Survey(Around::Making, _) => self.to_see_namespace(operator),
            Act::Survey(Around::Removing, _) => {
                let pods = on("", "pods").within(&self.account.namespace).may(&["list"]);
                [pods, on(RBAC, "clusterrolebindings").may(&["list"]), on(RBAC, "rolebindings").may(&["list"])].concat()
            }
            Act::Rehearse(now, to) => self.to_write_binding(part(now, 2), part(to, 2)),
            Act::Write(now, to) => self.to_write(now, to),
            Act::WriteUnseen => {
                let each = self.each().map(|on| on.may(&["get", "patch", "create", "delete"]));
                [each.concat(), to_bind()].concat()
            }
            // The token itself is asked, which needs no right of ours.
            Act::Prove(_) => Vec::new(),
        }
    }

    /// ServiceAccount, Secret and binding, as in [`State::parts`].
    fn each(&self) -> [On<'_>; 3] {
        let namespace = self.account.namespace.as_str();
        [
            on("", "serviceaccounts").within(namespace).named(&self.account.name),
            on("", "secrets").within(namespace).named(&self.secret),
            on(RBAC, "clusterrolebindings").named(&self.binding),
        ]
    }

    fn to_see_namespace(&self, operator: Option<&ServiceAccountRef>) -> Vec<Right> {
        let made = operator.is_some_and(|operator| operator.namespace == self.account.namespace);
        if made { Vec::new() } else { on("", "namespaces").named(&self.account.namespace).may(&["get"]) }
    }

    fn to_write(&self, now: Option<&State>, to: Option<&State>) -> Vec<Right> {
        let [account, secret, _] = self.each();
        let account = account.may_write(part(now, 0), part(to, 0));
        let secret = secret.may_write(part(now, 1), part(to, 1));
        [account, secret, self.to_write_binding(part(now, 2), part(to, 2))].concat()
    }

    fn to_write_binding(&self, now: Option<&Owned>, to: Option<&Owned>) -> Vec<Right> {
        let [.., binding] = self.each();
        let binds = if to.is_some() && now != to { to_bind() } else { Vec::new() };
        [binding.may_write(now, to), binds].concat()
    }
}

/// Nobody gives away more than he has, unless he may bind this very role (Kubernetes, privilege escalation prevention).
fn to_bind() -> Vec<Right> {
    on(RBAC, "clusterroles").named(ROLE).may(&["bind"])
}

fn part(state: Option<&State>, part: usize) -> Option<&Owned> {
    state.and_then(|state| state.parts()[part].as_ref())
}
