//! What is read on the shelf, sent to it, and tried there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{
    Answer, Class, Context, Evidence, Handle, Probe, Problem, Read, Request, Result, Right, Shown, Values,
    note_retained,
};

use super::{Mutant, Shelf, right};

/// Looks at an item.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) item: String,
    /// The right that it takes, if any.
    pub(super) right: Option<&'static str>,
    pub(super) mutant: Option<Mutant>,
}

#[async_trait]
impl Read for Look {
    fn rights(&self) -> Vec<Right> {
        self.right.iter().map(|verb| right(verb, &self.item)).collect()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let shelf = cx.handle::<Shelf>().await?;
        shelf.looks.lock().unwrap().push(self.item.clone());
        tokio::task::yield_now().await;
        if let Some(verb) = self.right {
            shelf.uses(verb, &self.item)?;
        }
        if self.mutant == Some(Mutant::PlanWrites) {
            shelf.put("seen", &[]);
        }
        if shelf.unseen.lock().unwrap().contains(&self.item) {
            return Err(Problem::new(Class::Denied, "shelf::unseen", "it is in the dark").into());
        }
        Ok(shelf.items.lock().unwrap().get(&self.item).map_or(Answer::Nothing, |fields| Answer::Found(json!(fields))))
    }
}

/// Puts an item on the shelf, or takes it away.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) item: String,
    /// Whether it is not there yet.
    pub(super) made: bool,
    pub(super) fields: Option<BTreeMap<String, String>>,
    pub(super) mutant: Option<Mutant>,
}

impl Put {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn verb(&self) -> &'static str {
        match (&self.fields, self.made) {
            (None, _) => "take",
            (Some(_), true) => "make",
            (Some(_), false) => "change",
        }
    }

    /// Whether others keep it from being taken away, as far as anyone knows.
    fn stays(&self, shelf: &Shelf) -> Result<bool> {
        if shelf.used_by_others.lock().unwrap().contains(&self.item) {
            note_retained(format!("`{}` is used by others", self.item));
            return Ok(true);
        }
        let mut unsure = shelf.unsure.lock().unwrap();
        let Some(times) = unsure.get_mut(&self.item).filter(|times| **times > 0) else { return Ok(false) };
        *times -= 1;
        note_retained(format!("`{}` may be used by others", self.item));
        Err(Problem::new(Class::Unreachable, "shelf::unsure", "no one knows").into())
    }

    /// The fields as they are sent, which is where mutants do their harm.
    fn sent(&self, there: Option<&BTreeMap<String, String>>) -> Option<BTreeMap<String, String>> {
        let mut fields = self.fields.clone()?;
        if self.is(Mutant::NeverSettles) {
            fields.remove("size");
        }
        if self.is(Mutant::AddsUp) {
            let times = there.and_then(|there| there.get("times")).and_then(|times| times.parse().ok());
            fields.insert("times".into(), times.map_or(0, |times: u32| times + 1).to_string());
        }
        Some(fields)
    }
}

#[async_trait]
impl Request for Put {
    fn rights(&self, _: Values) -> Vec<Right> {
        let own = right(self.verb(), &self.item);
        match (self.mutant, &self.fields) {
            (Some(Mutant::AsksForLess), _) => Vec::new(),
            (Some(Mutant::AsksForMore), _) => vec![own, right("sing", &self.item)],
            (_, None) => vec![own],
            (_, Some(fields)) => vec![Right { grant: json!(fields), ..own }],
        }
    }

    fn shown(&self) -> Shown {
        let method = if self.fields.is_some() { "PUT" } else { "DELETE" };
        Shown { system: Shelf::NAME.into(), method: method.into(), path: self.item.clone(), body: json!(self.fields) }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let shelf = cx.handle::<Shelf>().await?;
        shelf.uses(self.verb(), &self.item)?;
        let there = shelf.items.lock().unwrap().get(&self.item).cloned();
        if self.fields.is_none() && there.is_none() {
            let gone = Problem::new(Class::Missing, "shelf::gone", "it is gone already");
            return if self.is(Mutant::GoneIsAnError) { Err(gone.into()) } else { Ok(()) };
        }
        if self.fields.is_none() && self.stays(&shelf)? {
            return Ok(());
        }
        if self.is(Mutant::CutOffForGood) {
            shelf.put("half-done", &[]);
            tokio::task::yield_now().await;
            shelf.items.lock().unwrap().remove("half-done");
        }
        shelf.store(&self.item, self.sent(there.as_ref())).await
    }
}

/// Tries an item.
#[derive(Debug)]
pub(super) struct Try(pub(super) String);

#[async_trait]
impl Probe for Try {
    fn rights(&self) -> Vec<Right> {
        vec![right("try", &self.0)]
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let shelf = cx.handle::<Shelf>().await?;
        shelf.uses("try", &self.0)?;
        let broken = shelf.broken_links.lock().unwrap().contains(&self.0);
        let evidence = Evidence::new().passed("item exists", &self.0);
        Ok(if broken { evidence.failed("item holds", "it does not", "fix the shelf") } else { evidence })
    }
}
