//! What a lock says: who holds it, for how long, and what its holder has begun. Nothing secret.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Process;
use crate::{Ttl, retry::ENDLESS, text::clean};

/// How long a lock outlives its last renewal, and what others have to reckon with besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long it is held without being renewed.
    pub lease: Duration,
    /// How long after it was sent a request may still be carried out.
    pub in_flight_timeout: Duration,
    /// How often it is renewed.
    pub renew_every: Duration,
}

impl Terms {
    /// Renewed every quarter of the lease, and more often where a request that may take as long as `request` would not
    /// fit into what is left of it then.
    pub fn new(lease: Duration, in_flight_timeout: Duration, request: Duration) -> Self {
        let spare = lease.saturating_sub(request) / 2;
        Self { lease, in_flight_timeout, renew_every: (lease / 4).min(spare).max(SHORTEST) }
    }
}

/// However short a lease is, its record is not written more often than this.
const SHORTEST: Duration = Duration::from_millis(50);

/// What stands in the record of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who holds it; no one when it was given back with a run left unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<LockHolder>,
    /// How long it is held without being renewed, in whole seconds.
    pub lease_seconds: u64,
    /// The in-flight timeout of its holder, in whole seconds.
    pub in_flight_seconds: u64,
    /// The run that has written something and has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Tells this holding from every other one, by the same process too.
    pub id: String,
    /// The process.
    #[serde(flatten)]
    pub process: Process,
    /// The user who started it.
    pub user: String,
    /// What it does, such as `apply`.
    pub command: String,
    /// The graph that it does it to.
    pub graph: String,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, by its own clock; for people to read, and compared with nothing.
    pub since: String,
}

/// A run that was begun under a lock and has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Its id, which is unique on its host alone.
    pub run: String,
    /// The host that it was made on.
    pub host: String,
    /// Where its journal lies there.
    pub journal: String,
    /// The Secret, as `namespace/name`, that has its journal too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<String>,
    /// The digest of the first record of its journal, which no two runs share.
    pub digest: String,
}

impl Claim {
    /// A claim of this holder.
    pub fn new(holder: LockHolder, terms: Terms) -> Self {
        let [lease_seconds, in_flight_seconds] =
            [terms.lease, terms.in_flight_timeout].map(|time| Ttl::covering(time).as_seconds());
        Self { holder: Some(holder), lease_seconds, in_flight_seconds, unfinished: None }
    }

    /// What a record says that is held by no one, and names no run.
    pub(crate) fn vacant() -> Self {
        Self { holder: None, lease_seconds: 0, in_flight_seconds: 0, unfinished: None }
    }

    /// How long its record has to stand still before it counts as its holder's last word: until then the holder may
    /// write, or a request of its may still be carried out.
    pub fn takeover_after(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.saturating_add(self.in_flight_seconds)).min(ENDLESS)
    }

    /// Whether this holding is the one with this id.
    pub(super) fn is_of(&self, id: &str) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.id == id)
    }

    /// The same in words that are safe to show: what stands in a record is another client's.
    #[must_use]
    pub(crate) fn cleaned(self) -> Self {
        Self {
            holder: self.holder.map(LockHolder::cleaned),
            unfinished: self.unfinished.map(Unfinished::cleaned),
            ..self
        }
    }
}

impl LockHolder {
    /// This process, which does something to a graph.
    pub fn new(process: Process, user: &str, command: &str, graph: &str) -> Self {
        // Every hasher of this type has keys of the system's own randomness, which is all that is asked for here.
        let nonce = RandomState::new().build_hasher().finish();
        let id = format!("{}/{}/{nonce:016x}", process.host, process.pid);
        let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let [user, command, graph] = [user, command, graph].map(str::to_owned);
        Self { id, process, user, command, graph, reason: None, since }
    }

    /// With why it does that.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        Self { reason: reason.map(str::to_owned), ..self }
    }

    /// A holder of whom nothing is known but a name.
    pub fn unknown(name: &str) -> Self {
        let unsaid = || "unknown".to_owned();
        let process = Process { host: unsaid(), boot: None, pid_namespace: None, pid: 0, started: None };
        Self {
            id: name.to_owned(),
            process,
            user: unsaid(),
            command: unsaid(),
            graph: unsaid(),
            reason: None,
            since: unsaid(),
        }
    }

    fn cleaned(self) -> Self {
        let process = Process { host: clean(&self.process.host), ..self.process };
        Self {
            process,
            user: clean(&self.user),
            command: clean(&self.command),
            graph: clean(&self.graph),
            reason: self.reason.map(|reason| clean(&reason)),
            since: clean(&self.since),
            // Compared, and never shown.
            id: self.id,
        }
    }
}

/// `apply` of the graph `payments` by alice on build-7 (pid 4711), since 2026-01-31T12:00:00Z.
impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, user, command, graph, since, .. } = self;
        let Process { host, pid, .. } = process;
        write!(f, "`{command}` of the graph `{graph}` by {user} on {host} (pid {pid}), since {since}")?;
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
    }
}

impl Unfinished {
    fn cleaned(self) -> Self {
        let Self { run, host, journal, mirror, digest } = self;
        // A run's id is shown as a word of a command.
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let mirror = mirror.map(|place| clean(&place));
        Self { run: run.chars().filter(plain).collect(), host: clean(&host), journal: clean(&journal), mirror, digest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_fits_into_what_is_left_when_it_is_renewed() {
        let seconds = Duration::from_secs;
        for (lease, request) in [(120, 60), (120, 100), (61, 60), (8, 2)] {
            let terms = Terms::new(seconds(lease), seconds(90), seconds(request));
            assert!(terms.renew_every <= terms.lease / 4);
            assert!(terms.lease - terms.renew_every > seconds(request), "{lease}s, {request}s: {terms:?}");
        }
    }

    #[test]
    fn others_wait_for_whole_seconds_and_never_too_short() {
        let holder = LockHolder::unknown("somebody");
        let terms = Terms::new(Duration::from_millis(1500), Duration::from_millis(200), Duration::from_secs(1));
        assert_eq!(Claim::new(holder, terms).takeover_after(), Duration::from_secs(3));
    }

    #[test]
    fn what_a_record_says_moves_no_terminal() {
        let mut holder = LockHolder::unknown("x");
        holder.user = "al\u{1b}[2Jice".into();
        holder.process.host = "a\nb".into();
        assert_eq!(
            holder.cleaned().to_string(),
            "`unknown` of the graph `unknown` by alice on a b (pid 0), since unknown"
        );
    }
}
