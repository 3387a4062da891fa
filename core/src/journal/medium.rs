//! What a journal is written to: the least that a record needs in order to be safe.

use std::{
    fmt,
    fs::File,
    io::{self, Write},
};

/// What a journal is written to, line by line. A file; another one shows in a test what a power cut leaves.
pub trait Medium: fmt::Debug + Send {
    /// Writes bytes behind those that are there. They may be lost, or only half there, until they are synced.
    ///
    /// # Errors
    /// When not all of them were taken.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once all that was written survives a power cut.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync(&mut self) -> io::Result<()>;

    /// Leaves so many bytes, and forgets what lies behind them.
    ///
    /// # Errors
    /// When it stays as it was.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Whole lines on a medium.
#[derive(Debug)]
pub(super) struct Lines {
    medium: Box<dyn Medium>,
    /// How many bytes of it are whole and synced lines.
    sound: u64,
    /// Whether something else lies behind them: a line that could not be written, or not be synced.
    torn: bool,
}

impl Lines {
    pub(super) fn new(medium: impl Medium + 'static, sound: u64) -> Self {
        Self { medium: Box::new(medium), sound, torn: false }
    }

    /// How many bytes are safe.
    pub(super) fn durable_len(&self) -> u64 {
        self.sound
    }

    /// Writes a line and returns once it is safe, with how many bytes are safe then. What is left of an earlier one that
    /// failed goes first: behind it, this one could not be read.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<u64> {
        if self.torn {
            self.medium.cut(self.sound)?;
        }
        self.torn = true;
        self.medium.write(line)?;
        self.medium.sync()?;
        self.sound += line.len() as u64;
        self.torn = false;
        Ok(self.sound)
    }
}
