//! Writing the config, with the JWT that it is to hold.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use trustpath_core::{Class, Context, Problem, Read as _, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    AuthMount,
    digest::Digest,
    vault::{
        Body, Deferred, Field, VaultRequest,
        backend::{Content, MountState},
    },
};

use crate::{
    document::document,
    jwt::{Jwt, JwtSource},
    marked,
    state::{Reviewer, State},
};

/// Writes a config with a JWT in full. The JWT is fetched when it is sent, and only the one that was planned with is sent.
#[derive(Debug)]
pub(super) struct Configure {
    pub(super) at: AuthMount,
    pub(super) to: State,
    pub(super) held: Content,
    pub(super) jwt: Arc<ConfigJwt>,
    /// The step before this one makes a JWT, and the config was never written.
    pub(super) anew: Option<JwtSource>,
}

/// The JWT that a config is to hold, from whichever source has it.
#[derive(Debug)]
pub(super) struct ConfigJwt {
    /// Where it is to be, for messages.
    pub(super) mount: String,
    pub(super) reviewer: Reviewer,
    /// Where it may be. Which of them has it, only what they hold says: on the way back it is another one.
    pub(super) sources: Vec<JwtSource>,
}

#[async_trait]
impl Deferred for ConfigJwt {
    fn placeholder(&self) -> String {
        match self.reviewer.digest() {
            Some(digest) => format!("<the reviewer JWT {digest}>"),
            None => "<the reviewer JWT, known after apply>".to_owned(),
        }
    }

    fn why_unpinned(&self) -> String {
        "it is a secret".to_owned()
    }

    fn rights(&self) -> Vec<Right> {
        self.sources.iter().flat_map(JwtSource::rights).collect()
    }

    async fn fetch(&self, cx: &Context) -> Result<Value> {
        let Some(digest) = self.reviewer.digest() else { return Err(unknown(&self.mount).into()) };
        let mut failed = None;
        for read in join_all(self.sources.iter().map(|source| source.fetch(cx))).await {
            match read {
                Ok(Some(jwt)) if jwt.seen.digest == *digest => return Ok(jwt.token.expose_secret().into()),
                Ok(_) => {}
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        Err(failed.unwrap_or_else(|| changed(&self.mount, digest).into()))
    }
}

impl Configure {
    fn write(&self, jwt: impl Into<Field>) -> VaultRequest {
        let body = document().written(&self.held).with("token_reviewer_jwt", jwt);
        VaultRequest::update(self.at.namespace.as_deref(), self.at.below(["config"]), body).settling()
    }

    fn planned(&self) -> VaultRequest {
        self.write(Field::Late(self.jwt.clone()))
    }

    fn describe(&self, description: impl Into<Field>) -> VaultRequest {
        let body = Body::default().with("description", description);
        VaultRequest::update(self.at.namespace.as_deref(), self.at.tuned(), body)
    }

    /// When both steps were removed and are brought back, the step before this one makes a new token: the one that was there
    /// is gone for good, and the new one takes its place.
    ///
    /// Its digest gets into the mark. Cut off before that, the mark says that the config is not written to its end: whoever goes
    /// on writes it again, where the mark of the JWT that was there would have it look as before.
    async fn write_anew(&self, cx: &Context, jwt: &Jwt) -> Result<()> {
        let mount = &self.to.mount;
        self.describe(marked::text(mount, Some(&Reviewer::None))).send(cx).await?;
        self.write(jwt.token.expose_secret()).send(cx).await?;
        let named = MountState { mark: self.to.mark_naming(Some(&jwt.seen.digest)), ..mount.clone() };
        self.describe(marked::text(&named, None)).send(cx).await
    }
}

#[async_trait]
impl Request for Configure {
    fn rights(&self, values: Values) -> Vec<Right> {
        let describes = self.anew.iter().flat_map(|_| self.describe(Field::NotYet(marked::NOT_YET)).rights(values));
        self.planned().rights(values).into_iter().chain(describes).collect()
    }

    fn shown(&self) -> Shown {
        self.planned().shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let failure = match self.jwt.fetch(cx).await {
            Ok(jwt) => return self.write(jwt).send(cx).await,
            Err(failure) => failure,
        };
        let Some(made) = &self.anew else { return Err(failure) };
        match made.fetch(cx).await? {
            Some(jwt) => self.write_anew(cx, &jwt).await,
            None => Err(failure),
        }
    }
}

fn changed(mount: &str, digest: &Digest) -> Problem {
    let message = format!("no source that is given holds the reviewer JWT {digest}, which `{mount}` should have");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_changed", message).help(
        "it was changed in the meantime: look at the plan again; during the undo, put the former JWT into its source",
    )
}

fn unknown(mount: &str) -> Problem {
    let message = format!("the reviewer JWT that `{mount}` had is not known, and Vault does not give it back");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_unknown", message)
        .help("write the config by hand, with the JWT that its owner has; nothing of it was changed now")
}
