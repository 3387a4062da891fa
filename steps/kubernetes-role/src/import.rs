//! A role that is there, told as a step. Pure.

use serde_json::{Map, Value, json};
use trustpath_core::{Answers, Import, ImportedStep, ObjectAddress, Reads, Result};
use trustpath_platform::{
    AuthMount, Login, PolicyName, ServiceAccountRef,
    vault::{Get, backend::Content},
};

use crate::{
    config::KubernetesRole,
    decide::{NAMES, NAMESPACES, POLICIES, texts},
};

/// Tells it, with its mount, its policies, and the ServiceAccount that logs in by it.
pub(crate) struct RoleImport;

const ROLE: &str = "role";

/// Policies that belong to the server.
const OF_THE_SERVER: [&str; 2] = ["default", "root"];

/// The role, and who logs in by it.
fn address(at: &Value) -> Option<(Login, Option<ServiceAccountRef>)> {
    serde_json::from_value(at.clone()).ok()
}

impl Import for RoleImport {
    fn reads(&self, at: &Value, _: &Answers) -> Reads {
        let Some((login, _)) = address(at) else { return Reads::none() };
        let path = login.mount.below(["role", &login.role]);
        Reads::none().and(ROLE, Get::new(login.mount.namespace.as_deref(), path).optional())
    }

    fn step(&self, at: &Value, answers: &Answers) -> Result<ImportedStep> {
        let Some((login, account)) = address(at) else { return Ok(ImportedStep::default()) };
        let mut step = ImportedStep { name: ROLE, ..ImportedStep::default() };
        step.needs.push(ObjectAddress::of::<AuthMount>(&login.mount));
        step.needs.extend(account.as_ref().map(ObjectAddress::of::<ServiceAccountRef>));
        let mut with = Map::from_iter([("name".to_owned(), json!(login.role))]);
        let Some(role) = answers.get::<Content>(ROLE)? else {
            step.notes.extend(answers.refused(ROLE).is_none().then(|| format!("there is no role `{}`", login.role)));
            return Ok(ImportedStep { with: Some(with), ..step });
        };
        let held = observed(&with, role, account.as_ref());
        let policies = texts(&held, POLICIES).into_iter().filter(|name| !OF_THE_SERVER.contains(&name.as_str()));
        let namespace = || login.mount.namespace.clone();
        let policy = |name| ObjectAddress::of::<PolicyName>(PolicyName { name, namespace: namespace() });
        step.needs.extend(policies.map(policy));
        with.extend(held);
        Ok(ImportedStep { with: Some(with), ..step })
    }
}

/// What the role says and its needs do not.
fn observed(named: &Map<String, Value>, role: Content, account: Option<&ServiceAccountRef>) -> Content {
    let Ok(step) = serde_json::from_value::<KubernetesRole>(named.clone().into()) else { return role };
    let mount = AuthMount { path: String::new(), namespace: None };
    let mut held = step.document(&(mount, Vec::new(), Vec::new())).observed(role);
    held.shift_remove("legacy_keys");
    if let Some(account) = account {
        let binds = |key: &str, value: &str| texts(&held, key) == [value];
        if binds(NAMES, &account.name) && binds(NAMESPACES, &account.namespace) {
            held.shift_remove(NAMES);
            held.shift_remove(NAMESPACES);
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Answer, Fact};

    use super::*;

    fn told(role: Answer) -> ImportedStep {
        let mount = AuthMount { path: "kubernetes".into(), namespace: None };
        let account = ServiceAccountRef { namespace: "ns".into(), name: "eso".into() };
        let answers = [(ROLE, role)].into_iter().collect();
        RoleImport.step(&json!((Login::new(mount, "eso"), Some(account))), &answers).expect("a step")
    }

    fn needed(step: &ImportedStep, of: &str) -> Vec<Value> {
        step.needs.iter().filter(|need| need.of == of).map(|need| need.at["name"].clone()).collect()
    }

    #[test]
    fn what_its_needs_say_is_left_out_and_servers_own_policies_are_no_steps() {
        let mut role = json!({
            "bound_service_account_names": ["eso"], "bound_service_account_namespaces": ["ns"], "audience": "vault",
            "token_policies": ["default", "apps-read"], "token_ttl": 3600, "ttl": 3600, "token_type": "default",
        });
        let step = told(Answer::Found(role.clone()));
        let said =
            json!({"name": "eso", "audience": "vault", "token_policies": ["default", "apps-read"], "token_ttl": 3600});
        assert_eq!(step.with.as_ref().map(|with| json!(with)), Some(said));
        assert_eq!(needed(&step, PolicyName::NAME), ["apps-read"]);
        role["bound_service_account_names"] = json!(["*"]);
        let with = told(Answer::Found(role)).with.expect("a configuration");
        assert_eq!((&with[NAMES], &with[NAMESPACES]), (&json!(["*"]), &json!(["ns"])));
    }

    #[test]
    fn a_role_that_is_not_there_is_told_by_its_name() {
        let step = told(Answer::Nothing);
        assert_eq!(
            (step.notes, step.with.map(|with| with.len())),
            (vec!["there is no role `eso`".to_owned()], Some(1))
        );
    }
}
