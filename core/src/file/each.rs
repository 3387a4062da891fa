//! `for_each`: one step of the file that stands for many.
//!
//! Together with all placeholders it is gone before anything else reads the document: to everything behind it there are
//! only steps.

use std::{
    collections::{BTreeMap, HashSet},
    mem,
};

use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

use super::{
    Span,
    document::FileDocument,
    mistake::FileMistake,
    placeholder::{self, KnownPlaceholders, Placeholder, twice},
    steps::{NEEDS, STEPS},
};
use crate::{
    graph::{about_written, instance},
    mistake::quoted,
    nearest,
};

/// The key of a step that says for what it is repeated, and of the tables that several steps share for it.
pub(super) const FOR_EACH: &str = "for_each";

impl<'t> FileDocument<'t> {
    /// Fills in all placeholders, and puts the steps that it stands for in place of each step that has `for_each`.
    pub(super) fn expand(&mut self, placeholders: &[Placeholder]) {
        let mut root = Spanned::new(0..0, mem::replace(&mut self.root, DeValue::Table(DeTable::new())));
        let known = known(root.get_ref(), placeholders);
        let DeValue::Table(table) = root.get_mut() else { return };
        let steps = table.remove_entry(STEPS);
        known.fill(&mut root, &mut self.mistakes);
        self.root = root.into_inner();
        let DeValue::Table(table) = &mut self.root else { return };
        let shared = table.remove(FOR_EACH);
        let Some((key, mut steps)) = steps else { return };
        if let DeValue::Table(steps) = steps.get_mut() {
            let known_before = self.mistakes.len();
            let mut each = Each { shared, known, mistakes: &mut self.mistakes, repeated: BTreeMap::new() };
            *steps = each.expanded(mem::take(steps));
            self.lacks_steps = self.mistakes[known_before..].iter().any(|mistake| !is_of_placeholder(mistake));
        }
        table.insert(key, steps);
    }
}

/// The same mistakes, each once: what is wrong with a step that is repeated is wrong with all that are made of it. Nothing
/// else is said of a text whose placeholder is wrong.
pub(super) fn told_once(mut mistakes: Vec<FileMistake>) -> Vec<FileMistake> {
    let place = |mistake: &FileMistake| mistake.labels.first().map(|(at, _)| at.clone());
    let places: HashSet<_> = mistakes.iter().filter(|mistake| is_of_placeholder(mistake)).map(place).collect();
    let mut told = HashSet::new();
    mistakes.retain(|mistake| {
        let at = place(mistake);
        let is_consequence = places.contains(&at) && !is_of_placeholder(mistake);
        !is_consequence && told.insert((at, about_written(&mistake.to_string())))
    });
    mistakes
}

fn is_of_placeholder(mistake: &FileMistake) -> bool {
    placeholder::CODES.contains(&mistake.code)
}

/// What is known all over the file.
fn known<'t>(root: &DeValue<'t>, placeholders: &[Placeholder]) -> KnownPlaceholders<'t> {
    let mut known = KnownPlaceholders::default();
    for Placeholder { name, key } in placeholders {
        let mut keys = key.iter();
        let first = keys.next().and_then(|key| root.get(*key));
        match first.and_then(|first| keys.try_fold(first, |value, key| value.get_ref().get(*key))) {
            Some(value) => known.add(name, value.clone()),
            None => known.lack(name, format!("it stands for `{}`: add that to the file", key.join("."))),
        }
    }
    for name in ["key", "value"] {
        known.lack(name, format!("`{{key}}` and `{{value}}` are known in a step that has `{FOR_EACH}`"));
    }
    known
}

struct Each<'m, 't> {
    /// The tables that steps share, by their names.
    shared: Option<Spanned<DeValue<'t>>>,
    /// What is known in every step.
    known: KnownPlaceholders<'t>,
    mistakes: &'m mut Vec<FileMistake>,
    /// The steps that are repeated, and for what, where that could be read.
    repeated: BTreeMap<String, Option<DeTable<'t>>>,
}

