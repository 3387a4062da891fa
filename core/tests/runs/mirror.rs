//! A journal that is kept in a second place: what is announced there before it is sent, and what a run makes of a second
//! place that cannot be written.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{
    Class, Problem, Result,
    graph::Selection,
    journal::{End, Journal, Log, Mirror, Record, Verb, replay},
    run::{Ended, Outcome},
};

use crate::shelf::{Fault, Shelf, chain, engine, engine_of, start};

/// What the second place has, and the records that it refuses, by their number.
#[derive(Debug, Clone)]
struct Second {
    lines: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<usize>>,
    refuses: fn(usize) -> bool,
}

impl Second {
    fn that_refuses(refuses: fn(usize) -> bool) -> Self {
        Self { lines: Arc::default(), asked: Arc::default(), refuses }
    }

    fn log(&self) -> Log {
        Log::parse(Path::new("second"), &self.lines.lock().unwrap()).expect("a journal")
    }
}

#[async_trait]
impl Mirror for Second {
    async fn keep(&self, run: &str, lines: &[u8]) -> Result<()> {
        assert_eq!(run, "run");
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        tokio::task::yield_now().await;
        if (self.refuses)(asked) {
            return Err(Problem::new(Class::Denied, "trustpath::test::refused", "the second place is shut").into());
        }
        let mut kept = self.lines.lock().unwrap();
        assert!(lines.starts_with(&kept), "it continues what is there");
        *kept = lines.to_vec();
        Ok(())
    }
}

/// Applies the chain with this mirror; answers with the journal that lies here too.
async fn applied(shelf: &Shelf, second: &Second) -> (Ended, Journal, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let engine = engine(&chain(), shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let begun = Journal::begin(directory.path().join("run.jsonl"), start(&engine, &plan, "run").await).await.unwrap();
    let journal = begun.mirrored("run", Arc::new(second.clone()));
    journal.flush().await.unwrap();
    let ended = engine.run(&plan, &journal).await.unwrap();
    (ended, journal, directory)
}

#[tokio::test(start_paused = true)]
async fn every_intent_is_in_the_mirror_before_its_request_is_sent() {
    let (shelf, second) = (Shelf::default(), Second::that_refuses(|_| false));
    let (there, seen) = (second.clone(), Arc::new(Mutex::new(0)));
    let counted = seen.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        assert!(matches!(&there.log().entries.last().unwrap().record, Record::Intent { step, .. } if step == item));
        *counted.lock().unwrap() += 1;
    }));
    let (ended, journal, _home) = applied(&shelf, &second).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert_eq!(*seen.lock().unwrap(), 6, "the hook did not run for every request");
    assert_eq!(second.log().entries, Log::read(journal.path()).unwrap().entries);
    assert!(journal.last_error().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_mirror_does_not_take_is_not_sent_and_nothing_is_waited_for() {
    // The start, and the intents and answers of four requests; then it is shut for good.
    let (shelf, second) = (Shelf::default(), Second::that_refuses(|nth| nth > 9));
    let begun = tokio::time::Instant::now();
    let (ended, journal, _home) = applied(&shelf, &second).await;
    assert_eq!(begun.elapsed(), std::time::Duration::ZERO, "nothing was sent that could come late");
    let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!((why.class(), why.step()), (Class::Denied, Some("c")));
    assert_eq!(shelf.snapshot(), json!({}));
    assert!(!shelf.writes().iter().any(|write| write.ends_with(" c")), "{:?}", shelf.writes());
    let (here, there) = (Log::read(journal.path()).unwrap(), second.log());
    assert_eq!(replay(&here.entries).end, Some(End::RolledBack));
    assert!(here.entries.starts_with(&there.entries) && there.entries.len() == 9, "{}", there.entries.len());
    assert_eq!(journal.last_error().expect("it lacks the undo").class(), Class::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_announces_nothing_may_come_with_the_next_one() {
    // Every record but the start and the intents is refused once: those of requests have even numbers.
    let (shelf, second) = (Shelf::default(), Second::that_refuses(|nth| nth % 2 == 1 && nth > 1 && nth < 14));
    let (ended, journal, _home) = applied(&shelf, &second).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert!(journal.last_error().is_none());
    assert_eq!(second.log().entries, Log::read(journal.path()).unwrap().entries);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_end_the_mirror_lacks_is_as_good_and_owes_it() {
    let (shelf, second) = (Shelf::default(), Second::that_refuses(|nth| nth > 13));
    let (ended, journal, _home) = applied(&shelf, &second).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert_eq!(replay(&second.log().entries).end, None);
    assert_eq!(journal.last_error().expect("it lacks the end").class(), Class::Denied);
    // Whoever opens it again brings what is missing.
    let log = Log::read(journal.path()).unwrap();
    drop(journal);
    let open = Second { refuses: |_| false, ..second.clone() };
    let again = Journal::resume(&log).await.unwrap().mirrored("run", Arc::new(open));
    again.flush().await.unwrap();
    assert_eq!(second.log().entries, log.entries);
}

#[tokio::test(start_paused = true)]
async fn the_way_back_goes_on_without_the_mirror() {
    let (shelf, second) = (Shelf::default(), Second::that_refuses(|_| false));
    let (_, journal, home) = applied(&shelf, &second).await;
    let log = Log::read(journal.path()).unwrap();
    drop(journal);
    let shut = Second { refuses: |_| true, ..second.clone() };
    let journal = Journal::resume(&log).await.unwrap().mirrored("run", Arc::new(shut));
    shelf.fail("b", Fault::Refused, 1);
    let outcome = engine_of(&log, &shelf).rollback_in(&journal, &log.start).await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::RolledBack(_)), "{outcome:?}");
    assert_eq!(shelf.snapshot(), json!({}));
    assert!(journal.last_error().is_some());
    assert_eq!(second.log().entries, log.entries, "nothing of the undo is there");
    // From what is there, another machine takes it back once more: there is nothing to do.
    std::fs::remove_dir_all(home.path()).unwrap();
    std::fs::create_dir_all(home.path()).unwrap();
    let path = home.path().join("run.jsonl");
    std::fs::write(&path, &*second.lines.lock().unwrap()).unwrap();
    let elsewhere = Log::read(&path).unwrap();
    let outcome = engine_of(&elsewhere, &shelf).rollback(&elsewhere).await.unwrap();
    assert!(matches!(outcome, Outcome::RolledBack(_)), "{outcome:?}");
}
