//! A login with a token of the API server's, what is looked at then, and the revocation of Vault's token.

use std::{collections::BTreeMap, panic::AssertUnwindSafe};

use futures::FutureExt as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use trustpath_core::{Class, Evidence, Failure, Problem, Result};
use trustpath_platform::{
    Ttl, Vault,
    error::{Error, Kind},
    text::{clean, listed},
    vault::Login,
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
        let login = match self.vault.login(&path, &body).await {
            Ok(login) => login,
            Err(error) if is_answer(&error) => {
                let refusal = refusal::explain(error.status(), error.said(), &self.login.state);
                return Ok(Evidence::new().failed(what, refusal.why, refusal.next));
            }
            Err(error) => return Err(error.into()),
        };
        let seen = format!("a token for {}", lifetime(&login));
        let checked = AssertUnwindSafe(self.check(&login)).catch_unwind().await;
        let revoked = self.revoke(&login).await;
        Ok(Evidence::new().passed(what, seen).and(checked.map_err(cut_off)??).and(revoked))
    }

    async fn check(&self, login: &Login) -> Result<Evidence> {
        Ok(given::policies(&self.login.state, login, &self.step).and(self.capabilities(login).await?))
    }

    async fn capabilities(&self, login: &Login) -> Result<Evidence> {
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
    async fn held(&self, login: &Login, paths: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Error> {
        if !self.login.asks_for_itself() {
            return self.vault.capabilities_of(&login.accessor, paths).await;
        }
        match self.vault.with_token(&login.token).capabilities(paths).await {
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unauthenticated) => {
                self.vault.capabilities_of(&login.accessor, paths).await
            }
            other => other,
        }
    }

    /// By itself, which needs no right of ours; by its accessor where the token may not, as without the default policy.
    async fn revoke(&self, login: &Login) -> Evidence {
        const WHAT: &str = "login token revoked";
        if login.accessor.is_empty() {
            let why = format!("a batch token cannot be revoked: it ends by itself in {}", lifetime(login));
            return Evidence::new().unchecked(WHAT, why);
        }
        let own = self.vault.with_token(&login.token);
        if self.login.revokes_itself() && own.revoke_self().await.is_ok() {
            return Evidence::new().passed(WHAT, "by itself; the identity entity that a login makes stays");
        }
        match self.vault.revoke(&login.accessor).await {
            Ok(()) => Evidence::new().passed(WHAT, "by its accessor; the identity entity that a login makes stays"),
            Err(error) => {
                let why = format!("{error}; it ends by itself in {}", lifetime(login));
                Evidence::new().unchecked(WHAT, why)
            }
        }
    }
}

fn asked(question: &capabilities::Question) -> String {
    let allowed: Vec<_> = question.allowed.iter().map(|name| clean(name)).collect();
    format!("{} on `{}`", allowed.join(", "), clean(&question.rule))
}

fn lifetime(login: &Login) -> String {
    Ttl::seconds(login.lease.as_secs()).to_string()
}

/// Whether the server understood and said no, which is evidence; all else is a proof that could not be carried out.
fn is_answer(error: &Error) -> bool {
    matches!(error.kind(), Kind::Denied | Kind::Unauthenticated | Kind::Rejected | Kind::NotFound | Kind::Failed)
}

/// What it panicked with may be anything, a credential too.
pub(super) fn cut_off<E>(_: E) -> Failure {
    Problem::new(Class::Internal, "trustpath::kubernetes_role::login", "the login did not come to its end")
        .help("this is a defect; please report it")
        .into()
}
