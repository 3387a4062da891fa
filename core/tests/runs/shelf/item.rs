//! A kind of step that keeps an item on the shelf, and the ways to break its laws.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{
    Act, Around, At, Class, Evidence, Fact, Handle, Kind, Managed, Note, Problem, Released, Result, Right, Undo,
    Wanted, note_left,
};

use super::{SECRET, Shelf, right};

/// A step that breaks one law, for the conformance kit to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mutant {
    PlanWrites,
    AddsUp,
    NeverSettles,
    ForgetsOnUndo,
    CutOffForGood,
    GoneIsAnError,
    LeaksSecret,
    ImpureFacts,
}

/// An item on the shelf. Its first field is written by one request, the others by a second one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    item: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    mutant: Option<Mutant>,
    #[serde(default)]
    irreversible: bool,
    #[serde(default)]
    provisional_without: Option<String>,
    #[serde(default)]
    goes_with: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ItemState {
    fields: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaked: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ItemRef(String);

impl Fact for ItemRef {
    const NAME: &'static str = "item";
}

pub(crate) const ITEM: Kind = Kind::managed::<Item>("item", "An item on the shelf");
pub(crate) static KINDS: &[&Kind] = &[&ITEM];

impl Item {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

#[async_trait]
impl Managed for Item {
    type State = ItemState;
    type Around = bool;
    type Takes = Vec<ItemRef>;
    type Gives = ItemRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Shelf::NAME]
    }

    fn gives(&self, _: &Vec<ItemRef>) -> ItemRef {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let asked = ASKED.fetch_add(1, Ordering::SeqCst);
        ItemRef(if self.is(Mutant::ImpureFacts) { asked.to_string() } else { self.item.clone() })
    }

    async fn observe(&self, at: At<'_, Vec<ItemRef>>) -> Result<Option<ItemState>> {
        let shelf = at.cx.handle::<Shelf>().await?;
        tokio::task::yield_now().await;
        if self.is(Mutant::PlanWrites) {
            shelf.put("seen", &[]);
        }
        if shelf.unseen.lock().unwrap().contains(&self.item) {
            return Err(Problem::new(Class::Denied, "shelf::unseen", "it is in the dark").into());
        }
        let mut fields = shelf.items.lock().unwrap().get(&self.item).cloned();
        if let Some(fields) = fields.as_mut().filter(|_| self.is(Mutant::ForgetsOnUndo)) {
            fields.remove("note");
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Ok(fields.map(|fields| ItemState { fields, leaked }))
    }

    async fn survey(&self, at: At<'_, Vec<ItemRef>>, _: Around) -> Result<bool> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let items = shelf.items.lock().unwrap();
        Ok(self.provisional_without.as_ref().is_some_and(|other| !items.contains_key(other)))
    }

    fn desired(
        &self,
        at: At<'_, Vec<ItemRef>>,
        provisional: &bool,
        now: Option<&ItemState>,
    ) -> Result<Wanted<ItemState>> {
        let mut fields = now.map(|now| now.fields.clone()).unwrap_or_default();
        let wanted = self.fields.iter().all(|(name, value)| fields.get(name) == Some(value));
        fields.extend(self.fields.clone());
        if now.is_none() || !wanted {
            fields.insert("mark".into(), at.cx.graph().into());
        }
        if let Some(other) = &self.provisional_without {
            let known = if *provisional { "known after apply" } else { other };
            fields.insert("other".into(), known.to_owned());
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Ok(Wanted { state: ItemState { fields, leaked }, provisional: *provisional, notes: Vec::new() })
    }

    fn ours(&self, at: At<'_, Vec<ItemRef>>, _: &bool, now: &ItemState) -> bool {
        now.fields.get("mark").is_some_and(|mark| mark == at.cx.graph())
    }

    fn released(&self, _: At<'_, Vec<ItemRef>>, _: &bool, now: &ItemState) -> Result<Released<ItemState>> {
        if now.fields.contains_key("used") {
            return Ok(Released::kept(now.clone(), "somebody uses it"));
        }
        if now.fields.contains_key("elsewhere") {
            return Ok(Released::kept(now.clone(), "it is elsewhere's"));
        }
        Ok(Released { state: None, notes: vec![Note::Info("it goes".into())] })
    }

    fn retains(&self, _: At<'_, Vec<ItemRef>>, _: &bool, left: &ItemState) -> bool {
        !left.fields.contains_key("elsewhere")
    }

    fn goes_with(&self, _: At<'_, Vec<ItemRef>>) -> Vec<String> {
        self.goes_with.clone()
    }

    fn undoable(&self, _: Option<&ItemState>, _: Option<&ItemState>) -> Undo {
        if self.irreversible { Undo::No("the shelf forgets".into()) } else { Undo::Yes }
    }

    fn waypoints(&self, from: Option<&ItemState>, to: Option<&ItemState>) -> Result<Vec<Option<ItemState>>> {
        let (None, Some(to)) = (from, to) else {
            return Ok(vec![to.cloned()]);
        };
        let mut first = to.clone();
        first.fields.retain(|name, _| name == "mark");
        Ok(vec![Some(first), Some(to.clone())])
    }

    async fn write(&self, at: At<'_, Vec<ItemRef>>, _: Option<&ItemState>, to: Option<&ItemState>) -> Result<()> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let there = shelf.items.lock().unwrap().get(&self.item).cloned();
        if to.is_none() && there.is_none() {
            let gone = Problem::new(Class::Missing, "shelf::gone", "it is gone already");
            return if self.is(Mutant::GoneIsAnError) { Err(gone.into()) } else { Ok(()) };
        }
        if to.is_none() && shelf.used_by_others.lock().unwrap().contains(&self.item) {
            note_left(format!("`{}` is used by others", self.item));
            return Ok(());
        }
        if let Some(times) =
            shelf.unsure.lock().unwrap().get_mut(&self.item).filter(|times| to.is_none() && **times > 0)
        {
            *times -= 1;
            note_left(format!("`{}` may be used by others", self.item));
            return Err(Problem::new(Class::Unreachable, "shelf::unsure", "no one knows").into());
        }
        let mut fields = to.map(|to| to.fields.clone());
        if let Some(fields) = &mut fields {
            if self.is(Mutant::NeverSettles) {
                fields.remove("size");
            }
            if self.is(Mutant::AddsUp) {
                let times = there.and_then(|there| there.get("times").and_then(|times| times.parse().ok()));
                fields.insert("times".into(), times.map_or(0, |times: u32| times + 1).to_string());
            }
        }
        if self.is(Mutant::CutOffForGood) {
            shelf.put("half-done", &[]);
            tokio::task::yield_now().await;
            shelf.items.lock().unwrap().remove("half-done");
        }
        shelf.store(&self.item, fields).await
    }

    async fn prove(&self, at: At<'_, Vec<ItemRef>>, _: &ItemState) -> Result<Evidence> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let broken = shelf.broken_links.lock().unwrap().contains(&self.item);
        let evidence = Evidence::new().passed("item exists", &self.item);
        Ok(if broken { evidence.failed("item holds", "it does not", "mend the shelf") } else { evidence })
    }

    fn rights(&self, _: At<'_, Vec<ItemRef>>, act: Act<'_, ItemState>) -> Vec<Right> {
        let item = |verb: &str| vec![right(verb, &self.item)];
        match act {
            Act::Observe => item("see"),
            Act::Survey(Around::Making, _) | Act::Rehearse(..) => Vec::new(),
            Act::Survey(Around::Removing, _) => vec![right("see", "everything")],
            Act::Write(None, Some(to)) => vec![Right { grant: json!(to.fields), ..right("make", &self.item) }],
            Act::Write(_, Some(to)) => vec![Right { grant: json!(to.fields), ..right("change", &self.item) }],
            Act::Write(_, None) => item("take"),
            Act::WriteUnseen => ["make", "change", "take"].map(|verb| right(verb, &self.item)).to_vec(),
            Act::Prove(_) => item("try"),
        }
    }
}
