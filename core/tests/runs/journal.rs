//! The journal on disk: what a crash leaves, and what no one should have touched.

use std::{fs, os::unix::fs::PermissionsExt};

use trustpath_core::{
    graph::Selection,
    journal::{Corrupt, Journal, Log, Store, Verb},
};

use crate::shelf::{Shelf, chain, engine, journal};

/// A finished journal's path and its lines.
async fn finished(directory: &tempfile::TempDir) -> (std::path::PathBuf, Vec<String>) {
    let engine = engine(&chain(), &Shelf::default());
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let journal = journal(&engine, &plan, directory.path()).await;
    engine.run(&plan, &journal).await.unwrap();
    let text = fs::read_to_string(journal.path()).unwrap();
    (journal.path().to_owned(), text.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn only_its_owner_can_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = finished(&directory).await;
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_journal_cut_at_any_byte_reads_up_to_its_last_whole_line() {
    let directory = tempfile::tempdir().unwrap();
    let (path, lines) = finished(&directory).await;
    let bytes = fs::read(&path).unwrap();
    let first = lines[0].len() + 1;
    for cut in first..=bytes.len() {
        let log = Log::parse(&path, &bytes[..cut]).unwrap();
        let whole = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(log.entries.len(), whole, "cut at byte {cut}");
    }
    assert!(matches!(Log::parse(&path, &bytes[..first - 1]), Err(Corrupt::NoStart { .. })));
}

#[tokio::test]
async fn a_damaged_line_in_the_middle_is_refused_with_its_number() {
    let directory = tempfile::tempdir().unwrap();
    let (path, mut lines) = finished(&directory).await;
    lines[2] = lines[2].replace("\"step\":\"a\"", "\"step\":\"b\"");
    let Err(Corrupt::Line { line, why, .. }) = Log::parse(&path, (lines.join("\n") + "\n").as_bytes()) else {
        panic!("a forged record was believed");
    };
    assert_eq!(line, 3);
    assert!(why.contains("checksum"), "{why}");
}

#[tokio::test]
async fn going_on_cuts_the_torn_record_off() {
    let directory = tempfile::tempdir().unwrap();
    let (path, lines) = finished(&directory).await;
    fs::write(&path, format!("{}\n{}\n{{\"crc\":\"12", lines[0], lines[1])).unwrap();
    let log = Log::read(&path).unwrap();
    let journal = Journal::resume(&log).await.unwrap();
    journal.append(log.entries[1].record.clone()).await.unwrap();
    assert_eq!(Log::read(&path).unwrap().entries.len(), 3);
}

#[tokio::test]
async fn runs_are_listed_oldest_first_and_unknown_ones_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().join("runs"));
    assert_eq!(store.runs().unwrap(), [] as [&str; 0]);
    let mut begun = Vec::new();
    for _ in 0..12 {
        let (run, path) = store.next(100).unwrap();
        fs::write(path, "").unwrap();
        begun.push(run);
    }
    assert_eq!(store.runs().unwrap(), begun);
    let report = store.read("nothing").unwrap_err().report();
    assert!(report.help.unwrap().contains(&begun[0]));
}
