//! The one kind of step: an item on the server. A new one takes two requests, everything else one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trustpath_core::{
    Answer, Answers, At, Context, Decision, Evidence, Handle as _, Intent, Kind, Leg, Managed, Probe, Proof, Read,
    Reads, Request, Result, Right, Seen, Shown, Values,
};

use crate::{process::Client, shape::Fields};

pub(crate) const MARK: &str = "mark";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    fields: BTreeMap<String, String>,
}

pub(crate) const ITEM: Kind = Kind::managed::<Item>("item", "An item on the server");
pub(crate) static KINDS: &[&Kind] = &[&ITEM];

/// What an item has to become.
pub(crate) fn desired(graph: &str, wanted: &Fields, now: Option<&Fields>) -> Fields {
    let mut fields = now.cloned().unwrap_or_default();
    let there = now.is_some() && wanted.iter().all(|(name, value)| fields.get(name) == Some(value));
    fields.extend(wanted.clone());
    if !there {
        fields.insert(MARK.into(), graph.into());
    }
    fields
}

/// What is left of an item when its step is destroyed.
pub(crate) fn released(graph: &str, now: Option<&Fields>) -> Option<Fields> {
    let now = now?;
    let ours = now.get(MARK).is_some_and(|mark| mark == graph);
    (!ours || now.contains_key("used")).then(|| now.clone())
}

/// The states on the way.
pub(crate) fn way(from: Option<&Fields>, to: Option<&Fields>) -> Vec<Option<Fields>> {
    let (None, Some(to)) = (from, to) else {
        return vec![to.cloned()];
    };
    let mut first = to.clone();
    first.retain(|name, _| name == MARK);
    vec![Some(first), Some(to.clone())]
}

impl Managed for Item {
    const SYSTEMS: &'static [&'static str] = &[Client::NAME];
    type State = Fields;
    type Takes = ();
    type Gives = ();

    fn gives(&self, (): &()) {}

    fn reads(&self, at: At<'_, ()>, _: Intent, _: Option<&Seen<Fields>>) -> Reads {
        Reads::none().and("item", Look(at.cx.step().to_owned()))
    }

    fn state(&self, _: At<'_, ()>, answers: &Answers) -> Result<Option<Fields>> {
        answers.get("item")
    }

    fn decide(&self, at: At<'_, ()>, intent: Intent, seen: &Seen<Fields>) -> Result<Decision<Fields>> {
        let (graph, now) = (at.cx.graph(), seen.state.as_ref());
        let ours = now.and_then(|now| now.get(MARK)).is_some_and(|mark| mark == graph);
        let to = match intent {
            Intent::Remove => released(graph, now),
            Intent::Make | Intent::Undo | Intent::Verify => Some(desired(graph, &self.fields, now)),
        };
        Ok(Decision::to(to, ours))
    }

    fn route(&self, at: At<'_, ()>, from: Option<&Fields>, to: Option<&Fields>) -> Result<Vec<Leg<Fields>>> {
        let leg = |to: Option<Fields>| Leg::new(to.clone(), Write { item: at.cx.step().to_owned(), to });
        Ok(way(from, to).into_iter().map(leg).collect())
    }

    fn proof(&self, at: At<'_, ()>, _: &Seen<Fields>) -> Result<Proof> {
        Ok(Proof::default().and(Try(at.cx.step().to_owned())))
    }
}

/// Reads an item. The server has no rights.
#[derive(Debug)]
struct Look(String);

#[async_trait]
impl Read for Look {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let there = cx.handle::<Client>().await?.read(&self.0).await;
        Ok(there.map_or(Answer::Nothing, |fields| Answer::Found(json!(fields))))
    }
}

/// Writes an item, or removes it.
#[derive(Debug)]
struct Write {
    item: String,
    to: Option<Fields>,
}

#[async_trait]
impl Request for Write {
    fn rights(&self, _: Values) -> Vec<Right> {
        Vec::new()
    }

    fn shown(&self) -> Shown {
        Shown { system: Client::NAME.into(), method: "PUT".into(), path: self.item.clone(), body: json!(self.to) }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        cx.handle::<Client>().await?.write(&self.item, self.to.clone()).await
    }
}

/// Sees whether an item holds.
#[derive(Debug)]
struct Try(String);

#[async_trait]
impl Probe for Try {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let holds = cx.handle::<Client>().await?.holds(&self.0);
        let evidence = Evidence::new().passed("item exists", &self.0);
        Ok(if holds { evidence } else { evidence.failed("item holds", "it does not", "fix it") })
    }
}
