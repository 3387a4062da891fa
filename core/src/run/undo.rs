//! The way back: everything that a run may have changed, in reverse order. Looks first, leaf by leaf.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Engine,
    earlier::refuse_other_target,
    outcome::{Ended, Outcome},
    requests::{Aim, RequestSender, SendResult},
    schedule::{Direction, OnFailure, Schedule, execute},
    settings::Event,
};
use crate::{
    contract::{ChangeHistory, Goal},
    failure::{Class, Failure, Problem, Result},
    graph::StepIndex,
    journal::{Journal, JournalState, Log, Record, Start, StepHistory, Verb, replay},
};

/// What a run may have made of one step, and until when its requests may still be carried out.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) history: ChangeHistory,
    pub(super) settled_at: Option<Instant>,
}

impl Engine {
    /// Takes back everything that stands in the journal of a run; this engine's graph is that of [`graph_of`](super::graph_of).
    ///
    /// # Errors
    /// When the servers are not those of the run, or the journal cannot be written.
    pub async fn rollback(&self, log: &Log) -> Result<Outcome> {
        refuse_other_target(&log.start.run, &log.start.target, &self.handles).await?;
        Ok(self.rollback_in(&Journal::resume(log).await?, &log.start).await?.outcome)
    }

    /// The same, in a journal that is open, against servers that were compared.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn rollback_in(&self, journal: &Journal, start: &Start) -> Result<Ended> {
        let outcome = self.undo_all(asked(&start.run), start.verb, journal).await?;
        let unclosed = outcome.conclude(&*self.guard, journal).await?;
        Ok(Ended { outcome, evidence: Vec::new(), left: Vec::new(), unclosed })
    }

    /// Takes back whatever stands in the journal, because of `original`.
    pub(super) async fn undo_all(&self, original: Failure, verb: Verb, journal: &Journal) -> Result<Outcome> {
        let noted = journal.append(Record::UndoStarted { why: original.report() }).await;
        let mut undo = self.undo_steps(journal, verb).await;
        undo.extend(noted.err());
        Ok(if undo.is_empty() { Outcome::RolledBack(original) } else { Outcome::Stuck { original, undo } })
    }

    /// Takes back everything that stands in the journal: the failed and timed-out steps too. Cannot be interrupted.
    ///
    /// Returns what could not be taken back, the first to look at in front; empty when all is as it was before.
    async fn undo_steps(&self, journal: &Journal, verb: Verb) -> Vec<Failure> {
        let standing = match Log::read(journal.path()) {
            Ok(log) => self.pending(&log),
            Err(corrupt) => return vec![corrupt.into()],
        };
        let standing: Arc<BTreeMap<_, _>> = match standing {
            Ok(standing) => Arc::new(standing.into_iter().collect()),
            Err(failure) => return vec![failure],
        };
        let places: BTreeSet<_> = standing.keys().copied().collect();
        let (engine, journal) = (Arc::new(self.clone()), journal.clone());
        let work = |place| {
            let (engine, journal, standing) = (engine.clone(), journal.clone(), standing.clone());
            async move { engine.undo_step(place, standing[&place].clone(), &journal).await }
        };
        let schedule = Schedule::new(&self.graph, &places, Direction::of(verb).reverse());
        let answers = execute(schedule, self.settings.parallelism, OnFailure::HoldBack, || false, work).await;
        self.leftover(&places, answers)
    }

    async fn undo_step(&self, place: StepIndex, made: Pending, journal: &Journal) -> Result<()> {
        let name = self.name(place);
        self.observer.event(name, Event::Undoing);
        let answer = self.undo_until_settled(place, made, journal).await.map_err(|failure| failure.in_step(name));
        let record = match &answer {
            Ok(_) => Record::Undone { step: name.to_owned() },
            Err(failure) => Record::UndoFailed { step: name.to_owned(), why: failure.report() },
        };
        match &answer {
            Ok(left) => self.observer.event(name, Event::Undone { left }),
            Err(failure) => self.observer.event(name, Event::UndoFailed(failure)),
        }
        let kept = match &answer {
            Ok(left) => self.stays(place, left.clone(), journal).await,
            Err(_) => Ok(()),
        };
        let noted = match kept {
            Ok(()) => journal.append(record).await.map_err(|failure| failure.in_step(name)),
            unkept => unkept,
        };
        answer.and(noted)
    }

    /// What is left on purpose is in the journal before its step is called done, or undone.
    pub(super) async fn stays(&self, place: StepIndex, why: Vec<String>, journal: &Journal) -> Result<()> {
        match why.as_slice() {
            [] => Ok(()),
            _ => journal.append(Record::Stays { step: self.name(place).to_owned(), why }).await,
        }
    }

    /// Looks and writes until there is nothing to take back, and nothing that could come unacknowledged; answers with what is left
    /// on purpose.
    async fn undo_until_settled(&self, place: StepIndex, made: Pending, journal: &Journal) -> Result<Vec<String>> {
        let Pending { mut history, mut settled_at } = made;
        let mut logged = Ok(());
        let mut pauses = pauses();
        loop {
            let sent = self.look_and_write(place, &mut history, journal).await;
            logged = logged.and(sent.logged);
            if sent.unacknowledged {
                settled_at = settled_at.max(Some(Instant::now() + self.settings.in_flight_timeout));
            }
            let again = sent.answer.as_ref().is_err_and(|failure| may_pass(failure.class()));
            match (sent.answer, if again { pauses.next() } else { None }) {
                (Err(_), Some(pause)) => sleep(pause).await,
                (Err(failure), None) if sent.left.is_empty() => return Err(failure),
                // It is back, or trying again is in vain and what it leaves stays.
                _ => match settled_at.take() {
                    Some(settled_at) => self.wait_to_settle(place, settled_at).await,
                    None => return logged.map(|()| sent.left),
                },
            }
        }
    }

    async fn look_and_write(&self, place: StepIndex, history: &mut ChangeHistory, journal: &Journal) -> SendResult {
        let sending = RequestSender::begin(self, place, journal, Aim::Undo);
        let planned = self.read(place, &Goal::Undo(history.clone())).await;
        let parts = planned.and_then(|plan| self.graph.node(place).step.parts(&self.context(place), &plan.change));
        match parts {
            Err(failure) => SendResult::nothing(Err(failure)),
            Ok(parts) => {
                parts.iter().for_each(|part| history.record_undo(&part.change));
                sending.all(parts).await
            }
        }
    }

    /// What the journal says may have been changed, by place.
    pub(super) fn pending(&self, log: &Log) -> Result<Vec<(StepIndex, Pending)>> {
        let progress = replay(&log.entries);
        let place = |step: &str| self.graph.place(step).ok_or_else(|| unknown_step(step));
        let standing = |touched: &StepHistory| Pending {
            history: touched.history.clone(),
            settled_at: self.settled_at(&progress, touched),
        };
        progress.pending().map(|(step, touched)| Ok((place(step)?, standing(touched)))).collect()
    }

    /// By the wall clock a journal says since when; the wait itself goes by the monotonic one, and is never longer than
    /// the in-flight timeout: whoever sent the request sends nothing any more.
    fn settled_at(&self, progress: &JournalState, touched: &StepHistory) -> Option<Instant> {
        let left = progress.settled_at(touched)?.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default().min(self.settings.in_flight_timeout);
        Some(Instant::now() + left)
    }

    /// Sleeps until a step's requests are over for certain.
    pub(super) async fn wait_to_settle(&self, place: StepIndex, settled_at: Instant) {
        let left = settled_at.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            self.observer.event(self.name(place), Event::Settling(left));
            sleep_until(settled_at).await;
        }
    }

    fn leftover(&self, places: &BTreeSet<StepIndex>, answers: Vec<(StepIndex, Result<()>)>) -> Vec<Failure> {
        let begun: BTreeSet<_> = answers.iter().map(|(place, _)| *place).collect();
        let held_back = places.difference(&begun).map(|place| held_back().in_step(self.name(*place)));
        let failed = answers.into_iter().filter_map(|(_, answer)| answer.err());
        failed.chain(held_back).collect()
    }
}

/// The pauses between the attempts to take one step back; each attempt looks first, so that none does harm.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(4)
        .with_jitter()
        .build()
}

/// Whether the same may go well in a moment.
fn may_pass(class: Class) -> bool {
    matches!(class, Class::Unreachable | Class::Timeout | Class::Rejected | Class::Missing)
}

fn held_back() -> Failure {
    let message = "it was left as it is, because a step that comes before it could not be taken back";
    Problem::new(Class::Stuck, "trustpath::undo::held_back", message)
        .help("once that is fixed, `trustpath rollback` continues both")
        .into()
}

fn unknown_step(step: &str) -> Failure {
    let message = format!("the journal names the step `{step}`, which its own graph does not have");
    Problem::new(Class::Internal, "trustpath::undo::unknown_step", message)
        .help("the journal was changed by hand, or written by another version of the program")
        .into()
}

fn asked(run: &str) -> Failure {
    Problem::new(Class::Interrupted, "trustpath::run::rollback", format!("the run {run} is rolled back on request"))
        .into()
}
