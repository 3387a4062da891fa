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
    Act, Around, At, Class, Evidence, Fact, Handle, Identity, Kind, Lacking, Managed, Note, Problem, Released, Result,
    Right, Undo, Wanted,
};

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
    /// The rights that nobody has here, by their words.
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

#[async_trait]
impl Handle for Shelf {
    const NAME: &'static str = "shelf";

    async fn identity(&self) -> Result<Identity> {
        let (serial, words) = self.inside(|shelf| (shelf.serial, shelf.words.clone()));
        Ok(Identity::from([("serial".to_owned(), format!("{serial}{words}"))]))
    }

    async fn lacking(&self, rights: &[Right]) -> Result<Lacking> {
        let asked = rights.iter().cloned().enumerate();
        let missing = self.inside(|shelf| asked.filter(|(_, right)| shelf.forbidden.contains(&right.what)).collect());
        Ok(Lacking { missing, unasked: Vec::new() })
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

#[async_trait]
impl Managed for Item {
    type State = Map<String, Value>;
    type Around = ();
    type Takes = Vec<ItemRef>;
    type Gives = ItemRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Shelf::NAME]
    }

    fn gives(&self, _: &Vec<ItemRef>) -> ItemRef {
        ItemRef(self.item.clone())
    }

    async fn observe(&self, at: At<'_, Vec<ItemRef>>) -> Result<Option<Self::State>> {
        let shelf = at.cx.handle::<Shelf>().await?;
        Ok(shelf.inside(|shelf| shelf.items.get(&self.item).cloned()))
    }

    async fn survey(&self, _: At<'_, Vec<ItemRef>>, _: Around) -> Result<()> {
        Ok(())
    }

    fn desired(&self, at: At<'_, Vec<ItemRef>>, (): &(), now: Option<&Self::State>) -> Result<Wanted<Self::State>> {
        let mut state = now.cloned().unwrap_or_default();
        let equal = now.is_some() && self.fields.iter().all(|(name, value)| state.get(name) == Some(value));
        state.extend(self.fields.clone());
        if !equal {
            state.insert(MARK.into(), at.cx.graph().into());
        }
        let hot = self.care == Some(Care::Hot);
        let notes = hot.then(|| Note::Warning("it burns out\u{1b}[2J on Friday".into()));
        Ok(Wanted { notes: notes.into_iter().collect(), ..Wanted::from(state) })
    }

    fn ours(&self, at: At<'_, Vec<ItemRef>>, (): &(), now: &Self::State) -> bool {
        now.get(MARK).is_some_and(|mark| mark == at.cx.graph())
    }

    fn released(&self, _: At<'_, Vec<ItemRef>>, (): &(), now: &Self::State) -> Result<Released<Self::State>> {
        match now.contains_key("lent") {
            true => Ok(Released::kept(now.clone(), "somebody has borrowed it")),
            false => Ok(Released::all()),
        }
    }

    fn undoable(&self, from: Option<&Self::State>, _: Option<&Self::State>) -> Undo {
        match (self.care, from) {
            (Some(Care::Fragile), Some(_)) => Undo::IfGiven("the old label".into()),
            _ => Undo::Yes,
        }
    }

    async fn write(&self, at: At<'_, Vec<ItemRef>>, _: Option<&Self::State>, to: Option<&Self::State>) -> Result<()> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let fault = shelf.inside(|shelf| {
            let refused = shelf.refuses.get_mut(&self.item).filter(|left| **left > 0);
            let refused =
                refused.map(|left| *left -= 1).is_some() || to.is_none() && shelf.holds_fast.contains(&self.item);
            match to {
                _ if refused => return true,
                Some(fields) => drop(shelf.items.insert(self.item.clone(), fields.clone())),
                None => drop(shelf.items.remove(&self.item)),
            }
            false
        });
        if fault {
            return Err(refused(&self.item, &shelf.inside(|shelf| shelf.words.clone())).into());
        }
        Ok(())
    }

    async fn prove(&self, at: At<'_, Vec<ItemRef>>, _: &Self::State) -> Result<Evidence> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let words = shelf.inside(|shelf| shelf.words.clone());
        let said = |text: &str| format!("{text}{words}");
        let evidence = Evidence::new().passed(said("item exists"), said(&self.item));
        if shelf.inside(|shelf| shelf.broken.contains(&self.item)) {
            return Ok(evidence.failed(said("item holds"), said("it does not"), said("mend the shelf")));
        }
        Ok(match self.care {
            Some(Care::Hot) => evidence.unchecked(said("item is cool"), said("there is no thermometer here")),
            _ => evidence,
        })
    }

    fn rights(&self, _: At<'_, Vec<ItemRef>>, act: Act<'_, Self::State>) -> Vec<Right> {
        let verb = match act {
            Act::Observe | Act::Survey(..) | Act::Rehearse(..) => "see",
            Act::Write(_, Some(_)) | Act::WriteUnseen => "put",
            Act::Write(_, None) => "take",
            Act::Prove(_) => "try",
        };
        vec![Right { system: Shelf::NAME, what: format!("`{verb}` on {}", self.item), grant: Value::Null }]
    }
}

fn refused(item: &str, words: &str) -> Problem {
    Problem::new(Class::Denied, "trustpath::shelf::refused", format!("the shelf refuses {item}{words}"))
        .help(format!("ask the keeper of the shelf{words}"))
        .because(format!("403 hands off\u{1b}[31m{words}"))
}
