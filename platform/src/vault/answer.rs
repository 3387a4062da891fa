//! What an answer that is no success means. Pure.

use http::header::LOCATION;
use serde::Deserialize;
use url::Url;

use super::call::{Operation, VaultCall};
use crate::{
    error::{Error, ErrorKind},
    exchange::HttpAnswer,
    retry::retry_after,
    text::{beginning_of_page, clean},
};

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<String>,
}

/// The server's own words; where a proxy answered instead, the beginning of its page.
fn said(answer: &HttpAnswer) -> Vec<String> {
    match serde_json::from_slice::<Refusal>(&answer.body) {
        Ok(refusal) => refusal.errors.iter().flat_map(|words| each(words)).collect(),
        Err(_) => vec![beginning_of_page(&answer.body)],
    }
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
