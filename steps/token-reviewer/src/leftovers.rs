//! Reviewers that bear the mark of the graph, and are in no step of it: a binding to the right, and whose it is. Pure.

use std::collections::BTreeSet;

use k8s_openapi::api::{core::v1::Secret, rbac::v1::ClusterRoleBinding};
use serde_json::{Value, json};
use trustpath_core::{About, Answers, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{Optional, ReviewerSecret, ServiceAccountRef, kubernetes::MarkedObjects, text::clean};

use crate::config::ROLE;

/// Finds them.
pub(crate) struct Reviewers;

const BINDINGS: &str = "ClusterRoleBindings";
const SECRETS: &str = "Secrets in";

impl Leftovers for Reviewers {
    fn reads(&self, about: &About<'_>, so_far: &Answers) -> Reads {
        let bindings = MarkedObjects::of::<ClusterRoleBinding>(None, about.graph);
        let reads = Reads::none().and(BINDINGS, Optional(bindings));
        let left = in_no_step(about, so_far);
        let namespaces: BTreeSet<_> = left.iter().map(|(_, account)| account.namespace.as_str()).collect();
        namespaces.into_iter().fold(reads, |reads, namespace| {
            let secrets = MarkedObjects::of::<Secret>(Some(namespace), about.graph);
            reads.and(format!("{SECRETS} {namespace}"), Optional(secrets))
        })
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let left = in_no_step(about, answers);
        let leftovers = left.iter().map(|(binding, account)| leftover(answers, binding, account)).collect();
        Ok(LeftoverSearch { leftovers, notes: Vec::new() })
    }
}

/// The bindings to the right to review, each with its ServiceAccount.
fn in_no_step(about: &About<'_>, answers: &Answers) -> Vec<(String, ServiceAccountRef)> {
    let is_in_step = |account: &ServiceAccountRef| {
        about.given::<ReviewerSecret>().any(|(_, reviewer)| reviewer.service_account == *account)
    };
    let bindings: Vec<Value> = answers.get(BINDINGS).ok().flatten().unwrap_or_default();
    bindings.iter().filter_map(bound).filter(|(_, account)| !is_in_step(account)).collect()
}

fn bound(binding: &Value) -> Option<(String, ServiceAccountRef)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let [subject] = &binding["subjects"].as_array()?[..] else { return None };
    let account = ServiceAccountRef { namespace: text(&subject["namespace"])?, name: text(&subject["name"])? };
    (binding["roleRef"]["name"] == ROLE).then_some((text(&binding["metadata"]["name"])?, account))
}

/// Where its Secret may not be seen, or there are several, it is not certain what would be left of it.
fn leftover(answers: &Answers, binding: &str, account: &ServiceAccountRef) -> Leftover {
    let secrets: Option<Vec<Value>> = answers.get(&format!("{SECRETS} {}", account.namespace)).ok().flatten();
    let is_its_own = |secret: &&Value| {
        secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == account.name.as_str()
    };
    let secrets: Option<Vec<_>> = secrets.as_ref().map(|secrets| secrets.iter().filter(is_its_own).collect());
    let with = |secret: Option<&Value>| {
        let mut with = json!({"namespace": account.namespace, "name": account.name, "cluster_role_binding": binding});
        if let Some(secret) = secret {
            with["secret"] = secret["metadata"]["name"].clone();
        }
        with
    };
    let (does, with) = match secrets.as_deref() {
        Some([]) => ("may review tokens", Some(with(None))),
        Some([secret]) => ("may review tokens", Some(with(Some(secret)))),
        Some(_) => ("may review tokens; there are several Secrets with a token of it", None),
        None => ("may review tokens; which Secret holds a token of it could not be seen", None),
    };
    let object = clean(&format!("ServiceAccount/{account}"));
    Leftover { object, does: does.to_owned(), with, needs: Vec::new(), needs_one_of: Vec::new() }
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Answer, Facts, KnownStep};

    use super::*;

    fn found(secrets: Answer) -> Vec<Leftover> {
        let account = ServiceAccountRef { namespace: "apps".into(), name: "kept".into() };
        let mut given = Facts::default();
        given.add("reviewer", ReviewerSecret { namespace: "apps".into(), name: "x".into(), service_account: account });
        let facts = Facts::default();
        let step = KnownStep { name: "all", uses: "all", with: &Value::Null, needs: &[], facts: &facts, given: &given };
        let about = About { graph: "payments", steps: vec![step] };
        let binding = |name: &str, role: &str| {
            let subject = json!({"kind": "ServiceAccount", "name": name, "namespace": "apps"});
            json!({"metadata": {"name": format!("{name}-binding")}, "roleRef": {"name": role}, "subjects": [subject]})
        };
        let bindings = json!([binding("kept", ROLE), binding("old", ROLE), binding("admin", "cluster-admin")]);
        let answers = [(BINDINGS.to_owned(), Answer::Found(bindings)), (format!("{SECRETS} apps"), secrets)];
        Reviewers.found(&about, &answers.into_iter().collect()).unwrap().leftovers
    }

    fn secret(name: &str, account: &str) -> Value {
        json!({"metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": account}}})
    }

    #[test]
    fn a_binding_in_no_step_is_left_with_its_account_and_its_secret() {
        let [old] = found(Answer::Found(json!([secret("t", "old"), secret("u", "kept")]))).try_into().expect("one");
        assert_eq!(old.object, "ServiceAccount/apps/old");
        let with = json!({"namespace": "apps", "name": "old", "cluster_role_binding": "old-binding", "secret": "t"});
        assert_eq!(old.with, Some(with));
    }

    #[test]
    fn what_cannot_be_told_is_left() {
        let several = Answer::Found(json!([secret("t", "old"), secret("u", "old")]));
        for secrets in [several, Answer::Refused("no".into())] {
            assert_eq!(found(secrets)[0].with, None);
        }
    }
}
