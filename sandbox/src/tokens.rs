//! ServiceAccount tokens: JSON Web Tokens (ES256), as the API server and its tokens controller issue them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use rcgen::KeyPair as CertificateKey;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    },
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::{error::Error, object};

/// The issuer of requested tokens, and the audience of the API server itself.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc";
/// The issuer of the tokens in Secrets of type `kubernetes.io/service-account-token`.
pub(crate) const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// Signs and checks tokens with a key of its own.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    public_pem: String,
    random: SystemRandom,
}

impl Signer {
    pub(crate) fn new() -> Result<Self, Error> {
        let key = CertificateKey::generate()?;
        let (public_pem, random) = (key.public_key_pem(), SystemRandom::new());
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.serialized_der(), &random)
            .map_err(|_| Error::SigningKey)?;
        Ok(Self { key, public_pem, random })
    }

    /// The public key that tokens are checked with, in PEM.
    pub(crate) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// The signed token, or nothing when the system has no randomness left.
    pub(crate) fn sign(&self, claims: &Value) -> Option<SecretString> {
        let header = json!({"alg": "ES256", "kid": "sandbox"});
        let unsigned = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.key.sign(&self.random, unsigned.as_bytes()).ok()?;
        Some(format!("{unsigned}.{}", BASE64.encode(signature)).into())
    }

    /// The claims of a token that this key has signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (unsigned, signature) = token.rsplit_once('.')?;
        let (header, claims) = unsigned.split_once('.')?;
        let header: Value = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        if header["alg"] != "ES256" {
            return None;
        }
        let signature = BASE64.decode(signature).ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key().as_ref())
            .verify(unsigned.as_bytes(), &signature)
            .ok()?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }
}

/// The claims of a requested token. `bound` is the Pod or Secret it lives and dies with.
pub(crate) fn claims(
    account: &Value,
    audiences: &[String],
    bound: Option<(&str, &Value)>,
    now: i64,
    seconds: i64,
) -> Value {
    let reference = |object: &Value| json!({"name": object::name(object), "uid": object::uid(object)});
    let mut kubernetes = Map::new();
    kubernetes.insert("namespace".to_owned(), object::text(account, "/metadata/namespace").into());
    if let Some((kind, object)) = bound {
        kubernetes.insert(kind.to_lowercase(), reference(object));
    }
    kubernetes.insert("serviceaccount".to_owned(), reference(account));
    json!({
        "aud": audiences, "exp": now + seconds, "iat": now, "iss": ISSUER,
        "jti": object::new_uid(), "kubernetes.io": kubernetes, "nbf": now, "sub": subject(account),
    })
}

/// The claims of a long-lived token: no audience, no expiry.
pub(crate) fn legacy_claims(account: &Value, secret: &str) -> Value {
    json!({
        "iss": LEGACY_ISSUER,
        "kubernetes.io/serviceaccount/namespace": object::text(account, "/metadata/namespace"),
        "kubernetes.io/serviceaccount/secret.name": secret,
        "kubernetes.io/serviceaccount/service-account.name": object::name(account),
        "kubernetes.io/serviceaccount/service-account.uid": object::uid(account),
        "sub": subject(account),
    })
}

fn subject(account: &Value) -> String {
    let namespace = object::text(account, "/metadata/namespace");
    format!("system:serviceaccount:{namespace}:{}", object::name(account))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_verifies_with_its_own_key_only() {
        let (ours, theirs) = (Signer::new().unwrap(), Signer::new().unwrap());
        let token = ours.sign(&json!({"sub": "me"})).unwrap();
        assert_eq!(ours.verify(token.expose_secret()), Some(json!({"sub": "me"})));
        assert_eq!(theirs.verify(token.expose_secret()), None);
    }

    #[test]
    fn a_token_whose_claims_were_changed_does_not_verify() {
        let signer = Signer::new().unwrap();
        let token = signer.sign(&json!({"sub": "me"})).unwrap();
        let mut parts: Vec<_> = token.expose_secret().split('.').map(str::to_owned).collect();
        parts[1] = BASE64.encode(r#"{"sub":"you"}"#);
        assert_eq!(signer.verify(&parts.join(".")), None);
    }

    #[test]
    fn an_unsigned_token_does_not_verify() {
        let signer = Signer::new().unwrap();
        let header = BASE64.encode(r#"{"alg":"none"}"#);
        assert_eq!(signer.verify(&format!("{header}.{}.", BASE64.encode("{}"))), None);
        assert_eq!(signer.verify("garbage"), None);
    }
}
