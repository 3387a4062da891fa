//! Reviewer JWTs: where they come from, fetched for a digest when something is decided and again when they are written; and
//! what they say of themselves. Their signature is the API server's to check.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_core::{Answer, Class, Context, Problem, Read, Result, Right};
use trustpath_platform::{ReviewerSecret, digest::Digest, text::clean, vault::backend::SecretRef};

use crate::config::{JwtLocation, SecretName};

/// Where a reviewer JWT comes from. Reading it tells a [`JwtSeen`]; nothing where it was not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwtSource {
    pub(crate) at: SecretRef,
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

impl From<&JwtLocation> for JwtSource {
    fn from(source: &JwtLocation) -> Self {
        let at = match source {
            JwtLocation::File(file) => SecretRef::File(file.clone()),
            JwtLocation::Secret(SecretName { namespace, name }) => {
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

impl JwtSource {
    /// Fetches the JWT; `None` where the step that makes it was not applied yet.
    pub(crate) async fn fetch(&self, cx: &Context) -> Result<Option<Jwt>> {
        let token = match self.is_made {
            true => self.at.find(cx).await?,
            false => Some(self.at.fetch(cx).await?),
        };
        let Some(token) = token else { return Ok(None) };
        let text = token.expose_secret();
        let claims = claims(text).map_err(|error| no_jwt(&self.at).because(error))?;
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

/// How long a reviewer JWT should last at least.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// What matters of the claims of a ServiceAccount's token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// When it expires, if ever.
    pub(crate) expires: Option<Timestamp>,
    /// The pod that it dies with.
    pub(crate) pod: Option<String>,
    /// Whose it is, as `namespace/name`.
    pub(crate) service_account: Option<String>,
}

/// Reads the claims of a JWT.
///
/// # Errors
/// Why it is none, with nothing of the text itself.
pub(crate) fn claims(jwt: &str) -> Result<Claims, &'static str> {
    if jwt.is_empty() {
        return Err("it is empty");
    }
    let parts: Vec<_> = jwt.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err("a JWT has three parts with a `.` in between, and this does not");
    };
    let header = object(header).ok_or("its first part is no header of a JWT")?;
    if !header.get("alg").is_some_and(Value::is_string) || signature.is_empty() {
        return Err("it is not signed");
    }
    let payload = object(payload).ok_or("its second part holds no claims")?;
    Ok(read(&payload))
}

fn object(part: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    value.is_object().then_some(value)
}

fn read(payload: &Value) -> Claims {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(clean);
    let expires = payload.get("exp").and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, reason = "a time out of range saturates, and is out of range still")]
    let expires = expires.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    let account = |namespace: &str, name: &str| Some(format!("{}/{}", text(namespace)?, text(name)?));
    let bound = account("/kubernetes.io/namespace", "/kubernetes.io/serviceaccount/name");
    let long_lived =
        || account("/kubernetes.io~1serviceaccount~1namespace", "/kubernetes.io~1serviceaccount~1service-account.name");
    Claims { expires, pod: text("/kubernetes.io/pod/name"), service_account: bound.or_else(long_lived) }
}

impl Claims {
    /// When the JWT will stop working, in words; `None` where it will do as long as the Secret or the signing key is there.
    ///
    /// # Errors
    /// When it expired, where it has by `now`.
    pub(crate) fn end(&self, now: Timestamp) -> Result<Option<String>, Timestamp> {
        Ok(match (self.expires, &self.pod) {
            (Some(at), _) if at <= now => return Err(at),
            (Some(at), Some(pod)) => Some(format!("at {at}, or when the pod `{pod}` is gone")),
            (None, Some(pod)) => Some(format!("when the pod `{pod}` is gone")),
            (Some(at), None) if at.duration_since(now) < SOON => Some(format!("at {at}")),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn jwt(payload: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", encode(&json!({"alg": "RS256"})), encode(payload))
    }

    #[test]
    fn claims_of_both_sorts_of_token() {
        let bound = json!({
            "exp": 1_700_000_000,
            "kubernetes.io": {"namespace": "vault", "pod": {"name": "vault-0"}, "serviceaccount": {"name": "vault"}},
        });
        let read = claims(&jwt(&bound)).expect("a JWT");
        assert_eq!(read.expires.map(|at| at.to_string()), Some("2023-11-14T22:13:20Z".to_owned()));
        assert_eq!(read.pod.as_deref(), Some("vault-0"));
        assert_eq!(read.service_account.as_deref(), Some("vault/vault"));
        let legacy = json!({
            "kubernetes.io/serviceaccount/namespace": "a",
            "kubernetes.io/serviceaccount/service-account.name": "b",
        });
        let read = claims(&jwt(&legacy)).expect("a JWT");
        assert_eq!(read, Claims { service_account: Some("a/b".to_owned()), ..Claims::default() });
    }

    #[rstest]
    #[case("")]
    #[case("garbage")]
    #[case("a.b.c")]
    #[case("e30.e30.c2ln")]
    #[case("eyJhbGciOiJSUzI1NiJ9.e30.")]
    #[case("eyJhbGciOiJSUzI1NiJ9.W10.c2ln")]
    fn what_is_no_jwt_is_refused_and_not_repeated(#[case] text: &str) {
        let error = claims(text).expect_err("it was taken for a JWT");
        assert!(text.is_empty() || !error.contains(text), "{error}");
    }

    #[rstest]
    #[case(json!({}), Ok(None))]
    #[case(json!({"exp": 200_000}), Ok(None))]
    #[case(json!({"exp": 1000}), Err(Timestamp::from_second(1000).unwrap()))]
    #[case(json!({"exp": 2000}), Ok(Some("at 1970-01-01T00:33:20Z")))]
    #[case(json!({"kubernetes.io": {"pod": {"name": "p"}}}), Ok(Some("when the pod `p` is gone")))]
    fn an_end_is_foreseen(#[case] payload: Value, #[case] expected: Result<Option<&str>, Timestamp>) {
        let now = Timestamp::from_second(1000).unwrap();
        let end = claims(&jwt(&payload)).expect("a JWT").end(now);
        assert_eq!(end, expected.map(|when| when.map(str::to_owned)));
    }
}
