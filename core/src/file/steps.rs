//! The `[steps]` table: each step by itself, before it meets the others.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use super::{
    Span,
    json::json,
    mistake::{Mistake, place},
    path::{Path, Segment},
    shape::Shape,
    typed::{no_table, typed},
};
use crate::{
    contract::{Kind, Step},
    nearest,
};

/// What every step has, beside the configuration of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it checks types; the values are read where their places are")]
pub(super) struct Frame {
    /// The kind of the step; `trustpath steps list` shows them all.
    uses: String,
    /// The steps that this one needs: they are applied before it, and it sees the facts that they hand on.
    #[serde(default)]
    needs: Vec<String>,
}

/// A step as the file has it.
pub(super) struct Entry {
    pub(super) name: String,
    /// Its header, where the file has one.
    pub(super) at: Span,
    pub(super) uses: String,
    pub(super) with: Value,
    /// Each need once.
    pub(super) needs: Vec<Spanned<String>>,
    /// Where its needs are, or would be.
    pub(super) needs_at: Span,
    /// Missing when the step has a mistake.
    pub(super) step: Option<Arc<dyn Step>>,
}

/// Reads steps, in the order in which the file has them.
pub(super) fn read(steps: DeTable<'_>, kinds: &[&'static Kind], mistakes: &mut Vec<Mistake>) -> Vec<Entry> {
    let mut reader = Reader { frame: Shape::of::<Frame>().with_keys(&["with"]), kinds: Kinds::new(kinds), mistakes };
    let mut steps: Vec<_> = steps.into_iter().collect();
    steps.sort_by_key(|(key, _)| key.span().start);
    steps.into_iter().filter_map(|(key, value)| reader.entry(key, value)).collect()
}

/// The known kinds, with their shapes.
struct Kinds {
    by_name: BTreeMap<&'static str, (&'static Kind, Shape)>,
}

impl Kinds {
    fn new(kinds: &[&'static Kind]) -> Self {
        let shape = |kind: &'static Kind| (kind, Shape::from(|generator| kind.schema(generator)));
        Self { by_name: kinds.iter().map(|kind| (kind.name(), shape(kind))).collect() }
    }

    fn hint(&self, name: &str) -> String {
        nearest::hint(name, &self.by_name.keys().collect::<Vec<_>>())
    }
}

struct Reader<'m> {
    frame: Shape,
    kinds: Kinds,
    mistakes: &'m mut Vec<Mistake>,
}

impl Reader<'_> {
    fn entry(&mut self, key: Spanned<DeString<'_>>, value: Spanned<DeValue<'_>>) -> Option<Entry> {
        let (name_at, name, at) = (key.span(), key.into_inner().into_owned(), value.span());
        if !is_name(&name) {
            self.mistakes.push(Mistake::StepName { name: name.clone(), at: place(&name_at) });
        }
        let path = Path::of(["steps", &name]);
        let mut table = match value.into_inner() {
            DeValue::Table(table) => table,
            other => {
                self.mistakes.push(no_table(&path, &other, &at));
                return None;
            }
        };
        let with = table.remove("with").unwrap_or_else(|| Spanned::new(at.clone(), DeValue::Table(DeTable::new())));
        let uses = table.get("uses").and_then(text);
        let needs_at = table.get("needs").map_or_else(|| at.clone(), Spanned::span);
        let needs = self.needs(&name, table.get("needs"));
        let sound = self.frame(&path, Spanned::new(at.clone(), DeValue::Table(table)));
        let plain = json(with.get_ref());
        let step = uses.as_ref().and_then(|uses| self.step(&path, uses, with, &plain)).filter(|_| sound);
        let uses = uses.map(Spanned::into_inner).unwrap_or_default();
        Some(Entry { name, at, uses, with: plain, needs, needs_at, step })
    }

    /// The needs that are names; a second one of the same name is a mistake.
    fn needs(&mut self, step: &str, needs: Option<&Spanned<DeValue<'_>>>) -> Vec<Spanned<String>> {
        let Some(DeValue::Array(needs)) = needs.map(Spanned::get_ref) else { return Vec::new() };
        let mut seen = HashSet::new();
        let mut once = Vec::new();
        for need in needs.iter().filter_map(text) {
            if seen.insert(need.get_ref().clone()) {
                once.push(need);
                continue;
            }
            let at = place(&need.span());
            self.mistakes.push(Mistake::DuplicateNeed { step: step.to_owned(), need: need.into_inner(), at });
        }
        once
    }

    /// Whether a step's table has what every step has, and nothing else.
    fn frame(&mut self, path: &Path, table: Spanned<DeValue<'_>>) -> bool {
        let decode = |table| serde_path_to_error::deserialize::<_, Frame>(ValueDeserializer::from(table));
        typed(&self.frame, path, table, decode, self.mistakes).is_some()
    }

    /// Makes the step. Its configuration has to be readable as JSON too: a run is taken back from its journal.
    fn step(
        &mut self,
        path: &Path,
        uses: &Spanned<String>,
        with: Spanned<DeValue<'_>>,
        plain: &Value,
    ) -> Option<Arc<dyn Step>> {
        let Some((kind, shape)) = self.kinds.by_name.get(uses.get_ref().as_str()) else {
            let (kind, hint) = (uses.get_ref().clone(), self.kinds.hint(uses.get_ref()));
            self.mistakes.push(Mistake::UnknownKind { kind, hint, at: place(&uses.span()) });
            return None;
        };
        let (path, at) = (path.join([Segment::Key("with".to_owned())]), place(&with.span()));
        let step = typed(shape, &path, with, |with| kind.from_toml(with), self.mistakes)?;
        let Err(error) = kind.from_json(plain.clone()) else { return Some(step) };
        let why = format!("it cannot be kept in a journal: {}", error.inner());
        let help = "write it with text, numbers, booleans, arrays and tables alone".to_owned();
        self.mistakes.push(Mistake::WrongValue { path, why, help, at });
        None
    }
}

fn text(value: &Spanned<DeValue<'_>>) -> Option<Spanned<String>> {
    value.get_ref().as_str().map(|text| Spanned::new(value.span(), text.to_owned()))
}

/// Names stand in commands, lists and journals.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.len() <= 63 && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}
