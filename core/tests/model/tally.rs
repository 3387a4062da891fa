//! What the runs of a test came to, counted: what is never reached is not tested.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

static COUNTS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Everything that a run can come to, and every reason to be stuck.
const ALL: [&str; 11] = [
    "cut off",
    "done",
    "kept",
    "refused to resume",
    "rolled-back",
    "stuck",
    "server::fault",
    "trustpath::journal::unwritable",
    "trustpath::lock::lost",
    "trustpath::undo::edited",
    "trustpath::undo::held_back",
];

/// With so many cases each of them is reached.
const ENOUGH: u32 = 256;

pub(crate) fn count(what: &str) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(what.to_owned()).or_default() += 1;
}

pub(crate) fn check(cases: u32) {
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{cases} sequences: {counts:?}");
    let missing: Vec<_> = ALL.iter().filter(|what| !counts.contains_key(**what)).collect();
    assert!(cases < ENOUGH || missing.is_empty(), "never reached: {missing:?}");
}
