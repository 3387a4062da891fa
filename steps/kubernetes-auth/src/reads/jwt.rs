//! A reviewer JWT at its source: its digest and its claims, and nothing else of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};

use crate::{
    jwt::Claims,
    source::{self, JwtSource},
};
use trustpath_platform::digest::Digest;

/// Reads it. Nothing where the step that makes it was not applied yet.
#[derive(Debug)]
pub(super) struct ReviewerJwt(pub(super) JwtSource);

/// What is known of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JwtSeen {
    pub(crate) digest: Digest,
    pub(crate) claims: Claims,
}

#[async_trait]
impl Read for ReviewerJwt {
    fn rights(&self) -> Vec<Right> {
        self.0.rights()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let jwt = source::read(cx, &self.0).await?;
        Ok(jwt.map_or(Answer::Nothing, |jwt| Answer::Found(json!(JwtSeen { digest: jwt.digest, claims: jwt.claims }))))
    }
}
