//! The one kind of step: an item on the server. A new one takes two requests, everything else one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_core::{Act, Around, At, Evidence, Handle as _, Kind, Managed, Released, Result, Right, Wanted};

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

#[async_trait]
impl Managed for Item {
    type State = Fields;
    type Around = ();
    type Takes = ();
    type Gives = ();

    fn systems(&self) -> &'static [&'static str] {
        &[Client::NAME]
    }

    fn gives(&self, (): &()) {}

    async fn observe(&self, at: At<'_, ()>) -> Result<Option<Fields>> {
        Ok(at.cx.handle::<Client>().await?.read(at.cx.step()).await)
    }

    async fn survey(&self, _: At<'_, ()>, _: Around) -> Result<()> {
        Ok(())
    }

    fn desired(&self, at: At<'_, ()>, (): &(), now: Option<&Fields>) -> Result<Wanted<Fields>> {
        Ok(desired(at.cx.graph(), &self.fields, now).into())
    }

    fn ours(&self, at: At<'_, ()>, (): &(), now: &Fields) -> bool {
        now.get(MARK).is_some_and(|mark| mark == at.cx.graph())
    }

    fn released(&self, at: At<'_, ()>, (): &(), now: &Fields) -> Result<Released<Fields>> {
        Ok(Released { state: released(at.cx.graph(), Some(now)), notes: Vec::new() })
    }

    fn waypoints(&self, from: Option<&Fields>, to: Option<&Fields>) -> Result<Vec<Option<Fields>>> {
        Ok(way(from, to))
    }

    async fn write(&self, at: At<'_, ()>, _: Option<&Fields>, to: Option<&Fields>) -> Result<()> {
        at.cx.handle::<Client>().await?.write(at.cx.step(), to.cloned()).await
    }

    async fn prove(&self, at: At<'_, ()>, _: &Fields) -> Result<Evidence> {
        let holds = at.cx.handle::<Client>().await?.holds(at.cx.step());
        let evidence = Evidence::new().passed("item exists", at.cx.step());
        Ok(if holds { evidence } else { evidence.failed("item holds", "it does not", "mend it") })
    }

    /// The server has no rights.
    fn rights(&self, _: At<'_, ()>, _: Act<'_, Fields>) -> Vec<Right> {
        Vec::new()
    }
}
