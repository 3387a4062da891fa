//! Whether the connection's own token lasts for a run.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use trustpath_core::{Class, Demand, Problem, Right};

use super::{
    Vault,
    call::VaultCall,
    capabilities,
    own_token::{OwnToken, TokenLookup},
    reply::VaultEnvelope,
    rights::VaultGrant,
};
use crate::{
    Ttl,
    error::{Error, ErrorKind},
};

const CODE: &str = "trustpath::preflight::token";

/// Said where a token may not even look at itself.
const MAY_NOT_LOOK: &str = "Vault does not let this token look at itself, as the default policy would: whether it lasts for this run is not known.";

/// Said where names are looked up that no one has counted.
const NOT_COUNTED: &str = "how often the Vault token has to be used is known but for what is looked up name by name (who else uses a policy): \
                           each name takes a request more.";

/// What is left to a token that was renewed.
#[derive(Deserialize)]
struct Renewed {
    auth: Lease,
}

#[derive(Deserialize)]
struct Lease {
    lease_duration: u64,
}

impl Vault {
    /// Refuses a token that ends before a run and its undo do, as far as that is known; answers with what is not.
    pub(super) async fn token_lasts(&self, demand: &Demand) -> trustpath_core::Result<Vec<String>> {
        let planned = if demand.plans_again { self.requests_made() } else { 0 };
        let Some(token) = self.own_token().await?.now(self.requests_made()) else {
            return Ok(vec![MAY_NOT_LOOK.to_owned()]);
        };
        // The mounts are looked at where a right stands for all of them.
        let preflight = 1 + capabilities::parts(demand.rights.len());
        let renewal = usize::from(token.is_to_be_renewed(demand));
        often_enough(&token, demand.requests + preflight + renewal + planned)?;
        let mut left = token.left();
        if token.is_to_be_renewed(demand) {
            left = self.renewed(demand.time).await?.or(left);
        }
        long_enough(left, demand.time)?;
        let uncounted = token.uses().is_some() && demand.rights.iter().any(stands_for_many);
        Ok(if uncounted { vec![NOT_COUNTED.to_owned()] } else { Vec::new() })
    }

    /// What its token says of itself, which is asked once: for a run, while its locks are taken.
    pub(super) async fn own_token(&self) -> Result<OwnToken, Error> {
        self.server.own_token.get_or_init(|| self.ask_own_token()).await.clone()
    }

    /// What is asked at the same time counts as asked after it: better a use too many than one that is missing.
    async fn ask_own_token(&self) -> Result<OwnToken, Error> {
        let (asked, at) = (self.requests_made() + 1, Instant::now());
        let call = VaultCall::read("auth/token/lookup-self");
        let answer = Error::or_none(self.call(&call).await, ErrorKind::REFUSALS)?;
        let said = answer.map(|answer| answer.parse::<VaultEnvelope<TokenLookup>>(&call)).transpose()?;
        Ok(OwnToken { said: said.and_then(|said| said.data), asked, at })
    }

    /// How much time the token has after it was renewed; `None` where it cannot be.
    async fn renewed(&self, time: Duration) -> Result<Option<Duration>, Error> {
        let call = VaultCall::write(
            "auth/token/renew-self",
            &json!({ "increment": format!("{}s", Ttl::covering(time).as_seconds()) }),
        )?;
        const NOT_RENEWED: &[ErrorKind] = &[ErrorKind::Denied, ErrorKind::Unauthenticated, ErrorKind::Rejected];
        let answer = Error::or_none(self.call(&call).await, NOT_RENEWED)?;
        let renewed = answer.map(|answer| answer.parse::<Renewed>(&call)).transpose()?;
        Ok(renewed.map(|renewed| Duration::from_secs(renewed.auth.lease_duration)))
    }
}

/// Whether a right is used for as many requests as there are names, or auth mounts.
fn stands_for_many(right: &Right) -> bool {
    serde_json::from_value::<VaultGrant>(right.grant.clone()).is_ok_and(|grant| grant.stands_for_many())
}

