//! Tokens, and who may do what.

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::ServiceAccount,
};
use kube::{
    Resource as _,
    core::{Request, params::PostParams},
};
use secrecy::SecretString;
use trustpath_core::{Evidence, Failure};

use super::{Cluster, address::Address, request::Call};
use crate::{
    error::{Error, Kind},
    facts::ServiceAccountRef,
};

/// A ServiceAccount's token. Its `Debug` shows nothing of it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub secret: SecretString,
    /// When it expires; the server may have given less time than was asked for.
    pub expires: Timestamp,
}

/// Something that can be done: `create tokenreviews.authentication.k8s.io`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access<'a> {
    /// `get`, `create`, …
    pub verb: &'a str,
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The resource's plural name.
    pub resource: &'a str,
    /// The subresource, such as `token`.
    pub subresource: Option<&'a str>,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<&'a str>,
    /// The object's name; `None` for all of them.
    pub name: Option<&'a str>,
}

/// What a reviewer of tokens has to be allowed.
const REVIEW_TOKENS: Access<'_> = Access {
    verb: "create",
    group: "authentication.k8s.io",
    resource: "tokenreviews",
    subresource: None,
    namespace: None,
    name: None,
};

impl fmt::Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource())
    }
}

impl Access<'_> {
    /// The resource with its subresource and group: `serviceaccounts/token`, `tokenreviews.authentication.k8s.io`.
    pub fn resource(&self) -> String {
        let subresource = self.subresource.map(|subresource| format!("/{subresource}")).unwrap_or_default();
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        format!("{}{subresource}{group}", self.resource)
    }

    fn attributes(&self) -> ResourceAttributes {
        ResourceAttributes {
            verb: Some(self.verb.to_owned()),
            group: Some(self.group.to_owned()),
            resource: Some(self.resource.to_owned()),
            subresource: self.subresource.map(str::to_owned),
            namespace: self.namespace.map(str::to_owned),
            name: self.name.map(str::to_owned),
            ..ResourceAttributes::default()
        }
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
    ) -> Result<Token, Error> {
        let spec = TokenRequestSpec {
            audiences: audiences.to_vec(),
            expiration_seconds: Some(seconds),
            bound_object_ref: None,
        };
        let body = TokenRequest { spec, ..TokenRequest::default() };
        let at = Address::<ServiceAccount>::namespaced(&of.namespace, &of.name);
        let url = Request::new(at.collection()?);
        let request = |data| url.create_subresource("token", at.name(), &PostParams::default(), data);
        let call = Call::with(&body, request)?;
        let answer: TokenRequest = self.call(&call).await?.parse(&call)?;
        let none = || {
            call.error(Kind::Malformed, "the answer to a TokenRequest holds no token")
                .help("see whether the kubeconfig's server is a Kubernetes API server")
        };
        let status = answer.status.ok_or_else(none)?;
        Ok(Token { secret: SecretString::from(status.token), expires: status.expiration_timestamp.0 })
    }

    /// Whether this connection's user may do something.
    ///
    /// # Errors
    /// When the server does not answer the review.
    pub async fn can_i(&self, access: &Access<'_>) -> Result<bool, Error> {
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(access.attributes()),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let url = Request::new(SelfSubjectAccessReview::url_path(&(), None));
        let call = Call::with(&review, |data| url.create(&PostParams::default(), data))?;
        let review: SelfSubjectAccessReview = self.call(&call).await?.parse(&call)?;
        Ok(review.status.is_some_and(|status| status.allowed))
    }

    /// Whether the owner of a token may review the tokens of others, as that tells itself: evidence, with what to do next where
    /// it lacks the right, or where its token is not accepted.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn is_reviewer(
        &self,
        token: SecretString,
        who: &str,
        [unbound, unknown]: [&str; 2],
    ) -> Result<Evidence, Failure> {
        const WHAT: &str = "the reviewer may review tokens";
        let (evidence, review) = (Evidence::new(), REVIEW_TOKENS);
        match self.with_token(token).await?.can_i(&review).await {
            Ok(true) => Ok(evidence.passed(WHAT, format!("{who} may {review}"))),
            Ok(false) => Ok(evidence.failed(WHAT, format!("{who} may not {review}"), unbound)),
            Err(error) if error.kind() == Kind::Unauthenticated => {
                Ok(evidence.failed(WHAT, format!("the API server does not accept the token of {who}"), unknown))
            }
            Err(error) => Err(error.into()),
        }
    }
}
