//! What a journal is written to: a machine that loses its power, and a disk that is full.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use serde_json::json;
use trustpath_core::{
    Class,
    graph::Selection,
    journal::{End, Journal, Log, Medium, Record, Verb, replay},
    run::Outcome,
};

use crate::shelf::{Shelf, chain, engine, engine_of, start};

/// A file of which it is known what a power cut would leave, and which can be full.
#[derive(Debug)]
struct Disk {
    file: File,
    written: Vec<u8>,
    safe: Arc<Mutex<Vec<u8>>>,
    /// The records, by their number, that there is only half a place for.
    full: fn(usize) -> bool,
    records: usize,
}

impl Disk {
    fn new(directory: &tempfile::TempDir, full: fn(usize) -> bool) -> (PathBuf, Self) {
        let path = directory.path().join("run.jsonl");
        let file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        (path, Self { file, written: Vec::new(), safe: Arc::default(), full, records: 0 })
    }
}

impl Medium for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.records += 1;
        let full = (self.full)(self.records);
        let taken = if full { &bytes[..bytes.len() / 2] } else { bytes };
        self.file.write_all(taken)?;
        self.written.extend(taken);
        if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.safe.lock().unwrap().clone_from(&self.written);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.written.truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

fn intent(step: &str) -> Record {
    Record::Intent { step: step.to_owned(), change: Default::default() }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_its_intent_survives_a_power_cut() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let (path, disk) = Disk::new(&directory, |_| false);
    let (safe, seen) = (disk.safe.clone(), Arc::new(Mutex::new(0)));
    let counted = seen.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        let left = Log::parse("after the power cut".as_ref(), &safe.lock().unwrap()).expect("a journal is left");
        assert!(matches!(&left.entries.last().unwrap().record, Record::Intent { step, .. } if step == item));
        *counted.lock().unwrap() += 1;
    }));
    let journal = Journal::on(path, disk, 0);
    journal.append(Record::Start(start(&engine, &plan, "run").await)).await.unwrap();
    let ended = engine.run(&plan, &journal).await.unwrap();
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert_eq!(*seen.lock().unwrap(), 6, "the hook did not run for every request");
}

#[tokio::test]
async fn a_file_is_synced_by_the_system() {
    let (_reader, writer) = io::pipe().unwrap();
    // A pipe takes bytes and knows no syncing: what claims to have synced it has not asked the system.
    let journal = Journal::on("pipe".into(), File::from(OwnedFd::from(writer)), 0);
    let unsynced = journal.append(intent("a")).await.unwrap_err();
    assert_eq!(unsynced.report().code.as_deref(), Some("trustpath::journal::unwritable"));
}

#[tokio::test]
async fn what_is_written_after_a_full_disk_can_be_read() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let (path, disk) = Disk::new(&directory, |nth| nth == 3 || nth == 4);
    let journal = Journal::on(path.clone(), disk, 0);
    journal.append(Record::Start(start(&engine, &plan, "run").await)).await.unwrap();
    journal.append(intent("a")).await.unwrap();
    let full = journal.append(intent("b")).await.unwrap_err();
    assert_eq!(full.class(), Class::Config);
    assert_eq!(Log::read(&path).unwrap().entries.len(), 2, "half a record is none");
    journal.append(intent("b")).await.unwrap_err();
    journal.append(intent("c")).await.unwrap();
    let log = Log::read(&path).unwrap();
    assert_eq!((log.entries.len(), log.sound), (3, fs::metadata(&path).unwrap().len()));
    assert!(matches!(&log.entries[2].record, Record::Intent { step, .. } if step == "c"));
}

#[tokio::test]
async fn a_step_is_named_whose_undo_cannot_be_recorded() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    // The start, two requests each of two steps, and the one that is refused; then it turns back, and of the last step
    // the undo's intent and answer are recorded, and not that it is undone.
    let (path, disk) = Disk::new(&directory, |nth| nth == 15);
    shelf.fail("c", crate::shelf::Fault::LostAnswer, 1);
    let journal = Journal::on(path.clone(), disk, 0);
    journal.append(Record::Start(start(&engine, &plan, "run").await)).await.unwrap();
    let ended = engine.run(&plan, &journal).await.unwrap();
    let Outcome::Stuck { undo, .. } = ended.outcome else { panic!("{:?}", ended.outcome) };
    let named: Vec<_> = undo.iter().map(|failure| (failure.step(), failure.class())).collect();
    assert_eq!(named, [(Some("c"), Class::Config), (Some("a"), Class::Stuck), (Some("b"), Class::Stuck)]);

    let log = Log::read(&path).unwrap();
    assert_eq!(replay(&log.entries).end, Some(End::Stuck));
    engine_of(&log, &shelf).rollback(&log).await.unwrap();
    assert_eq!(shelf.snapshot(), json!({}));
}
