//! Journals that were damaged: whatever the bytes are, reading them ends, and never says less than what was intact.

use std::{fs, path::Path, sync::LazyLock};

use proptest::{prelude::*, sample::Index};
use trustpath_core::journal::{Corrupt, Entry, Log, Record, Verb, replay};

use crate::shelf::{Fault, Shelf, chain, engine, engine_of, log_in, run};

/// The journal of a run that failed, and was stuck at first, and taken back later.
static REAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.put("a", &[("size", "XL"), ("note", "\u{1b}[31mred\u{7f}\n\"quoted\"")]);
    shelf.fail("c", Fault::Refused, 1);
    let breaking = shelf.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "c" {
            breaking.fail("b", Fault::Refused, usize::MAX);
        }
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
        *shelf.hook.lock().unwrap() = None;
        shelf.faults.lock().unwrap().clear();
        let stuck = log_in(&directory, "Apply");
        engine_of(&stuck, &shelf).rollback(&stuck).await.unwrap();
    });
    fs::read(log_in(&directory, "Apply").path).unwrap()
});

fn parse(bytes: &[u8]) -> Result<Log, Corrupt> {
    Log::parse(Path::new("run.jsonl"), bytes)
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    parse(bytes).expect("it is intact").entries
}

/// What happens to a journal.
#[derive(Debug, Clone)]
enum Damage {
    /// These bytes are overwritten.
    Overwrite(Index, Vec<u8>),
    /// So many bytes are lost.
    Lose(Index, usize),
    /// These bytes come in between.
    Insert(Index, Vec<u8>),
    /// A bit flips.
    Flip(Index, u8),
    /// It ends here, and so many zeros follow, as some file systems leave it.
    Zeros(Index, usize),
}

impl Damage {
    /// The damaged bytes, and where the damage begins.
    fn to(&self, bytes: &[u8]) -> (Vec<u8>, usize) {
        let mut damaged = bytes.to_vec();
        let at = |index: &Index| index.index(bytes.len());
        let from = match self {
            Self::Overwrite(index, with) => {
                let end = (at(index) + with.len()).min(bytes.len());
                damaged.splice(at(index)..end, with.iter().copied());
                at(index)
            }
            Self::Lose(index, length) => {
                drop(damaged.drain(at(index)..(at(index) + length).min(bytes.len())));
                at(index)
            }
            Self::Insert(index, with) => {
                drop(damaged.splice(at(index)..at(index), with.iter().copied()));
                at(index)
            }
            Self::Flip(index, bit) => {
                damaged[at(index)] ^= 1 << bit;
                at(index)
            }
            Self::Zeros(index, length) => {
                damaged.truncate(at(index));
                damaged.resize(at(index) + length, 0);
                at(index)
            }
        };
        (damaged, from)
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..40);
    let at = any::<Index>;
    prop_oneof![
        (at(), bytes()).prop_map(|(at, with)| Damage::Overwrite(at, with)),
        (at(), 1..400usize).prop_map(|(at, length)| Damage::Lose(at, length)),
        (at(), bytes()).prop_map(|(at, with)| Damage::Insert(at, with)),
        (at(), 0..8u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (at(), 1..5000usize).prop_map(|(at, length)| Damage::Zeros(at, length)),
    ]
}

/// The whole lines before a place.
fn intact(bytes: &[u8], place: usize) -> &[u8] {
    let end = bytes[..place].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    &bytes[..end]
}

/// Reading a damaged journal says all that stands before the damage, or refuses, with the place.
fn hold(damaged: &[u8], from: usize) {
    let before = intact(&REAL, from);
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    match parse(damaged) {
        Ok(log) => {
            assert!(log.entries.starts_with(&entries(before)), "something that was intact is lost");
            assert!(log.sound as usize >= before.len() && log.sound as usize <= damaged.len());
            // What is left out, if anything, is the last line alone.
            let left_out = &damaged[log.sound as usize..];
            assert!(!left_out[..left_out.len().saturating_sub(1)].contains(&b'\n'), "a line in the middle is left out");
        }
        Err(Corrupt::Line { line, .. }) => {
            assert!(line > lines, "line {line} is intact");
            assert!(line < damaged.split_inclusive(|byte| *byte == b'\n').count(), "the last line is only torn");
        }
        Err(Corrupt::NoStart { .. } | Corrupt::Version { .. }) => assert_eq!(lines, 0, "it does begin as a journal"),
        Err(other @ Corrupt::Unreadable { .. }) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 4096, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_journal_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        hold(&bytes, 0);
    }

    #[test]
    fn nothing_intact_is_lost_before_the_damage(damage in damage()) {
        let (damaged, from) = damage.to(&REAL);
        hold(&damaged, from);
    }

    #[test]
    fn nor_is_it_where_it_is_damaged_twice(first in damage(), second in damage()) {
        let (once, from) = first.to(&REAL);
        prop_assume!(!once.is_empty());
        let (twice, again) = second.to(&once);
        hold(&twice, from.min(again));
    }

    /// What a run may have changed is never forgotten because a later record is damaged.
    #[test]
    fn a_replay_claims_no_less_than_the_intact_records(damage in damage()) {
        let (damaged, from) = damage.to(&REAL);
        let before = intact(&REAL, from);
        let (Ok(log), Ok(known)) = (parse(&damaged), parse(before)) else {
            // Where most were refused, nothing would be shown.
            return Err(TestCaseError::reject("it is refused"));
        };
        let now = replay(&log.entries);
        for (step, _) in replay(&known.entries).pending() {
            let stands = now.pending().any(|(standing, _)| standing == step);
            let is_back = |entry: &Entry| matches!(&entry.record, Record::Undone { step: back } if back == step);
            prop_assert!(stands || log.entries.iter().any(is_back), "{step} is forgotten");
        }
    }
}

#[test]
fn the_journal_of_these_tests_is_whole() {
    let log = parse(&REAL).unwrap();
    assert_eq!(log.sound as usize, REAL.len());
    assert!(log.entries.len() > 20, "{}", log.entries.len());
}

#[test]
fn a_line_in_the_middle_is_refused_whichever_of_its_bytes_is_damaged() {
    let second = REAL.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let third = second + REAL[second..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for at in second..third - 1 {
        let mut damaged = REAL.clone();
        damaged[at] ^= 1;
        let Err(Corrupt::Line { line, .. }) = parse(&damaged) else { panic!("byte {at} went unseen") };
        // A byte that becomes a line end makes two lines of one.
        assert_eq!(line, 2);
    }
}