impl<'t> Each<'_, 't> {
    fn expanded(&mut self, mut steps: DeTable<'t>) -> DeTable<'t> {
        for (name, step) in steps.iter_mut() {
            self.check_name(name.get_ref(), name.span(), "step");
            let DeValue::Table(table) = step.get_mut() else { continue };
            if let Some(mut over) = table.remove(FOR_EACH) {
                self.known.fill(&mut over, self.mistakes);
                let table = self.table(over);
                self.repeated.insert(name.get_ref().to_string(), table);
            }
        }
        let mut expanded = DeTable::new();
        for (name, step) in steps {
            let Some(table) = self.repeated.get(&**name.get_ref()).cloned() else {
                expanded.insert(name, self.filled(step, None));
                continue;
            };
            for (key, value) in table.into_iter().flatten() {
                let made = instance(name.get_ref(), key.get_ref());
                let step = self.filled(step.clone(), Some((key, value)));
                expanded.insert(Spanned::new(name.span(), made.into()), step);
            }
        }
        expanded
    }

    /// A step with its placeholders filled in and the needs that it means.
    fn filled(
        &mut self,
        mut step: Spanned<DeValue<'t>>,
        one: Option<(Spanned<DeString<'t>>, Spanned<DeValue<'t>>)>,
    ) -> Spanned<DeValue<'t>> {
        let mut known = self.known.clone();
        let key = one.map(|(key, value)| {
            known.add("key", Spanned::new(key.span(), DeValue::String(key.get_ref().clone())));
            known.add("value", value);
            key.into_inner()
        });
        known.fill(&mut step, self.mistakes);
        let table = if let DeValue::Table(table) = step.get_mut() { Some(table) } else { None };
        if let Some(DeValue::Array(needs)) = table.and_then(|table| table.get_mut(NEEDS)).map(Spanned::get_mut) {
            *needs = mem::replace(needs, DeArray::new())
                .into_iter()
                .flat_map(|need| self.meant(need, key.as_deref()))
                .collect();
        }
        step
    }

    /// What a need of a repeated step means: for one that is repeated as well that of the same key, else all of them.
    fn meant(&mut self, need: Spanned<DeValue<'t>>, key: Option<&str>) -> Vec<Spanned<DeValue<'t>>> {
        let Some((name, table)) = need.get_ref().as_str().and_then(|name| self.repeated.get_key_value(name)) else {
            return vec![need];
        };
        // It is a mistake of its own that there are none.
        let Some(table) = table else { return Vec::new() };
        let one = |key: &str| Spanned::new(need.span(), DeValue::String(instance(name, key).into()));
        match key {
            None => table.keys().map(|key| one(key.get_ref())).collect(),
            Some(key) if table.contains_key(key) => vec![one(key)],
            Some(key) => {
                let keys: Vec<_> = table.keys().map(Spanned::get_ref).collect();
                let message = format!("step {} is not repeated for {}", quoted(name), quoted(key));
                let mistake = FileMistake::new("unknown_instance", message, nearest::hint(key, &keys));
                self.mistakes.push(mistake.at(need.span(), "this need"));
                Vec::new()
            }
        }
    }

    /// What a step is repeated for: a table of its own, one that has a name, or a list of keys. Nothing, with a mistake,
    /// where it is none of these.
    fn table(&mut self, over: Spanned<DeValue<'t>>) -> Option<DeTable<'t>> {
        let at = over.span();
        let table = match over.into_inner() {
            DeValue::Table(table) => table,
            DeValue::Array(keys) => self.listed(keys),
            DeValue::String(name) => self.shared(&name, at)?,
            other => {
                self.refuse(at, other.type_str());
                return None;
            }
        };
        let is_sound =
            |(key, _): &(Spanned<DeString<'t>>, _)| self.check_name(key.get_ref(), key.span(), "key of `for_each`");
        Some(table.into_iter().filter(is_sound).collect())
    }

    /// Keys without values: each is its own.
    fn listed(&mut self, keys: DeArray<'t>) -> DeTable<'t> {
        let mut table = DeTable::new();
        for key in keys {
            let DeValue::String(text) = key.get_ref() else {
                self.refuse(key.span(), key.get_ref().type_str());
                continue;
            };
            let (at, name) = (key.span(), text.clone());
            if table.insert(Spanned::new(at.clone(), name.clone()), key).is_some() {
                self.mistakes.push(twice(&name, at));
            }
        }
        table
    }

    /// The table `[for_each.NAME]`.
    fn shared(&mut self, name: &str, at: Span) -> Option<DeTable<'t>> {
        let tables = self.shared.as_ref().and_then(|tables| tables.get_ref().as_table());
        if let Some(DeValue::Table(table)) = tables.and_then(|tables| tables.get(name)).map(Spanned::get_ref) {
            return Some(table.clone());
        }
        let names: Vec<_> = tables.into_iter().flat_map(DeTable::keys).map(Spanned::get_ref).collect();
        let message = format!("there is no table `[{FOR_EACH}.{}]`", name.escape_debug());
        let mistake = FileMistake::new("unknown_table", message, nearest::hint(name, &names));
        self.mistakes.push(mistake.misses(name).at(at, "unknown table"));
        None
    }

    fn refuse(&mut self, at: Span, kind: &str) {
        let message = format!("a step is repeated for a table, or for a list of texts, and this is of type {kind}");
        let help = "write `for_each = { billing = { … }, … }`, `for_each = [\"billing\", …]`, or the name of a table \
                    `[for_each.NAME]` that several steps share";
        self.mistakes.push(FileMistake::new("wrong_value", message, help).at(at, "this value"));
    }

    /// Names stand in commands, lists and journals, and so do keys.
    fn check_name(&mut self, name: &str, at: Span, of: &str) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name =
            name.len() <= 63 && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !is_name {
            let help = "use letters, digits, `-`, `_` and `.`, at most 63 of them, and begin with a letter or a digit";
            let mistake = FileMistake::new("step_name", format!("{} is no name for a {of}", quoted(name)), help);
            self.mistakes.push(mistake.at(at, "this name"));
        }
        is_name
    }
}
