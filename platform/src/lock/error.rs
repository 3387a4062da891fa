//! Why a lock cannot be had.

use trustpath_core::{Class, Problem};

use super::{Claim, Holder, Unfinished};

/// Somebody else holds the lock: its record was renewed while we looked on. Or may hold it: it was not renewed, and the time to
/// wait was over before that meant anything.
pub(super) fn busy(record: &str, claim: &Claim, seen_alive: bool) -> Problem {
    let holder = claim.holder.clone().unwrap_or_else(|| Holder::unknown("nobody"));
    let because = |code, message| Problem::new(Class::Conflict, code, format!("one run at a time: {record} {message}"));
    if seen_alive {
        return because("trustpath::lock::held", format!("is held by {holder}"))
            .help("nothing was changed; try again when that run is over, or wait for it: --lock-timeout 5m");
    }
    let seconds = claim.patience().as_secs();
    let message = format!("may still be held by {holder}, and that cannot be told before {seconds} s have passed");
    because("trustpath::lock::undecided", message)
        .help("nothing was changed; leave --lock-timeout out, and the program waits for as long as it takes to know")
}

/// The last holder of the lock has left a run unfinished, whose journal lies here.
pub(super) fn unfinished_here(Unfinished { run, .. }: &Unfinished) -> Problem {
    let message = format!("the run {run} was left unfinished, and comes first");
    Problem::new(Class::Refused, "trustpath::lock::unfinished", message)
        .help(format!("carry it to its end: trustpath resume {run}; or take it back: trustpath rollback {run}"))
}

/// The same, and its journal lies on another host, or in another place of this one; perhaps the cluster has it too.
pub(super) fn unfinished_elsewhere(left: &Unfinished) -> Problem {
    let Unfinished { run, host, journal, .. } = left;
    let abandon = format!("or give it up, and leave what it has written as it is: --abandon {run}");
    let (place, help) = match &left.mirror {
        Some(mirror) => (
            format!("the Secret {mirror} has its journal"),
            format!(
                "fetch it, and carry the run to its end: trustpath resume {run} --journal cluster; \
                 or take it back: trustpath rollback {run} --journal cluster; {abandon}"
            ),
        ),
        None => (
            format!("its journal lies there, at {journal}"),
            format!(
                "go on with it there: trustpath resume {run} carries it to its end, \
                 trustpath rollback {run} takes it back; {abandon}"
            ),
        ),
    };
    let message = format!("the run {run} of the host {host} was left unfinished; {place}");
    Problem::new(Class::Refused, "trustpath::lock::unfinished_elsewhere", message).help(help)
}
