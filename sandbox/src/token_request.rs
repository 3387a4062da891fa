//! The `token` subresource of a ServiceAccount (authentication.k8s.io/v1 TokenRequest).

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{
    object::{self, name, strings, text, uid},
    status::{Cause, Status},
    storage::Store,
    tokens::{self, ISSUER, Signer},
};

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";

/// Issues a token for the account as the request asks.
pub(crate) fn create(
    signer: &Signer,
    store: &Store,
    account: &Value,
    request: &Value,
    now: i64,
) -> Result<Value, Status> {
    let spec = &request["spec"];
    let seconds = spec["expirationSeconds"].as_i64().unwrap_or(3600);
    check_expiration(seconds)?;
    let audiences = match strings(spec, "/audiences") {
        none if none.is_empty() => vec![ISSUER.to_owned()],
        some => some,
    };
    let bound = match spec.get("boundObjectRef").filter(|reference| !reference.is_null()) {
        Some(reference) => Some(bound_object(store, account, reference)?),
        None => None,
    };
    let bound = bound.map(|object| (text(&spec["boundObjectRef"], "/kind"), object));
    let claims = tokens::claims(account, &audiences, bound, now, seconds);
    let token = signer.sign(&claims).ok_or_else(|| Status::unmapped("failed to generate token"))?;
    let metadata = json!({
        "name": name(account), "namespace": text(account, "/metadata/namespace"),
        "uid": uid(account), "creationTimestamp": object::rfc3339(now),
    });
    Ok(json!({
        "kind": KIND, "apiVersion": "authentication.k8s.io/v1", "metadata": metadata,
        "spec": {
            "audiences": audiences, "expirationSeconds": seconds,
            "boundObjectRef": spec["boundObjectRef"],
        },
        "status": {
            "token": token.expose_secret(),
            "expirationTimestamp": object::rfc3339(now + seconds),
        },
    }))
}

fn check_expiration(seconds: i64) -> Result<(), Status> {
    let why = match seconds {
        ..600 => "may not specify a duration less than 10 minutes",
        600..=4_294_967_296 => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let cause = Cause::invalid("spec.expirationSeconds", &seconds.into(), why);
    Err(Status::invalid(KIND, GROUP, "", &[cause]))
}

fn bound_object<'a>(store: &'a Store, account: &Value, reference: &Value) -> Result<&'a Value, Status> {
    let (kind, bound) = (text(reference, "/kind"), text(reference, "/name"));
    let plural = match kind {
        "Pod" => "pods",
        "Secret" => "secrets",
        _ => {
            let message = format!("cannot bind token to object of type {kind}");
            return Err(Status::bad_request(message));
        }
    };
    let namespace = text(account, "/metadata/namespace");
    let Some(object) = store.core(plural, namespace, bound) else {
        return Err(Status::missing(plural, "", bound));
    };
    if kind == "Pod" && text(object, "/spec/serviceAccountName") != name(account) {
        return Err(Status::bad_request(format!(
            "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
            name(account)
        )));
    }
    let wanted = text(reference, "/uid");
    if !wanted.is_empty() && wanted != uid(object) {
        let why = format!(
            "the UID in the bound object reference ({wanted}) does not match the UID in record. \
             The object might have been deleted and then recreated"
        );
        return Err(Status::conflict(kind, "", bound, &why));
    }
    Ok(object)
}