/// Whether it can be used as often as it may have to be. Pure.
fn often_enough(token: &TokenLookup, needed: usize) -> Result<(), Problem> {
    let Some(uses) = token.uses().filter(|uses| *uses < needed) else { return Ok(()) };
    let message = format!(
        "this run and its undo need up to {needed} requests of Vault, and the token can be used {uses} times more"
    );
    Err(Problem::new(Class::Denied, CODE, message).help(
        "nothing was written: log in again for a token that can be used as often, or without a limit \
         (`token_num_uses = 0`); to try all the same: --no-preflight",
    ))
}

/// Whether it lives as long as a run may take. Pure.
fn long_enough(left: Option<Duration>, time: Duration) -> Result<(), Problem> {
    let Some(left) = left.filter(|left| *left < time) else { return Ok(()) };
    let message = format!(
        "this run and its undo may take up to {} by their limits, and the Vault token ends in {}",
        Ttl::covering(time),
        Ttl::seconds(left.as_secs())
    );
    Err(Problem::new(Class::Denied, CODE, message).help(
        "nothing was written: log in again for a token that lasts as long, or shorten `step_timeout` and `verify_timeout` \
         under [run]; to try all the same: --no-preflight",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn token(said: Value) -> TokenLookup {
        serde_json::from_value(said).unwrap()
    }

    #[test]
    fn a_token_is_used_as_often_as_it_says() {
        for (uses, needed, enough) in [(0, 99, true), (7, 7, true), (7, 8, false), (-1, 1, false), (-1, 0, true)] {
            assert_eq!(often_enough(&token(json!({ "num_uses": uses })), needed).is_ok(), enough, "{uses}, {needed}");
        }
        let refused = often_enough(&token(json!({ "num_uses": 6 })), 34).unwrap_err().to_string();
        assert!(refused.starts_with("this run and its undo need up to 34 "), "{refused}");
    }

    #[test]
    fn each_request_since_is_a_use_and_time_has_passed() {
        let now = |num_uses: i64, asked: usize| {
            let said = Some(token(json!({ "num_uses": num_uses, "ttl": 60, "expire_time": "x" })));
            OwnToken { said, asked: 3, at: Instant::now() }.now(asked).unwrap()
        };
        let left = [(0, 9), (7, 3), (7, 5), (7, 10), (7, 11), (-1, 3)].map(|(uses, asked)| now(uses, asked).uses());
        assert_eq!(left, [None, Some(7), Some(5), Some(0), Some(0), Some(0)]);
        let said = Some(token(json!({ "ttl": 60, "expire_time": "x" })));
        let at = Instant::now().checked_sub(Duration::from_secs(20)).unwrap();
        let then = OwnToken { said, asked: 0, at }.now(0).unwrap();
        assert!((38..=40).contains(&then.ttl), "{}", then.ttl);
    }

    #[test]
    fn a_token_without_an_end_lasts_and_one_with_an_end_until_then() {
        let ending = |ttl: u64| token(json!({ "ttl": ttl, "expire_time": "2030-01-01T00:00:00Z" }));
        let minute = Duration::from_secs(60);
        assert!(long_enough(token(json!({ "ttl": 0, "expire_time": null })).left(), minute).is_ok());
        assert!(long_enough(ending(60).left(), minute).is_ok());
        let refused = long_enough(ending(59).left(), minute).unwrap_err().to_string();
        assert!(refused.contains("up to 1m by their limits") && refused.ends_with("ends in 59s"), "{refused}");
    }

    #[test]
    fn only_what_ends_too_soon_is_renewed() {
        let demand = Demand { time: Duration::from_secs(60), ..Demand::default() };
        let said = |ttl: u64, renewable: bool| token(json!({ "ttl": ttl, "expire_time": "x", "renewable": renewable }));
        assert!(said(59, true).is_to_be_renewed(&demand));
        assert!(!said(60, true).is_to_be_renewed(&demand));
        assert!(!said(59, false).is_to_be_renewed(&demand));
        assert!(!token(json!({ "renewable": true })).is_to_be_renewed(&demand), "it has no end");
    }
}
