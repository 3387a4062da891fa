//! Wrong values, by serde: all of them, by taking out each one that is found.

use toml::{Spanned, de::DeValue};

use super::{
    Span,
    keys::{self, Findings, description},
    mistake::{Mistake, place},
    path::{Path, Segment},
    shape::Shape,
    take::{Taken, take, way_to},
};
use crate::{contract::TomlError, nearest};

/// Checks a table against its shape, and makes what it stands for.
///
/// Returns nothing when there is any mistake in it; `mistakes` has them then.
pub(super) fn typed<'t, T>(
    shape: &Shape,
    path: &Path,
    mut value: Spanned<DeValue<'t>>,
    decode: impl Fn(Spanned<DeValue<'t>>) -> Result<T, TomlError>,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    if !value.get_ref().is_table() {
        mistakes.push(no_table(path, value.get_ref(), &value.span()));
        return None;
    }
    let findings = keys::check(shape, path, &mut value);
    let error = match decode(value.clone()) {
        Ok(made) if findings.mistakes.is_empty() => return Some(made),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let mut search = Search { shape, path, whole: value.clone(), value, findings };
    let mut next = error.filter(|error| search.take_out(error));
    while next.is_some() {
        next = decode(search.value.clone()).err().filter(|error| search.take_out(error));
    }
    mistakes.append(&mut search.findings.mistakes);
    None
}

/// What to say where a table belongs and something else is.
pub(super) fn no_table(path: &Path, found: &DeValue<'_>, at: &Span) -> Mistake {
    let kind = found.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    let why = format!("expected a table, found {article} {kind}");
    let help = "write it as a `[table]` of its own, or as `{ key = value }`".to_owned();
    Mistake::WrongValue { path: path.clone(), why, help, at: place(at) }
}

/// A search for every wrong value in a table.
struct Search<'s, 't> {
    shape: &'s Shape,
    path: &'s Path,
    whole: Spanned<DeValue<'t>>,
    /// What is left of the whole.
    value: Spanned<DeValue<'t>>,
    findings: Findings,
}

impl Search<'_, '_> {
    /// Reports the value that serde stumbled over and takes it out. Says whether what remains is worth another try.
    fn take_out(&mut self, error: &TomlError) -> bool {
        let Taken { way, value: taken, around } = take(&mut self.value, error.path());
        let at = taken.as_ref().map_or_else(|| self.whole.span(), Spanned::span);
        // A table from which something was taken, or in which something was missing all along, is no longer what its
        // type wants: that has been said.
        if !self.findings.damaged.contains(&at) {
            let way = way_to(&self.whole, &at, way.len()).unwrap_or(way);
            let why = plain(error.inner().message());
            let help = self.help(&way, taken.as_ref());
            let label = if taken.is_some() { at } else { error.inner().span().unwrap_or(at) };
            let mistake = Mistake::WrongValue { path: self.path.join(way), why, help, at: place(&label) };
            self.findings.mistakes.push(mistake);
        }
        self.findings.damaged.extend(around);
        taken.is_some()
    }

    /// The known texts where the value is one of several, else what its key is for.
    fn help(&self, way: &[Segment], value: Option<&Spanned<DeValue<'_>>>) -> String {
        let choices = self.shape.at(way).map(|schema| self.shape.choices(schema)).unwrap_or_default();
        if let (Some(DeValue::String(text)), false) = (value.map(Spanned::get_ref), choices.is_empty()) {
            return nearest::hint(text, &choices);
        }
        let around = (0..=way.len()).rev().filter_map(|length| self.shape.at(&way[..length]));
        let said = around.filter_map(description).next();
        said.unwrap_or("`trustpath steps describe KIND` shows what each key takes").to_owned()
    }
}

/// serde's message in the words of TOML: names of types in the code mean nothing to a user.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 4] = [
        ("type: sequence", "type: array"),
        ("type: map", "type: table"),
        ("expected a sequence", "expected an array"),
        ("expected a map", "expected a table"),
    ];
    const NUMBERS: [&str; 12] =
        ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];
    let message = WORDS.iter().fold(message.to_owned(), |message, (from, to)| message.replace(from, to));
    let Some((before, expected)) = message.split_once("expected ") else { return message };
    match expected {
        struct_name if struct_name.starts_with("struct ") => format!("{before}expected a table"),
        number if NUMBERS.contains(&number) => format!("{before}expected a whole number that fits {number}"),
        number if NUMBERS.contains(&number.trim_start_matches("a nonzero ")) => {
            format!("{before}expected a whole number above zero")
        }
        _ => message,
    }
}
