//! Who may have a lock. Pure: no requests, no clock but the moment that is given.

use tokio::time::Instant;
use trustpath_core::Problem;

use super::{
    Claim, Found, Process, Unfinished, Version,
    error::{unfinished_elsewhere, unfinished_here},
};

/// What is known about a lock that somebody else holds: a state of its record, and since when it was not seen to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) version: Version,
    /// When the first answer that showed this state had arrived.
    pub(super) since: Instant,
}

/// What a look at the record means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is ours: an answer was lost.
    Ours,
    /// Nobody holds it any more.
    Free,
    /// Its holder has written it since the last look.
    Alive,
    /// Not known yet; at this moment it is, if nothing changes.
    Open(Instant),
}

/// What a look at `now` means, after the looks that `watch` stands for.
///
/// A holder counts from before it sent its last renewal, we count from after we first saw it: whatever the two clocks
/// say, ours runs out later.
pub(super) fn judge(watch: Option<&Watch>, found: &Found, id: &str, here: &Process, now: Instant) -> Verdict {
    let Some(holder) = &found.claim.holder else { return Verdict::Free };
    if found.claim.is_of(id) {
        return Verdict::Ours;
    }
    if holder.process.is_gone(here) {
        return Verdict::Free;
    }
    match watch {
        Some(watch) if watch.version != found.version => Verdict::Alive,
        _ => match watch.map_or(now, |watch| watch.since) + found.claim.patience() {
            until if now >= until => Verdict::Free,
            until => Verdict::Open(until),
        },
    }
}

/// What the lock is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A new run.
    Begin,
    /// Going on with the run whose journal has this digest ([`Unfinished::digest`]).
    GoOn(String),
}

/// What is known here of a run that a lock names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Its journal lies elsewhere.
    Elsewhere,
    /// Its journal lies here.
    Here,
    /// Its journal lies here, is the one that was written last, and says that the run is over: what the lock says is out of
    /// date.
    Over,
}

/// Whether a lock that is free may be taken although its last holder left a run unfinished; answers with that run where
/// it is the very one that is gone on with. `known` says what is known here of it.
///
/// # Errors
/// When the run has to be finished, or given up knowingly, first.
pub(super) fn admit(
    claim: &Claim,
    purpose: &Purpose,
    abandon: Option<&str>,
    known: impl FnOnce(&Unfinished) -> Known,
) -> Result<Option<Unfinished>, Problem> {
    let Some(unfinished) = &claim.unfinished else { return Ok(None) };
    if *purpose == Purpose::GoOn(unfinished.digest.clone()) {
        return Ok(Some(unfinished.clone()));
    }
    if abandon == Some(&unfinished.run) {
        return Ok(None);
    }
    match known(unfinished) {
        Known::Over => Ok(None),
        Known::Here => Err(unfinished_here(unfinished)),
        Known::Elsewhere => Err(unfinished_elsewhere(unfinished)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use trustpath_core::Failure;

    use super::*;
    use crate::lock::{Holder, Terms};

    const LEASE: Duration = Duration::from_secs(120);
    const HORIZON: Duration = Duration::from_secs(90);

    fn found(revision: &str, claim: Claim) -> Found {
        Found { version: Version { object: "o".into(), revision: revision.into() }, claim }
    }

    fn theirs() -> Claim {
        Claim::new(Holder::unknown("theirs"), Terms::new(LEASE, HORIZON, Duration::from_secs(60)))
    }

    fn here() -> Process {
        Process::this(None)
    }

    fn watch(revision: &str, since: Instant) -> Watch {
        Watch { version: found(revision, theirs()).version, since }
    }

    #[test]
    fn an_expired_lock_is_one_that_stood_still_for_lease_and_horizon() {
        let start = Instant::now();
        let seen = found("1", theirs());
        let at = |after: Duration| judge(Some(&watch("1", start)), &seen, "ours", &here(), start + after);
        assert_eq!(judge(None, &seen, "ours", &here(), start), Verdict::Open(start + LEASE + HORIZON));
        assert_eq!(at(LEASE), Verdict::Open(start + LEASE + HORIZON));
        assert_eq!(at(LEASE + HORIZON - Duration::from_millis(1)), Verdict::Open(start + LEASE + HORIZON));
        assert_eq!(at(LEASE + HORIZON), Verdict::Free);
    }

    #[test]
    fn a_record_that_changes_is_alive_however_late() {
        let start = Instant::now();
        let late = start + (LEASE + HORIZON) * 2;
        assert_eq!(judge(Some(&watch("1", start)), &found("2", theirs()), "ours", &here(), late), Verdict::Alive);
    }

    #[test]
    fn nobody_and_ourselves_need_no_wait() {
        let now = Instant::now();
        let vacant = Claim { holder: None, ..theirs() };
        assert_eq!(judge(None, &found("1", vacant), "ours", &here(), now), Verdict::Free);
        assert_eq!(judge(None, &found("1", theirs()), "theirs", &here(), now), Verdict::Ours);
    }

    #[test]
    fn a_process_of_this_machine_that_has_ended_needs_no_wait() {
        let mut claim = theirs();
        let Some(ticks) = here().started else { return };
        claim.holder.as_mut().unwrap().process = Process { started: Some(ticks + 1), ..here() };
        assert_eq!(judge(None, &found("1", claim.clone()), "ours", &here(), Instant::now()), Verdict::Free);
        claim.holder.as_mut().unwrap().process = here();
        let verdict = judge(None, &found("1", claim), "ours", &here(), Instant::now());
        assert!(matches!(verdict, Verdict::Open(_)), "{verdict:?}");
    }

    #[test]
    fn a_lease_without_end_is_no_panic() {
        let endless = Claim { lease_seconds: u64::MAX, ..theirs() };
        let verdict = judge(None, &found("1", endless), "ours", &here(), Instant::now());
        assert!(matches!(verdict, Verdict::Open(_)), "{verdict:?}");
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
        let same = Purpose::GoOn("sha256:1".into());
        let other = Purpose::GoOn("sha256:2".into());
        assert_eq!(admit(&left(), &same, None, |_| Known::Here).unwrap(), left().unfinished);
        let refused = |purpose, known| Failure::from(admit(&left(), purpose, None, |_| known).unwrap_err()).report();
        let told = |purpose, known| (refused(purpose, known).code.unwrap(), refused(purpose, known).message);
        let here =
            ("trustpath::lock::unfinished".to_owned(), "the run r was left unfinished, and comes first".to_owned());
        assert_eq!(told(&other, Known::Here), here);
        assert_eq!(told(&Purpose::Begin, Known::Here), here);
        let elsewhere = "the run r of the host h was left unfinished; its journal lies there, at /j".to_owned();
        assert_eq!(
            told(&Purpose::Begin, Known::Elsewhere),
            ("trustpath::lock::unfinished_elsewhere".to_owned(), elsewhere)
        );
    }

    #[test]
    fn one_that_is_over_is_in_no_ones_way() {
        assert_eq!(admit(&left(), &Purpose::Begin, None, |_| Known::Over).unwrap(), None);
    }

    #[test]
    fn it_can_be_given_up_by_its_name_alone() {
        assert_eq!(admit(&left(), &Purpose::Begin, Some("r"), |_| Known::Elsewhere).unwrap(), None);
        assert!(admit(&left(), &Purpose::Begin, Some("s"), |_| Known::Elsewhere).is_err());
        assert_eq!(admit(&theirs(), &Purpose::Begin, Some("s"), |_| Known::Elsewhere).unwrap(), None);
    }
}
