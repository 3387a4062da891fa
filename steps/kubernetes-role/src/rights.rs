//! What both servers have to allow. Pure.

use serde_json::Map;
use trustpath_core::{Act, Right};
use trustpath_platform::{
    Vault,
    kubernetes::rights::{on as on_cluster, to_read_uid},
    policy::Capability::{Create, Delete, Read, Update},
    vault::rights::{On, on},
};

use crate::{
    config::KubernetesRole,
    decide::{self, Facts},
    login, prove,
    state::RoleState,
};

const OF_A_LOGIN: (&str, &str) = ("accessor", "it is that of a token which is not there yet");
const OF_ITS_POLICIES: (&str, &str) = ("paths", "they are those that its policies are about");

impl KubernetesRole {
    pub(crate) fn needs(&self, facts: &Facts, act: Act<'_, RoleState>) -> Vec<Right> {
        let path = self.path(&facts.0);
        let here = on(facts.0.namespace.as_deref(), &path);
        match act {
            Act::Observe => here.may(&[Read]),
            // What was made, and answered by a connection that broke, is an update when it is sent again.
            Act::Write(None, Some(to)) => here.may_send(&[Create, Update], &to.body(None), &[]),
            Act::Write(now, Some(to)) => here.may_send(&[Update], &to.body(now), &[]),
            Act::Write(_, None) => here.may(&[Delete]),
            Act::WriteUnseen => here.may(&[Create, Update, Delete]),
            Act::Prove(state) => self.to_prove(facts, state),
            Act::Survey(..) => to_read_uid(),
            Act::Rehearse(..) => Vec::new(),
        }
    }

    /// A role that is not known yet is proven as it will be from nothing.
    fn to_prove(&self, facts: &Facts, state: Option<&RoleState>) -> Vec<Right> {
        let wanted = || decide::desired(self, facts, None).ok().map(|wanted| wanted.state);
        let Some(state) = state.cloned().or_else(wanted) else { return Vec::new() };
        [to_read_policies(facts, &state), to_log_in(facts, &state), to_see_the_token(facts, &state)].concat()
    }
}

fn to_read_policies(facts: &Facts, state: &RoleState) -> Vec<Right> {
    let own = state.token_policies.iter().filter(|name| prove::is_read(name));
    own.flat_map(|name| at(facts, &Vault::path(["sys/policies/acl", name])).may(&[Read])).collect()
}

fn to_log_in(facts: &Facts, state: &RoleState) -> Vec<Right> {
    let accounts = prove::bound(state, &facts.1).unwrap_or_default();
    let token = |namespace: &str, name: &str| {
        on_cluster("", "serviceaccounts").within(namespace).named(name).below("token").may(&["create"])
    };
    accounts.iter().flat_map(|account| token(&account.namespace, &account.name)).collect()
}

/// As far as the token of the login cannot do that by itself.
fn to_see_the_token(facts: &Facts, state: &RoleState) -> Vec<Right> {
    let send = |path: &str, unpinned: &[(&str, &str)]| at(facts, path).may_send(&[Update], &Map::new(), unpinned);
    let mut rights = Vec::new();
    if !login::asks_for_itself(state) {
        rights.extend(send("sys/capabilities-accessor", &[OF_A_LOGIN, OF_ITS_POLICIES]));
    }
    if !login::revokes_itself(state) {
        rights.extend(send("auth/token/revoke-accessor", &[OF_A_LOGIN]));
    }
    rights
}

fn at<'a>((mount, ..): &'a Facts, path: &'a str) -> On<'a> {
    on(mount.namespace.as_deref(), path)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};
    use trustpath_platform::{AuthMount, PolicyName, ServiceAccountRef};

    use super::*;

    fn role(with: Value) -> KubernetesRole {
        let mut role = json!({"name": "eso"});
        role.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        serde_json::from_value(role).unwrap()
    }

    fn facts() -> Facts {
        let mount = AuthMount { path: "kubernetes".into(), namespace: None };
        let account = ServiceAccountRef { namespace: "eso".into(), name: "eso".into() };
        (mount, vec![account], vec![PolicyName { name: "apps".into(), namespace: None }])
    }

    fn words(rights: Vec<Right>) -> Vec<String> {
        rights.into_iter().map(|right| right.what).collect()
    }

    const BEFORE_IT: [&str; 2] =
        ["`read` on `sys/policies/acl/apps`", "`create` on serviceaccounts/token `eso` in `eso`"];
    const ASK: &str = "`update` on `sys/capabilities-accessor`";
    const REVOKE: &str = "`update` on `auth/token/revoke-accessor`";

    #[rstest]
    #[case(json!({}), &[])]
    #[case(json!({"token_num_uses": 1}), &[ASK])]
    #[case(json!({"token_no_default_policy": true}), &[ASK, REVOKE])]
    fn what_the_token_of_a_login_can_do_by_itself_needs_no_right(#[case] with: Value, #[case] more: &[&str]) {
        let rights = words(role(with).needs(&facts(), Act::Prove(None)));
        assert_eq!(rights, [&BEFORE_IT, more].concat());
    }

    #[test]
    fn what_is_made_may_be_sent_again() {
        let state = RoleState::default();
        let needs = |now, to| words(role(json!({})).needs(&facts(), Act::Write(now, to)));
        let on_it = |capability: &str| format!("`{capability}` on `auth/kubernetes/role/eso`");
        assert_eq!(needs(None, Some(&state)), ["create", "update"].map(on_it));
        assert_eq!(needs(Some(&state), Some(&state)), [on_it("update")]);
        assert_eq!(needs(Some(&state), None), [on_it("delete")]);
    }
}
