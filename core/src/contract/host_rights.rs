//! What a step that decides needs for each stage of a run: the rights of what it names. Pure.

use serde_json::Value;

use super::{
    Answers, At, Change, Goal, Intent, Managed, Reads, RequestList, Right, Seen, Stage, Values,
    host::ManagedStep,
    state::{json, state},
};
use crate::failure::Result;

impl<M: Managed> ManagedStep<M> {
    pub(super) fn rights_for(&self, at: At<'_, M::Takes>, stage: Stage<'_>) -> Result<Vec<Right>> {
        match stage {
            Stage::Plan(goal, change) => self.to_plan(at, goal, change),
            Stage::Change(change) => self.to_send(at, change, Values::Known),
            Stage::Undo(change) => self.to_undo(at, change),
            Stage::Verify(proven) => self.to_prove(at, proven),
            Stage::Unseen => self.unseen(at),
        }
    }

    fn to_plan(&self, at: At<'_, M::Takes>, goal: &Goal, change: &Change) -> Result<Vec<Right>> {
        let intent = intent(goal);
        let mut rights = self.to_look(at, intent, change.before.as_ref())?;
        if intent == Intent::Make {
            rights.extend(self.requests_of(at, change)?.iter().flat_map(|request| request.dry_run_rights()));
        }
        Ok(rights)
    }

    /// What planning for a goal reads, changing what it found sends, and the proof of that tries.
    pub(super) fn listed(&self, at: At<'_, M::Takes>, goal: &Goal, change: &Change) -> Result<RequestList> {
        let (first, more) = self.rounds(at, intent(goal), change.before.as_ref())?;
        let writes = self.requests_of(at, change)?.iter().map(|request| request.shown()).collect();
        let proof = match goal {
            Goal::Present => {
                let seen = Seen { state: state(change.after.as_ref())?, answers: Answers::default() };
                self.0.proof(at, &seen)?.probes.iter().flat_map(|probe| probe.shown()).collect()
            }
            Goal::Absent | Goal::Undo(_) => Vec::new(),
        };
        Ok(RequestList { reads: first.len() + more.len(), writes, proof })
    }

    /// The reads of the first round, and those that this state leads to.
    fn rounds(&self, at: At<'_, M::Takes>, intent: Intent, now: Option<&Value>) -> Result<(Reads, Reads)> {
        let first = self.0.reads(at, intent, None);
        let seen = Seen { state: state(now)?, answers: Answers::default() };
        let more = self.0.reads(at, intent, Some(&seen)).besides(|name| first.has(name));
        Ok((first, more))
    }

    fn to_look(&self, at: At<'_, M::Takes>, intent: Intent, now: Option<&Value>) -> Result<Vec<Right>> {
        let (first, more) = self.rounds(at, intent, now)?;
        Ok([first.rights(), more.rights()].concat())
    }

    fn to_send(&self, at: At<'_, M::Takes>, change: &Change, values: Values) -> Result<Vec<Right>> {
        Ok(self.requests_of(at, change)?.iter().flat_map(|request| request.rights(values)).collect())
    }

    /// From every point of the way: a run may be cut off at any of them.
    fn to_undo(&self, at: At<'_, M::Takes>, change: &Change) -> Result<Vec<Right>> {
        let mut rights = self.to_look(at, Intent::Undo, change.before.as_ref())?;
        for reached in self.legs(at, change)? {
            rights.extend(self.to_look(at, Intent::Undo, reached.change.after.as_ref())?);
            let back = Change { before: reached.change.after, after: change.before.clone() };
            rights.extend(self.to_send(at, &back, Values::Known)?);
        }
        Ok(rights)
    }

    /// A state that is not known is what would be made from nothing.
    fn to_prove(&self, at: At<'_, M::Takes>, proven: Option<&Value>) -> Result<Vec<Right>> {
        let made = || self.made_from_nothing(at).as_ref().map(json).transpose();
        let proven = proven.map_or_else(made, |proven| Ok(Some(proven.clone())))?;
        let mut rights = self.to_look(at, Intent::Verify, proven.as_ref())?;
        let seen = Seen { state: state(proven.as_ref())?, answers: Answers::default() };
        rights.extend(self.0.proof(at, &seen)?.probes.iter().flat_map(|probe| probe.rights()));
        Ok(rights)
    }

    /// Every way between nothing, what is wanted, and something else in any one leaf.
    fn unseen(&self, at: At<'_, M::Takes>) -> Result<Vec<Right>> {
        let Some(wanted) = self.made_from_nothing(at) else { return self.to_look(at, Intent::Undo, None) };
        let wanted = json(&wanted)?;
        let mut rights = self.to_look(at, Intent::Undo, Some(&wanted))?;
        let others = others(&wanted).into_iter().filter(|other| state::<M::State>(Some(other)).is_ok());
        let from_and_to = |other: Option<Value>| [(other.clone(), Some(wanted.clone())), (Some(wanted.clone()), other)];
        let ways: Vec<_> = [None].into_iter().chain(others.map(Some)).flat_map(from_and_to).collect();
        for (before, after) in ways {
            rights.extend(self.to_send(at, &Change { before, after }, Values::Unknown)?);
        }
        Ok(rights)
    }
}

fn intent(goal: &Goal) -> Intent {
    match goal {
        Goal::Present => Intent::Make,
        Goal::Absent => Intent::Remove,
        Goal::Undo(_) => Intent::Undo,
    }
}

/// The same with something else in each of its leaves, one at a time.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![format!("{text}?").into()],
        Value::Bool(flag) => vec![(!flag).into()],
        Value::Number(number) => vec![(number.as_u64().unwrap_or_default() + 1).into()],
        Value::Null => Vec::new(),
        Value::Array(items) => each(items.iter().enumerate(), |at, other| {
            let mut items = items.clone();
            items[at] = other;
            items.into()
        }),
        Value::Object(fields) => each(fields.iter(), |name, other| {
            let mut fields = fields.clone();
            fields.insert(name.clone(), other);
            fields.into()
        }),
    }
}

fn each<'a, K: Clone>(parts: impl Iterator<Item = (K, &'a Value)>, with: impl Fn(K, Value) -> Value) -> Vec<Value> {
    parts
        .flat_map(|(key, part)| others(part).into_iter().map(move |other| (key.clone(), other)))
        .map(|(key, other)| with(key, other))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_leaf_is_another_once() {
        let wanted = json!({"name": "a", "ttl": 1, "on": true, "none": null, "of": ["x", {"y": "z"}]});
        let found: Vec<_> = others(&wanted).iter().map(ToString::to_string).collect();
        let leaf = |name: &str, value: Value| {
            let mut other = wanted.clone();
            other[name] = value;
            other.to_string()
        };
        assert_eq!(
            found,
            [
                leaf("name", json!("a?")),
                leaf("ttl", json!(2)),
                leaf("on", json!(false)),
                leaf("of", json!(["x?", {"y": "z"}])),
                leaf("of", json!(["x", {"y": "z?"}])),
            ]
        );
    }
}
