//! Several objects of one step: made in their order, removed in the reverse of it.

use serde_json::Value;
use trustpath_core::{Answers, Leg, Reads, Request, Result};

use super::{Fields, Owned, OwnedRequest};
use crate::kubernetes::{Live, ObjectRef};

/// A state that is made of several objects, in the order in which these are made.
pub trait OwnedParts<const N: usize>: Clone + Default + PartialEq {
    /// Each of them, as far as it is there.
    fn parts(&self) -> [&Option<Owned>; N];

    /// The same to be changed.
    fn parts_mut(&mut self) -> [&mut Option<Owned>; N];

    /// `None` when nothing of it is there.
    #[must_use]
    fn there(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// One of the objects of a step.
#[derive(Debug, Clone)]
pub struct OwnedObject {
    /// The name of its read.
    pub name: &'static str,
    /// Where it is.
    pub at: ObjectRef,
    /// How it is wanted, without the mark.
    pub body: Fields,
}

/// The objects of a step, in the order in which they are made.
#[derive(Debug, Clone)]
pub struct OwnedObjects<const N: usize>(pub [OwnedObject; N]);

impl<const N: usize> OwnedObjects<N> {
    /// Reads each of them.
    pub fn reads(&self) -> Reads {
        self.0.iter().fold(Reads::none(), |reads, object| reads.and(object.name, Live(object.at.clone())))
    }

    /// What is there of them.
    ///
    /// # Errors
    /// When what was answered is no object.
    pub fn seen<S: OwnedParts<N>>(&self, answers: &Answers) -> Result<S> {
        let mut seen = S::default();
        for (part, object) in seen.parts_mut().into_iter().zip(&self.0) {
            let live: Option<Value> = answers.get(object.name)?;
            *part = live.map(|live| Owned::seen(&live, &object.body));
        }
        Ok(seen)
    }

    /// How all of them should be.
    pub fn wanted<S: OwnedParts<N>>(&self, now: Option<&S>, graph: &str) -> S {
        let now = now.cloned().unwrap_or_default();
        let mut wanted = S::default();
        for ((part, now), object) in wanted.parts_mut().into_iter().zip(now.parts()).zip(&self.0) {
            *part = Some(Owned::wanting(now.as_ref(), object.body.clone(), graph));
        }
        wanted
    }

    /// The requests from one state to another; `request` may make another one of that of an object, told by its place.
    pub fn route<S: OwnedParts<N>>(
        &self,
        from: Option<&S>,
        to: Option<&S>,
        request: impl Fn(usize, OwnedRequest) -> Box<dyn Request>,
    ) -> Vec<Leg<S>> {
        let (from, to) = (from.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
        let made = (0..N).flat_map(|at| waypoints(from.parts()[at].as_ref(), to.parts()[at].as_ref(), at));
        let goes = |at: &usize| from.parts()[*at].is_some() && to.parts()[*at].is_none();
        let removed = (0..N).rev().filter(goes).map(|at| (at, None));
        let mut now = from.clone();
        let leg = |(at, next): (usize, Option<Owned>)| {
            let sent = OwnedRequest::new(self.0[at].at.clone(), now.parts()[at].as_ref(), next.as_ref());
            *now.parts_mut()[at] = next;
            Leg { to: now.clone().there(), request: request(at, sent) }
        };
        made.chain(removed).map(leg).collect()
    }
}

/// The states of one object on the way to another that is there.
fn waypoints(from: Option<&Owned>, to: Option<&Owned>, at: usize) -> Vec<(usize, Option<Owned>)> {
    let way = match (from, to) {
        (_, None) => Vec::new(),
        (None, Some(to)) => vec![to.clone()],
        (Some(from), Some(to)) if from == to => Vec::new(),
        (Some(from), Some(to)) => from.waypoints(to),
    };
    way.into_iter().map(|owned| (at, Some(owned))).collect()
}
