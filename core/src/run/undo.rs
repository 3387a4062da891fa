//! The way back: everything that a run may have changed, in reverse order. Looks first, leaf by leaf.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    Engine,
    event::Event,
    execute::{OnFailure, execute},
    forward::Way,
    schedule::Direction,
};
use crate::{
    contract::{Change, Goal, Plan},
    failure::{Class, Failure, Problem, Result},
    graph::Place,
    journal::{Journal, Log, Record, replay},
};

impl Engine {
    /// Takes back everything that stands in the journal: the failed and timed-out steps too. Cannot be interrupted.
    ///
    /// Returns what could not be taken back, the first to look at in front; empty when all is as it was before.
    pub(super) async fn back(&self, journal: &Journal, forward: Direction) -> Vec<Failure> {
        let touched = match Log::read(journal.path()) {
            Ok(log) => self.touched(&log),
            Err(corrupt) => return vec![corrupt.into()],
        };
        let touched = match touched {
            Ok(touched) => Arc::new(touched),
            Err(failure) => return vec![failure],
        };
        let places: BTreeSet<_> = touched.keys().copied().collect();
        let (engine, journal) = (Arc::new(self.clone()), journal.clone());
        let work = |place| {
            let (engine, journal, touched) = (engine.clone(), journal.clone(), touched.clone());
            async move { engine.take_back(place, &touched[&place], &journal).await }
        };
        let limit = self.settings.parallelism;
        let answers =
            execute(&self.graph, &places, forward.reverse(), limit, OnFailure::HoldBack, || false, work).await;
        self.leftover(&places, answers)
    }

    /// What the journal says may have been changed, by place.
    pub(super) fn touched(&self, log: &Log) -> Result<BTreeMap<Place, Change>> {
        let progress = replay(&log.entries);
        let place = |step: &str| self.graph.place(step).ok_or_else(|| stranger(step));
        progress.standing().map(|(step, change)| Ok((place(step)?, change.clone()))).collect()
    }

    async fn take_back(&self, place: Place, made: &Change, journal: &Journal) -> Result<()> {
        let name = self.name(place);
        self.observer.event(name, Event::Undoing);
        let answer = self.revert(place, made, journal).await.map_err(|failure| failure.in_step(name));
        let record = match &answer {
            Ok(()) => Record::Undone { step: name.to_owned() },
            Err(failure) => Record::UndoFailed { step: name.to_owned(), why: failure.report() },
        };
        match &answer {
            Ok(()) => self.observer.event(name, Event::Undone),
            Err(failure) => self.observer.event(name, Event::UndoFailed(failure)),
        }
        answer.and(journal.append(record).await)
    }

    async fn revert(&self, place: Place, made: &Change, journal: &Journal) -> Result<()> {
        let deadline = Instant::now() + self.settings.step_timeout;
        let Plan { change, .. } = self.read(place, &Goal::Back(made.clone())).await?;
        self.requests(place, &change, journal, deadline, Way::Back).await
    }

    fn leftover(&self, places: &BTreeSet<Place>, answers: Vec<(Place, Result<()>)>) -> Vec<Failure> {
        let begun: BTreeSet<_> = answers.iter().map(|(place, _)| *place).collect();
        let held_back = places.difference(&begun).map(|place| held_back().in_step(self.name(*place)));
        let failed = answers.into_iter().filter_map(|(_, answer)| answer.err());
        failed.chain(held_back).collect()
    }
}

fn held_back() -> Failure {
    let message = "it was left as it is, because a step that comes before it could not be taken back";
    Problem::new(Class::Stuck, "trustpath::undo::held_back", message)
        .help("once that is mended, `trustpath rollback` goes on with both")
        .into()
}

fn stranger(step: &str) -> Failure {
    let message = format!("the journal names the step `{step}`, which its own graph does not have");
    Problem::new(Class::Internal, "trustpath::undo::stranger", message)
        .help("the journal was changed by hand, or written by another version of the program")
        .into()
}
