//! Proves the link: the mount and its config are as they should be, the stored CA vouches for the API server, and the
//! reviewer may review.

mod ca;
mod review;

use trustpath_core::{At, Evidence, Proof, Result, Seen, failure::Report, graph::word};
use trustpath_platform::{text::clean, vault::backend::differing};

use self::{ca::StoredCa, review::Review};
use crate::{
    Taken,
    config::{KubernetesAuth, ReviewerChoice as Choice},
    kept::are,
    making::key_name,
    owner,
    reads::{is_told, told},
    state::{HOST, State, TYPE},
};

const MOUNTED: &str = "auth method is mounted";
const CONFIGURED: &str = "config is as the graph file says";

impl KubernetesAuth {
    pub(crate) fn proven(&self, at: At<'_, Taken>, seen: &Seen<State>) -> Result<Proof> {
        let Some(state) = &seen.state else { return Ok(Proof::default()) };
        let evidence = Evidence::new();
        let (mount, kind) = (&self.mount, &state.mount.kind);
        if kind != TYPE {
            let why = format!("at `{mount}` there is an auth mount of the type `{kind}`");
            return Ok(Proof::seen(evidence.failed(MOUNTED, why, "choose another `mount` in the graph file")));
        }
        let evidence = evidence.passed(MOUNTED, format!("auth/{mount} is of the type `{TYPE}`"));
        if seen.answers.is_empty() {
            return Ok(self.tried(at, evidence, state));
        }
        let evidence = match self.wanted(at, seen, state)? {
            Ok(wanted) => compared(at, state, &wanted, evidence),
            // Nothing else of it is this cluster's to fix.
            Err(report) if report.code.as_deref() == Some(owner::CODE) => {
                let next = owner::own_mount(mount.as_str());
                return Ok(Proof::seen(evidence.failed(CONFIGURED, report.message, next)));
            }
            Err(report) => {
                let (why, next) = told(report);
                evidence.failed(CONFIGURED, why, next)
            }
        };
        Ok(self.tried(at, evidence, state))
    }

    fn tried(&self, at: At<'_, Taken>, evidence: Evidence, state: &State) -> Proof {
        let Some(config) = &state.config else { return Proof::seen(evidence) };
        let review = Review {
            reviewer: config.reviewer.clone(),
            is_client: self.reviewer == Choice::Client,
            source: self.source(at.facts),
        };
        Proof::seen(evidence).and(StoredCa::of(config)).and(review)
    }

    /// What an apply would make of it, or why that is not known: something is wrong with what the graph file names.
    fn wanted(&self, at: At<'_, Taken>, seen: &Seen<State>, state: &State) -> Result<Result<State, Report>> {
        let keys = (0..self.pem_keys.iter().flatten().count()).map(key_name);
        let names = ["cluster", "here", "place", "reviewer", "ca"].map(str::to_owned).into_iter().chain(keys);
        if let Some(report) = names.filter_map(|name| seen.answers.failed(&name)).next() {
            return Ok(Err(report.clone()));
        }
        // Never what the user agrees to for an apply: whose the mount is, is for a proof to find.
        let wants = |around| Ok(self.wants((at.cx, false), &around, Some(state))?);
        match self.making(at, seen).and_then(wants) {
            Ok(wanted) => Ok(Ok(wanted.to.unwrap_or_else(|| state.clone()))),
            Err(failure) if is_told(failure.class()) => Ok(Err(failure.report())),
            Err(failure) => Err(failure),
        }
    }
}

fn compared(at: At<'_, Taken>, state: &State, wanted: &State, evidence: Evidence) -> Evidence {
    let mut differing = differing(state, wanted);
    // A mark alone is no difference.
    differing.retain(|path| !path.starts_with("mount.mark"));
    if differing.is_empty() {
        let host = state.config.as_ref().map(|config| config.text(HOST)).unwrap_or_default();
        return evidence.passed(CONFIGURED, format!("API server {}", clean(host)));
    }
    let why = format!("{} not as the graph file says", are(&differing));
    evidence.failed(CONFIGURED, why, format!("trustpath apply {}", word(at.cx.step())))
}
