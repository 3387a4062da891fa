//! What a run may have made of an object, and how what is there now stands to it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Leaf,
    change::{LeafPath, flatten, leaf},
};

/// The states that were announced for one object, in order, the first of them what was there before.
///
/// Any part of any of them may be what is there: requests were cut off, answered by no one, or carried out late.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeHistory {
    before: Option<Value>,
    /// What the run was to make of it.
    reached: Option<Value>,
    /// Every other state that was announced, on the way there and during the undo.
    others: Vec<Option<Value>>,
}

/// How what is there now stands to what was announced.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// Every leaf is as it was before.
    None,
    /// Every leaf is as it was before, or as one of the announced states has it.
    Ours,
    /// Another client has changed these leaves since: `before` and `after` here are what the run made of them and
    /// what is there now.
    Foreign(Vec<Leaf>),
}

impl From<Change> for ChangeHistory {
    fn from(change: Change) -> Self {
        Self { before: change.before, reached: change.after, others: Vec::new() }
    }
}

impl ChangeHistory {
    /// What was there before.
    pub fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }

    /// All that may have been made, as one change: from before to what was announced last on the way forward.
    pub fn change(&self) -> Change {
        Change { before: self.before.clone(), after: self.reached.clone() }
    }

    /// Another request on the way forward was announced. What it starts from counts too: a later process saw it there.
    pub fn record_forward(&mut self, change: &Change) {
        let made = std::mem::replace(&mut self.reached, change.after.clone());
        self.know(&made);
        self.know(&change.before);
    }

    /// A request during the undo was announced.
    pub fn record_undo(&mut self, change: &Change) {
        self.know(&change.before);
        self.know(&change.after);
    }

    fn know(&mut self, state: &Option<Value>) {
        if ![&self.before, &self.reached].contains(&state) && !self.others.contains(state) {
            self.others.push(state.clone());
        }
    }

    /// Compares what is there now with every announced state, leaf by leaf.
    ///
    /// Whole states are not compared: a change that was cut off half-way is none of them.
    pub fn drift(&self, now: Option<&Value>) -> Drift {
        let (before, there) = (flatten(self.before.as_ref()), flatten(now));
        if there == before {
            return Drift::None;
        }
        let made = flatten(self.reached.as_ref());
        let others: Vec<_> = self.others.iter().map(|state| flatten(state.as_ref())).collect();
        let known = || [&before, &made].into_iter().chain(&others);
        let paths: BTreeSet<_> = known().flat_map(|state| state.keys()).chain(there.keys()).collect();
        // That nothing at all is there is foreign too, whatever its leaves were.
        let gone = now.is_none() && [&self.before, &self.reached].into_iter().chain(&self.others).all(Option::is_some);
        let unknown = |path: &LeafPath<'_>| gone || known().all(|state| state.get(path) != there.get(path));
        let foreign = paths.into_iter().filter(|path| unknown(path));
        let foreign: Vec<_> =
            foreign.map(|path| leaf(path, made.get(path).copied(), there.get(path).copied())).collect();
        if foreign.is_empty() { Drift::Ours } else { Drift::Foreign(foreign) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(before: Value, after: Value) -> Change {
        let some = |value: Value| (!value.is_null()).then_some(value);
        Change { before: some(before), after: some(after) }
    }

    fn history(before: Value, after: Value) -> ChangeHistory {
        change(before, after).into()
    }

    #[test]
    fn a_write_cut_off_half_way_is_ours() {
        let history = history(Value::Null, json!({"mount": {"type": "kubernetes"}, "config": {"host": "h"}}));
        assert_eq!(history.drift(Some(&json!({"mount": {"type": "kubernetes"}}))), Drift::Ours);
    }

    #[test]
    fn what_another_client_changed_is_named() {
        let history = history(json!({"ttl": 1, "names": ["a"]}), json!({"ttl": 2, "names": ["a"]}));
        let Drift::Foreign(leaves) = history.drift(Some(&json!({"ttl": 2, "names": ["b"]}))) else {
            panic!("an edit by another client went unseen");
        };
        assert_eq!(leaves.len(), 1);
        assert_eq!(leaves[0].path, "names");
    }

    #[test]
    fn an_object_that_another_client_deleted_is_not_ours_to_bring_back() {
        assert!(matches!(history(json!({"ttl": 1}), json!({"ttl": 2})).drift(None), Drift::Foreign(_)));
    }

    #[test]
    fn even_where_nothing_was_said_about_it() {
        let history = history(json!({}), json!({"ttl": 2}));
        assert_eq!(history.drift(Some(&json!({}))), Drift::None);
        assert!(matches!(history.drift(None), Drift::Foreign(_)));
    }

    #[test]
    fn a_deletion_is_ours_to_take_back() {
        let history = history(json!({"ttl": 1}), Value::Null);
        assert_eq!(history.drift(None), Drift::Ours);
        assert_eq!(history.drift(Some(&json!({"ttl": 1}))), Drift::None);
    }

    #[test]
    fn a_state_on_the_way_is_ours_and_no_other() {
        let mut history = history(json!({"mark": "old"}), json!({"mark": "both"}));
        history.record_forward(&change(json!({"mark": "both"}), json!({"mark": "new"})));
        history.record_undo(&change(json!({"mark": "new"}), json!({"mark": "old"})));
        for mark in ["both", "new"] {
            assert_eq!(history.drift(Some(&json!({"mark": mark}))), Drift::Ours, "{mark}");
        }
        assert!(matches!(history.drift(Some(&json!({"mark": "theirs"}))), Drift::Foreign(_)));
        assert_eq!(history.change(), change(json!({"mark": "old"}), json!({"mark": "new"})));
    }
}
