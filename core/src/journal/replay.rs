//! From the records of a run to where it stands. Pure: a crash at any record gives the same answer as a live run.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{End, Entry, Record};
use crate::{
    contract::{Change, ChangeHistory},
    failure::Report,
    run::Settings,
};

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JournalState {
    /// What has to be taken back yet, by step.
    steps: BTreeMap<String, StepHistory>,
    /// Why it turned back, if it did.
    pub undo_started: Option<Report>,
    /// How it ended; a run without an end was cut off.
    pub end: Option<End>,
    /// What was to be removed and was left on purpose, by step: each with the reason.
    pub stays: BTreeMap<String, Vec<String>>,
    limits: Settings,
}

/// What was announced for a step, and whether its requests are over.
#[derive(Debug, Clone, PartialEq)]
pub struct StepHistory {
    /// Every state that was announced, on the way forward and during the undo.
    pub history: ChangeHistory,
    /// When the last request was announced, while no answer to it is recorded.
    open: Option<Timestamp>,
    /// Until when a request that no one answered may still be carried out.
    unacknowledged: Option<Timestamp>,
}

impl StepHistory {
    /// Until when a request of the step may still be carried out; `None` where every one is answered.
    ///
    /// A request without a recorded answer was under way when its process ended: it was sent no later than its step's
    /// time allowed.
    pub fn settled_at(&self, limits: &Settings) -> Option<Timestamp> {
        let open = self.open.map(|at| later(at, limits.step_timeout + limits.in_flight_timeout));
        self.unacknowledged.max(open)
    }

    /// Whether every request was answered, and nothing can come late.
    fn is_settled(&self) -> bool {
        self.open.is_none() && self.unacknowledged.is_none()
    }

    fn answer(&mut self, unacknowledged: bool, at: Timestamp, limits: &Settings) {
        self.open = None;
        if unacknowledged {
            self.unacknowledged = self.unacknowledged.max(Some(later(at, limits.in_flight_timeout)));
        }
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl JournalState {
    /// What has to be taken back yet, by step.
    pub fn pending(&self) -> impl Iterator<Item = (&str, &StepHistory)> {
        self.steps.iter().map(|(step, touched)| (step.as_str(), touched))
    }

    /// Until when a request of a step may still be carried out.
    pub fn settled_at(&self, touched: &StepHistory) -> Option<Timestamp> {
        touched.settled_at(&self.limits)
    }

    /// Whether it was on its way forward when its records end.
    pub fn is_forward(&self) -> bool {
        self.end.is_none() && self.undo_started.is_none()
    }

    /// The end that a run without one has come to, as far as its records tell: done where it never turned back and every
    /// request is settled, which has still to be proven; rolled back where nothing has to be taken back any more.
    pub fn end_due(&self) -> Option<End> {
        match (self.end, &self.undo_started) {
            (Some(_), _) => None,
            (None, None) => self.steps.values().all(StepHistory::is_settled).then_some(End::Done),
            (None, Some(_)) => self.steps.is_empty().then_some(End::RolledBack),
        }
    }

    /// A request is about to be sent that makes this change of a step.
    fn announced(&mut self, step: &str, change: &Change, at: Timestamp) -> &mut ChangeHistory {
        self.stays.remove(step);
        let unknown = || StepHistory { history: change.clone().into(), open: None, unacknowledged: None };
        let touched = self.steps.entry(step.to_owned()).or_insert_with(unknown);
        touched.unacknowledged = touched.settled_at(&self.limits);
        touched.open = Some(at);
        &mut touched.history
    }
}

/// Where a run stands after these records.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> JournalState {
    let mut progress = JournalState::default();
    for entry in entries {
        match &entry.record {
            Record::Start(start) => progress.limits = start.limits,
            Record::Resumed { .. } => progress.end = None,
            Record::UndoStarted { why } => {
                // The end that was recorded before no longer holds: a finished run is being taken back.
                progress.end = None;
                progress.undo_started.get_or_insert_with(|| why.clone());
            }
            Record::End { end } => progress.end = Some(*end),
            Record::Stays { step, why } => drop(progress.stays.insert(step.clone(), why.clone())),
            Record::Intent { step, change } => progress.announced(step, change, entry.at).record_forward(change),
            Record::UndoIntent { step, change } => progress.announced(step, change, entry.at).record_undo(change),
            Record::Done { step, unacknowledged } | Record::Failed { step, unacknowledged, .. } => {
                if let Some(touched) = progress.steps.get_mut(step) {
                    touched.answer(*unacknowledged, entry.at, &progress.limits);
                }
            }
            Record::Settled { step } => {
                if let Some(touched) = progress.steps.get_mut(step) {
                    (touched.open, touched.unacknowledged) = (None, None);
                }
            }
            Record::Undone { step } | Record::Left { step } => drop(progress.steps.remove(step)),
            Record::UndoFailed { .. } => {}
        }
    }
    progress
}
