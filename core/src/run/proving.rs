//! Proving: every link at the same time, under the limit; what several of them read is read once. Reported in the order of
//! the graph.

use std::{collections::BTreeSet, sync::Arc};

use futures::{StreamExt, stream};
use tokio::time::timeout;

use super::{
    Engine,
    caught::caught,
    event::Event,
    failures::{interrupted, too_long},
};
use crate::{
    contract::{Context, Evidence, Outcome, Readings},
    failure::{Class, Failure, Problem, Result},
    graph::{Place, Selection},
};

impl Engine {
    /// Proves the links of the selected steps.
    ///
    /// # Errors
    /// When the selection names an unknown step. A proof that could not be carried out is in the answer.
    pub async fn verify(&self, selection: &Selection) -> Result<Vec<(Place, Result<Evidence>)>> {
        Ok(self.prove(&selection.places(&self.graph)?).await)
    }

    pub(super) async fn prove(&self, places: &BTreeSet<Place>) -> Vec<(Place, Result<Evidence>)> {
        let readings = Arc::new(Readings::default());
        // The way of those that need most is the longest: theirs go first.
        let proofs = places.iter().rev().map(|place| {
            let context = self.context(*place).sharing(readings.clone());
            async move { (*place, self.prove_one(*place, context).await) }
        });
        let mut answers: Vec<_> =
            stream::iter(proofs).buffer_unordered(self.settings.parallelism.max(1)).collect().await;
        self.given_up_proofs_settle().await;
        answers.sort_by_key(|(place, _)| *place);
        answers
    }

    /// A proof that was given up still gives back what it has made: a token, a secret ID.
    async fn given_up_proofs_settle(&self) {
        let settled = timeout(self.settings.verify_timeout, self.handles.under_way().settled());
        tokio::select! {
            in_time = settled => in_time.unwrap_or_default(),
            () = self.cancel.halted() => {}
        }
    }

    async fn prove_one(&self, place: Place, context: Context) -> Result<Evidence> {
        let name = self.name(place);
        self.observer.event(name, Event::Proving);
        let proving = caught(self.graph.node(place).step.verify(&context));
        let limited = timeout(self.settings.verify_timeout, proving);
        let answer = tokio::select! {
            answer = limited => answer.unwrap_or_else(|_| Err(too_long("proven", self.settings.verify_timeout))),
            () = self.cancel.cancelled() => Err(interrupted()),
        };
        let answer = answer.map_err(|failure| failure.in_step(name));
        match &answer {
            Ok(evidence) => self.observer.event(name, Event::Proven(evidence)),
            Err(failure) => self.observer.event(name, Event::Failed(failure)),
        }
        answer
    }

    /// The first link, in the order of the graph, that does not hold or could not be proven.
    pub fn broken(&self, proofs: &[(Place, Result<Evidence>)]) -> Option<Failure> {
        proofs.iter().find_map(|(place, proof)| match proof {
            Err(failure) => Some(failure.clone()),
            Ok(evidence) => failed(evidence).map(|failure| failure.in_step(self.name(*place))),
        })
    }
}

fn failed(evidence: &Evidence) -> Option<Failure> {
    evidence.checks.iter().find_map(|check| match &check.outcome {
        Outcome::Failed { why, next } => {
            let message = format!("{}: {why}", check.what);
            Some(Problem::new(Class::Unproven, "trustpath::verify::failed", message).help(next).into())
        }
        Outcome::Passed { .. } | Outcome::Unchecked { .. } => None,
    })
}
