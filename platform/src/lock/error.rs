//! Why a lock cannot be had.

use miette::Diagnostic;
use thiserror::Error;
use trustpath_core::{Class, Classified};

use super::{Claim, Holder, Unfinished};

/// Somebody else holds the lock, or may hold it.
#[derive(Debug, Error, Diagnostic)]
pub enum Busy {
    /// It was renewed while we looked on.
    #[error("one run at a time: {record} is held by {holder}")]
    #[diagnostic(
        code(trustpath::lock::held),
        help("nothing was changed; try again when that run is over, or wait for it: --lock-timeout 5m")
    )]
    Held {
        /// The record.
        record: String,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// It was not renewed, and the time to wait was over before that meant anything.
    #[error(
        "one run at a time: {record} may still be held by {holder}, and that cannot be told before {seconds} s have passed"
    )]
    #[diagnostic(
        code(trustpath::lock::undecided),
        help("nothing was changed; leave --lock-timeout out, and the program waits for as long as it takes to know")
    )]
    Undecided {
        /// The record.
        record: String,
        /// Who held it last.
        holder: Box<Holder>,
        /// For how long its record has to stand still.
        seconds: u64,
    },
}

impl Busy {
    pub(super) fn new(record: String, claim: &Claim, seen_alive: bool) -> Self {
        let holder = Box::new(claim.holder.clone().unwrap_or_else(|| Holder::unknown("nobody")));
        match seen_alive {
            true => Self::Held { record, holder },
            false => Self::Undecided { record, holder, seconds: claim.patience().as_secs() },
        }
    }
}

impl Classified for Busy {
    fn class(&self) -> Class {
        Class::Conflict
    }
}

/// The last holder of the lock has left a run unfinished.
#[derive(Debug, Error, Diagnostic)]
pub enum NotFinished {
    /// Its journal lies here.
    #[error("the run {run} was left unfinished, and comes first")]
    #[diagnostic(
        code(trustpath::lock::unfinished),
        help("carry it to its end: trustpath resume {run}; or take it back: trustpath rollback {run}")
    )]
    Here {
        /// The run.
        run: String,
    },
    /// Its journal lies on another host, or in another place of this one.
    #[error("the run {run} of the host {host} was left unfinished; its journal lies there, at {journal}")]
    #[diagnostic(
        code(trustpath::lock::unfinished_elsewhere),
        help(
            "go on with it there: trustpath resume {run} carries it to its end, trustpath rollback {run} takes it back; or give it up, and leave what it has written as it is: --abandon {run}"
        )
    )]
    Elsewhere {
        /// The run.
        run: String,
        /// The host that made it.
        host: String,
        /// Where its journal lies there.
        journal: String,
    },
    /// The same, and the cluster has its journal too.
    #[error("the run {run} of the host {host} was left unfinished; the Secret {mirror} has its journal")]
    #[diagnostic(
        code(trustpath::lock::unfinished_elsewhere),
        help(
            "fetch it, and carry the run to its end: trustpath resume {run} --journal cluster; or take it back: trustpath rollback {run} --journal cluster; or give it up, and leave what it has written as it is: --abandon {run}"
        )
    )]
    Mirrored {
        /// The run.
        run: String,
        /// The host that made it.
        host: String,
        /// The Secret.
        mirror: String,
    },
}

impl NotFinished {
    pub(super) fn elsewhere(unfinished: Unfinished) -> Self {
        let Unfinished { run, host, journal, mirror, .. } = unfinished;
        match mirror {
            Some(mirror) => Self::Mirrored { run, host, mirror },
            None => Self::Elsewhere { run, host, journal },
        }
    }
}

impl Classified for NotFinished {
    fn class(&self) -> Class {
        Class::Refused
    }
}
