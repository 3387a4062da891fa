//! From the records of a run to where it stands. Pure: a crash at any record gives the same answer as a live run.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{End, Entry, Record};
use crate::{
    contract::{Change, Trail},
    failure::Report,
    run::Settings,
};

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// What has to be taken back yet, by step.
    steps: BTreeMap<String, Touched>,
    /// Why it turned back, if it did.
    pub turned_back: Option<Report>,
    /// How it ended; a run without an end was cut off.
    pub end: Option<End>,
    /// What was to be removed and was left on purpose, by step: each with the reason.
    pub stays: BTreeMap<String, Vec<String>>,
    limits: Settings,
}

/// What was announced for a step, and whether its requests are over.
#[derive(Debug, Clone, PartialEq)]
pub struct Touched {
    /// Every state that was announced, on the way forward and on the way back.
    pub trail: Trail,
    /// When the last request was announced, while no answer to it is recorded.
    open: Option<Timestamp>,
    /// Until when a request that nobody answered may still be carried out.
    late: Option<Timestamp>,
}

impl Touched {
    /// Until when a request of the step may still be carried out; `None` where every one is answered.
    ///
    /// A request without a recorded answer was under way when its process ended: it was sent no later than its step's
    /// time allowed.
    pub fn settles(&self, limits: &Settings) -> Option<Timestamp> {
        let open = self.open.map(|at| later(at, limits.step_timeout + limits.horizon));
        self.late.max(open)
    }

    /// Whether every request was answered, and nothing can come late.
    fn is_settled(&self) -> bool {
        self.open.is_none() && self.late.is_none()
    }

    fn answer(&mut self, late: bool, at: Timestamp, limits: &Settings) {
        self.open = None;
        if late {
            self.late = self.late.max(Some(later(at, limits.horizon)));
        }
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl Progress {
    /// What has to be taken back yet, by step.
    pub fn standing(&self) -> impl Iterator<Item = (&str, &Touched)> {
        self.steps.iter().map(|(step, touched)| (step.as_str(), touched))
    }

    /// Until when a request of a step may still be carried out.
    pub fn settles(&self, touched: &Touched) -> Option<Timestamp> {
        touched.settles(&self.limits)
    }

    /// Whether it was on its way forward when its records end.
    pub fn is_forward(&self) -> bool {
        self.end.is_none() && self.turned_back.is_none()
    }

    /// The end that a run without one has come to, as far as its records tell: done where it never turned back and every
    /// request is settled, which has still to be proven; rolled back where nothing has to be taken back any more.
    pub fn end_due(&self) -> Option<End> {
        match (self.end, &self.turned_back) {
            (Some(_), _) => None,
            (None, None) => self.steps.values().all(Touched::is_settled).then_some(End::Done),
            (None, Some(_)) => self.steps.is_empty().then_some(End::RolledBack),
        }
    }

    /// A request is about to be sent that makes this change of a step.
    fn announced(&mut self, step: &str, change: &Change, at: Timestamp) -> &mut Trail {
        self.stays.remove(step);
        let unknown = || Touched { trail: change.clone().into(), open: None, late: None };
        let touched = self.steps.entry(step.to_owned()).or_insert_with(unknown);
        touched.late = touched.settles(&self.limits);
        touched.open = Some(at);
        &mut touched.trail
    }
}

/// Where a run stands after these records.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Progress {
    let mut progress = Progress::default();
    for entry in entries {
        match &entry.record {
            Record::Start(start) => progress.limits = start.limits,
            Record::Resumed { .. } => progress.end = None,
            Record::TurnedBack { why } => {
                // The end that was recorded before no longer holds: a finished run is being taken back.
                progress.end = None;
                progress.turned_back.get_or_insert_with(|| why.clone());
            }
            Record::End { end } => progress.end = Some(*end),
            Record::Stays { step, why } => drop(progress.stays.insert(step.clone(), why.clone())),
            Record::Intent { step, change } => progress.announced(step, change, entry.at).forward(change),
            Record::UndoIntent { step, change } => progress.announced(step, change, entry.at).back(change),
            Record::Done { step, late } | Record::Failed { step, late, .. } => {
                if let Some(touched) = progress.steps.get_mut(step) {
                    touched.answer(*late, entry.at, &progress.limits);
                }
            }
            Record::Settled { step } => {
                if let Some(touched) = progress.steps.get_mut(step) {
                    (touched.open, touched.late) = (None, None);
                }
            }
            Record::Undone { step } | Record::Left { step } => drop(progress.steps.remove(step)),
            Record::UndoFailed { .. } => {}
        }
    }
    progress
}
