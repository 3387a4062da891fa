//! The requests of one run, in their order, and what each is for.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    pair::Pair,
    proxy::{Key, Seen, keys},
};

/// Whom a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// Vault.
    Vault,
    /// The API server.
    Kubernetes,
}

/// Where in a run a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Until the run is noted on its lock, or to the first write where there is none: nothing is changed yet.
    Planning,
    /// From then to the last write.
    Making,
    /// After the last write, or for a proof: what was made is proven.
    Proving,
}

/// A request of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whom.
    pub system: System,
    /// What, and the how many-th time.
    pub key: Key,
    /// When it arrived.
    pub at: SystemTime,
    /// How many requests came before it, at the same system.
    pub before: usize,
    /// In what part of the run.
    pub phase: Phase,
    /// Whether it makes a part of the chain.
    pub makes: bool,
    /// Whether it is about the lock of the run.
    pub locks: bool,
    /// What the server answered when nothing went wrong.
    pub status: u16,
}

impl Asked {
    /// Method and path.
    pub fn what(&self) -> &str {
        &self.key.what
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.key)
    }
}

/// What proofs do beside reading: they ask what a token may do, and leave for a moment a token of the ServiceAccount, or a
/// secret ID, and a token of Vault.
const OF_PROOFS: [&str; 8] = [
    "/login",
    "/token",
    "/revoke-self",
    "/revoke-accessor",
    "/secret-id",
    "/secret-id-accessor/destroy",
    "/capabilities-self",
    "/selfsubjectaccessreviews",
];

fn is_of_a_proof(what: &str) -> bool {
    OF_PROOFS.iter().any(|end| what.ends_with(end))
}

/// What the program asked since the proxies forgot, in the order in which it came.
pub fn asked(pair: &Pair) -> Vec<Asked> {
    let of = |system, seen: Vec<Seen>| {
        let keys = keys(&seen);
        let numbered = seen.into_iter().zip(keys).enumerate();
        numbered.map(move |(before, (seen, key))| (system, before, key, seen)).collect::<Vec<_>>()
    };
    let mut all = of(System::Vault, pair.vault_proxy.seen());
    all.extend(of(System::Kubernetes, pair.kubernetes_proxy.seen()));
    // Vault asks the cluster too.
    all.retain(|(.., seen)| seen.agent.starts_with("trustpath/"));
    all.sort_by_key(|(.., seen)| seen.at);
    let makes = |seen: &Seen| seen.writes() && !is_of_a_proof(&seen.path);
    let first = all.iter().position(|(.., seen)| makes(seen)).unwrap_or(all.len());
    // A look before the second write goes on beside the first: which of them arrives before the other says nothing.
    let first = all[..first].iter().rposition(|(.., seen)| seen.locks()).map_or(first, |noted| noted + 1);
    let last = all.iter().rposition(|(.., seen)| makes(seen)).unwrap_or(all.len());
    let phase = |at: usize| match at {
        _ if at < first => Phase::Planning,
        _ if at <= last => Phase::Making,
        _ => Phase::Proving,
    };
    let asked = all.into_iter().enumerate().map(|(at, (system, before, key, seen))| {
        let (makes, phase) = (makes(&seen), phase(at));
        Asked { system, key, at: seen.at, before, phase, makes, locks: seen.locks(), status: seen.status }
    });
    asked.collect()
}

/// Tells the requests of proofs, which may come before the last write: as many as `verify` makes, and of each the last.
pub fn tell_proofs(run: &mut [Asked], verify: &[Asked]) {
    let mut left = counted(verify);
    for asked in run.iter_mut().rev().filter(|asked| asked.phase != Phase::Planning) {
        if let Some(left) = left.get_mut(&asked.key.what).filter(|left| **left > 0) {
            *left -= 1;
            asked.phase = Phase::Proving;
        }
    }
}

fn counted(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    asked.iter().for_each(|asked| *counted.entry(asked.key.what.clone()).or_default() += 1);
    counted
}

/// Fails where two clean runs do not ask for the same: a sweep over requests that come and go would prove nothing.
///
/// # Panics
/// With what differs.
pub fn assert_steady(one: &[Asked], other: &[Asked]) {
    assert_eq!(counted(one), counted(other), "two clean runs do not ask for the same");
}
