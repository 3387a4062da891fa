//! Which run a journal is of.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, absolute},
};

use trustpath_core::{
    Result,
    journal::{Corrupt, Store},
};
use trustpath_platform::{
    digest::sha256,
    lock::{Observed, Unfinished},
};

use crate::json::RunStatus;

/// What tells a run from every other one: the digest of the first record of its journal.
pub(super) fn digest(journal: &Path) -> Result<String> {
    let mut first = Vec::new();
    let read = fs::File::open(journal).and_then(|file| BufReader::new(file).read_until(b'\n', &mut first));
    read.map_err(|source| Corrupt::Unreadable { path: journal.to_owned(), source })?;
    Ok(sha256(first))
}

/// Where a journal lies, as a lock says it.
pub(super) fn place(journal: &Path) -> String {
    absolute(journal).unwrap_or_else(|_| journal.to_owned()).display().to_string()
}

/// What the journals that lie here say of a run that a lock names, on this host.
pub(super) fn known(store: &Store, host: &str, run: &Unfinished) -> Observed {
    let is_of = |own: &String| digest(&store.path(own)).is_ok_and(|digest| digest == run.digest);
    let Some(own) = store.runs().ok().and_then(|runs| runs.into_iter().find(is_of)) else {
        return Observed::Elsewhere;
    };
    // One that was continued from elsewhere says there how it ended, and not here.
    let is_last = run.host == host && run.journal == place(&store.path(&own));
    match store.read(&own) {
        Ok(log) if is_last && RunStatus::of(&log).is_over() => Observed::Over,
        _ => Observed::Here,
    }
}
