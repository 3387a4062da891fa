//! A login with a token of the API server's, what is looked at then, and the revocation of Vault's token.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use trustpath_core::{Evidence, Failure, Result};
use trustpath_platform::{
    Vault,
    error::{Error, Kind},
    text::{clean, listed},
    vault::{
        LoggedIn,
        backend::session::{in_and_out, is_answer, lifetime},
    },
};

use super::{RoleLogin, given, named};
use crate::{capabilities, refusal};

/// All that a login needs, owned: once begun, it is not cut off before its token is revoked.
pub(super) struct LoginSession {
    pub(super) vault: Vault,
    pub(super) login: RoleLogin,
    pub(super) step: String,
}

impl LoginSession {
    /// Logs in, looks at what Vault gives for it, and revokes that, however the look ends.
    pub(super) async fn log_in(&self, jwt: &SecretString) -> Result<Evidence> {
        let what = self.login.what();
        let path = Vault::path(["auth", &self.login.mount.path, "login"]);
        let body = json!({ "role": self.login.role, "jwt": jwt.expose_secret() });
        let look = async |login: &LoggedIn| {
            let seen = Evidence::new().passed(&what, format!("a token for {}", lifetime(login)));
            Ok::<_, Failure>(seen.and(self.check(login).await?))
        };
        match in_and_out(&self.vault, &path, &body, self.login.own_use(), look).await {
            Ok((looked, revoked)) => Ok(looked??.and(revoked)),
            Err(error) if is_answer(&error) => {
                let refusal = refusal::explain(error.status(), error.said(), &self.login.state);
                Ok(Evidence::new().failed(&what, refusal.why, refusal.next))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn check(&self, login: &LoggedIn) -> Result<Evidence> {
        Ok(given::policies(&self.login.state, login, &self.step).and(self.capabilities(login).await?))
    }

    async fn capabilities(&self, login: &LoggedIn) -> Result<Evidence> {
        const WHAT: &str = "token can do what its policies say";
        let questions = capabilities::questions(&self.login.policies.meanings());
        let unread = self.login.policies.unread();
        let rest = || match unread.is_empty() {
            true => Evidence::new(),
            false => Evidence::new().unchecked(WHAT, format!("what {} say is not known", named(&unread))),
        };
        if questions.is_empty() {
            return Ok(rest());
        }
        let paths: Vec<_> = questions.iter().map(|question| question.path.as_str()).collect();
        let held = self.held(login, &paths).await;
        let held = match held {
            Ok(held) => held,
            Err(error) if is_answer(&error) => return Ok(Evidence::new().unchecked(WHAT, error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let lacking = capabilities::lacking(&questions, &held);
        let evidence = if lacking.is_empty() {
            Evidence::new().passed(WHAT, listed(&questions.iter().map(asked).collect::<Vec<_>>()))
        } else {
            let next = "see which other policy denies it: `deny` in any of them wins";
            Evidence::new().failed(WHAT, format!("it lacks {}", listed(&lacking)), next)
        };
        Ok(evidence.and(rest()))
    }

    /// Asked by the token itself, which needs no right of ours. Without the default policy it may not, and a token that
    /// can be used once cannot.
    async fn held(&self, login: &LoggedIn, paths: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Error> {
        if !self.login.own_use().asks {
            return self.vault.capabilities_of(&login.accessor, paths).await;
        }
        match self.vault.with_token(&login.token).capabilities(paths).await {
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unauthenticated) => {
                self.vault.capabilities_of(&login.accessor, paths).await
            }
            other => other,
        }
    }
}

fn asked(question: &capabilities::Question) -> String {
    let allowed: Vec<_> = question.allowed.iter().map(|name| clean(name)).collect();
    format!("{} on `{}`", allowed.join(", "), clean(&question.rule))
}
