//! ServiceAccounts that bear the mark of the graph, and are in no step of it. Pure.

use std::collections::BTreeSet;

use k8s_openapi::api::{core::v1::ServiceAccount, rbac::v1::ClusterRoleBinding};
use serde_json::{Value, json};
use trustpath_core::{About, Answers, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{Optional, ReviewerSecret, ServiceAccountRef, kubernetes::MarkedObjects, text::clean};

/// Finds them, in the namespaces in which steps have ServiceAccounts.
pub(crate) struct Accounts;

const ACCOUNTS: &str = "ServiceAccounts in";
const BINDINGS: &str = "ClusterRoleBindings";

impl Leftovers for Accounts {
    fn reads(&self, about: &About<'_>, _: &Answers) -> Reads {
        let bindings = Optional(MarkedObjects::of::<ClusterRoleBinding>(None, about.graph));
        namespaces(about).into_iter().fold(Reads::none().and(BINDINGS, bindings), |reads, namespace| {
            let accounts = MarkedObjects::of::<ServiceAccount>(Some(namespace), about.graph);
            reads.and(format!("{ACCOUNTS} {namespace}"), Optional(accounts))
        })
    }

    /// One that a binding of the graph is about is a reviewer's, which is of another kind; whether there is one has to be known.
    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let Some(bindings) = answers.get::<Vec<Value>>(BINDINGS)? else { return Ok(LeftoverSearch::default()) };
        let is_reviewer = |account: &ServiceAccountRef| bindings.iter().any(|binding| is_about(binding, account));
        let mut leftovers = Vec::new();
        for namespace in namespaces(about) {
            let live: Vec<Value> = answers.get(&format!("{ACCOUNTS} {namespace}"))?.unwrap_or_default();
            let accounts = live.iter().filter_map(|live| live["metadata"]["name"].as_str());
            let accounts =
                accounts.map(|name| ServiceAccountRef { namespace: namespace.to_owned(), name: name.to_owned() });
            let left = accounts.filter(|account| !is_in_step(about, account) && !is_reviewer(account));
            leftovers.extend(left.map(|account| leftover(about, &account)));
        }
        Ok(LeftoverSearch { leftovers, notes: Vec::new() })
    }
}

fn namespaces<'a>(about: &'a About<'_>) -> BTreeSet<&'a str> {
    about.given::<ServiceAccountRef>().map(|(_, account)| account.namespace.as_str()).collect()
}

fn is_in_step(about: &About<'_>, account: &ServiceAccountRef) -> bool {
    let mut reviewers = about.given::<ReviewerSecret>().map(|(_, reviewer)| &reviewer.service_account);
    about.given::<ServiceAccountRef>().any(|(_, own)| own == account) || reviewers.any(|own| own == account)
}

fn is_about(binding: &Value, account: &ServiceAccountRef) -> bool {
    let mut subjects = binding["subjects"].as_array().into_iter().flatten();
    subjects
        .any(|subject| subject["name"] == account.name.as_str() && subject["namespace"] == account.namespace.as_str())
}

/// The namespace is that of the steps which are left in it.
fn leftover(about: &About<'_>, account: &ServiceAccountRef) -> Leftover {
    let beside = about.given::<ServiceAccountRef>().filter(|(_, other)| other.namespace == account.namespace);
    let beside: Vec<_> = beside.map(|(step, _)| step.to_owned()).collect();
    Leftover {
        object: clean(&format!("ServiceAccount/{account}")),
        does: "may be given rights, and logs in where a role lets it".to_owned(),
        with: Some(json!({"namespace": account.namespace, "name": account.name})),
        needs: beside.clone(),
        needs_one_of: beside,
    }
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Answer, Facts, KnownStep};

    use super::*;

    #[test]
    fn what_is_in_no_step_and_no_reviewer_is_left() {
        let account = |name: &str| ServiceAccountRef { namespace: "apps".into(), name: name.into() };
        let mut given = Facts::default();
        given.add("service-account", account("kept"));
        let reviewer = account("kept-reviewer");
        given.add(
            "reviewer",
            ReviewerSecret { namespace: "apps".into(), name: "token".into(), service_account: reviewer },
        );
        let facts = Facts::default();
        let step = KnownStep { name: "all", uses: "all", with: &Value::Null, needs: &[], facts: &facts, given: &given };
        let about = About { graph: "payments", steps: vec![step] };
        let names = ["kept", "kept-reviewer", "old", "old-reviewer"];
        let live: Vec<_> = names.iter().map(|name| json!({"metadata": {"name": name, "namespace": "apps"}})).collect();
        let bindings = json!([{"subjects": [{"kind": "ServiceAccount", "name": "old-reviewer", "namespace": "apps"}]}]);
        let known = |bindings: Answer| -> Answers {
            [(BINDINGS.to_owned(), bindings), (format!("{ACCOUNTS} apps"), Answer::Found(json!(live)))]
                .into_iter()
                .collect()
        };
        let [old] = Accounts.found(&about, &known(Answer::Found(bindings))).unwrap().leftovers.try_into().expect("one");
        assert_eq!(old.object, "ServiceAccount/apps/old");
        assert_eq!(old.with, Some(json!({"namespace": "apps", "name": "old"})));
        assert_eq!((&*old.needs, &old.needs), (&["service-account".to_owned()][..], &old.needs_one_of));
        assert_eq!(Accounts.found(&about, &known(Answer::Refused("no".into()))).unwrap().leftovers, []);
    }
}
