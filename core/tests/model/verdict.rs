//! What must have come out, from what was seen at the server and what was announced. Pure.

use std::collections::BTreeMap;

use trustpath_core::{
    Class, Failure,
    journal::{End, Verb},
};

use crate::{
    act::{Edit, Fault},
    history::{Announced, History},
    item::{desired, released},
    process::Process,
    server::Seen,
    shape::{GRAPH, Items, Shape, name},
    tally,
};

/// The attempts that an undo makes before it gives a step up.
const ATTEMPTS: usize = 5;

/// One process that came to its end, and all that is known of it.
pub(crate) struct Ended<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) verb: Verb,
    pub(crate) chosen: &'a [String],
    /// What was there when it planned, or began to take back.
    pub(crate) at_first: &'a Items,
    /// The journal as it was then, and as it is now.
    pub(crate) earlier: &'a History,
    pub(crate) history: &'a History,
    pub(crate) process: &'a Process,
    pub(crate) end: End,
    /// What could not be taken back.
    pub(crate) stuck: &'a [Failure],
}

impl Ended<'_> {
    /// What must be there once everything that was sent is over; nothing for an item of which that is left open.
    pub(crate) fn expected(&self) -> BTreeMap<String, Option<crate::shape::Fields>> {
        let mut expected: BTreeMap<_, _> =
            (0..8).map(name).map(|item| (item.clone(), self.at_first.get(&item).cloned())).collect();
        match self.end {
            End::Done | End::Kept => {
                for step in self.chosen {
                    expected.insert(step.clone(), self.made(step));
                }
                if let (Some(item), Some((_, edit))) = (&self.process.edited, &self.process.trouble.edit) {
                    edited(&mut expected, item, edit);
                }
            }
            End::RolledBack | End::Stuck => {
                for (item, announced) in self.standing() {
                    expected.insert(item.clone(), announced.before().clone());
                }
                for failure in self.stuck.iter().filter_map(Failure::step) {
                    expected.remove(failure);
                }
            }
        }
        expected
    }

    fn made(&self, step: &str) -> Option<crate::shape::Fields> {
        let (now, place) = (self.at_first.get(step), step[1..].parse::<usize>().unwrap());
        match self.verb {
            Verb::Apply => Some(desired(GRAPH, &self.shape.wanted[place], now)),
            Verb::Destroy if self.is_held(step) => now.cloned(),
            Verb::Destroy => released(GRAPH, now),
        }
    }

    /// Whether something that destroy leaves needs it.
    fn is_held(&self, step: &str) -> bool {
        let stays = |other: &String| released(GRAPH, self.at_first.get(other)).is_some();
        (0..self.shape.wanted.len()).map(name).any(|other| self.shape.needs(&other, step) && stays(&other))
    }

    /// What had to be taken back in this process: whatever was announced and not back when it began.
    fn standing(&self) -> impl Iterator<Item = (&String, &Announced)> {
        let back = |item: &String| self.earlier.items.get(item).is_some_and(|announced| announced.undone);
        self.history.items.iter().filter(move |(item, _)| !back(item))
    }

    /// A run goes on to its end unless there is a reason, and never where there is one.
    pub(crate) fn check_end(&self) {
        let Process { trouble, seen, .. } = self.process;
        let forward = || seen.iter().filter(|seen| !seen.back);
        let failed = forward().any(|seen| seen.fault.is_some_and(Fault::fails));
        let unproven = self.verb == Verb::Apply && (self.broken() || self.removed());
        let cancelled = trouble.cancel.is_some_and(|nth| seen.len() > nth);
        let obstructed = self.process.disk_was_full || trouble.lock.is_some();
        let must_turn = failed || self.overtaken() || (unproven && !trouble.keep);
        let may_turn = must_turn || cancelled || obstructed;
        match self.end {
            End::Done => assert!(!must_turn && !unproven, "it is called done"),
            End::Kept => assert!(trouble.keep && (unproven || cancelled), "it is kept"),
            End::RolledBack | End::Stuck => assert!(may_turn, "it turned back for no reason"),
        }
    }

    fn broken(&self) -> bool {
        self.process.trouble.broken.as_ref().is_some_and(|step| self.chosen.contains(step))
    }

    fn removed(&self) -> bool {
        self.process.edited.is_some() && matches!(&self.process.trouble.edit, Some((_, Edit::Remove)))
    }

    /// An attempt that no one answered came after a later request, and made something else.
    fn overtaken(&self) -> bool {
        self.chosen.iter().any(|step| {
            let seen = || self.process.seen.iter().filter(|seen| !seen.back && seen.item == *step);
            let late = seen().filter(|seen| seen.fault.and_then(Fault::late).is_some());
            let last_to_come = late.max_by_key(|seen| seen.fault.and_then(Fault::late));
            last_to_come.is_some_and(|late| seen().next_back().is_some_and(|last| last.to != late.to))
        })
    }

    /// Whatever is not as it was before is named, with the right reason; and nothing else is.
    pub(crate) fn check_stuck(&self) {
        let stuck: BTreeMap<_, _> = self.stuck.iter().filter_map(|failure| Some((failure.step()?, failure))).collect();
        for step in stuck.keys() {
            assert!(self.standing().any(|(item, _)| item == step), "{step} is named, and was never touched");
        }
        for (item, announced) in self.standing() {
            let foreign = self.process.looked.get(item).is_some_and(|state| announced.is_foreign(state));
            let held_back = stuck.keys().any(|other| self.undone_after(item, other));
            let Some(failure) = stuck.get(item.as_str()) else {
                assert!(!foreign, "{item} was edited by another client, and taken back");
                assert!(!held_back, "{item} was taken back before what comes first");
                assert!(self.attempts(item) < ATTEMPTS, "{item} cannot be back");
                continue;
            };
            let report = failure.report();
            let code = report.code.as_deref().unwrap();
            tally::count(code);
            let right = match code {
                "trustpath::undo::edited" => foreign && !self.taken_back(item),
                "trustpath::undo::held_back" => held_back && !self.taken_back(item),
                "trustpath::lock::lost" => self.process.trouble.lock.is_some(),
                "trustpath::journal::unwritable" => self.process.disk_was_full,
                "server::fault" | "trustpath::run::timeout" => self.attempts(item) == ATTEMPTS,
                other => panic!("{item} is stuck because of {other}"),
            };
            assert!(right, "{item} is stuck for a reason that there is not: {report:?}");
            assert_ne!(failure.class(), Class::Internal);
        }
    }

    /// Whether a request to take it back was sent.
    fn taken_back(&self, item: &str) -> bool {
        self.process.seen.iter().any(|seen| seen.back && seen.item == item)
    }

    /// How many attempts to take it back failed.
    fn attempts(&self, item: &str) -> usize {
        let failed = |seen: &&Seen| seen.back && seen.item == item && seen.fault.is_some_and(Fault::fails);
        self.process.seen.iter().filter(failed).count()
    }

    fn undone_after(&self, item: &str, other: &str) -> bool {
        match self.verb {
            Verb::Apply => self.shape.needs(other, item),
            Verb::Destroy => self.shape.needs(item, other),
        }
    }
}

/// Requests go along the graph: nothing is sent for a step before those that come first are through.
pub(crate) fn check_order(shape: &Shape, verb: Verb, seen: &[Seen]) {
    for (nth, request) in seen.iter().enumerate() {
        let first = |other: &str| match (verb == Verb::Apply) != request.back {
            true => shape.needs(&request.item, other),
            false => shape.needs(other, &request.item),
        };
        let same_way = || seen.iter().enumerate().filter(|(_, other)| other.back == request.back);
        let late = same_way().find(|(at, other)| *at > nth && first(&other.item));
        assert!(late.is_none(), "{request:?} was sent before {late:?}");
        let failed =
            same_way().find(|(_, other)| !other.back && first(&other.item) && other.fault.is_some_and(Fault::fails));
        assert!(failed.is_none(), "{request:?} was sent although {failed:?} had failed");
    }
}

fn edited(expected: &mut BTreeMap<String, Option<crate::shape::Fields>>, item: &str, edit: &Edit) {
    let state = expected.entry(item.to_owned()).or_default();
    match edit {
        Edit::Remove => *state = None,
        Edit::Set(name, value) => state.iter_mut().for_each(|fields| drop(fields.insert(name.clone(), value.clone()))),
    }
}
