//! The list of mutants.

use std::{collections::BTreeMap, fs, path::Path};

use miette::{Context, IntoDiagnostic, Result};
use serde::Deserialize;

/// One way to break the program, and the tests that notice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// What is broken.
    pub(super) name: String,
    /// The file, from the root of the checkout.
    pub(super) file: String,
    /// A text that is in it exactly once.
    pub(super) old: String,
    /// What stands there instead.
    pub(super) new: String,
    /// The package whose tests notice.
    pub(super) package: String,
    /// Which of its test binaries; the unit tests of its library where none is named.
    pub(super) binary: Option<String>,
    /// The tests that go red: each of them.
    pub(super) red: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

pub(super) fn read() -> Result<Vec<Mutant>> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mutants.toml"));
    let text = fs::read_to_string(path).into_diagnostic().context("tests/mutants.toml cannot be read")?;
    let list: List = toml::from_str(&text).into_diagnostic().context("tests/mutants.toml is not what it should be")?;
    Ok(list.mutant)
}

/// The tests of all mutants, each binary once.
pub(super) fn by_binary(mutants: &[Mutant]) -> Vec<(&str, Option<&str>, Vec<String>)> {
    let mut tests: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for mutant in mutants {
        let of_binary = tests.entry((mutant.package.as_str(), mutant.binary.as_deref())).or_default();
        of_binary.extend(mutant.red.iter().cloned());
    }
    let each = tests.into_iter().map(|((package, binary), mut tests)| {
        tests.sort();
        tests.dedup();
        (package, binary, tests)
    });
    each.collect()
}
