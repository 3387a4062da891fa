//! A system in memory, and a kind of step that keeps items on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trustpath_core::{
    Answers, At, Connection, Decision, Fact, Handle, Identity, Intent, Kind, Leg, Managed, MissingRights, Note, Proof,
    Reads, Result, Reversibility, Right, Seen,
};

use super::requests::{Look, Put, Try};

/// The system: items by name, and what goes wrong with them.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Inside>>);

#[derive(Default)]
pub(super) struct Inside {
    pub(super) items: BTreeMap<String, Map<String, Value>>,
    /// Writes of these are refused, so often.
    pub(super) refuses: BTreeMap<String, usize>,
    /// Taking these away is refused.
    pub(super) holds_fast: BTreeSet<String>,
    /// These do not do their part.
    pub(super) broken: BTreeSet<String>,
    /// How many items were verified.
    pub(super) tried: usize,
    /// The rights that no one has here, by their words.
    pub(super) forbidden: BTreeSet<String>,
    /// It is another shelf than this one.
    pub(super) serial: u32,
    /// What it adds to everything that it says.
    pub(super) words: String,
}

impl Shelf {
    pub(super) fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(super) fn put(&self, item: &str, fields: Value) {
        let Value::Object(fields) = fields else { panic!("fields are an object") };
        self.inside(|shelf| shelf.items.insert(item.to_owned(), fields));
    }
}

impl Handle for Shelf {
    const NAME: &'static str = "shelf";
}

#[async_trait]
impl Connection for Shelf {
    async fn identity(&self) -> Result<Identity> {
        let (serial, words) = self.inside(|shelf| (shelf.serial, shelf.words.clone()));
        Ok(Identity::from([("serial".to_owned(), format!("{serial}{words}"))]))
    }

    async fn missing_rights(&self, rights: &[Right]) -> Result<MissingRights> {
        let asked = rights.iter().cloned().enumerate();
        let missing = self.inside(|shelf| asked.filter(|(_, right)| shelf.forbidden.contains(&right.what)).collect());
        Ok(MissingRights { missing, unasked: Vec::new() })
    }
}

/// An item on the shelf, with any fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    /// What the item is called on the shelf.
    item: String,
    /// What it holds.
    #[serde(default)]
    fields: Map<String, Value>,
    /// How much care it wants.
    #[serde(default)]
    care: Option<Care>,
}

/// How much care an item wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Care {
    /// What it held before cannot be read back.
    Fragile,
    /// It comes with a warning, and cannot be checked from here.
    Hot,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ItemRef(String);

impl Fact for ItemRef {
    const NAME: &'static str = "item";
}

/// As a step crate declares its kind.
pub(super) static ITEM: Kind = Kind::managed::<Item>("item", "An item on the shelf");

const MARK: &str = "owner";

impl Managed for Item {
    const SYSTEMS: &'static [&'static str] = &[Shelf::NAME];
    type State = Map<String, Value>;
    type Takes = Vec<ItemRef>;
    type Gives = ItemRef;

    fn gives(&self, _: &Vec<ItemRef>) -> ItemRef {
        ItemRef(self.item.clone())
    }

    fn reads(&self, _: At<'_, Vec<ItemRef>>, _: Intent, _: Option<&Seen<Self::State>>) -> Reads {
        Reads::none().and("item", Look(self.item.clone()))
    }

    fn state(&self, _: At<'_, Vec<ItemRef>>, answers: &Answers) -> Result<Option<Self::State>> {
        answers.get("item")
    }

    fn decide(
        &self,
        at: At<'_, Vec<ItemRef>>,
        intent: Intent,
        seen: &Seen<Self::State>,
    ) -> Result<Decision<Self::State>> {
        let (graph, now) = (at.cx.graph(), seen.state.as_ref());
        let ours = now.and_then(|now| now.get(MARK)).is_some_and(|mark| mark == graph);
        let decision = match intent {
            Intent::Remove => self.removal(now),
            Intent::Make | Intent::Undo | Intent::Verify => self.wanted(graph, now),
        };
        let undo = match (self.care, now) {
            (Some(Care::Fragile), Some(_)) => Reversibility::NeedsInput("the old label".into()),
            _ => Reversibility::Full,
        };
        Ok(Decision { ours, reversibility: undo, ..decision })
    }

    fn route(
        &self,
        _: At<'_, Vec<ItemRef>>,
        _: Option<&Self::State>,
        to: Option<&Self::State>,
    ) -> Result<Vec<Leg<Self::State>>> {
        Ok(vec![Leg::new(to.cloned(), Put { item: self.item.clone(), fields: to.cloned() })])
    }

    fn proof(&self, _: At<'_, Vec<ItemRef>>, _: &Seen<Self::State>) -> Result<Proof> {
        Ok(Proof::default().and(Try { item: self.item.clone(), is_hot: self.care == Some(Care::Hot) }))
    }
}

impl Item {
    fn wanted(&self, graph: &str, now: Option<&Map<String, Value>>) -> Decision<Map<String, Value>> {
        let mut state = now.cloned().unwrap_or_default();
        let equal = now.is_some() && self.fields.iter().all(|(name, value)| state.get(name) == Some(value));
        state.extend(self.fields.clone());
        if !equal {
            state.insert(MARK.into(), graph.into());
        }
        let hot = self.care == Some(Care::Hot);
        let note = hot.then(|| Note::Warning("it burns out\u{1b}[2J on Friday".into()));
        Decision::to(Some(state), false).noting(note)
    }

    fn removal(&self, now: Option<&Map<String, Value>>) -> Decision<Map<String, Value>> {
        let lent = now.filter(|now| now.contains_key("lent")).cloned();
        let note = lent.is_some().then(|| Note::Left("somebody has borrowed it".into()));
        Decision::to(lent, false).noting(note)
    }
}
