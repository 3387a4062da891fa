//! What a connection's own token says of itself: how often it can be used yet, and until when.

use std::time::{Duration, Instant};

use serde::Deserialize;
use trustpath_core::Demand;

use crate::Ttl;

/// What `auth/token/lookup-self` says of a token.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct TokenLookup {
    /// How often it can be used after this, where that is limited; 0 where it is not, and less than that for the last use.
    #[serde(default)]
    pub(super) num_uses: i64,
    /// How many seconds it has left.
    #[serde(default)]
    pub(super) ttl: u64,
    /// When it ends; a token without an end, such as a root token, has none.
    expire_time: Option<String>,
    #[serde(default)]
    renewable: bool,
}

/// What it said when, with how many requests made by then.
#[derive(Debug, Clone)]
pub(super) struct OwnToken {
    /// `None` where it may not look at itself.
    pub(super) said: Option<TokenLookup>,
    pub(super) asked: usize,
    pub(super) at: Instant,
}

impl OwnToken {
    /// What it would say now: each request since is a use, and time has passed.
    pub(super) fn now(&self, asked: usize) -> Option<TokenLookup> {
        let said = self.said.clone()?;
        let used = i64::try_from(asked.saturating_sub(self.asked)).unwrap_or(i64::MAX);
        let num_uses = match said.num_uses {
            0 => 0,
            left if left > used => left - used,
            _ => -1,
        };
        Some(TokenLookup {
            num_uses,
            ttl: said.ttl.saturating_sub(Ttl::covering(self.at.elapsed()).as_seconds()),
            ..said
        })
    }
}

impl TokenLookup {
    pub(super) fn uses(&self) -> Option<usize> {
        (self.num_uses != 0).then(|| usize::try_from(self.num_uses).unwrap_or(0))
    }

    pub(super) fn left(&self) -> Option<Duration> {
        self.expire_time.as_ref().map(|_| Duration::from_secs(self.ttl))
    }

    /// Whether it has to be renewed, and can be.
    pub(super) fn is_to_be_renewed(&self, demand: &Demand) -> bool {
        self.renewable && self.left().is_some_and(|left| left < demand.time)
    }
}
