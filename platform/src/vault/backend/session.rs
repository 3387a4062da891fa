//! A login that is taken back however what is looked at then ends.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use serde_json::Value;
use trustpath_core::{Class, Evidence, Failure, Problem, Result, Right};

use super::Content;
use crate::{
    Ttl, Vault,
    error::{Error, ErrorKind},
    vault::{LoggedIn, to_revoke_by_accessor},
};

/// What a token may do for itself, by the parameters that every role has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnUse {
    /// It can be used once more before it is revoked, and the default policy lets it ask about itself.
    pub asks: bool,
    /// The default policy lets it revoke itself.
    pub revokes: bool,
}

impl OwnUse {
    /// Of the tokens of a role that holds this; a number of uses that is not there has no limit.
    pub fn of_role(held: &Content) -> Self {
        let is_default = held.get("token_no_default_policy") != Some(&true.into());
        let is_used_up = held.get("token_num_uses") == Some(&1.into());
        Self { asks: is_default && !is_used_up, revokes: is_default }
    }

    /// What a token can do that may do both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { asks: self.asks && other.asks, revokes: self.revokes && other.revokes }
    }

    /// What giving the token back takes.
    pub(super) fn rights(self, namespace: Option<&str>) -> Vec<Right> {
        if self.revokes { Vec::new() } else { to_revoke_by_accessor(namespace) }
    }
}

/// Logs in at a path, looks at what that gave, and revokes the token however the look ends. Belongs into
/// [`Context::to_its_end`](trustpath_core::Context::to_its_end): once begun, it must not be cut off.
///
/// # Errors
/// The server's answer where it turned the login away; else what the look came to, with what became of the token.
pub(super) async fn in_and_out<T>(
    vault: &Vault,
    path: &str,
    body: &Value,
    own: OwnUse,
    look: impl AsyncFnOnce(&LoggedIn) -> T,
) -> Result<(Result<T>, Evidence), Error> {
    let login = vault.login(path, body).await?;
    let looked = AssertUnwindSafe(look(&login)).catch_unwind().await;
    Ok((looked.map_err(cut_off), revoke(vault, &login, own).await))
}

/// By itself, which needs no right of ours; by its accessor where the token may not, as without the default policy.
async fn revoke(vault: &Vault, login: &LoggedIn, own: OwnUse) -> Evidence {
    const WHAT: &str = "login token revoked";
    if login.accessor.is_empty() {
        let why = format!("a batch token cannot be revoked: it ends by itself in {}", lifetime(login));
        return Evidence::new().unchecked(WHAT, why);
    }
    if own.revokes && vault.with_token(&login.token).revoke_self().await.is_ok() {
        return Evidence::new().passed(WHAT, "by itself; the identity entity that a login makes stays");
    }
    match vault.revoke(&login.accessor).await {
        Ok(()) => Evidence::new().passed(WHAT, "by its accessor; the identity entity that a login makes stays"),
        Err(error) => {
            let why = format!("{error}; it ends by itself in {}", lifetime(login));
            Evidence::new().unchecked(WHAT, why)
        }
    }
}

/// How long the token of a login lives, in words.
pub fn lifetime(login: &LoggedIn) -> String {
    Ttl::seconds(login.lease.as_secs()).to_string()
}

/// Whether the server understood and said no, which is evidence; all else is a proof that could not be carried out.
pub fn is_answer(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Denied | ErrorKind::Unauthenticated | ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Failed
    )
}

/// What a login panicked with may be anything, a credential too.
pub(super) fn cut_off<E>(_: E) -> Failure {
    Problem::new(Class::Internal, "trustpath::vault::login", "the login did not come to its end")
        .help("this is a defect; please report it")
        .into()
}
