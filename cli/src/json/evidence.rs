//! What `verify` saw.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Check, CheckOutcome, Evidence, Result,
    failure::Report,
    graph::{Graph, StepIndex},
};

/// What `verify` saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct VerifyDocument {
    pub(crate) graph: String,
    /// Whether no link is broken. What could not be checked breaks nothing, and is counted.
    pub(crate) holds: bool,
    /// The links, needed ones first.
    pub(crate) links: Vec<Link>,
    pub(crate) summary: Counts,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) step: String,
    pub(crate) kind: String,
    /// Its checks, in the order in which they were made.
    pub(crate) checks: Vec<Check>,
    /// Why it could not be verified at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Report>,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) unchecked: usize,
}

impl VerifyDocument {
    /// The document of these proofs.
    pub(crate) fn of(graph: &Graph, proofs: &[(StepIndex, Result<Evidence>)]) -> Self {
        let links = links(graph, proofs);
        let summary = Counts::of(&links);
        Self { graph: graph.id().to_owned(), holds: summary.failed == 0, links, summary }
    }
}

/// A link for each proof.
pub(crate) fn links(graph: &Graph, proofs: &[(StepIndex, Result<Evidence>)]) -> Vec<Link> {
    let link = |(place, proof): &(StepIndex, Result<Evidence>)| {
        let node = graph.node(*place);
        let (step, kind) = (node.name.to_string(), node.uses.clone());
        match proof {
            Ok(evidence) => Link { step, kind, checks: evidence.checks.clone(), failure: None },
            Err(failure) => Link { step, kind, checks: Vec::new(), failure: Some(failure.report()) },
        }
    };
    proofs.iter().map(link).collect()
}

impl Counts {
    /// Counts the checks; a proof that could not be carried out is a failed one.
    pub(crate) fn of(links: &[Link]) -> Self {
        let mut counts = Self::default();
        for link in links {
            counts.failed += usize::from(link.failure.is_some());
            for check in &link.checks {
                *match check.outcome {
                    CheckOutcome::Passed { .. } => &mut counts.passed,
                    CheckOutcome::Failed { .. } => &mut counts.failed,
                    CheckOutcome::Unchecked { .. } => &mut counts.unchecked,
                } += 1;
            }
        }
        counts
    }
}
