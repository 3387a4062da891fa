//! Which run a journal is of.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
};

use trustpath_core::{Result, journal::Corrupt};
use trustpath_platform::{digest::sha256, lock::Unfinished};

/// What tells a run from every other one: the digest of the first record of its journal.
///
/// # Errors
/// When it cannot be read.
pub(super) fn digest(journal: &Path) -> Result<String> {
    let mut first = Vec::new();
    let read = fs::File::open(journal).and_then(|file| BufReader::new(file).read_until(b'\n', &mut first));
    read.map_err(|source| Corrupt::Unreadable { path: journal.to_owned(), source })?;
    Ok(sha256(first))
}

/// Whether a journal is that of the run.
pub(super) fn is_of(journal: &Path, run: &Unfinished) -> bool {
    digest(journal).is_ok_and(|digest| digest == run.digest)
}
