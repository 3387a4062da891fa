//! What a journal is written to: a disk that fills up, and a machine that loses its power.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use trustpath_core::journal::Medium;

use crate::{
    act::{Left, Stop},
    process::Client,
};

/// A file that is never really synced: what of it would survive a power cut is kept count of.
pub(crate) struct Disk {
    file: File,
    length: u64,
    process: Client,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Disk {
    /// With so many bytes of whole lines, of an earlier process.
    pub(crate) fn open(path: &Path, sound: u64, process: Client) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.set_len(sound).unwrap();
        process.process().synced = sound;
        Self { file, length: sound, process }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
        self.length += bytes.len() as u64;
    }

    /// What is left of the nth record where the process ends at it.
    fn ends_at(&self, nth: usize) -> Option<Left> {
        match self.process.process().trouble.stop {
            Some(Stop::Record(at, left, _)) if at == nth => Some(left),
            _ => None,
        }
    }

    fn is_full(&self, nth: usize) -> bool {
        let mut process = self.process.process();
        let full = process.trouble.disk_full.is_some_and(|(from, times)| (from..from + times).contains(&nth));
        process.disk_was_full |= full;
        full
    }
}

impl Medium for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.process.process().dead {
            return Err(io::Error::other("there is no such process"));
        }
        let nth = self.process.process().records;
        self.process.process().records += 1;
        if self.is_full(nth) {
            self.put(&bytes[..bytes.len() / 2]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        match self.ends_at(nth) {
            None | Some(Left::Synced) => self.put(bytes),
            Some(left) => {
                match left {
                    Left::Torn => self.put(&bytes[..bytes.len() / 2]),
                    Left::Unsynced => self.put(bytes),
                    Left::Nothing | Left::Synced => {}
                }
                self.process.die();
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.process.process().dead {
            return Err(io::Error::other("there is no such process"));
        }
        let last = self.process.process().records - 1;
        self.process.process().synced = self.length;
        if self.ends_at(last).is_some() {
            self.process.die();
        }
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.process.process().dead {
            return Err(io::Error::other("there is no such process"));
        }
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }
}

/// The power goes: what was not synced is lost.
pub(crate) fn lose_power(path: &Path, synced: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(synced).unwrap();
}
