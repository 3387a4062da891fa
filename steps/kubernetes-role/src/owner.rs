//! Whose a role is: that of whoever the mark of its mount names.

use trustpath_core::{Answers, At, Decision, Note, Reads, Result};
use trustpath_platform::{
    kubernetes::ClusterUid,
    mark::{Mark, Owner},
    vault::{Get, Mounts},
};

use crate::{decide::Facts, state::RoleState};

/// Reads whose it is, besides others. Which cluster this one is is read only where the mark names one.
pub(crate) fn read(at: At<'_, Facts>, reads: Reads, answers: Option<&Answers>) -> Reads {
    let reads = reads.and("mounts", Get::new(at.facts.0.namespace.as_deref(), "sys/internal/ui/mounts").optional());
    let names_one = |answers: &Answers| match answers.answer("mounts") {
        Some(_) => mark(at, answers).is_ok_and(|mark| mark.is_some_and(|mark| mark.cluster.is_some())),
        // Nothing was read yet: only rights are asked.
        None => true,
    };
    if answers.is_some_and(names_one) { reads.and("cluster", ClusterUid) } else { reads }
}

/// The mark of the mount, where it is that of this graph.
fn mark(at: At<'_, Facts>, answers: &Answers) -> Result<Option<Mark>> {
    let mounts: Option<Mounts> = answers.get("mounts")?;
    let mark = mounts.as_ref().and_then(|mounts| mounts.auth_at(&at.facts.0.path)?.mark());
    Ok(mark.filter(|mark| mark.graph == at.cx.graph()))
}

/// Whose it is, from what was read.
pub(crate) fn of(at: At<'_, Facts>, answers: &Answers) -> Result<Owner> {
    let here: Option<String> = answers.get("cluster")?;
    Ok(Owner::of(mark(at, answers)?.as_ref(), at.cx.graph(), here.as_deref()))
}

/// What destroy leaves of a role on this mount.
pub(crate) fn removal(owner: &Owner, mount: &str, now: Option<&RoleState>) -> Decision<RoleState> {
    let why = owner.keep_because(mount);
    let kept = now.filter(|_| why.is_some()).cloned();
    let retains = !owner.is_elsewhere();
    // That of another cluster too: the note says whose it is.
    Decision { retains, ..Decision::to(kept, *owner != Owner::Other).noting(why.map(Note::Left)) }
}
