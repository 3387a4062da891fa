//! A server in memory. It carries out what it was sent, some of it late, and remembers what it was sent.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    act::{Edit, Fault},
    shape::{Fields, Items},
};

#[derive(Debug, Default)]
pub(crate) struct Server {
    items: Items,
    /// What it was sent and has not carried out yet, and when it will.
    late: Vec<(Instant, String, Option<Fields>)>,
}

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) item: String,
    pub(crate) to: Option<Fields>,
    pub(crate) back: bool,
    pub(crate) fault: Option<Fault>,
}

impl Server {
    pub(crate) fn new(items: Items) -> Self {
        Self { items, late: Vec::new() }
    }

    /// What is there now.
    pub(crate) fn items(&mut self) -> &Items {
        let now = Instant::now();
        self.late.sort_by_key(|(at, ..)| *at);
        let due = self.late.partition_point(|(at, ..)| *at <= now);
        for (_, item, to) in self.late.drain(..due).collect::<Vec<_>>() {
            put(&mut self.items, item, to);
        }
        &self.items
    }

    /// What will be there once everything is carried out.
    pub(crate) fn in_the_end(&mut self) -> Items {
        let mut items = self.items().clone();
        self.late.iter().for_each(|(_, item, to)| put(&mut items, item.clone(), to.clone()));
        items
    }

    pub(crate) fn item(&mut self, item: &str) -> Option<Fields> {
        self.items().get(item).cloned()
    }

    pub(crate) fn carry_out(&mut self, item: &str, to: Option<Fields>) {
        self.items();
        put(&mut self.items, item.to_owned(), to);
    }

    pub(crate) fn carry_out_late(&mut self, after: Duration, item: &str, to: Option<Fields>) {
        self.late.push((Instant::now() + after, item.to_owned(), to));
    }

    /// Another client is at it; what is not there is not edited.
    pub(crate) fn edit(&mut self, item: &str, edit: &Edit) {
        let Some(mut fields) = self.item(item) else { return };
        let to = match edit {
            Edit::Remove => None,
            Edit::Set(name, value) => {
                fields.insert(name.clone(), value.clone());
                Some(fields)
            }
        };
        self.carry_out(item, to);
    }
}

fn put(items: &mut Items, item: String, to: Option<Fields>) {
    match to {
        Some(fields) => drop(items.insert(item, fields)),
        None => drop(items.remove(&item)),
    }
}
