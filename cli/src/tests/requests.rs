//! What is read on the shelf, sent to it, and tried there.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use trustpath_core::{
    Answer, Class, Context, Evidence, Handle, Probe, Problem, Read, Request, Result, Right, Shown, Values,
};

use super::shelf::Shelf;

fn right(verb: &str, item: &str) -> Vec<Right> {
    vec![Right { system: Shelf::NAME, what: format!("`{verb}` on {item}"), grant: Value::Null }]
}

/// Looks at an item.
#[derive(Debug)]
pub(super) struct Look(pub(super) String);

#[async_trait]
impl Read for Look {
    fn rights(&self) -> Vec<Right> {
        right("see", &self.0)
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let there = cx.handle::<Shelf>().await?.inside(|shelf| shelf.items.get(&self.0).cloned());
        Ok(there.map_or(Answer::Nothing, |fields| Answer::Found(Value::Object(fields))))
    }
}

/// Puts an item on the shelf, or takes it away.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) item: String,
    pub(super) fields: Option<Map<String, Value>>,
}

#[async_trait]
impl Request for Put {
    fn rights(&self, _: Values) -> Vec<Right> {
        right(if self.fields.is_some() { "put" } else { "take" }, &self.item)
    }

    fn shown(&self) -> Shown {
        let method = if self.fields.is_some() { "PUT" } else { "DELETE" };
        Shown { system: Shelf::NAME.into(), method: method.into(), path: self.item.clone(), body: json!(self.fields) }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let shelf = cx.handle::<Shelf>().await?;
        let fault = shelf.inside(|shelf| {
            let refused = shelf.refuses.get_mut(&self.item).filter(|left| **left > 0);
            let refused = refused.map(|left| *left -= 1).is_some()
                || self.fields.is_none() && shelf.holds_fast.contains(&self.item);
            match &self.fields {
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
}

/// Tries an item.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) item: String,
    /// Whether a part of it cannot be checked.
    pub(super) is_hot: bool,
}

#[async_trait]
impl Probe for Try {
    fn rights(&self) -> Vec<Right> {
        right("try", &self.item)
    }

    fn shown(&self) -> Vec<Shown> {
        vec![Shown { system: Shelf::NAME.into(), method: "TRY".into(), path: self.item.clone(), body: Value::Null }]
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let shelf = cx.handle::<Shelf>().await?;
        let words = shelf.inside(|shelf| {
            shelf.tried += 1;
            shelf.words.clone()
        });
        let said = |text: &str| format!("{text}{words}");
        let evidence = Evidence::new().passed(said("item exists"), said(&self.item));
        if shelf.inside(|shelf| shelf.broken.contains(&self.item)) {
            return Ok(evidence.failed(said("item holds"), said("it does not"), said("fix the shelf")));
        }
        Ok(match self.is_hot {
            true => evidence.unchecked(said("item is cool"), said("there is no thermometer here")),
            false => evidence,
        })
    }
}

fn refused(item: &str, words: &str) -> Problem {
    Problem::new(Class::Denied, "trustpath::shelf::refused", format!("the shelf refuses {item}{words}"))
        .help(format!("ask the keeper of the shelf{words}"))
        .because(format!("403 hands off\u{1b}[31m{words}"))
}
