//! Locks of this machine: one process at a time works from a state directory, and writes a journal.
//!
//! They belong to an open file: the system takes them back when the process ends, however it ends.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::Path,
};

use super::private;
use crate::failure::{Class, Problem, Result};

/// The state directory is this process's, as long as this is kept.
#[derive(Debug)]
pub struct DirectoryLock(File);

/// What trying to take a lock came to.
#[derive(Debug)]
pub enum TryLock {
    /// It is ours.
    Ours(DirectoryLock),
    /// Another process has it; these are its words about itself.
    Theirs(String),
}

impl TryLock {
    /// Tries it in a state directory, which is made where it is missing.
    pub(super) fn at(directory: &Path, words: &str) -> Result<Self> {
        let path = directory.join("lock");
        let locked = || -> io::Result<Self> {
            private::create(directory)?;
            let mut file = private::file().read(true).append(true).create(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Self::Theirs(fs::read_to_string(&path)?)),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            file.set_len(0)?;
            file.write_all(words.as_bytes())?;
            Ok(Self::Ours(DirectoryLock(file)))
        };
        Ok(locked().map_err(|error| unusable(&path, error))?)
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // What is left in it is only read while somebody holds it, and overwritten before.
        drop(self.0.set_len(0));
    }
}

/// Locks the file of a journal for as long as it is open. A look at it ([`is_locked`]) may be in the way for a moment.
pub(super) fn exclusively(file: &File) -> io::Result<()> {
    const LOOKS: usize = 50;
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another process is writing it"))
}

/// Whether a process is writing this journal.
pub(super) fn is_locked(path: &Path) -> bool {
    // What cannot be looked at is not known to be written; reading it tells why.
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn unusable(path: &Path, error: io::Error) -> Problem {
    let message = format!("the lock of the state directory, {}, cannot be taken", path.display());
    Problem::new(Class::Config, "trustpath::lock::directory", message)
        .help("make it yours to write, or choose another place on a local disk with --state-dir")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_directory_is_one_processs_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("state");
        let TryLock::Ours(held) = TryLock::at(&directory, "apply (pid 1), a longer text").unwrap() else {
            panic!("it is free")
        };
        let TryLock::Theirs(words) = TryLock::at(&directory, "apply (pid 2)").unwrap() else { panic!("it is held") };
        assert_eq!(words, "apply (pid 1), a longer text");
        drop(held);
        let TryLock::Ours(_held) = TryLock::at(&directory, "apply (pid 2)").unwrap() else {
            panic!("it is free again")
        };
        let TryLock::Theirs(words) = TryLock::at(&directory, "x").unwrap() else { panic!("it is held") };
        assert_eq!(words, "apply (pid 2)", "nothing of the one before is left");
    }

    #[test]
    fn a_journal_has_one_writer() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_locked(file.path()));
        let writer = File::open(file.path()).unwrap();
        exclusively(&writer).unwrap();
        assert!(is_locked(file.path()));
        let other = File::open(file.path()).unwrap();
        assert_eq!(exclusively(&other).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        drop(writer);
        assert!(!is_locked(file.path()));
        exclusively(&other).unwrap();
    }
}
