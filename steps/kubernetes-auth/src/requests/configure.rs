//! Writing the config, with the JWT that it is to hold.

use async_trait::async_trait;
use futures::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use trustpath_core::{Class, Context, Problem, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    Vault,
    digest::Digest,
    policy::Capability::Update,
    vault::backend::{MountAt, MountState, shown},
};

use crate::{
    marked,
    source::{self, Jwt, JwtSource},
    state::{Config, Reviewer, State},
    way,
};

const JWT: &str = "token_reviewer_jwt";

/// Writes a config in full. Its JWT is fetched when it is sent, and only the one that was planned with is sent.
#[derive(Debug)]
pub(super) struct Configure {
    pub(super) at: MountAt,
    pub(super) to: State,
    pub(super) config: Config,
    /// Where the JWT may be. Which of them has it, only what they hold says: on the way back it is another one.
    pub(super) sources: Vec<JwtSource>,
    /// The step before this one makes a JWT, and the config was never written.
    pub(super) anew: Option<JwtSource>,
}

impl Configure {
    /// The JWT that the config is to hold, from whichever source has it.
    async fn jwt(&self, cx: &Context) -> Result<Option<Jwt>> {
        let mount = self.at.path();
        let digest = match &self.config.reviewer {
            Reviewer::None => return Ok(None),
            Reviewer::Jwt(digest) => digest,
            Reviewer::Unknown | Reviewer::NotYet => return Err(unknown(mount).into()),
        };
        let mut failed = None;
        for read in join_all(self.sources.iter().map(|source| source::read(cx, source))).await {
            match read {
                Ok(Some(jwt)) if jwt.digest == *digest => return Ok(Some(jwt)),
                Ok(_) => {}
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        Err(failed.unwrap_or_else(|| changed(mount, digest).into()))
    }

    async fn write(&self, vault: &Vault, config: &Config, jwt: Option<&Jwt>) -> Result<()> {
        let mut body = config.body();
        if let Some(jwt) = jwt {
            body.insert(JWT.to_owned(), Value::from(jwt.token.expose_secret()));
        }
        vault.write_settling(&self.at.below(["config"]), &body).await?;
        Ok(())
    }

    /// The JWT of the step before this one, for a config that was never written.
    ///
    /// When both steps were removed and are brought back, the step before this one makes a new token: the one that was
    /// there is gone for good, and the new one takes its place.
    async fn made_anew(&self, cx: &Context) -> Result<Option<Jwt>> {
        match &self.anew {
            Some(source) => source::read(cx, source).await,
            None => Ok(None),
        }
    }

    /// Its digest gets into the mark. Cut off before that, the mark says that the config is not written to its end: whoever goes
    /// on writes it again, where the mark of the JWT that was there would have it look as before.
    async fn write_anew(&self, cx: &Context, vault: &Vault, jwt: &Jwt) -> Result<()> {
        let mount = &self.to.mount;
        let tune = |to: &MountState, unfinished| self.at.tune(mount.tuning(mount, &marked::text(to, unfinished)));
        tune(mount, Some(&Reviewer::None)).send(cx).await?;
        self.write(vault, &self.config, Some(jwt)).await?;
        let named = MountState { mark: self.to.mark_naming(Some(&jwt.digest)), ..mount.clone() };
        tune(&named, None).send(cx).await
    }

    fn placeholder(&self) -> Option<String> {
        match &self.config.reviewer {
            Reviewer::None => None,
            Reviewer::Jwt(digest) => Some(format!("<the reviewer JWT {digest}>")),
            Reviewer::Unknown | Reviewer::NotYet => Some("<the reviewer JWT, known after apply>".to_owned()),
        }
    }
}

#[async_trait]
impl Request for Configure {
    fn rights(&self, values: Values) -> Vec<Right> {
        let (config, tuned) = (self.at.below(["config"]), self.at.tuned());
        let is_some = self.config.reviewer.is_some();
        let unpinned = if is_some { &[(JWT, "it is a secret")][..] } else { &[] };
        let (write, tune) = match values {
            Values::Known => (
                self.at.on(&config).may_send(&[Update], &self.config.body(), unpinned),
                self.at.on(&tuned).may_send(
                    &[Update],
                    &way::tuning(&self.to, &self.to),
                    &[("description", marked::NOT_YET)],
                ),
            ),
            Values::Unknown => (self.at.on(&config).may(&[Update]), self.at.on(&tuned).may(&[Update])),
        };
        let fetch = self.sources.iter().filter(|_| is_some).flat_map(JwtSource::rights).collect();
        [write, fetch, if self.anew.is_some() { tune } else { Vec::new() }].concat()
    }

    fn shown(&self) -> Shown {
        let mut body = self.config.body();
        body.extend(self.placeholder().map(|jwt| (JWT.to_owned(), jwt.into())));
        shown("POST", self.at.below(["config"]), Value::Object(body))
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = self.at.vault(cx).await?;
        match self.jwt(cx).await {
            Ok(jwt) => self.write(&vault, &self.config, jwt.as_ref()).await,
            Err(failure) => match self.made_anew(cx).await? {
                Some(jwt) => self.write_anew(cx, &vault, &jwt).await,
                None => Err(failure),
            },
        }
    }
}

fn changed(mount: &str, digest: &Digest) -> Problem {
    let message = format!("no source that is given holds the reviewer JWT {digest}, which `{mount}` should have");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_changed", message).help(
        "it was changed in the meantime: look at the plan again; on the way back, put the former JWT into its source",
    )
}

fn unknown(mount: &str) -> Problem {
    let message = format!("the reviewer JWT that `{mount}` had is not known, and Vault does not give it back");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_unknown", message)
        .help("write the config by hand, with the JWT that its owner has; nothing of it was changed now")
}
