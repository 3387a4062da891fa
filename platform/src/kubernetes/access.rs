//! Tokens, and who may do what.

use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    authorization::v1::{SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::ServiceAccount,
};
use kube::{
    Resource as _,
    core::{Request, params::PostParams},
};
use secrecy::SecretString;
use serde_json::json;
use trustpath_core::{Answer, Context, Evidence, Failure, Handle as _, Read, Result, Right, Shown};

use super::{
    Cluster,
    address::Address,
    call::KubernetesCall,
    rights::{KubernetesGrant, on},
};
use crate::{
    error::{Error, ErrorKind},
    facts::ServiceAccountRef,
};

/// How long the token lives with which a proof tries a ServiceAccount, in seconds: the least that API servers give.
const LIFETIME: i64 = 600;

/// A ServiceAccount's token. Its `Debug` shows nothing of it.
#[derive(Debug, Clone)]
pub struct BearerToken {
    /// The token.
    pub secret: SecretString,
    /// When it expires; the server may have given less time than was asked for.
    pub expires: Timestamp,
}

/// A short-lived token of a ServiceAccount, the same one for all steps that try it in one proof.
///
/// As a read it is asked for before it is known what for: one that is not used dies by itself, and what came of asking is
/// told by whoever uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountToken {
    /// Whose.
    pub of: ServiceAccountRef,
    /// For whom; the API server itself where there are none.
    pub audiences: Vec<String>,
}

impl AccountToken {
    /// Asks for it.
    pub async fn get(&self, cluster: &Cluster, cx: &Context) -> Result<BearerToken, Error> {
        cx.once(format!("{self:?}"), cluster.request_token(&self.of, &self.audiences, LIFETIME)).await
    }

    /// The request for it.
    pub fn shown(&self) -> Shown {
        let mut spec = json!({ "expirationSeconds": LIFETIME });
        if !self.audiences.is_empty() {
            spec["audiences"] = json!(self.audiences);
        }
        let path = format!("api/v1/namespaces/{}/serviceaccounts/{}/token", self.of.namespace, self.of.name);
        Shown { system: Cluster::NAME.into(), method: "POST".into(), path, body: json!({ "spec": spec }) }
    }
}

#[async_trait]
impl Read for AccountToken {
    fn rights(&self) -> Vec<Right> {
        on("", "serviceaccounts").within(&self.of.namespace).named(&self.of.name).below("token").may(&["create"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        if let Ok(cluster) = cx.handle::<Cluster>().await {
            self.get(&cluster, cx).await.ok();
        }
        Ok(Answer::Nothing)
    }
}

impl Cluster {
    /// Asks for a token of a ServiceAccount (`serviceaccounts/token`, which needs `create`).
    ///
    /// # Errors
    /// When there is no such ServiceAccount, or the server denies it or cannot be reached.
    pub async fn request_token(
        &self,
        of: &ServiceAccountRef,
        audiences: &[String],
        seconds: i64,
    ) -> Result<BearerToken, Error> {
        let spec = TokenRequestSpec {
            audiences: audiences.to_vec(),
            expiration_seconds: Some(seconds),
            bound_object_ref: None,
        };
        let body = TokenRequest { spec, ..TokenRequest::default() };
        let at = Address::namespaced::<ServiceAccount>(&of.namespace, &of.name);
        let request = at.request()?;
        let build = |data| request.create_subresource("token", &at.name, &PostParams::default(), data);
        let call = KubernetesCall::with(&body, build)?;
        let answer: TokenRequest = self.ask(&call).await?;
        let none = || {
            call.error(ErrorKind::Malformed, "the answer to a TokenRequest holds no token")
                .help("see whether the kubeconfig's server is a Kubernetes API server")
        };
        let status = answer.status.ok_or_else(none)?;
        Ok(BearerToken { secret: SecretString::from(status.token), expires: status.expiration_timestamp.0 })
    }

    /// Whether this connection's user may do something.
    pub async fn can_i(&self, grant: &KubernetesGrant) -> Result<bool, Error> {
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(grant.attributes()),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let url = Request::new(SelfSubjectAccessReview::url_path(&(), None));
        let call = KubernetesCall::with(&review, |data| url.create(&PostParams::default(), data))?;
        let review: SelfSubjectAccessReview = self.ask(&call).await?;
        Ok(review.status.is_some_and(|status| status.allowed))
    }

    /// Whether the owner of a token may review the tokens of others, as that tells itself: evidence, with what to do next where
    /// it lacks the right, or where its token is not accepted.
    pub async fn is_reviewer(
        &self,
        token: SecretString,
        who: &str,
        [unbound, unknown]: [&str; 2],
    ) -> Result<Evidence, Failure> {
        const WHAT: &str = "the reviewer may review tokens";
        let review = on("authentication.k8s.io", "tokenreviews").verb("create");
        let evidence = Evidence::new();
        match self.with_token(token).await?.can_i(&review).await {
            Ok(true) => Ok(evidence.passed(WHAT, format!("{who} may {review}"))),
            Ok(false) => Ok(evidence.failed(WHAT, format!("{who} may not {review}"), unbound)),
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                Ok(evidence.failed(WHAT, format!("the API server does not accept the token of {who}"), unknown))
            }
            Err(error) => Err(error.into()),
        }
    }
}
