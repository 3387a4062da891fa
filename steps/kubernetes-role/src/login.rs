//! What a login by the role shows: a token with its policies, that can do what they say.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use trustpath_core::{CheckOutcome, Evidence, Result, Right};
use trustpath_platform::{
    Vault,
    error::{Error, ErrorKind},
    text::{clean, listed},
    vault::{
        LoggedIn,
        backend::{
            Content, LoginCheck,
            session::{OwnUse, is_answer, lifetime},
        },
        to_ask_by_accessor,
    },
};

use crate::{
    capabilities,
    decide::{CIDRS, POLICIES, texts},
    policies::{Policies, shown},
    refusal,
};

/// Logs in as a ServiceAccount with a token of the API server's.
#[derive(Debug)]
pub(crate) struct RoleLogin {
    /// As whom, and for whom the token was made.
    pub(crate) who: String,
    /// The Vault namespace of the role.
    pub(crate) namespace: Option<String>,
    pub(crate) role: Content,
    /// What the policies of the role say, as far as they could be read.
    pub(crate) policies: Policies,
    pub(crate) step: String,
    /// The step that makes the auth mount.
    pub(crate) mount_step: String,
}

#[async_trait]
impl LoginCheck for RoleLogin {
    fn what(&self) -> String {
        format!("login as {}", self.who)
    }

    fn rights(&self) -> Vec<Right> {
        if self.own_use().asks { Vec::new() } else { to_ask_by_accessor(self.namespace.as_deref()) }
    }

    async fn look(&self, vault: &Vault, login: &LoggedIn) -> Result<Evidence> {
        let seen = Evidence::new().passed(self.what(), format!("a token for {}", lifetime(login)));
        Ok(seen.and(self.given(login)).and(self.capabilities(vault, login).await?))
    }

    /// Where the role's networks explain it that this machine may not log in, no one can tell from here; unless what else leads to
    /// the same answer is not excluded by the checks of the mount.
    async fn refused(&self, vault: &Vault, error: &Error) -> Evidence {
        let (what, (why, next)) = (self.what(), refusal::explain(error.status(), error.said(), &self.role));
        let networks = texts(&self.role, CIDRS);
        let outside = match networks.is_empty() || !refusal::is_bare(error.said()) {
            true => None,
            false => vault.addresses_outside(&networks).await,
        };
        let Some(own) = outside else { return Evidence::new().failed(what, why, next) };
        let next =
            format!("apply, or verify, it together with `{}`, whose checks have to pass; {next}", self.mount_step);
        let unchecked = (what, refusal::elsewhere(&own, &networks));
        Evidence::new().unchecked_beside(&self.mount_step, unchecked, CheckOutcome::Failed { why, next })
    }
}

impl RoleLogin {
    fn own_use(&self) -> OwnUse {
        OwnUse::of_role(&self.role)
    }

    /// Whether the token has the policies of the role, and no others but those of its identity.
    fn given(&self, login: &LoggedIn) -> Evidence {
        const WHAT: &str = "token has the role's policies";
        let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
        let mut wanted = lower(&texts(&self.role, POLICIES));
        if !self.role.contains_key("token_no_default_policy") {
            wanted.insert("default".into());
        }
        let held = lower(&login.token_policies);
        if held != wanted {
            let why = format!("it has {}, and the role gives {}", shown(&held), shown(&wanted));
            let next = format!("trustpath verify {}: the role may have just changed", self.step);
            return Evidence::new().failed(WHAT, why, next);
        }
        let by_identity: BTreeSet<_> = lower(&login.policies).difference(&held).cloned().collect();
        let more = match by_identity.is_empty() {
            true => String::new(),
            false => format!("; by its identity also {}", shown(&by_identity)),
        };
        Evidence::new().passed(WHAT, shown(&held) + &more)
    }

    async fn capabilities(&self, vault: &Vault, login: &LoggedIn) -> Result<Evidence> {
        const WHAT: &str = "token can do what its policies say";
        let questions = capabilities::questions(&self.policies.meanings());
        let unread = self.policies.unread();
        let rest = match unread.is_empty() {
            true => Evidence::new(),
            false => Evidence::new().unchecked(WHAT, format!("what {} say is not known", shown(&unread))),
        };
        if questions.is_empty() {
            return Ok(rest);
        }
        let paths: Vec<_> = questions.iter().map(|question| question.path.as_str()).collect();
        let held = match self.held(vault, login, &paths).await {
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
        Ok(evidence.and(rest))
    }

    /// Asked by the token itself, which needs no right of ours. Without the default policy it may not, and a token that
    /// can be used once cannot.
    async fn held(
        &self,
        vault: &Vault,
        login: &LoggedIn,
        paths: &[&str],
    ) -> Result<BTreeMap<String, Vec<String>>, Error> {
        if self.own_use().asks {
            match vault.with_token(&login.token).capabilities(paths).await {
                Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unauthenticated) => {}
                other => return other,
            }
        }
        vault.capabilities_of(&login.accessor, paths).await
    }
}

fn asked(question: &capabilities::Question) -> String {
    let allowed: Vec<_> = question.allowed.iter().map(|name| clean(name)).collect();
    format!("{} on `{}`", allowed.join(", "), clean(&question.rule))
}
