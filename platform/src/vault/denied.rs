//! After a 403: is it the token, or what the token may do?

use super::{
    Vault,
    request::{Call, Verb},
};
use crate::error::{Error, Kind};

/// What asking about the token showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// The token may do this on the path.
    Capabilities(Vec<String>),
    /// The token is good, and may not ask what it may do.
    Valid,
    /// Nothing works with this token.
    Nothing,
}

impl Vault {
    /// Makes a denial precise, with one or two requests that any token with the default policy may make.
    pub(super) async fn explain(&self, call: &Call, denied: Error) -> Error {
        if denied.status() != Some(403) {
            return denied;
        }
        let finding = match self.own_capabilities(&call.path).await {
            Some(capabilities) => Finding::Capabilities(capabilities),
            None if self.is_known().await => Finding::Valid,
            None => Finding::Nothing,
        };
        explained(call, &denied, &finding)
    }
}

/// The error that says what is wrong. Pure.
pub(super) fn explained(call: &Call, denied: &Error, finding: &Finding) -> Error {
    let said = denied.said().to_vec();
    let error = match finding {
        Finding::Nothing if denied.says("invalid token") => expired(call, "the Vault token is invalid or expired"),
        Finding::Nothing => expired(call, "the Vault token is invalid or expired, or has not even the default policy"),
        Finding::Valid => lacking(call, wanted(call.verb)[0]),
        Finding::Capabilities(held) => match missing(call.verb, held) {
            Some(capability) => lacking(call, capability),
            None => limited(call),
        },
    };
    error.answered(denied.status().unwrap_or(403), said)
}

fn expired(call: &Call, message: &str) -> Error {
    let stanza = stanza(call, wanted(call.verb));
    call.error(Kind::Unauthenticated, message).help(format!(
        "log in again: `vault login`, or set VAULT_TOKEN; a token that is good needs a policy with {stanza}"
    ))
}

fn lacking(call: &Call, capability: &str) -> Error {
    let message = format!("the Vault token lacks `{capability}` on `{}`", call.path);
    let mut grant = wanted(call.verb).to_vec();
    if capability == "sudo" {
        grant.push("sudo");
    }
    call.error(Kind::Denied, message).help(format!("add to a policy of the token: {}", stanza(call, &grant)))
}

fn stanza(call: &Call, capabilities: &[&str]) -> String {
    let quoted: Vec<_> = capabilities.iter().map(|capability| format!("\"{capability}\"")).collect();
    format!("path \"{}\" {{ capabilities = [{}] }}", call.path, quoted.join(", "))
}

/// Some policies bind parameters, which asking for capabilities does not show; so do control groups and Sentinel.
fn limited(call: &Call) -> Error {
    let message = format!("the Vault token may write `{}`, but not with these values", call.path);
    call.error(Kind::Denied, message).help("see `allowed_parameters` and `denied_parameters` in the token's policies")
}

fn wanted(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::Read => &["read"],
        Verb::List => &["list"],
        Verb::Write => &["create", "update"],
        Verb::Delete => &["delete"],
    }
}

/// The capability that is not held. Whether a write is a `create` or an `update` is the path's affair: `update` is the
/// one that covers more. Where all are held, a path that only root may use asks for `sudo` besides.
fn missing(verb: Verb, held: &[String]) -> Option<&'static str> {
    let holds = |capability: &str| held.iter().any(|held| held == capability);
    if holds("root") {
        return None;
    }
    let absent = wanted(verb).iter().rev().copied().find(|capability| !holds(capability));
    absent.or_else(|| (!holds("sudo")).then_some("sudo"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn held(list: &str) -> Vec<String> {
        list.split_whitespace().map(str::to_owned).collect()
    }

    #[rstest]
    #[case(Verb::Read, "deny", Some("read"))]
    #[case(Verb::Read, "list", Some("read"))]
    #[case(Verb::Read, "read", Some("sudo"))]
    #[case(Verb::Read, "read sudo", None)]
    #[case(Verb::List, "read", Some("list"))]
    #[case(Verb::Write, "deny", Some("update"))]
    #[case(Verb::Write, "update", Some("create"))]
    #[case(Verb::Write, "create", Some("update"))]
    #[case(Verb::Write, "create update", Some("sudo"))]
    #[case(Verb::Write, "create update sudo", None)]
    #[case(Verb::Delete, "create update", Some("delete"))]
    #[case(Verb::Delete, "root", None)]
    fn the_missing_capability(#[case] verb: Verb, #[case] list: &str, #[case] expected: Option<&str>) {
        assert_eq!(missing(verb, &held(list)), expected);
    }
}
