//! What an answer that is no success means. Pure.

use http::header::LOCATION;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::call::{Operation, VaultCall};
use crate::{
    error::{Error, ErrorKind},
    exchange::HttpAnswer,
    retry::retry_after,
    text::{clean, first_line_of_page},
};

/// What an answer of Vault's own that is no success has in it (`respondError` and `respondErrorCommon` in `http/`, both families;
/// a deleted version of a KV v2 secret is a 404 with data).
const OWN_KEYS: [&str; 3] = ["errors", "data", "request_id"];

/// The error for an answer that is not Vault's own: a page, or the JSON of a gateway. `None` where Vault answered.
pub(super) fn foreign(call: &VaultCall, answer: &HttpAnswer) -> Option<Error> {
    let is_vaults = match serde_json::from_slice::<Map<String, Value>>(&answer.body) {
        Ok(found) => answer.is_success() || OWN_KEYS.iter().any(|key| found.contains_key(*key)),
        // One that was cut off is read no further here.
        Err(_) => answer.body.trim_ascii_start().starts_with(b"{") && answer.is_success(),
    };
    if is_vaults || answer.body.trim_ascii().is_empty() {
        return None;
    }
    let line = first_line_of_page(&answer.body);
    let kind = match answer.status {
        429 | 502..=504 => ErrorKind::Unavailable,
        _ => ErrorKind::Malformed,
    };
    let help = match line.contains("HTTP request to an HTTPS server") {
        true => "VAULT_ADDR has to begin with https://",
        false => {
            "see what is on the way to VAULT_ADDR (a gateway, an ingress, a sign-in page, a captive portal) and whether it lets \
             this request through; what it asks for may go into `headers` under [connections.vault]"
        }
    };
    let error = call.error(kind, "something before Vault answered").help(help);
    Some(error.answered(answer.status, [line]).retry_after(retry_after(&answer.headers)))
}

/// The server's own words.
fn said(answer: &HttpAnswer) -> Vec<String> {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default)]
        errors: Vec<String>,
    }
    let refusal = serde_json::from_slice::<Refusal>(&answer.body);
    refusal.iter().flat_map(|refusal| &refusal.errors).flat_map(|words| each(words)).collect()
}

/// Vault wraps errors as `2 errors occurred:`, with each on a line that begins with a star: the errors themselves.
fn each(words: &str) -> Vec<String> {
    match words.split_once(" occurred:\n\t* ") {
        Some((_, list)) => list.split("\n\t* ").map(str::to_owned).collect(),
        None => vec![words.to_owned()],
    }
}

/// The error that an answer stands for.
pub(super) fn refusal(call: &VaultCall, answer: &HttpAnswer) -> Error {
    if !(300..400).contains(&answer.status)
        && let Some(error) = foreign(call, answer)
    {
        return error;
    }
    let said = said(answer);
    let unknown_namespace = answer.status == 404 && said.iter().any(|words| words.contains("namespace not found"));
    let error = match answer.status {
        301 | 302 | 303 | 307 | 308 => redirected(call, answer),
        _ if unknown_namespace => call
            .error(ErrorKind::Namespace, "the Vault namespace does not exist")
            .help("see `vault namespace list`; VAULT_NAMESPACE or `namespace` under [connections.vault] names it"),
        404 => not_found(call),
        403 | 401 => call.error(ErrorKind::Denied, "Vault denies the request").help("see what the token may do"),
        409 => {
            call.error(ErrorKind::Conflict, "Vault reports a conflict").help("see who else changes it, and try again")
        }
        412 => call
            .error(ErrorKind::Unavailable, "this Vault node does not have the latest state yet")
            .help("try again, or set VAULT_ADDR to the active node"),
        429 => call
            .error(ErrorKind::Unavailable, "Vault's rate limit is reached")
            .help("try again later, or raise the quota under `sys/quotas/rate-limit`"),
        502..=504 => call
            .error(ErrorKind::Unavailable, "Vault, or a proxy before it, cannot serve now")
            .help("see whether Vault has an active node: `vault status`"),
        500..=599 => call.error(ErrorKind::Failed, "Vault failed").help("see Vault's own log for the reason"),
        _ => call
            .error(ErrorKind::Rejected, "Vault rejects the request")
            .help("Vault's answer says what it does not take: change that in the graph file"),
    };
    error.answered(answer.status, said).retry_after(retry_after(&answer.headers))
}

fn not_found(call: &VaultCall) -> Error {
    let help = match call.operation {
        Operation::Write => {
            "see whether the engine that serves this path is mounted: `vault secrets list`, `vault auth list`"
        }
        _ => "see whether it was removed, or lies in another namespace",
    };
    call.error(ErrorKind::NotFound, "Vault knows nothing at this path").help(help)
}

/// A token is sent to the address that the user gave, and to no other.
fn redirected(call: &VaultCall, answer: &HttpAnswer) -> Error {
    let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
    let target = origin(location);
    if !location.contains("/v1/") {
        let to = if target.is_empty() { clean(location.split(['?', '#']).next().unwrap_or_default()) } else { target };
        let message = format!("something before Vault answered: it sends this request to {to}");
        return call.error(ErrorKind::Redirected, message).help(
            "nothing is sent there: see what is on the way to VAULT_ADDR (a sign-in page, a captive portal); what it asks for \
             may go into `headers` under [connections.vault]",
        );
    }
    let message = "Vault sends this request elsewhere, and the token is not sent there";
    if target.is_empty() {
        let path = clean(location.split(['?', '#']).next().unwrap_or_default());
        let error = call.error(ErrorKind::Redirected, format!("{message}: {path}"));
        return error.help("use that path: a name with a slash too many leads to this");
    }
    call.error(ErrorKind::Redirected, format!("{message}: {target}"))
        .help(format!("if you trust that address: export VAULT_ADDR={target}"))
}

/// Scheme, host and port of an address; what a message may show of it.
fn origin(address: &str) -> String {
    Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
