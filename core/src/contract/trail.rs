//! What a run may have made of an object, and how what is there now stands to it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Leaf,
    change::{flatten, leaf},
};

/// The states that were announced for one object, in order, the first of them what was there before.
///
/// Any part of any of them may be what is there: requests were cut off, answered by nobody, or carried out late.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail {
    before: Option<Value>,
    /// What the run was to make of it.
    made: Option<Value>,
    /// Every other state that was announced, on the way there and on the way back.
    others: Vec<Option<Value>>,
}

/// How what is there now stands to what was announced.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Every leaf is as it was before.
    AsBefore,
    /// Every leaf is as it was before, or as one of the announced states has it.
    Ours,
    /// Somebody else has changed these leaves since: `before` and `after` here are what the run made of them and
    /// what is there now.
    Foreign(Vec<Leaf>),
}

impl From<Change> for Trail {
    fn from(change: Change) -> Self {
        Self { before: change.before, made: change.after, others: Vec::new() }
    }
}

impl Trail {
    /// What was there before.
    pub fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }

    /// All that may have been made, as one change: from before to what was announced last on the way forward.
    pub fn change(&self) -> Change {
        Change { before: self.before.clone(), after: self.made.clone() }
    }

    /// Another request on the way forward was announced. What it starts from counts too: a later process saw it there.
    pub fn forward(&mut self, change: &Change) {
        let made = std::mem::replace(&mut self.made, change.after.clone());
        self.know(&made);
        self.know(&change.before);
    }

    /// A request on the way back was announced.
    pub fn back(&mut self, change: &Change) {
        self.know(&change.before);
        self.know(&change.after);
    }

    fn know(&mut self, state: &Option<Value>) {
        if ![&self.before, &self.made].contains(&state) && !self.others.contains(state) {
            self.others.push(state.clone());
        }
    }

    /// Compares what is there now with every announced state, leaf by leaf.
    ///
    /// Whole states are not compared: a change that was cut off half-way is none of them.
    pub fn standing(&self, now: Option<&Value>) -> Standing {
        let (before, there) = (flatten(self.before.as_ref()), flatten(now));
        if there == before {
            return Standing::AsBefore;
        }
        let made = flatten(self.made.as_ref());
        let others: Vec<_> = self.others.iter().map(|state| flatten(state.as_ref())).collect();
        let known = || [&before, &made].into_iter().chain(&others);
        let paths: BTreeSet<_> = known().flat_map(|state| state.keys()).chain(there.keys()).collect();
        let foreign = paths.into_iter().filter(|path| known().all(|state| state.get(*path) != there.get(*path)));
        let foreign: Vec<_> =
            foreign.map(|path| leaf(path, made.get(path).copied(), there.get(path).copied())).collect();
        if foreign.is_empty() { Standing::Ours } else { Standing::Foreign(foreign) }
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

    fn trail(before: Value, after: Value) -> Trail {
        change(before, after).into()
    }

    #[test]
    fn a_write_cut_off_half_way_is_ours() {
        let trail = trail(Value::Null, json!({"mount": {"type": "kubernetes"}, "config": {"host": "h"}}));
        assert_eq!(trail.standing(Some(&json!({"mount": {"type": "kubernetes"}}))), Standing::Ours);
    }

    #[test]
    fn what_somebody_else_changed_is_named() {
        let trail = trail(json!({"ttl": 1, "names": ["a"]}), json!({"ttl": 2, "names": ["a"]}));
        let Standing::Foreign(leaves) = trail.standing(Some(&json!({"ttl": 2, "names": ["b"]}))) else {
            panic!("an edit by somebody else went unseen");
        };
        assert_eq!(leaves.len(), 1);
        assert_eq!(leaves[0].path, "names");
    }

    #[test]
    fn an_object_that_somebody_else_deleted_is_not_ours_to_bring_back() {
        assert!(matches!(trail(json!({"ttl": 1}), json!({"ttl": 2})).standing(None), Standing::Foreign(_)));
    }

    #[test]
    fn a_deletion_is_ours_to_take_back() {
        let trail = trail(json!({"ttl": 1}), Value::Null);
        assert_eq!(trail.standing(None), Standing::Ours);
        assert_eq!(trail.standing(Some(&json!({"ttl": 1}))), Standing::AsBefore);
    }

    #[test]
    fn a_state_on_the_way_is_ours_and_no_other() {
        let mut trail = trail(json!({"mark": "old"}), json!({"mark": "both"}));
        trail.forward(&change(json!({"mark": "both"}), json!({"mark": "new"})));
        trail.back(&change(json!({"mark": "new"}), json!({"mark": "old"})));
        for mark in ["both", "new"] {
            assert_eq!(trail.standing(Some(&json!({"mark": mark}))), Standing::Ours, "{mark}");
        }
        assert!(matches!(trail.standing(Some(&json!({"mark": "theirs"}))), Standing::Foreign(_)));
        assert_eq!(trail.change(), change(json!({"mark": "old"}), json!({"mark": "new"})));
    }
}
