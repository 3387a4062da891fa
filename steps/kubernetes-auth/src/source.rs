//! Reviewer JWTs, fetched from where they come from: for a digest when something is decided, and again when it is
//! written.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Class, Context, Problem, Read, Result, Right};
use trustpath_platform::{ReviewerSecret, digest::Digest, vault::backend::SecretRef};

use crate::{
    config::{SecretName, Source},
    jwt::{self, Claims},
};

/// Where a reviewer JWT comes from. Reading it tells a [`JwtSeen`]; nothing where it was not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwtSource {
    at: SecretRef,
    /// A step before this one makes it: it may not be there yet.
    pub(crate) is_made: bool,
}

/// A reviewer JWT. Its `Debug` shows nothing of it.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) token: SecretString,
    pub(crate) seen: JwtSeen,
}

/// What is known of a JWT, and nothing else of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JwtSeen {
    pub(crate) digest: Digest,
    pub(crate) claims: Claims,
}

impl From<&Source> for JwtSource {
    fn from(source: &Source) -> Self {
        let at = match source {
            Source::File(file) => SecretRef::File(file.clone()),
            Source::Secret(SecretName { namespace, name }) => {
                SecretRef::TokenSecret { namespace: namespace.to_string(), name: name.to_string() }
            }
        };
        Self { at, is_made: false }
    }
}

impl From<&ReviewerSecret> for JwtSource {
    fn from(made: &ReviewerSecret) -> Self {
        let at = SecretRef::TokenSecret { namespace: made.namespace.clone(), name: made.name.clone() };
        Self { at, is_made: true }
    }
}

impl fmt::Display for JwtSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)
    }
}

impl JwtSource {
    /// Fetches the JWT; `None` where the step that makes it was not applied yet.
    pub(crate) async fn fetch(&self, cx: &Context) -> Result<Option<Jwt>> {
        let token = match self.is_made {
            true => self.at.find(cx).await?,
            false => Some(self.at.fetch(cx).await?),
        };
        let Some(token) = token else { return Ok(None) };
        let text = token.expose_secret();
        let claims = jwt::claims(text).map_err(|error| no_jwt(&self.at).because(error))?;
        let seen = JwtSeen { digest: Digest::of(text), claims };
        Ok(Some(Jwt { token, seen }))
    }
}

#[async_trait]
impl Read for JwtSource {
    fn rights(&self) -> Vec<Right> {
        self.at.rights()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(self.fetch(cx).await?.map_or(Answer::Nothing, |jwt| Answer::Found(json!(jwt.seen))))
    }
}

fn no_jwt(source: &SecretRef) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes_auth::reviewer_jwt", format!("{source} holds no JWT")).help(
        "the reviewer is a ServiceAccount's token: `kubectl create token NAME -n NAMESPACE` prints a short-lived one",
    )
}
