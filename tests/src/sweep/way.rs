//! The ways in which one request can go wrong.

use super::asked::{Asked, System};
use crate::{
    pair::Pair,
    proxy::{Fault, Key, Lasts, Proxy},
};

/// A way in which a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// No connection comes about: nothing is sent.
    Refused,
    /// The connection breaks before the server acted.
    ResetBefore,
    /// The connection breaks after the server acted.
    ResetAfter,
    /// The answer breaks off in the middle of its body.
    CutBody,
    /// The server never acts and never answers.
    StallBefore,
    /// The server acts and never answers.
    StallAfter,
    /// The server acts long after the client gave up, when what it was to do has been taken back.
    Late,
    /// The server says no, or not now.
    Status(u16),
    /// Too many requests, and a word when to come back.
    Throttled,
    /// The server acted, and something in between says that it failed.
    LostAnswer(u16),
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 19] = [
        Self::Refused,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::CutBody,
        Self::StallBefore,
        Self::StallAfter,
        Self::Late,
        Self::Status(400),
        Self::Status(403),
        Self::Status(404),
        Self::Status(412),
        Self::Status(429),
        Self::Throttled,
        Self::Status(500),
        Self::Status(502),
        Self::Status(503),
        Self::LostAnswer(500),
        Self::LostAnswer(502),
        Self::LostAnswer(503),
    ];

    /// What the proxy does; a refused connection is none of its requests.
    pub fn fault(self) -> Option<Fault> {
        Some(match self {
            Self::Refused => return None,
            Self::ResetBefore => Fault::ResetBefore,
            Self::ResetAfter => Fault::ResetAfter,
            Self::CutBody => Fault::CutBody,
            Self::StallBefore => Fault::StallBefore,
            Self::StallAfter => Fault::StallAfter,
            Self::Late => Fault::Hold,
            Self::Status(status) => Fault::Refuse(status),
            Self::Throttled => Fault::RefuseFor(429, 1),
            Self::LostAnswer(status) => Fault::LoseAnswer(status),
        })
    }

    /// Whether the client waits for an answer until its patience ends.
    pub fn stalls(self) -> bool {
        matches!(self, Self::StallBefore | Self::StallAfter | Self::Late)
    }

    /// Whether it makes sense for a request that only reads: where nothing is done, nothing can be done late, or be done
    /// although it is said that it failed.
    pub fn is_for_reads(self) -> bool {
        !matches!(self, Self::Late | Self::ResetAfter | Self::StallAfter | Self::LostAnswer(_))
    }

    /// Makes this request go wrong, once.
    pub fn befall(self, pair: &Pair, asked: &Asked) {
        self.at(proxy(pair, asked.system), &asked.key, asked.before, Lasts::Once);
    }

    /// Makes this request go wrong, and all after it that ask for the same, until the faults are lifted.
    pub fn befall_from(self, pair: &Pair, asked: &Asked) {
        self.at(proxy(pair, asked.system), &asked.key, asked.before, Lasts::On);
    }

    fn at(self, proxy: &Proxy, key: &Key, before: usize, lasts: Lasts) {
        match self.fault() {
            Some(fault) => proxy.fault_nth(key.clone(), lasts, fault),
            None => proxy.refuse_connections(before, if lasts == Lasts::Once { 1 } else { usize::MAX }),
        }
    }
}

/// The proxy in front of a system.
pub fn proxy(pair: &Pair, system: System) -> &Proxy {
    match system {
        System::Vault => &pair.vault_proxy,
        System::Kubernetes => &pair.kubernetes_proxy,
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused => f.write_str("refused"),
            Self::ResetBefore => f.write_str("reset before"),
            Self::ResetAfter => f.write_str("reset after"),
            Self::CutBody => f.write_str("cut body"),
            Self::StallBefore => f.write_str("stall before"),
            Self::StallAfter => f.write_str("stall after"),
            Self::Late => f.write_str("late"),
            Self::Status(status) => write!(f, "{status}"),
            Self::Throttled => f.write_str("429 for 1 s"),
            Self::LostAnswer(status) => write!(f, "done, but {status}"),
        }
    }
}
