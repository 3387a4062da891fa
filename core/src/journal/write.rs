//! Writing a journal: append, sync, and only then go on.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Entry, Log, Medium, Record, Start, line, lock::exclusively, medium::Lines};
use crate::failure::{Class, Problem, Result};

/// The open journal of one run. Cheap to clone; records from several steps do not mix.
#[derive(Clone, Debug)]
pub struct Journal {
    path: Arc<Path>,
    lines: Arc<Mutex<Lines>>,
}

impl Journal {
    /// Begins the journal of a new run at `path`, mode 0600, and syncs its directory too.
    ///
    /// # Errors
    /// When the file is there already, or cannot be written.
    pub async fn begin(path: PathBuf, start: Start) -> Result<Self> {
        let opened = path.clone();
        let file = blocking(move || create(&opened)).await.map_err(|error| unwritable(&path, error))?;
        let journal = Self::on(path, file, 0);
        journal.append(Record::Start(start)).await?;
        Ok(journal)
    }

    /// Writes to `medium`, which has so many bytes of whole lines, and whose bytes are to be read at `path`.
    pub fn on(path: PathBuf, medium: impl Medium + 'static, sound: u64) -> Self {
        Self { path: path.into(), lines: Arc::new(Mutex::new(Lines::new(medium, sound))) }
    }

    /// Goes on with the journal of an earlier run; a torn last record is cut off.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn resume(log: &Log) -> Result<Self> {
        let (path, sound) = (log.path.clone(), log.sound);
        let opened = path.clone();
        let open = move || {
            let file = OpenOptions::new().append(true).open(opened)?;
            exclusively(&file)?;
            file.set_len(sound)?;
            Ok(file)
        };
        let file = blocking(open).await.map_err(|error| unwritable(&path, error))?;
        Ok(Self::on(path, file, sound))
    }

    /// Writes a record and returns once it is on disk.
    ///
    /// # Errors
    /// When it cannot be written: what it announces must not be done then.
    pub async fn append(&self, record: Record) -> Result<()> {
        let entry = Entry { at: Timestamp::now(), record };
        let lines = self.lines.clone();
        let write = move || {
            let bytes = line::encode(&entry)?;
            lines.lock().unwrap_or_else(PoisonError::into_inner).append(&bytes)
        };
        Ok(blocking(write).await.map_err(|error| unwritable(&self.path, error))?)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    exclusively(&file)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn unwritable(path: &Path, error: io::Error) -> Problem {
    if error.kind() == io::ErrorKind::ResourceBusy {
        let message = format!("another process is at work on the run whose journal is {}", path.display());
        return Problem::new(Class::Conflict, "trustpath::journal::busy", message)
            .help("wait until it has ended: `trustpath runs` shows it as running");
    }
    let message = format!("the journal {} cannot be written", path.display());
    Problem::new(Class::Config, "trustpath::journal::unwritable", message)
        .help("nothing is changed without a journal: make room, or choose another place with --state-dir")
        .because(error)
}
