//! What another place has of a journal, and is to have of it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::{Corrupt, End, Log, Record, Store, line, lock::exclusively, private, write::unwritable};
use crate::failure::{Class, Problem, Result};

/// How the journal that lies here and that of the same run in another place go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalRelation {
    /// They say the same.
    Same,
    /// The other place has more: what is here, up to so many bytes, is its beginning.
    Behind(u64),
    /// There is more here: a crash came between the two.
    Ahead,
    /// Each has something that the other has not.
    Apart,
}

/// How they go together. Pure. What lies here behind the last whole line is no record, and counts for nothing.
pub(crate) fn relation(here: &[u8], there: &[u8]) -> JournalRelation {
    let Some(sound) = durable_len(here) else {
        return if here == there { JournalRelation::Same } else { JournalRelation::Apart };
    };
    let whole = &here[..sound];
    match (there.starts_with(whole), whole.starts_with(there)) {
        (true, true) if sound == here.len() => JournalRelation::Same,
        (true, true) => JournalRelation::Ahead,
        (true, false) => JournalRelation::Behind(sound as u64),
        (false, true) => JournalRelation::Ahead,
        (false, false) => ended_twice(whole, there).map_or(JournalRelation::Apart, JournalRelation::Behind),
    }
}

/// How many bytes two journals share that differ in nothing but when their run was closed: another place could not know
/// that it was over already, and has proven it once more.
fn ended_twice(here: &[u8], there: &[u8]) -> Option<u64> {
    let before = |lines: &[u8]| {
        let last = lines.trim_ascii_end().iter().rposition(|byte| *byte == b'\n')? + 1;
        let entry = line::decode(std::str::from_utf8(&lines[last..]).ok()?.trim_end()).ok()?;
        let is_over = matches!(entry.record, Record::End { end } if end != End::Stuck);
        is_over.then_some(last)
    };
    let (last, other) = (before(here)?, before(there)?);
    (here[..last] == there[..other]).then_some(last as u64)
}

/// How many bytes of a journal are whole records; `None` where it is damaged, or no journal.
fn durable_len(bytes: &[u8]) -> Option<usize> {
    match Log::parse(Path::new(""), bytes) {
        Ok(log) => usize::try_from(log.sound).ok(),
        // Cut off in its first record: nothing was announced.
        Err(Corrupt::NoStart { .. }) if !bytes.contains(&b'\n') => Some(0),
        Err(_) => None,
    }
}

impl Store {
    /// The whole records of the journal of a run, as another place is to have them.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn lines(&self, run: &str) -> Result<Vec<u8>, Corrupt> {
        let path = self.path(run);
        let mut lines = fs::read(&path).map_err(|source| Corrupt::Unreadable { path: path.clone(), source })?;
        let sound = Log::parse(&path, &lines)?.sound;
        lines.truncate(usize::try_from(sound).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// Brings the journal of a run up to what another place, `there`, has of it. What is here and not there stays.
    ///
    /// It may wait for a lock of the file, and does so off the threads of the runtime: locks of runs are renewed there.
    ///
    /// # Errors
    /// When what lies there is no sound journal of this run, the two do not go together, or the file cannot be written.
    pub async fn take_over(&self, run: &str, there: &Path, lines: Vec<u8>) -> Result<JournalRelation> {
        let (store, name, there) = (self.clone(), run.to_owned(), there.to_owned());
        let taken = tokio::task::spawn_blocking(move || store.bring_up(&name, &there, &lines)).await;
        taken.map_err(|error| unwritable(&self.path(run), io::Error::other(error)))?
    }

    fn bring_up(&self, run: &str, there: &Path, lines: &[u8]) -> Result<JournalRelation> {
        let log = Log::parse(there, lines)?;
        if log.sound != lines.len() as u64 || log.start.run != run || !is_name(run) {
            return Err(Corrupt::NoStart { path: there.to_owned() }.into());
        }
        let path = self.path(run);
        let here = match fs::read(&path) {
            Ok(here) => here,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(&path, lines).map_err(|error| unwritable(&path, error))?;
                return Ok(JournalRelation::Behind(0));
            }
            Err(source) => return Err(Corrupt::Unreadable { path, source }.into()),
        };
        let found = relation(&here, lines);
        match found {
            JournalRelation::Behind(sound) => extend(&path, sound, lines).map_err(|error| unwritable(&path, error))?,
            JournalRelation::Apart => return Err(apart(run, &path, there).into()),
            JournalRelation::Same | JournalRelation::Ahead => {}
        }
        Ok(found)
    }
}

