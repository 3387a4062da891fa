//! Who is asking: a bearer token becomes a user, or the reason why not.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::{
    object::{self, text},
    storage::Store,
    tokens::{ISSUER, LEGACY_ISSUER, Signer},
};

/// Clocks may differ this much, in seconds (go-jose's default leeway).
const LEEWAY: i64 = 60;

/// An authenticated user.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    extra: BTreeMap<&'static str, String>,
}

impl User {
    pub(crate) fn anonymous() -> Self {
        let groups = vec!["system:unauthenticated".to_owned()];
        Self { name: "system:anonymous".to_owned(), groups, ..Self::default() }
    }

    pub(crate) fn named(name: &str, mut groups: Vec<String>) -> Self {
        groups.push("system:authenticated".to_owned());
        Self { name: name.to_owned(), groups, ..Self::default() }
    }

    /// The user as `UserInfo` of authentication.k8s.io/v1.
    pub(crate) fn info(&self) -> Value {
        let mut info = json!({"username": self.name, "groups": self.groups});
        if !self.uid.is_empty() {
            info["uid"] = self.uid.as_str().into();
        }
        if !self.extra.is_empty() {
            let extra = self.extra.iter().map(|(key, value)| ((*key).to_owned(), json!([value])));
            info["extra"] = Value::Object(extra.collect());
        }
        info
    }
}

/// What tells tokens apart: the key that signs them, and the one token that is none of its own.
pub(crate) struct Authenticator {
    pub(crate) signer: Signer,
    pub(crate) admin_token: SecretString,
}

/// A token that passed, with the audiences that it and the caller share.
#[derive(Debug, PartialEq)]
pub(crate) struct Authenticated {
    pub(crate) user: User,
    pub(crate) audiences: Vec<String>,
}

impl Authenticator {
    /// Checks a token for the given audiences at the given second.
    ///
    /// # Errors
    /// The reason, in the words that TokenReview has for it.
    pub(crate) fn authenticate(
        &self,
        store: &Store,
        token: &str,
        wanted: &[String],
        now: i64,
    ) -> Result<Authenticated, String> {
        if token == self.admin_token.expose_secret() {
            let audiences = shared_audiences(&[ISSUER.to_owned()], wanted)?;
            let user = User::named("kubernetes-admin", vec!["system:masters".to_owned()]);
            return Ok(Authenticated { user, audiences });
        }
        let Some(claims) = self.signer.verify(token) else {
            return Err("invalid bearer token".to_owned());
        };
        service_account(store, token, &claims, wanted, now)
            .map_err(|reason| format!("[invalid bearer token, {reason}]"))
    }
}

fn service_account(
    store: &Store,
    token: &str,
    claims: &Value,
    wanted: &[String],
    now: i64,
) -> Result<Authenticated, String> {
    let legacy = claims["iss"] == LEGACY_ISSUER;
    let carried = match object::strings(claims, "/aud") {
        none if none.is_empty() => vec![ISSUER.to_owned()],
        some => some,
    };
    let audiences = shared_audiences(&carried, wanted)?;
    let user = if legacy { legacy_user(store, token, claims)? } else { user(store, claims, now)? };
    Ok(Authenticated { user, audiences })
}

fn user(store: &Store, claims: &Value, now: i64) -> Result<User, String> {
    let second = |claim: &str| claims[claim].as_i64();
    if second("exp").is_none_or(|exp| now > exp + LEEWAY) {
        return Err("service account token has expired".to_owned());
    }
    if second("nbf").is_some_and(|nbf| now + LEEWAY < nbf) {
        return Err("service account token is not valid yet".to_owned());
    }
    let private = &claims["kubernetes.io"];
    let namespace = text(private, "/namespace");
    let name = text(private, "/serviceaccount/name");
    let uid = text(private, "/serviceaccount/uid");
    check_account(store, namespace, name, uid)?;
    for (claim, plural) in [("pod", "pods"), ("secret", "secrets")] {
        let Some(bound) = private.get(claim) else {
            continue;
        };
        let there = store.core(plural, namespace, text(bound, "/name"));
        if there.is_none_or(|object| object::uid(object) != text(bound, "/uid")) {
            return Err("service account token has been invalidated".to_owned());
        }
    }
    let mut user = account_user(namespace, name, uid);
    let credential = format!("JTI={}", text(claims, "/jti"));
    user.extra.insert("authentication.kubernetes.io/credential-id", credential);
    if let Some(pod) = private.get("pod") {
        user.extra.insert("authentication.kubernetes.io/pod-name", text(pod, "/name").to_owned());
        user.extra.insert("authentication.kubernetes.io/pod-uid", text(pod, "/uid").to_owned());
    }
    Ok(user)
}

