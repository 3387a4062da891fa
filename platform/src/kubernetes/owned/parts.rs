//! Several objects of one step: made in their order, removed in the reverse of it.

use std::array;

use serde_json::Value;
use trustpath_core::{Answers, Context, Decision, Leg, Reads, Request, Result};

use super::{Fields, Owned, OwnedRequest};
use crate::kubernetes::{Live, ObjectRef};

/// A state that is made of several objects, in the order in which these are made.
pub trait OwnedParts<const N: usize>: Clone {
    /// Each of them that is there.
    fn split(self) -> [Option<Owned>; N];

    /// All of them together; `None` where none is there.
    fn join(parts: [Option<Owned>; N]) -> Option<Self>;
}

/// One object is a state by itself.
impl OwnedParts<1> for Owned {
    fn split(self) -> [Option<Owned>; 1] {
        [Some(self)]
    }

    fn join([owned]: [Option<Owned>; 1]) -> Option<Self> {
        owned
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
    pub fn seen(&self, answers: &Answers) -> Result<[Option<Owned>; N]> {
        let mut seen = array::from_fn(|_| None);
        for (part, object) in seen.iter_mut().zip(&self.0) {
            let live: Option<Value> = answers.get(object.name)?;
            *part = live.map(|live| Owned::seen(&live, &object.body));
        }
        Ok(seen)
    }

    /// How all of them should be.
    pub fn wanted<S: OwnedParts<N>>(&self, now: Option<&S>, graph: &str) -> [Owned; N] {
        let now = split(now);
        array::from_fn(|at| Owned::wanting(now[at].as_ref(), self.0[at].body.clone(), graph))
    }

    /// The requests from one state to another; `request` may make another one of that of an object, told by its place.
    pub fn route<S: OwnedParts<N>>(
        &self,
        from: Option<&S>,
        to: Option<&S>,
        request: impl Fn(usize, OwnedRequest) -> Box<dyn Request>,
    ) -> Vec<Leg<S>> {
        let mut now = split(from);
        let moves = moves(&now, &split(to)).into_iter();
        let leg = |(at, next): (usize, Option<Owned>)| {
            let sent = OwnedRequest::new(self.0[at].at.clone(), now[at].as_ref(), next.as_ref());
            now[at] = next;
            Leg { to: S::join(now.clone()), request: request(at, sent) }
        };
        moves.map(leg).collect()
    }
}

/// With the mark of the graph on what stays as it is, too, where the user lets the step take it over.
pub fn adopting<S: OwnedParts<N>, const N: usize>(cx: &Context, decision: Decision<S>) -> Decision<S> {
    let adopted = |state: S| S::join(state.split().map(|part| part.map(|owned| owned.adopted(cx.graph()))));
    match cx.consent().adopt {
        true => Decision { to: decision.to.and_then(adopted), ..decision },
        false => decision,
    }
}

fn split<S: OwnedParts<N>, const N: usize>(state: Option<&S>) -> [Option<Owned>; N] {
    state.map_or_else(|| array::from_fn(|_| None), |state| state.clone().split())
}

/// What becomes of which object, one request apart.
fn moves<const N: usize>(from: &[Option<Owned>; N], to: &[Option<Owned>; N]) -> Vec<(usize, Option<Owned>)> {
    let mut moves = Vec::new();
    for at in 0..N {
        let way = match (&from[at], &to[at]) {
            (_, None) => Vec::new(),
            (None, Some(to)) => vec![to.clone()],
            (Some(from), Some(to)) if from == to => Vec::new(),
            (Some(from), Some(to)) => from.waypoints(to),
        };
        moves.extend(way.into_iter().map(|owned| (at, Some(owned))));
    }
    let goes = |at: &usize| from[*at].is_some() && to[*at].is_none();
    moves.extend((0..N).rev().filter(goes).map(|at| (at, None)));
    moves
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owned(name: &str) -> Owned {
        Owned::made(json!({"metadata": {"name": name}}).as_object().cloned().unwrap())
    }

    #[test]
    fn what_is_made_first_goes_last() {
        let order = |from: [&str; 2], to: [&str; 2]| {
            let [from, to] = [from, to].map(|names| names.map(|name| (!name.is_empty()).then(|| owned(name))));
            moves(&from, &to).into_iter().map(|(at, to)| (at, to.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(order(["", ""], ["a", "b"]), [(0, true), (1, true)]);
        assert_eq!(order(["a", "b"], ["", ""]), [(1, false), (0, false)]);
        assert_eq!(order(["a", "b"], ["", "c"]), [(1, true), (0, false)]);
        assert_eq!(order(["a", "b"], ["a", "b"]), []);
    }
}