/// Whether a run's id is the plain word that this program makes: it becomes the name of a file.
fn is_name(run: &str) -> bool {
    !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Writes a journal that is not there: whole, or not at all, and never over one that came meanwhile.
fn create(path: &Path, lines: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    private::create(directory)?;
    let fresh = path.with_extension(format!("fetched-{}", std::process::id()));
    let mut file = private::file().write(true).create(true).truncate(true).open(&fresh)?;
    file.write_all(lines)?;
    file.sync_all()?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(directory)?.sync_all(),
    }
}

/// Writes the rest of a journal behind the first `sound` bytes of it, unless a process is at work on it.
fn extend(path: &Path, sound: u64, lines: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    exclusively(&file)?;
    file.set_len(sound)?;
    file.write_all(&lines[usize::try_from(sound).map_err(io::Error::other)?..])?;
    file.sync_all()
}

fn apart(run: &str, here: &Path, there: &Path) -> Problem {
    let (here, there) = (here.display(), there.display());
    let message = format!("the run {run} has two journals that do not go together: {here}, and {there}");
    Problem::new(Class::Refused, "trustpath::journal::apart", message).help(
        "it was continued from two places; look at both, and keep the one of the place that went on last: \
         move the file here away, or take the key out of the Secret",
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::journal::{Entry, Start, VERSION, Verb, line::encode};

    fn start(run: &str) -> Record {
        Record::Start(Start {
            version: VERSION,
            program: "test".into(),
            run: run.into(),
            verb: Verb::Apply,
            graph: "g".into(),
            chosen: Vec::new(),
            system: None,
            reason: None,
            consent: Default::default(),
            limits: Default::default(),
            target: Default::default(),
            connections: json!(null),
            steps: Vec::new(),
        })
    }

    fn line(record: Record) -> Vec<u8> {
        encode(&Entry { at: Timestamp::UNIX_EPOCH, record }).unwrap()
    }

    fn undone(step: &str) -> Vec<u8> {
        line(Record::Undone { step: step.into() })
    }

    fn journal(steps: &[&str]) -> Vec<u8> {
        let lines = steps.iter().map(|step| undone(step));
        std::iter::once(line(start("r"))).chain(lines).collect::<Vec<_>>().concat()
    }

    #[test]
    fn how_two_journals_go_together() {
        let behind = |steps: &[&str]| JournalRelation::Behind(journal(steps).len() as u64);
        let cases: [(&[&str], &str, &[&str], JournalRelation); 8] = [
            (&["a"], "", &["a"], JournalRelation::Same),
            (&["a"], "", &["a", "b"], behind(&["a"])),
            (&["a", "b"], "", &["a"], JournalRelation::Ahead),
            (&["a"], "", &["b"], JournalRelation::Apart),
            (&["a", "b"], "", &["a", "c"], JournalRelation::Apart),
            (&["a"], "{\"crc", &["a"], JournalRelation::Ahead),
            (&["a"], "{\"crc\":\"never", &["a", "b"], behind(&["a"])),
            (&["a", "x"], "{\"crc", &["a", "b"], JournalRelation::Apart),
        ];
        for (here, torn, there, expected) in cases {
            let found = relation(&[&journal(here), torn.as_bytes()].concat(), &journal(there));
            assert_eq!(found, expected, "{here:?}, {torn}, and {there:?}");
        }
    }

    #[test]
    fn a_run_that_was_closed_twice_has_one_journal() {
        let closed = |steps: &[&str], seconds, end| {
            let at = Timestamp::from_second(seconds).unwrap();
            [journal(steps), encode(&Entry { at, record: Record::End { end } }).unwrap()].concat()
        };
        let here = closed(&["a"], 1, End::Done);
        let same = JournalRelation::Behind(journal(&["a"]).len() as u64);
        assert_eq!(relation(&here, &closed(&["a"], 2, End::Done)), same);
        assert_eq!(relation(&here, &closed(&["a"], 2, End::Kept)), same);
        assert_eq!(relation(&here, &closed(&["a"], 2, End::Stuck)), JournalRelation::Apart, "it was continued");
        assert_eq!(relation(&here, &closed(&["b"], 2, End::Done)), JournalRelation::Apart);
        assert_eq!(relation(&here, &journal(&["a", "b"])), JournalRelation::Apart);
    }

    #[test]
    fn what_is_no_journal_is_not_written_over() {
        assert_eq!(relation(b"", &journal(&[])), JournalRelation::Behind(0));
        assert_eq!(relation(b"{\"cr", &journal(&[])), JournalRelation::Behind(0));
        assert_eq!(relation(b"a note of somebody's\n", &journal(&[])), JournalRelation::Apart);
        let damaged = [b"damaged\n".as_slice(), &journal(&["a"])].concat();
        assert_eq!(relation(&damaged, &journal(&["a"])), JournalRelation::Apart);
    }

    proptest! {
        /// Wherever a journal is cut, what is left of it and the whole go together, whichever lies here.
        #[test]
        fn a_journal_and_its_beginning_go_together(cut in 0_usize..2000) {
            let whole = journal(&["a", "b", "c"]);
            let cut = cut % (whole.len() + 1);
            let lines = whole[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let here = relation(&whole[..cut], &whole);
            prop_assert_eq!(here, if cut == whole.len() { JournalRelation::Same } else { JournalRelation::Behind(lines as u64) });
            if cut > 0 && cut == lines && cut < whole.len() {
                prop_assert_eq!(relation(&whole, &whole[..cut]), JournalRelation::Ahead);
            }
        }
    }

    #[test]
    fn what_the_other_place_has_is_brought_here_and_what_is_here_stays() {
        let home = tempfile::tempdir().unwrap();
        let (store, there) = (Store::new(home.path().join("state")), Path::new("there"));
        let (short, long) = (journal(&["a"]), journal(&["a", "b"]));
        assert_eq!(store.bring_up("r", there, &short).unwrap(), JournalRelation::Behind(0));
        assert_eq!(fs::read(store.path("r")).unwrap(), short);
        assert_eq!(fs::read_dir(store.directory()).unwrap().count(), 1, "something was left beside it");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(store.path("r")).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(store.path("r"), [&short, b"{\"torn".as_slice()].concat()).unwrap();
        assert_eq!(store.lines("r").unwrap(), short);
        assert_eq!(store.bring_up("r", there, &long).unwrap(), JournalRelation::Behind(short.len() as u64));
        assert_eq!(fs::read(store.path("r")).unwrap(), long);
        assert_eq!(store.bring_up("r", there, &short).unwrap(), JournalRelation::Ahead);
        assert_eq!(fs::read(store.path("r")).unwrap(), long);
        let other = store.bring_up("r", there, &journal(&["c"])).unwrap_err();
        assert_eq!(other.report().code.as_deref(), Some("trustpath::journal::apart"));
        assert!(other.to_string().contains("there") && other.to_string().contains("r.jsonl"), "{other}");
        assert_eq!(fs::read(store.path("r")).unwrap(), long);
    }

    /// On one thread: what waits for the lock of a file must not keep from going on what gives it back.
    #[tokio::test]
    async fn nothing_else_waits_while_a_lock_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().join("state"));
        store.bring_up("r", Path::new("there"), &journal(&["a"])).unwrap();
        let writer = fs::File::open(store.path("r")).unwrap();
        exclusively(&writer).unwrap();
        let taking = store.take_over("r", Path::new("there"), journal(&["a", "b"]));
        let (taken, ()) = tokio::join!(taking, async { drop(writer) });
        assert!(matches!(taken, Ok(JournalRelation::Behind(_))), "{taken:?}");
    }

    #[test]
    fn a_journal_that_is_none_is_not_taken() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().join("state"));
        let mut damaged = journal(&["a", "b"]);
        damaged[20] ^= 1;
        let end = line(Record::End { end: End::Done });
        let torn = [journal(&["a"]), end[..end.len() / 2].to_vec()].concat();
        for (run, lines) in [("r", damaged), ("r", torn), ("other", journal(&[])), ("../r", line(start("../r")))] {
            let refused = store.bring_up(run, Path::new("there"), &lines).unwrap_err();
            assert!(refused.to_string().contains("there"), "{refused}");
        }
        assert!(store.runs().unwrap().is_empty());
    }
}
