//! Writing a journal: append, sync, and only then go on.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{
    Entry, Log, Medium, Mirror, Record, Start, line, lock::exclusively, medium::Lines, mirror::Replica, private,
};
use crate::failure::{Class, Failure, Problem, Result};

/// The open journal of one run. Cheap to clone; records from several steps do not mix.
#[derive(Clone, Debug)]
pub struct Journal {
    path: Arc<Path>,
    lines: Arc<Mutex<Lines>>,
    reflection: Option<Arc<Replica>>,
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
        Self { path: path.into(), lines: Arc::new(Mutex::new(Lines::new(medium, sound))), reflection: None }
    }

    /// The same journal, of this run, kept in another place too. That place gets what is there with the next record, or
    /// with [`Journal::flush`].
    #[must_use]
    pub fn mirrored(self, run: &str, mirror: Arc<dyn Mirror>) -> Self {
        Self { reflection: Some(Arc::new(Replica::new(mirror, run))), ..self }
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

    /// Writes a record and returns once it is on disk, and in the mirror where there is one.
    ///
    /// # Errors
    /// When it cannot be written: what it announces must not be done then. The mirror counts where a request of the way
    /// forward is announced. It may lack any other record: the next one brings all, and [`Journal::last_error`] says so.
    pub async fn append(&self, record: Record) -> Result<()> {
        let sends = matches!(record, Record::Intent { .. });
        let entry = Entry { at: Timestamp::now(), record };
        let lines = self.lines.clone();
        let write = move || {
            let bytes = line::encode(&entry)?;
            lines.lock().unwrap_or_else(PoisonError::into_inner).append(&bytes)
        };
        let end = blocking(write).await.map_err(|error| unwritable(&self.path, error))?;
        self.up_to(end).await.or_else(|failure| if sends { Err(failure) } else { Ok(()) })
    }

    /// Returns once the mirror, where there is one, has all that was written.
    ///
    /// # Errors
    /// When that is not certain.
    pub async fn flush(&self) -> Result<()> {
        self.up_to(self.durable_len()).await
    }

    /// Why the mirror lacks the last records, where it does.
    pub fn last_error(&self) -> Option<Failure> {
        self.reflection.as_ref()?.last_error().clone()
    }

    async fn up_to(&self, end: u64) -> Result<()> {
        let Some(reflection) = &self.reflection else { return Ok(()) };
        reflection.up_to(end, || self.whole()).await
    }

    /// All records up to now.
    async fn whole(&self) -> Result<Vec<u8>> {
        let (path, sound) = (self.path.clone(), self.durable_len());
        let read = move || {
            let mut bytes = std::fs::read(path)?;
            bytes.truncate(usize::try_from(sound).unwrap_or(usize::MAX));
            Ok(bytes)
        };
        Ok(blocking(read).await.map_err(|error| unwritable(&self.path, error))?)
    }

    fn durable_len(&self) -> u64 {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).durable_len()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn create(path: &Path) -> io::Result<File> {
    let file = private::file().append(true).create_new(true).open(path)?;
    exclusively(&file)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

pub(super) fn unwritable(path: &Path, error: io::Error) -> Problem {
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