fn legacy_user(store: &Store, token: &str, claims: &Value) -> Result<User, String> {
    let claim = |name: &str| claims[format!("kubernetes.io/serviceaccount/{name}")].as_str().unwrap_or_default();
    let namespace = claim("namespace");
    let Some(secret) = store.core("secrets", namespace, claim("secret.name")) else {
        return Err("Token has been invalidated".to_owned());
    };
    let kept = BASE64.decode(text(secret, "/data/token")).unwrap_or_default();
    if kept != token.as_bytes() {
        return Err("Token does not match server's copy".to_owned());
    }
    let (name, uid) = (claim("service-account.name"), claim("service-account.uid"));
    check_account(store, namespace, name, uid)?;
    Ok(account_user(namespace, name, uid))
}

fn check_account(store: &Store, namespace: &str, name: &str, uid: &str) -> Result<(), String> {
    let Some(account) = store.core("serviceaccounts", namespace, name) else {
        return Err(format!("serviceaccounts {name:?} not found"));
    };
    match object::uid(account) {
        there if there == uid => Ok(()),
        there => Err(format!("service account UID ({there}) does not match claim ({uid})")),
    }
}

fn account_user(namespace: &str, name: &str, uid: &str) -> User {
    let groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    let user = User::named(&format!("system:serviceaccount:{namespace}:{name}"), groups);
    User { uid: uid.to_owned(), ..user }
}

fn shared_audiences(carried: &[String], wanted: &[String]) -> Result<Vec<String>, String> {
    let shared: Vec<_> = carried.iter().filter(|a| wanted.contains(a)).cloned().collect();
    if shared.is_empty() {
        let (carried, wanted) = (quoted(carried), quoted(wanted));
        return Err(format!("token audiences {carried} is invalid for the target audiences {wanted}"));
    }
    Ok(shared)
}

fn quoted(list: &[String]) -> String {
    format!("[{}]", list.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{storage::Key, tokens};

    fn cluster() -> (Authenticator, Store, Value) {
        let account = json!({"metadata": {"name": "a", "namespace": "n", "uid": "u"}});
        let mut store = Store::default();
        store.put(Key::new("", "serviceaccounts", "n", "a"), account.clone());
        let admin_token = SecretString::from("admin");
        (Authenticator { signer: Signer::new().unwrap(), admin_token }, store, account)
    }

    fn at(second: i64) -> Result<Authenticated, String> {
        let (authenticator, store, account) = cluster();
        let audiences = ["vault".to_owned()];
        let claims = tokens::claims(&account, &audiences, None, 1000, 600);
        let token = authenticator.signer.sign(&claims).unwrap();
        authenticator.authenticate(&store, token.expose_secret(), &audiences, second)
    }

    #[test]
    fn a_token_is_good_from_its_issue_to_its_expiry_and_a_minute_around() {
        for second in [1000 - LEEWAY, 1000, 1600 + LEEWAY] {
            assert_eq!(at(second).unwrap().user.name, "system:serviceaccount:n:a", "at {second}");
        }
        let expired = at(1601 + LEEWAY).unwrap_err();
        assert_eq!(expired, "[invalid bearer token, service account token has expired]");
        let early = at(999 - LEEWAY).unwrap_err();
        assert_eq!(early, "[invalid bearer token, service account token is not valid yet]");
    }

    #[test]
    fn a_token_dies_with_the_pod_that_it_is_bound_to() {
        let (authenticator, mut store, account) = cluster();
        let pod = json!({"metadata": {"name": "p", "namespace": "n", "uid": "pu"}});
        let audiences = [ISSUER.to_owned()];
        let claims = tokens::claims(&account, &audiences, Some(("Pod", &pod)), 1000, 600);
        let token = authenticator.signer.sign(&claims).unwrap();
        let key = Key::new("", "pods", "n", "p");
        store.put(key.clone(), pod);
        let check = |store: &Store| authenticator.authenticate(store, token.expose_secret(), &audiences, 1000);
        assert!(check(&store).is_ok());
        store.remove(&key);
        let gone = check(&store).unwrap_err();
        assert_eq!(gone, "[invalid bearer token, service account token has been invalidated]");
    }

    #[test]
    fn the_admin_token_is_for_the_api_server_alone() {
        let (authenticator, store, _) = cluster();
        let check = |audience: &str| authenticator.authenticate(&store, "admin", &[audience.to_owned()], 0);
        assert!(check(ISSUER).unwrap().user.groups.contains(&"system:masters".to_owned()));
        assert!(check("vault").is_err());
    }
}
