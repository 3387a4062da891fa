//! A real login as a probe: what it takes, and how it begins.

mod given;
mod session;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use trustpath_core::{Class, Context, Evidence, Handle as _, Probe, Read as _, Result, Right, Shown};
use trustpath_platform::{
    AuthMount, Cluster, ServiceAccountRef, Vault,
    error::Kind,
    kubernetes::AccountToken,
    text::{clean, listed},
    vault::{
        backend::session::{OwnUse, cut_off},
        to_ask_by_accessor,
    },
};

use self::session::LoginSession;
use crate::{policies::Policies, state::RoleState};

/// Logs in as a ServiceAccount with a token of the API server's, looks at what Vault gives for it, and revokes that.
#[derive(Debug, Clone)]
pub(crate) struct RoleLogin {
    pub(crate) account: ServiceAccountRef,
    pub(crate) mount: AuthMount,
    pub(crate) role: String,
    pub(crate) state: RoleState,
    /// What the policies of the role say, as far as they could be read.
    pub(crate) policies: Policies,
}

#[async_trait]
impl Probe for RoleLogin {
    /// The login itself needs none; what comes after it, as far as its token cannot do that by itself.
    fn rights(&self) -> Vec<Right> {
        let mut rights = self.token().rights();
        let namespace = self.mount.namespace.as_deref();
        if !self.own_use().asks {
            rights.extend(to_ask_by_accessor(namespace));
        }
        rights.extend(self.own_use().rights(namespace));
        rights
    }

    fn shown(&self) -> Vec<Shown> {
        let jwt = format!("<the token of {}>", self.account);
        let login = Shown {
            system: Vault::NAME.into(),
            method: "POST".into(),
            path: Vault::path(["auth", &self.mount.path, "login"]),
            body: json!({ "role": self.role, "jwt": jwt }),
        };
        vec![self.token().shown(), login]
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let jwt = match self.jwt(cx).await? {
            Ok(jwt) => jwt,
            Err(evidence) => return Ok(evidence),
        };
        let vault = cx.handle::<Vault>().await?.within(self.mount.namespace.as_deref());
        let session = LoginSession { vault, login: self.clone(), step: cx.step().to_owned() };
        // It goes on to the revocation when this proof is given up.
        cx.to_its_end(async move { session.log_in(&jwt).await }).await.map_err(cut_off)?
    }
}

impl RoleLogin {
    fn what(&self) -> String {
        format!("login as {}", self.account)
    }

    fn token(&self) -> AccountToken {
        token_for(&self.account, &self.state.audience)
    }

    /// A token of the ServiceAccount's; evidence where there is none to log in with.
    async fn jwt(&self, cx: &Context) -> Result<Result<SecretString, Evidence>> {
        let evidence = Evidence::new();
        let cluster = match cx.handle::<Cluster>().await {
            Ok(cluster) => cluster,
            Err(failure) if failure.class() == Class::Config => {
                let why = format!("there is no Kubernetes to ask for a token: {failure}");
                return Ok(Err(evidence.unchecked("login", why)));
            }
            Err(failure) => return Err(failure),
        };
        match self.token().get(&cluster, cx).await {
            Ok(token) => Ok(Ok(token.secret)),
            Err(error) if error.kind() == Kind::Denied => {
                Ok(Err(evidence.unchecked(self.what(), format!("its token cannot be had: {error}"))))
            }
            Err(error) if error.kind() == Kind::NotFound => {
                let why = format!("there is no ServiceAccount {}", self.account);
                Ok(Err(evidence.failed(self.what(), why, "apply the step that makes it")))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn own_use(&self) -> OwnUse {
        OwnUse::of(self.state.token_no_default_policy, self.state.token_num_uses)
    }
}

/// A token of the ServiceAccount's for a role with this audience.
pub(crate) fn token_for(account: &ServiceAccountRef, audience: &str) -> AccountToken {
    let audiences = Some(audience.to_owned()).filter(|audience| !audience.is_empty()).into_iter().collect();
    AccountToken { of: account.clone(), audiences }
}

fn named<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    listed(&names.into_iter().map(|name| format!("`{}`", clean(name))).collect::<Vec<_>>())
}
