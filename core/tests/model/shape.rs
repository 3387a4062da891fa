//! Random graphs, and what is there before.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, option, prelude::*};
use serde_json::json;
use trustpath_core::{
    Facts,
    graph::{Graph, Spec, assemble},
};

use crate::item::{ITEM, MARK};

/// What an item consists of.
pub(crate) type Fields = BTreeMap<String, String>;

/// All items that are there.
pub(crate) type Items = BTreeMap<String, Fields>;

/// A graph and a beginning.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// For each step, what it wants its item to say.
    pub(crate) wanted: Vec<Fields>,
    /// For each step, the earlier ones that it needs.
    pub(crate) needs: Vec<Vec<usize>>,
    /// What is there before.
    pub(crate) items: Items,
}

pub(crate) const GRAPH: &str = "test";

pub(crate) fn name(step: usize) -> String {
    format!("s{step}")
}

pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let step = (fields(), option::weighted(0.5, there_before()), vec(proptest::bool::ANY, 8));
    vec(step, 1..=8).prop_map(|steps| {
        let mut shape = Shape { wanted: Vec::new(), needs: Vec::new(), items: Items::new() };
        for (step, (wanted, there, needs)) in steps.into_iter().enumerate() {
            shape.wanted.push(wanted);
            shape.needs.push((0..step).filter(|other| needs[*other]).collect());
            shape.items.extend(there.map(|there| (name(step), there)));
        }
        shape
    })
}

fn fields() -> impl Strategy<Value = Fields> {
    prop::collection::btree_map("size|note|colour", "[ab]", 0..=3)
}

/// Some of it bears the mark of the graph, some is used by another client.
fn there_before() -> impl Strategy<Value = Fields> {
    let extra = (option::of(prop::sample::select(vec![GRAPH, "another"])), prop::bool::weighted(0.2));
    (fields(), extra).prop_map(|(mut fields, (mark, used))| {
        fields.extend(mark.map(|mark| (MARK.to_owned(), mark.to_owned())));
        fields.extend(used.then(|| ("used".to_owned(), "yes".to_owned())));
        fields
    })
}

impl Shape {
    pub(crate) fn graph(&self) -> Arc<Graph> {
        let specs = self.wanted.iter().zip(&self.needs).enumerate().map(|(step, (wanted, needs))| {
            let with = json!({"fields": wanted});
            let made = ITEM.from_json(with.clone()).expect("it is a configuration of the kind");
            let needs = needs.iter().map(|other| name(*other)).collect();
            Spec { name: name(step), uses: ITEM.name().into(), with, needs, step: Some(made) }
        });
        Arc::new(assemble(GRAPH, &Facts::default(), specs.collect()).expect("it is a graph"))
    }

    /// Whether one step needs another, directly or through others.
    pub(crate) fn needs(&self, step: &str, other: &str) -> bool {
        let place = |step: &str| step[1..].parse::<usize>().expect("steps are numbered");
        let (step, other) = (place(step), place(other));
        self.needs[step].iter().any(|needed| *needed == other || self.needs(&name(*needed), &name(other)))
    }
}
