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
    /// The steps for which a request was announced, and how far each is.
    pub steps: BTreeMap<String, Phase>,
    /// Why it turned back, if it did.
    pub turned_back: Option<Report>,
    /// How it ended; a run without an end was cut off.
    pub end: Option<End>,
    /// What was to be removed and was left on purpose, by step: each with the reason.
    pub stays: BTreeMap<String, Vec<String>>,
    limits: Settings,
}

/// How far a step is that a run has touched.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Requests were announced.
    Touched(Touched),
    /// All of it is back.
    Undone,
    /// What stands of it stays, because the user says so.
    Left,
    /// It could not be taken back.
    Stuck {
        /// All that may have been changed.
        touched: Touched,
        /// Why.
        why: Report,
    },
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

    fn announced(&mut self, at: Timestamp, limits: &Settings) {
        self.late = self.settles(limits);
        self.open = Some(at);
    }

    fn answer(&mut self, late: bool, at: Timestamp, limits: &Settings) {
        self.open = None;
        if late {
            self.late = self.late.max(Some(later(at, limits.horizon)));
        }
    }

    fn settle(&mut self) {
        (self.open, self.late) = (None, None);
    }
}

impl Phase {
    /// How far a step is after a record about it: the one place where that is decided.
    fn next(phase: Option<Self>, entry: &Entry, limits: &Settings) -> Option<Self> {
        match (&entry.record, phase) {
            (Record::Intent { change, .. }, phase) => {
                let mut touched = touched(phase, change);
                touched.trail.forward(change);
                touched.announced(entry.at, limits);
                Some(Self::Touched(touched))
            }
            (Record::UndoIntent { change, .. }, phase) => {
                let mut touched = touched(phase, change);
                touched.trail.back(change);
                touched.announced(entry.at, limits);
                Some(Self::Touched(touched))
            }
            (Record::Undone { .. }, _) => Some(Self::Undone),
            (Record::Left { .. }, _) => Some(Self::Left),
            (Record::UndoFailed { why, .. }, Some(Self::Touched(touched) | Self::Stuck { touched, .. })) => {
                Some(Self::Stuck { touched, why: why.clone() })
            }
            (record, Some(mut phase)) => {
                if let Some(touched) = phase.touched_mut() {
                    match record {
                        Record::Done { late, .. } | Record::Failed { late, .. } => {
                            touched.answer(*late, entry.at, limits);
                        }
                        Record::Settled { .. } => touched.settle(),
                        _ => {}
                    }
                }
                Some(phase)
            }
            (_, None) => None,
        }
    }

    /// What has to be taken back yet, if anything.
    pub fn touched(&self) -> Option<&Touched> {
        match self {
            Self::Touched(touched) | Self::Stuck { touched, .. } => Some(touched),
            Self::Undone | Self::Left => None,
        }
    }

    fn touched_mut(&mut self) -> Option<&mut Touched> {
        match self {
            Self::Touched(touched) | Self::Stuck { touched, .. } => Some(touched),
            Self::Undone | Self::Left => None,
        }
    }
}

/// What is known of a step when another of its requests is announced.
fn touched(phase: Option<Phase>, change: &Change) -> Touched {
    match phase {
        Some(Phase::Touched(touched) | Phase::Stuck { touched, .. }) => touched,
        Some(Phase::Undone | Phase::Left) | None => Touched { trail: change.clone().into(), open: None, late: None },
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl Progress {
    /// What has to be taken back yet, by step.
    pub fn standing(&self) -> impl Iterator<Item = (&str, &Touched)> {
        self.steps.iter().filter_map(|(step, phase)| Some((step.as_str(), phase.touched()?)))
    }

    /// Until when a request of a step may still be carried out.
    pub fn settles(&self, touched: &Touched) -> Option<Timestamp> {
        touched.settles(&self.limits)
    }

    /// The steps that the user has left as they are.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(|(_, phase)| **phase == Phase::Left).map(|(step, _)| step.as_str())
    }

    /// The end that a run without one has come to, as far as its records tell: done where it never turned back and every
    /// request is settled, which has still to be proven; rolled back where nothing has to be taken back any more.
    pub fn end_due(&self) -> Option<End> {
        let is_settled = |phase: &Phase| phase.touched().is_none_or(Touched::is_settled);
        match (self.end, &self.turned_back) {
            (Some(_), _) => None,
            (None, None) => self.steps.values().all(is_settled).then_some(End::Done),
            (None, Some(_)) => self.standing().next().is_none().then_some(End::RolledBack),
        }
    }

    fn step(&mut self, step: &str, entry: &Entry) {
        let phase = self.steps.remove(step);
        if let Some(next) = Phase::next(phase, entry, &self.limits) {
            self.steps.insert(step.to_owned(), next);
        }
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
            Record::Intent { step, .. } | Record::UndoIntent { step, .. } => {
                progress.stays.remove(step);
                progress.step(step, entry);
            }
            Record::Done { step, .. }
            | Record::Failed { step, .. }
            | Record::Settled { step }
            | Record::Undone { step }
            | Record::Left { step }
            | Record::UndoFailed { step, .. } => progress.step(step, entry),
        }
    }
    progress
}
