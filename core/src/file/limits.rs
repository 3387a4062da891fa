//! Limits of a run that do not go together.

use toml::de::{DeTable, DeValue};

use super::{
    Span,
    mistake::{Mistake, place},
    path::Path,
};
use crate::run::Settings;

/// Where the file says how long a lock is held.
pub(super) fn lease(root: &DeTable<'_>) -> Option<Span> {
    let DeValue::Table(run) = root.get("run")?.get_ref() else { return None };
    run.get("lease").map(toml::Spanned::span)
}

/// A request begins only while the lock outlasts it: under a lock that is too short none ever would.
pub(super) fn check(settings: &Settings, lease: &Span) -> Option<Mistake> {
    (settings.lease <= settings.step_timeout).then(|| Mistake::WrongValue {
        path: Path::of(["run", "lease"]),
        why: format!("the lock is held for {:?}, and a step may take {:?}", settings.lease, settings.step_timeout),
        help: "make it longer than `step_timeout`: twice as long leaves room for slow renewals".to_owned(),
        at: place(lease),
    })
}
