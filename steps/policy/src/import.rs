//! A policy that is there, told as a step. Pure.

use serde_json::{Map, Value, json};
use trustpath_core::{Answers, Import, ImportedStep, Reads, Result};
use trustpath_platform::{PolicyName, Vault, vault::Get};

use crate::state::PolicyState;

/// Tells it by its text, byte for byte.
pub(crate) struct PolicyImport;

const POLICY: &str = "policy";

fn address(at: &Value) -> Option<PolicyName> {
    serde_json::from_value(at.clone()).ok()
}

impl Import for PolicyImport {
    fn reads(&self, at: &Value, _: &Answers) -> Reads {
        let Some(policy) = address(at) else { return Reads::none() };
        let path = Vault::path(["sys/policies/acl", policy.name.as_str()]);
        Reads::none().and(POLICY, Get::new(policy.namespace.as_deref(), path).optional())
    }

    fn step(&self, at: &Value, answers: &Answers) -> Result<ImportedStep> {
        let mut step = ImportedStep { name: POLICY, ..ImportedStep::default() };
        let name = address(at).map(|policy| policy.name).unwrap_or_default();
        match answers.get::<PolicyState>(POLICY)? {
            Some(there) => {
                let with = [("name", json!(name)), ("rules", json!(there.text))];
                step.with = Some(with.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>());
            }
            None if answers.refused(POLICY).is_none() => step.notes.push(format!("there is no policy `{name}`")),
            None => {}
        }
        Ok(step)
    }
}
