//! Reading a journal back. A torn last line is what a crash leaves; anything else that is wrong is refused.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use miette::Diagnostic;
use thiserror::Error;

use super::{Entry, Record, Start, VERSION, line};
use crate::failure::{Class, Classified};

/// A journal that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Where it lies.
    pub path: PathBuf,
    /// What the run set out to do.
    pub start: Start,
    /// All records, the first one included.
    pub entries: Vec<Entry>,
    /// How many bytes of it are whole lines; what lies behind them is a torn record.
    pub sound: u64,
}

/// A journal that cannot be trusted.
#[derive(Debug, Error, Diagnostic)]
pub enum Corrupt {
    /// It cannot be read.
    #[error("the journal {} cannot be read", path.display())]
    #[diagnostic(code(trustpath::journal::unreadable), help("check that the file is there and yours"))]
    Unreadable {
        /// Where it lies.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line in it is damaged, and it is not the last one.
    #[error("line {line} of the journal {} is damaged: {why}", path.display())]
    #[diagnostic(
        code(trustpath::journal::corrupt),
        help("a run is not taken back by guesswork: restore the file, or undo by hand what its other lines say")
    )]
    Line {
        /// Where it lies.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It does not begin as a journal does.
    #[error("{} is not the journal of a run", path.display())]
    #[diagnostic(
        code(trustpath::journal::no_start),
        help("a run that was cut off before its first record has changed nothing: the file can be removed")
    )]
    NoStart {
        /// Where it lies.
        path: PathBuf,
    },
    /// Another version of the program wrote it.
    #[error("the journal {} has format {found}; this program reads format {VERSION}", path.display())]
    #[diagnostic(code(trustpath::journal::version), help("use the version of the program that made the run"))]
    Version {
        /// Where it lies.
        path: PathBuf,
        /// The version that it has.
        found: u32,
    },
}

impl Classified for Corrupt {
    fn class(&self) -> Class {
        Class::Config
    }
}

impl Log {
    /// Reads a journal.
    ///
    /// # Errors
    /// When it cannot be read, or any line but a torn last one is damaged.
    pub fn read(path: &Path) -> Result<Self, Corrupt> {
        let text = fs::read(path).map_err(|source| Corrupt::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads a journal from its bytes; `path` is for messages.
    ///
    /// # Errors
    /// When any line but a torn last one is damaged.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Corrupt> {
        let mut entries = Vec::new();
        let mut sound = 0;
        for (index, whole) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let last = sound + whole.len() == bytes.len();
            match decode(whole) {
                Ok(entry) => entries.push(entry),
                Err(_) if last => break,
                Err(why) => {
                    return Err(Corrupt::Line { path: path.to_owned(), line: index + 1, why });
                }
            }
            sound += whole.len();
        }
        let Some(Entry { record: Record::Start(start), .. }) = entries.first() else {
            return Err(Corrupt::NoStart { path: path.to_owned() });
        };
        if start.version != VERSION {
            return Err(Corrupt::Version { path: path.to_owned(), found: start.version });
        }
        Ok(Self { path: path.to_owned(), start: start.clone(), entries, sound: sound as u64 })
    }
}

fn decode(line: &[u8]) -> Result<Entry, String> {
    let line = line.strip_suffix(b"\n").ok_or("it has no end")?;
    line::decode(std::str::from_utf8(line).map_err(|error| error.to_string())?)
}
