//! States as JSON, and what is said of them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{CheckOutcome, Evidence, Leaf};
use crate::{
    failure::{Class, Problem, Result},
    graph::word,
};

pub(super) fn absent(step: &str) -> Evidence {
    let outcome =
        CheckOutcome::Failed { why: "it is not there".into(), next: format!("trustpath apply {}", word(step)) };
    Evidence::new().with("object exists", outcome)
}

pub(super) fn edited(leaves: &[Leaf]) -> Problem {
    let paths: Vec<_> = leaves.iter().map(|leaf| leaf.path.as_str()).collect();
    let message = format!("another client has changed {} since this run", paths.join(", "));
    Problem::new(Class::Conflict, "trustpath::undo::edited", message)
        .help("put these fields back by hand, or keep the object as it is; nothing else of it was touched")
}

pub(super) fn json<S: Serialize>(state: &S) -> Result<Value> {
    match serde_json::to_value(state) {
        Ok(Value::Null) => Err(defect("a state serialized to null, which means absent").into()),
        Ok(value) => Ok(value),
        Err(error) => Err(defect("a state cannot be written as JSON").because(error).into()),
    }
}

pub(super) fn state<S: DeserializeOwned>(value: Option<&Value>) -> Result<Option<S>> {
    let parsed = value.map(S::deserialize).transpose();
    Ok(parsed.map_err(|error| defect("a recorded state is not one of this kind").because(error))?)
}

pub(super) fn defect(message: &str) -> Problem {
    Problem::new(Class::Internal, "trustpath::step::state", message)
        .help("this is a defect of the step, or the journal was written by another version of it")
}
