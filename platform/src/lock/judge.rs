//! Who may have a lock, and why it cannot be had. Pure.

use trustpath_core::{Class, Problem};

use super::{Claim, LockHolder, Process, Unfinished};

/// Whether a lock needs no waiting for: no one holds it, its holder ran on this machine and has ended, or it is the holding
/// with this id, and an answer was lost.
pub(super) fn is_free(claim: &Claim, id: &str, here: &Process) -> bool {
    claim.is_of(id) || claim.holder.as_ref().is_none_or(|holder| holder.process.is_gone(here))
}

/// What the lock is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockPurpose {
    /// A new run.
    Begin,
    /// Going on with the run whose journal has this digest ([`Unfinished::digest`]).
    GoOn(String),
}

/// What is known here of a run that a lock names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// Its journal lies elsewhere.
    Elsewhere,
    /// Its journal lies here.
    Here,
    /// Its journal lies here, is the one that was written last, and says that the run is finished: what the lock says is out of
    /// date.
    Over,
}

/// Whether a lock that is free may be taken although its last holder left a run unfinished; answers with that run where
/// it is the very one that is continued. `known` says what is known here of it.
///
/// # Errors
/// When the run has to be finished, or given up knowingly, first.
pub(super) fn admit(
    claim: &Claim,
    purpose: &LockPurpose,
    abandon: Option<&str>,
    known: impl FnOnce(&Unfinished) -> Observed,
) -> Result<Option<Unfinished>, Problem> {
    let Some(unfinished) = &claim.unfinished else { return Ok(None) };
    if *purpose == LockPurpose::GoOn(unfinished.digest.clone()) {
        return Ok(Some(unfinished.clone()));
    }
    if abandon == Some(&unfinished.run) {
        return Ok(None);
    }
    match known(unfinished) {
        Observed::Over => Ok(None),
        Observed::Here => Err(unfinished_here(unfinished)),
        Observed::Elsewhere => Err(unfinished_elsewhere(unfinished)),
    }
}

/// Another client holds the lock: its record was renewed while we looked on. Or may hold it: it was not renewed, and the time to
/// wait was over before that meant anything.
pub(super) fn busy(record: &str, claim: &Claim, seen_alive: bool) -> Problem {
    let holder = claim.holder.clone().unwrap_or_else(|| LockHolder::unknown("nobody"));
    let because = |code, message| Problem::new(Class::Conflict, code, format!("one run at a time: {record} {message}"));
    if seen_alive {
        return because("trustpath::lock::held", format!("is held by {holder}"))
            .help("nothing was changed; try again when that run is finished, or wait for it: --lock-timeout 5m");
    }
    let seconds = claim.takeover_after().as_secs();
    let message = format!("may still be held by {holder}, and that cannot be told before {seconds} s have passed");
    because("trustpath::lock::undecided", message)
        .help("nothing was changed; leave --lock-timeout out, and the program waits for as long as it takes to know")
}

/// The last holder of the lock has left a run unfinished, whose journal lies here.
fn unfinished_here(Unfinished { run, .. }: &Unfinished) -> Problem {
    let message = format!("the run {run} was left unfinished, and comes first");
    Problem::new(Class::Refused, "trustpath::lock::unfinished", message)
        .help(format!("carry it to its end: trustpath resume {run}; or take it back: trustpath rollback {run}"))
}

/// The same, and its journal lies on another host, or in another place of this one; perhaps the cluster has it too.
fn unfinished_elsewhere(left: &Unfinished) -> Problem {
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
                "continue it there: trustpath resume {run} carries it to its end, \
                 trustpath rollback {run} takes it back; {abandon}"
            ),
        ),
    };
    let message = format!("the run {run} of the host {host} was left unfinished; {place}");
    Problem::new(Class::Refused, "trustpath::lock::unfinished_elsewhere", message).help(help)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use trustpath_core::Failure;

    use super::*;
    use crate::lock::Terms;

    fn theirs() -> Claim {
        let seconds = Duration::from_secs;
        Claim::new(LockHolder::unknown("theirs"), Terms::new(seconds(120), seconds(90), seconds(60)))
    }

    fn here() -> Process {
        Process::this(None)
    }

    #[test]
    fn nobody_and_ourselves_need_no_wait() {
        assert!(is_free(&Claim { holder: None, ..theirs() }, "ours", &here()));
        assert!(is_free(&theirs(), "theirs", &here()) && !is_free(&theirs(), "ours", &here()));
    }

    #[test]
    fn a_process_of_this_machine_that_has_ended_needs_no_wait() {
        let mut claim = theirs();
        let Some(ticks) = here().started else { return };
        claim.holder.as_mut().unwrap().process = Process { started: Some(ticks + 1), ..here() };
        assert!(is_free(&claim, "ours", &here()));
        claim.holder.as_mut().unwrap().process = here();
        assert!(!is_free(&claim, "ours", &here()));
    }

    fn left() -> Claim {
        let unfinished = Unfinished {
            run: "r".into(),
            host: "h".into(),
            journal: "/j".into(),
            mirror: None,
            digest: "sha256:1".into(),
        };
        Claim { unfinished: Some(unfinished), ..theirs() }
    }

    #[test]
    fn an_unfinished_run_lets_only_itself_go_on() {
        let same = LockPurpose::GoOn("sha256:1".into());
        let other = LockPurpose::GoOn("sha256:2".into());
        assert_eq!(admit(&left(), &same, None, |_| Observed::Here).unwrap(), left().unfinished);
        let refused = |purpose, known| Failure::from(admit(&left(), purpose, None, |_| known).unwrap_err()).report();
        let told = |purpose, known| (refused(purpose, known).code.unwrap(), refused(purpose, known).message);
        let here =
            ("trustpath::lock::unfinished".to_owned(), "the run r was left unfinished, and comes first".to_owned());
        assert_eq!(told(&other, Observed::Here), here);
        assert_eq!(told(&LockPurpose::Begin, Observed::Here), here);
        let elsewhere = "the run r of the host h was left unfinished; its journal lies there, at /j".to_owned();
        assert_eq!(
            told(&LockPurpose::Begin, Observed::Elsewhere),
            ("trustpath::lock::unfinished_elsewhere".to_owned(), elsewhere)
        );
    }

    #[test]
    fn one_that_is_over_is_in_no_ones_way() {
        assert_eq!(admit(&left(), &LockPurpose::Begin, None, |_| Observed::Over).unwrap(), None);
    }

    #[test]
    fn it_can_be_given_up_by_its_name_alone() {
        assert_eq!(admit(&left(), &LockPurpose::Begin, Some("r"), |_| Observed::Elsewhere).unwrap(), None);
        assert!(admit(&left(), &LockPurpose::Begin, Some("s"), |_| Observed::Elsewhere).is_err());
        assert_eq!(admit(&theirs(), &LockPurpose::Begin, Some("s"), |_| Observed::Elsewhere).unwrap(), None);
    }
}
