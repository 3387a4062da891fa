//! The `[steps]` table: each step by itself, before it meets the others.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    document::FileDocument,
    mistake::FileMistake,
    path::{KeyPath, Segment},
    shape::Shape,
};
use crate::{
    contract::{Kind, Step},
    graph::Spec,
    mistake::quoted,
    nearest,
};

/// What every step has, beside the configuration of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it checks types; each value is read by itself")]
pub(super) struct Frame {
    /// The kind of the step; `trustpath steps list` shows them all.
    uses: String,
    /// The steps that this one needs: they are applied before it, and it sees the facts that they hand on.
    #[serde(default)]
    needs: Vec<String>,
    /// For what there is one step each, `NAME["key"]`: a table, or a list of keys, or the name of a table in `[for_each]`.
    /// Texts of the step may have `{key}`, `{value}` and `{value.x}`.
    #[serde(default)]
    for_each: Value,
    #[serde(default)]
    with: Value,
}

/// The keys of the file that make a step.
pub(super) const STEPS: &str = "steps";
pub(super) const USES: &str = "uses";
pub(super) const NEEDS: &str = "needs";
pub(super) const WITH: &str = "with";

/// The kinds by their names, each with what its configuration looks like.
pub(super) type Kinds = BTreeMap<&'static str, (&'static Kind, Shape)>;

pub(super) fn kinds(kinds: &[&'static Kind]) -> Kinds {
    let shape = |kind: &&'static Kind| (kind.name(), (*kind, Shape::from(|generator| kind.schema(generator))));
    kinds.iter().map(shape).collect()
}

impl FileDocument<'_> {
    /// Reads steps, in the order in which the file has them.
    pub(super) fn steps(&mut self, steps: Value, kinds: &Kinds) -> Vec<Spec> {
        let Value::Object(steps) = steps else {
            self.section::<Map<String, Value>>(&KeyPath::of(["steps"]), steps);
            return Vec::new();
        };
        if steps.is_empty() {
            let help = "add a `[steps.NAME]` table; `trustpath init` writes the standard graph";
            let mistake = FileMistake::new("no_steps", "there are no steps in this graph file", help);
            self.mistakes.push(mistake.misses("").at(0..0, "no `[steps.NAME]` in here"));
        }
        let frame = Shape::of::<Frame>();
        let mut steps: Vec<_> =
            steps.into_iter().map(|(name, value)| (KeyPath::of(["steps", &*name]), name, value)).collect();
        steps.sort_by_cached_key(|(path, ..)| self.key_place(path).start);
        steps.into_iter().map(|(path, name, value)| self.step(&path, name, value, &frame, kinds)).collect()
    }

    fn step(&mut self, path: &KeyPath, name: String, mut value: Value, frame: &Shape, kinds: &Kinds) -> Spec {
        let with = value.as_object_mut().and_then(|table| table.shift_remove("with"));
        let with = with.unwrap_or_else(|| Map::new().into());
        let uses = value.get("uses").and_then(Value::as_str).map(str::to_owned);
        let needs = self.needs(path, &name, value.get("needs"));
        let sound = self.read(path, value, frame, serde_path_to_error::deserialize::<_, Frame>);
        let step = uses.as_ref().and_then(|uses| self.of_kind(path, uses, &with, kinds)).filter(|_| sound.is_some());
        Spec { name, uses: uses.unwrap_or_default(), with, needs, step }
    }

    /// The needs that are names; a second one of the same name is a mistake.
    fn needs(&mut self, path: &KeyPath, step: &str, needs: Option<&Value>) -> Vec<String> {
        let (mut once, mut seen) = (Vec::new(), HashSet::new());
        for (index, need) in needs.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(need) = need.as_str() else { continue };
            if seen.insert(need) {
                once.push(need.to_owned());
                continue;
            }
            let message = format!("step {} needs {} twice", quoted(step), quoted(need));
            let mistake = FileMistake::new("duplicate_need", message, "once is enough: remove one of the two");
            let at = self.place(&path.key("needs").on(Segment::Index(index)));
            self.mistakes.push(mistake.at(at, "the second time"));
        }
        once
    }

    /// Makes the step that a kind has by this configuration.
    fn of_kind(&mut self, path: &KeyPath, uses: &str, with: &Value, kinds: &Kinds) -> Option<Arc<dyn Step>> {
        let Some((kind, shape)) = kinds.get(uses) else {
            let hint = nearest::hint(uses, &kinds.keys().collect::<Vec<_>>());
            let mistake = FileMistake::new("unknown_kind", format!("there is no kind {}", quoted(uses)), hint);
            self.mistakes.push(mistake.at(self.place(&path.key("uses")), "unknown kind"));
            return None;
        };
        self.read(&path.key("with"), with.clone(), shape, |with| kind.from_json(with))
    }
}
