//! From the records of a run to where it stands. Pure: a crash at any record gives the same answer as a live run.

use std::collections::BTreeMap;

use super::{End, Entry, Record};
use crate::{contract::Change, failure::Report};

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// The steps for which a request was announced, and how far each is.
    pub steps: BTreeMap<String, Phase>,
    /// Why it turned back, if it did.
    pub turned_back: Option<Report>,
    /// How it ended; a run without an end was cut off.
    pub end: Option<End>,
}

/// How far a step is that a run has touched.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Requests were announced; this is all that they may have changed.
    Touched {
        /// From before the first of them to after the last.
        change: Change,
        /// Whether the server has answered the last of them.
        settled: bool,
    },
    /// All of it is back.
    Undone,
    /// It could not be taken back.
    Stuck {
        /// All that may have been changed.
        change: Change,
        /// Why.
        why: Report,
    },
}

impl Progress {
    /// What has to be taken back yet, by step.
    pub fn standing(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.steps.iter().filter_map(|(step, phase)| match phase {
            Phase::Touched { change, .. } | Phase::Stuck { change, .. } => Some((step.as_str(), change)),
            Phase::Undone => None,
        })
    }

    fn touch(&mut self, step: &str, change: &Change) {
        let before = match self.steps.remove(step) {
            Some(Phase::Touched { change, .. }) => change.before,
            _ => change.before.clone(),
        };
        let change = Change { before, after: change.after.clone() };
        self.steps.insert(step.to_owned(), Phase::Touched { change, settled: false });
    }

    fn stuck(&mut self, step: &str, why: &Report) {
        if let Some(Phase::Touched { change, .. } | Phase::Stuck { change, .. }) = self.steps.remove(step) {
            self.steps.insert(step.to_owned(), Phase::Stuck { change, why: why.clone() });
        }
    }
}

/// Where a run stands after these records.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Progress {
    let mut progress = Progress::default();
    for entry in entries {
        match &entry.record {
            Record::Start(_) | Record::UndoIntent { .. } => {}
            Record::Intent { step, change } => progress.touch(step, change),
            Record::Done { step } => {
                if let Some(Phase::Touched { settled, .. }) = progress.steps.get_mut(step) {
                    *settled = true;
                }
            }
            Record::TurnedBack { why } => {
                // The end that was recorded before no longer holds: a finished run is being taken back.
                progress.end = None;
                progress.turned_back.get_or_insert_with(|| why.clone());
            }
            Record::Undone { step } => drop(progress.steps.insert(step.clone(), Phase::Undone)),
            Record::UndoFailed { step, why } => progress.stuck(step, why),
            Record::End { end } => progress.end = Some(*end),
        }
    }
    progress
}
