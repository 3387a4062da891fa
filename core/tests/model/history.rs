//! What a journal says, read without the program's own reading of it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::shape::Fields;

/// The states that were announced for one item, the first of them what was there before, since it was last taken back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announced {
    pub(crate) states: Vec<Option<Fields>>,
    /// Whether all of it is back.
    pub(crate) undone: bool,
}

/// All that the journal of a run says.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) items: BTreeMap<String, Announced>,
    pub(crate) undo_started: bool,
    /// How it ended, unless something was recorded since.
    pub(crate) end: Option<String>,
}

impl History {
    /// `None` where not even the beginning was recorded.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).unwrap();
        lines(&bytes).next()?;
        let mut history = Self::default();
        for entry in lines(&bytes).map(entry) {
            history.end = None;
            match entry["record"].as_str().unwrap() {
                "intent" | "undo-intent" => history.announce(&entry),
                "undone" => history.items.entry(step(&entry)).or_default().undone = true,
                "undo-started" => history.undo_started = true,
                "end" => history.end = entry["end"].as_str().map(str::to_owned),
                _ => {}
            }
        }
        Some(history)
    }

    fn announce(&mut self, entry: &Value) {
        let item = self.items.entry(step(entry)).or_default();
        if item.undone {
            *item = Announced::default();
        }
        item.states.extend(["before", "after"].map(|side| fields(&entry["change"][side])));
    }

    /// The items that have to be taken back yet.
    pub(crate) fn standing(&self) -> impl Iterator<Item = (&String, &Announced)> {
        self.items.iter().filter(|(_, announced)| !announced.undone)
    }
}

impl Announced {
    pub(crate) fn before(&self) -> &Option<Fields> {
        &self.states[0]
    }

    /// Whether a state has something that was never announced: a value, the lack of one, or the lack of it all.
    pub(crate) fn is_foreign(&self, state: &Option<Fields>) -> bool {
        let known = |holds: &dyn Fn(&Option<Fields>) -> bool| self.states.iter().any(holds);
        let Some(fields) = state else {
            return !known(&|other| other.is_none());
        };
        let names = self.states.iter().flatten().flat_map(Fields::keys).chain(fields.keys());
        let value = |state: &Option<Fields>, name: &String| state.as_ref().and_then(|fields| fields.get(name).cloned());
        names.into_iter().any(|name| !known(&|other| value(other, name) == value(state, name)))
    }
}

/// Whether the last thing that is on disk of an item, power cut or not, is the intent to make it this.
pub(crate) fn announced(path: &Path, synced: u64, item: &str, to: &Option<Fields>, back: bool) -> bool {
    let bytes = fs::read(path).unwrap();
    let synced = bytes.len().min(usize::try_from(synced).unwrap());
    let record = if back { "undo-intent" } else { "intent" };
    let mut entries = lines(&bytes[..synced]).rev().map(entry);
    let last = entries.find(|entry| entry["step"] == item);
    last.is_some_and(|last| last["record"] == record && fields(&last["change"]["after"]) == *to)
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

fn entry(line: &[u8]) -> Value {
    serde_json::from_slice::<Value>(line).unwrap()["entry"].take()
}

fn step(entry: &Value) -> String {
    entry["step"].as_str().unwrap().to_owned()
}

fn fields(state: &Value) -> Option<Fields> {
    serde_json::from_value(state.clone()).unwrap()
}
