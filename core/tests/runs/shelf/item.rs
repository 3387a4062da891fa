//! A kind of step that keeps an item on the shelf, and the ways to break its laws.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_core::{
    Answers, At, Decision, Fact, Handle, Intent, Kind, Leg, Managed, Note, Proof, Reads, Result, Reversibility, Seen,
};

use super::{
    SECRET, Shelf,
    requests::{Look, Put, Try},
};

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
    AsksForLess,
    AsksForMore,
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

impl Managed for Item {
    const SYSTEMS: &'static [&'static str] = &[Shelf::NAME];
    type State = ItemState;
    type Takes = Vec<ItemRef>;
    type Gives = ItemRef;

    fn gives(&self, _: &Vec<ItemRef>) -> ItemRef {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let asked = ASKED.fetch_add(1, Ordering::SeqCst);
        ItemRef(if self.is(Mutant::ImpureFacts) { asked.to_string() } else { self.item.clone() })
    }

    fn reads(&self, _: At<'_, Vec<ItemRef>>, intent: Intent, _: Option<&Seen<ItemState>>) -> Reads {
        let look = |item: &str, right: Option<&'static str>| Look { item: item.to_owned(), right, mutant: self.mutant };
        let reads = Reads::none().and("item", look(&self.item, Some("see")));
        match (intent, &self.provisional_without) {
            (Intent::Remove, _) => reads.and("users", look("everything", Some("see"))),
            (Intent::Make, Some(other)) => reads.and("other", look(other, None)),
            _ => reads,
        }
    }

    fn state(&self, _: At<'_, Vec<ItemRef>>, answers: &Answers) -> Result<Option<ItemState>> {
        let mut fields = answers.get::<BTreeMap<String, String>>("item")?;
        if let Some(fields) = fields.as_mut().filter(|_| self.is(Mutant::ForgetsOnUndo)) {
            fields.remove("note");
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Ok(fields.map(|fields| ItemState { fields, leaked }))
    }

    fn decide(&self, at: At<'_, Vec<ItemRef>>, intent: Intent, seen: &Seen<ItemState>) -> Result<Decision<ItemState>> {
        let ours = seen.state.as_ref().and_then(|now| now.fields.get("mark")).is_some_and(|mark| mark == at.cx.graph());
        let undo =
            if self.irreversible { Reversibility::Lossy("the shelf forgets".into()) } else { Reversibility::Full };
        let decision = match (intent, &seen.state) {
            (Intent::Remove, Some(now)) => self.removal(now, ours),
            (_, now) => self.wanted(at.cx.graph(), now.as_ref(), seen.answers.get::<Value>("other")?.is_some(), ours),
        };
        Ok(Decision { reversibility: undo, ..decision })
    }

    fn route(
        &self,
        _: At<'_, Vec<ItemRef>>,
        from: Option<&ItemState>,
        to: Option<&ItemState>,
    ) -> Result<Vec<Leg<ItemState>>> {
        let leg = |made: bool, to: Option<ItemState>| {
            let fields = to.as_ref().map(|to| to.fields.clone());
            Leg::new(to, Put { item: self.item.clone(), made, fields, mutant: self.mutant })
        };
        let (None, Some(to)) = (from, to) else { return Ok(vec![leg(false, to.cloned())]) };
        let mut first = to.clone();
        first.fields.retain(|name, _| name == "mark");
        Ok(vec![leg(true, Some(first)), leg(false, Some(to.clone()))])
    }

    fn proof(&self, _: At<'_, Vec<ItemRef>>, _: &Seen<ItemState>) -> Result<Proof> {
        Ok(Proof::default().and(Try(self.item.clone())))
    }
}

impl Item {
    fn wanted(&self, graph: &str, now: Option<&ItemState>, other_is_there: bool, ours: bool) -> Decision<ItemState> {
        let mut fields = now.map(|now| now.fields.clone()).unwrap_or_default();
        let wanted = self.fields.iter().all(|(name, value)| fields.get(name) == Some(value));
        fields.extend(self.fields.clone());
        if now.is_none() || !wanted {
            fields.insert("mark".into(), graph.into());
        }
        let provisional = self.provisional_without.is_some() && !other_is_there;
        if let Some(other) = &self.provisional_without {
            let known = if provisional { "known after apply" } else { other };
            fields.insert("other".into(), known.to_owned());
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Decision { provisional, ..Decision::to(Some(ItemState { fields, leaked }), ours) }
    }

    fn removal(&self, now: &ItemState, ours: bool) -> Decision<ItemState> {
        let elsewhere = now.fields.contains_key("elsewhere");
        let kept = |why: &str| Decision::to(Some(now.clone()), ours).noting([Note::Left(why.into())]);
        let decision = match () {
            () if now.fields.contains_key("used") => kept("somebody uses it"),
            () if elsewhere => kept("it is elsewhere's"),
            () => Decision::to(None, ours).noting([Note::Info("it goes".into())]),
        };
        Decision { retains: !elsewhere, goes_with: self.goes_with.clone(), ..decision }
    }
}
