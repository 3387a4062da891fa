//! What an answer that is no success means. Pure.

use kube::core::{Status, response::StatusCause};

use super::call::KubernetesCall;
use crate::{
    error::{Error, ErrorKind},
    exchange::HttpAnswer,
    retry::retry_after,
    seen::Attempt,
    text::{clean, first_line_of_page},
};

/// The error that an answer stands for.
pub(super) fn refusal(call: &KubernetesCall, answer: &HttpAnswer) -> Error {
    let status: Status = serde_json::from_slice(&answer.body).unwrap_or_default();
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let taken: Vec<_> = causes.iter().filter(|cause| cause.reason == "FieldManagerConflict").map(taken).collect();
    if answer.status == 409 && !taken.is_empty() {
        return call
            .error(ErrorKind::Conflict, "other field managers own what would be changed")
            .answered(answer.status, taken)
            .help("leave these fields out of the graph file, or take them over with --force-conflicts");
    }
    if let Some(which) = webhook(&status.message).filter(|_| answer.status == 500) {
        return not_called(call, which).answered(answer.status, [words(&status, answer)]).seen(Attempt::NotYet);
    }
    let error = match answer.status {
        301..=308 => call
            .error(
                ErrorKind::Redirected,
                "Kubernetes sends this request elsewhere, and the credentials are not sent there",
            )
            .help("set the kubeconfig's server to the API server itself"),
        401 => call
            .error(ErrorKind::Unauthenticated, "Kubernetes does not accept the credentials of the kubeconfig")
            .help("log in again; `kubectl auth whoami` shows who you are"),
        403 => call
            .error(ErrorKind::Denied, "Kubernetes denies the request")
            .help("the answer of Kubernetes names the right that is missing: grant it with a Role or ClusterRole"),
        404 => call
            .error(ErrorKind::NotFound, "Kubernetes knows no such object")
            .help("see whether its namespace exists, and its CRD is installed"),
        409 => call
            .error(ErrorKind::Conflict, "another client has changed the object")
            .help("see who else manages it, and try again"),
        429 => call
            .error(ErrorKind::Unavailable, "Kubernetes asks for patience for too long")
            .help("try again later: the API server limits its clients"),
        502..=504 => call
            .error(ErrorKind::Unavailable, "the API server, or a proxy before it, cannot serve now")
            .help("see `kubectl get --raw /readyz?verbose`"),
        500..=599 => call
            .error(ErrorKind::Failed, "Kubernetes failed")
            .help("an admission webhook or the API server's storage may be down; its log knows"),
        _ => call
            .error(ErrorKind::Rejected, "Kubernetes rejects the request")
            .help("the answer of Kubernetes says what it does not take: change that in the graph file"),
    };
    let asked = status.details.as_ref().map(|details| u64::from(details.retry_after_seconds)).filter(|wait| *wait > 0);
    let patience = retry_after(&answer.headers).or(asked.map(std::time::Duration::from_secs));
    error.answered(answer.status, [words(&status, answer)]).retry_after(patience)
}

/// The webhook that the API server could not call, or that did not answer it. The status is that of any failure: its words
/// are all there is. Nothing was written.
fn webhook(message: &str) -> Option<String> {
    let admission = message.split_once("failed calling webhook \"").and_then(|(_, rest)| rest.split_once('"'));
    let conversion = message.split_once("conversion webhook for ").and_then(|(_, rest)| rest.split_once(" failed"));
    let named = |sort: &str, name: &str| format!("{sort} webhook `{}`", clean(name));
    admission
        .map(|(name, _)| named("admission", name))
        .or_else(|| conversion.map(|(what, _)| named("conversion", what)))
}

fn not_called(call: &KubernetesCall, which: String) -> Error {
    let message = format!("Kubernetes cannot call the {which}, and does nothing of what it guards");
    call.error(ErrorKind::Unavailable, message).help(
        "see whether the Service of the webhook has a pod that is ready; \
         `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists whose it may be",
    )
}

/// The server's own words; where a proxy answered instead, the beginning of its page.
fn words(status: &Status, answer: &HttpAnswer) -> String {
    match status.message.as_str() {
        "" => first_line_of_page(&answer.body),
        message => message.to_owned(),
    }
}

/// `conflict with "kubectl" using v1: .data.a` names the manager between the quotes; the field stands by itself.
fn taken(cause: &StatusCause) -> String {
    let manager = cause.message.split('"').nth(1).unwrap_or("another manager");
    format!("`{}` is managed by `{manager}`", cause.field)
}
