//! A real login, from the API server's token to the revocation of Vault's.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use trustpath_core::{Class, Evidence, Failure, Problem, Result};
use trustpath_platform::{
    Cluster, ServiceAccountRef, Vault,
    error::{Error, Kind},
    policy::Meaning,
    text::{clean, listed},
    vault::Login,
};

use crate::{capabilities, refusal, state::RoleState};

/// How long the ServiceAccount's token lives, in seconds: the least that API servers give.
const LIFETIME: i64 = 600;

/// All that a login needs, owned: once begun, it is not cut off before its token is revoked.
pub(crate) struct Session {
    pub(crate) vault: Vault,
    pub(crate) mount: String,
    pub(crate) role: String,
    pub(crate) state: RoleState,
    /// What the policies of the role say, as far as they could be read.
    pub(crate) meanings: Vec<Meaning>,
    /// The policies that could not.
    pub(crate) unread: Vec<String>,
    pub(crate) step: String,
}

impl Session {
    /// Asks for a token of the ServiceAccount, logs in with it, looks at what Vault gives for it, and revokes that.
    pub(crate) async fn prove(self, cluster: &Cluster, account: &ServiceAccountRef) -> Result<Evidence> {
        let what = format!("login as {account}");
        let audiences: Vec<_> =
            Some(self.state.audience.clone()).filter(|audience| !audience.is_empty()).into_iter().collect();
        let jwt = match cluster.request_token(account, &audiences, LIFETIME).await {
            Ok(token) => token.secret,
            Err(error) if error.kind() == Kind::Denied => {
                return Ok(Evidence::new().unchecked(what, format!("its token cannot be had: {error}")));
            }
            Err(error) if error.kind() == Kind::NotFound => {
                let why = format!("there is no ServiceAccount {account}");
                return Ok(Evidence::new().failed(what, why, "apply the step that makes it"));
            }
            Err(error) => return Err(error.into()),
        };
        // A task of its own goes on to the revocation when this proof is given up.
        tokio::spawn(async move { self.log_in(&what, &jwt).await }).await.map_err(cut_off)?
    }

    async fn log_in(&self, what: &str, jwt: &SecretString) -> Result<Evidence> {
        let path = Vault::path(["auth", &self.mount, "login"]);
        let body = json!({ "role": self.role, "jwt": jwt.expose_secret() });
        let login = match self.vault.login(&path, &body).await {
            Ok(login) => login,
            Err(error) if is_answer(&error) => {
                let refusal = refusal::explain(error.status(), error.said(), &self.state);
                return Ok(Evidence::new().failed(what, refusal.why, refusal.next));
            }
            Err(error) => return Err(error.into()),
        };
        let seen = format!("a token for {}", lifetime(&login));
        let checked = self.check(&login).await;
        let revoked = self.revoke(&login).await;
        Ok(Evidence::new().passed(what, seen).and(checked?).and(revoked))
    }

    async fn check(&self, login: &Login) -> Result<Evidence> {
        Ok(self.policies(login).and(self.capabilities(login).await?))
    }

    fn policies(&self, login: &Login) -> Evidence {
        const WHAT: &str = "token has the role's policies";
        let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
        let mut wanted = lower(&self.state.token_policies);
        if !self.state.token_no_default_policy {
            wanted.insert("default".into());
        }
        let held = lower(&login.token_policies);
        if held != wanted {
            let why = format!("it has {}, and the role gives {}", named(&held), named(&wanted));
            return Evidence::new().failed(
                WHAT,
                why,
                format!("trustpath verify {}: the role may have just changed", self.step),
            );
        }
        let by_identity: BTreeSet<_> = lower(&login.policies).difference(&held).cloned().collect();
        let more = if by_identity.is_empty() {
            String::new()
        } else {
            format!("; by its identity also {}", named(&by_identity))
        };
        Evidence::new().passed(WHAT, named(&held) + &more)
    }

    async fn capabilities(&self, login: &Login) -> Result<Evidence> {
        const WHAT: &str = "token can do what its policies say";
        let probes = capabilities::probes(&self.meanings);
        let rest = || match &self.unread[..] {
            [] => Evidence::new(),
            unread => Evidence::new()
                .unchecked(WHAT, format!("what {} say is not known", named(&unread.iter().cloned().collect()))),
        };
        if probes.is_empty() {
            return Ok(rest());
        }
        let paths: Vec<_> = probes.iter().map(|probe| probe.path.as_str()).collect();
        let held = self.held(login, &paths).await;
        let held = match held {
            Ok(held) => held,
            Err(error) if is_answer(&error) => return Ok(Evidence::new().unchecked(WHAT, error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let lacking = capabilities::lacking(&probes, &held);
        let evidence = if lacking.is_empty() {
            Evidence::new().passed(WHAT, listed(&probes.iter().map(probed).collect::<Vec<_>>()))
        } else {
            let next = "see which other policy denies it: `deny` in any of them wins";
            Evidence::new().failed(WHAT, format!("it lacks {}", listed(&lacking)), next)
        };
        Ok(evidence.and(rest()))
    }

    /// Asked by the token itself, which needs no right of ours. Without the default policy it may not, and a token that
    /// can be used once cannot.
    async fn held(&self, login: &Login, paths: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Error> {
        if !asks_for_itself(&self.state) {
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
        if revokes_itself(&self.state) && own.write("auth/token/revoke-self", &json!({})).await.is_ok() {
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

/// Whether the token of a login can ask what it may do: the default policy lets it, and it can be used once more.
pub(crate) fn asks_for_itself(state: &RoleState) -> bool {
    !state.token_no_default_policy && state.token_num_uses != 1
}

/// Whether the token of a login can revoke itself: the default policy lets it.
pub(crate) fn revokes_itself(state: &RoleState) -> bool {
    !state.token_no_default_policy
}

fn probed(probe: &capabilities::Probe) -> String {
    let allowed: Vec<_> = probe.allowed.iter().map(|name| clean(name)).collect();
    format!("{} on `{}`", allowed.join(", "), clean(&probe.rule))
}

fn named(names: &BTreeSet<String>) -> String {
    listed(&names.iter().map(|name| format!("`{}`", clean(name))).collect::<Vec<_>>())
}

fn lifetime(login: &Login) -> String {
    trustpath_platform::Ttl::seconds(login.lease.as_secs()).to_string()
}

/// Whether the server understood and said no, which is evidence; all else is a proof that could not be carried out.
fn is_answer(error: &Error) -> bool {
    matches!(error.kind(), Kind::Denied | Kind::Unauthenticated | Kind::Rejected | Kind::NotFound | Kind::Failed)
}

/// What it panicked with may be anything, a credential too.
fn cut_off(_: tokio::task::JoinError) -> Failure {
    Problem::new(Class::Internal, "trustpath::kubernetes_role::login", "the login did not come to its end")
        .help("this is a defect; please report it")
        .into()
}
