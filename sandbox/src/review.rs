//! Requests that are answered and not stored: authentication.k8s.io/v1 and authorization.k8s.io/v1.

use serde_json::{Value, json};

use crate::{
    auth::{Authenticator, User},
    object::{strings, text},
    rbac::{self, Action},
    status::Status,
    storage::Store,
    tokens::ISSUER,
};

/// Answers the review of the given kind; the answer is the review with its status.
pub(crate) fn create(
    authenticator: &Authenticator,
    store: &Store,
    caller: &User,
    kind: &str,
    mut review: Value,
    now: i64,
) -> Result<Value, Status> {
    let status = match kind {
        "TokenReview" => token_review(authenticator, store, &review["spec"], now)?,
        "SelfSubjectReview" => json!({"userInfo": caller.info()}),
        "SelfSubjectAccessReview" => access_review(store, caller, &review["spec"]),
        _ => access_review(store, &named_user(&review["spec"]), &review["spec"]),
    };
    review["metadata"] = json!({});
    review["status"] = status;
    Ok(review)
}

fn token_review(authenticator: &Authenticator, store: &Store, spec: &Value, now: i64) -> Result<Value, Status> {
    let token = text(spec, "/token");
    if token.is_empty() {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    }
    let audiences = match strings(spec, "/audiences") {
        none if none.is_empty() => vec![ISSUER.to_owned()],
        some => some,
    };
    Ok(match authenticator.authenticate(store, token, &audiences, now) {
        Ok(passed) => json!({
            "authenticated": true, "user": passed.user.info(), "audiences": passed.audiences,
        }),
        Err(reason) => json!({"user": {}, "error": reason}),
    })
}

fn access_review(store: &Store, user: &User, spec: &Value) -> Value {
    let action = match spec.get("resourceAttributes") {
        Some(asked) => Action::Resource {
            verb: text(asked, "/verb"),
            group: text(asked, "/group"),
            resource: match text(asked, "/subresource") {
                "" => text(asked, "/resource").to_owned(),
                sub => format!("{}/{sub}", text(asked, "/resource")),
            },
            namespace: text(asked, "/namespace"),
            name: text(asked, "/name"),
        },
        None => Action::Path {
            verb: text(spec, "/nonResourceAttributes/verb"),
            path: text(spec, "/nonResourceAttributes/path"),
        },
    };
    match rbac::allows(store, user, &action) {
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false}),
    }
}

/// The user that a SubjectAccessReview asks about: what it names, and nothing looked up.
fn named_user(spec: &Value) -> User {
    let mut user = User::named(text(spec, "/user"), vec![]);
    user.groups = strings(spec, "/groups");
    user
}
