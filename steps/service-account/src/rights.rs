//! What the API server has to allow. Pure.

use trustpath_core::{Act, Around, Right};
use trustpath_platform::kubernetes::{
    owned::Owned,
    rights::{On, list_everything_in, on},
};

use crate::{ServiceAccount, State};

impl ServiceAccount {
    pub(crate) fn needs(&self, act: Act<'_, State>) -> Vec<Right> {
        match act {
            Act::Observe => [self.account().may(&["get"]), self.home().may(&["get"])].concat(),
            Act::Survey(Around::Making, _) => Vec::new(),
            Act::Survey(Around::Removing, now) => self.to_see_users(now),
            Act::Rehearse(now, to) => self.to_rehearse(now, to),
            Act::Write(now, to) => self.to_write(now, to),
            Act::WriteUnseen => self.to_write_anything(),
            Act::Prove(_) => self.account().below("token").may(&["create"]),
        }
    }

    fn account(&self) -> On<'_> {
        on("", "serviceaccounts").within(self.namespace.as_str()).named(self.name.as_str())
    }

    fn home(&self) -> On<'_> {
        on("", "namespaces").named(self.namespace.as_str())
    }

    fn to_see_users(&self, now: Option<&State>) -> Vec<Right> {
        let list = |resource| on("", resource).within(self.namespace.as_str()).may(&["list"]);
        let contents = now.is_some_and(|now| now.namespace.is_some()).then(|| self.to_see_contents());
        [list("pods"), list("secrets"), contents.into_iter().collect()].concat()
    }

    fn to_see_contents(&self) -> Right {
        list_everything_in(self.namespace.as_str())
    }

    fn to_rehearse(&self, now: Option<&State>, to: Option<&State>) -> Vec<Right> {
        let home = self.home().may_write(namespace(now), namespace(to));
        // In a namespace that is not there yet the account cannot be tried.
        let comes_first = namespace(now).is_none() && namespace(to).is_some();
        let account = if comes_first { None } else { Some(self.account().may_write(account(now), account(to))) };
        [home, account.unwrap_or_default()].concat()
    }

    fn to_write(&self, now: Option<&State>, to: Option<&State>) -> Vec<Right> {
        let account = self.account().may_write(account(now), account(to));
        let home = self.home().may_write(namespace(now), namespace(to));
        let goes = namespace(now).is_some() && namespace(to).is_none();
        let contents = goes.then(|| self.to_see_contents());
        [account, home, contents.into_iter().collect()].concat()
    }

    fn to_write_anything(&self) -> Vec<Right> {
        let account = self.account().may(&["get", "patch", "create", "delete"]);
        if !self.create_namespace {
            return account;
        }
        let home = self.home().may(&["get", "patch", "create", "delete"]);
        [account, home, vec![self.to_see_contents()]].concat()
    }
}

fn account(state: Option<&State>) -> Option<&Owned> {
    state.and_then(|state| state.account.as_ref())
}

fn namespace(state: Option<&State>) -> Option<&Owned> {
    state.and_then(|state| state.namespace.as_ref())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account() -> ServiceAccount {
        serde_json::from_value(json!({"namespace": "eso", "name": "eso"})).unwrap()
    }

    fn words(act: Act<'_, State>) -> Vec<String> {
        account().needs(act).into_iter().map(|right| right.what).collect()
    }

    #[test]
    fn a_namespace_that_the_graph_made_is_looked_through_before_it_goes() {
        let state = |namespace: Option<&str>| State {
            namespace: namespace.map(|_| Owned::made(account().namespace_body())),
            account: Some(Owned::made(account().body())),
            ..State::default()
        };
        let (ours, theirs) = (state(Some("eso")), state(None));
        let everything = "`list` on everything in `eso`".to_owned();
        assert!(words(Act::Write(Some(&ours), None)).contains(&everything));
        assert!(words(Act::Survey(Around::Removing, Some(&ours))).contains(&everything));
        assert!(words(Act::Write(None, Some(&ours))).contains(&"`create` on namespaces `eso`".to_owned()));
        for act in [Act::Write(Some(&theirs), None), Act::Write(None, Some(&theirs))] {
            assert!(words(act).iter().all(|right| !right.contains("namespaces") && *right != everything), "{act:?}");
        }
    }

    #[test]
    fn in_a_namespace_that_is_not_there_only_the_namespace_is_tried() {
        let namespace = Some(Owned::made(account().namespace_body()));
        let made = State { namespace, account: Some(Owned::made(account().body())), ..State::default() };
        let tried = words(Act::Rehearse(None, Some(&made)));
        assert!(tried.contains(&"`create` on namespaces `eso`".to_owned()), "{tried:?}");
        assert!(tried.iter().all(|right| !right.contains("serviceaccounts")), "{tried:?}");
        let there = words(Act::Rehearse(None, Some(&State { namespace: None, ..made })));
        assert!(there.contains(&"`create` on serviceaccounts `eso` in `eso`".to_owned()), "{there:?}");
    }
}
