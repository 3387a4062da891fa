//! After a 403: is it the token, or what the token may do?

use super::{
    Vault,
    call::{Operation, VaultCall},
};
use crate::error::{Error, ErrorKind};

impl Vault {
    /// Makes a denial precise, with one or two requests that any token with the default policy may make.
    pub(super) async fn explain(&self, call: &VaultCall, denied: Error) -> Error {
        if denied.status() != Some(403) {
            return denied;
        }
        let held = self.capabilities(&[&call.path]).await.ok().and_then(|mut held| held.remove(&call.path));
        let error = match held {
            Some(held) => missing(call, &held).map_or_else(|| limited(call), |capability| lacking(call, capability)),
            // The token is good, and may not ask what it may do.
            None if self.call(&VaultCall::read("auth/token/lookup-self")).await.is_ok() => {
                lacking(call, wanted(call)[0])
            }
            None if denied.says("invalid token") => expired(call, "the Vault token is invalid or expired"),
            None => expired(call, "the Vault token is invalid or expired, or has not even the default policy"),
        };
        error.answered(403, denied.said().to_vec())
    }
}

fn expired(call: &VaultCall, message: &str) -> Error {
    let stanza = stanza(call, wanted(call));
    call.error(ErrorKind::Unauthenticated, message).help(format!(
        "log in again: `vault login`, or set VAULT_TOKEN; a token that is good needs a policy with {stanza}"
    ))
}

fn lacking(call: &VaultCall, capability: &str) -> Error {
    let message = format!("the Vault token lacks `{capability}` on `{}`", call.path);
    let mut grant = wanted(call).to_vec();
    if capability == "sudo" {
        grant.push("sudo");
    }
    call.error(ErrorKind::Denied, message).help(format!("add to a policy of the token: {}", stanza(call, &grant)))
}

fn stanza(call: &VaultCall, capabilities: &[&str]) -> String {
    let quoted: Vec<_> = capabilities.iter().map(|capability| format!("\"{capability}\"")).collect();
    format!("path \"{}\" {{ capabilities = [{}] }}", call.path, quoted.join(", "))
}

/// Some policies bind parameters, which asking for capabilities does not show; so do control groups and Sentinel.
fn limited(call: &VaultCall) -> Error {
    let message = format!("the Vault token may write `{}`, but not with these values", call.path);
    call.error(ErrorKind::Denied, message)
        .help("see `allowed_parameters` and `denied_parameters` in the token's policies")
}

/// To the servers, every write below `sys` is an update.
fn wanted(call: &VaultCall) -> &'static [&'static str] {
    match call.operation {
        Operation::Read => &["read"],
        Operation::List => &["list"],
        Operation::Write if call.path.starts_with("sys/") => &["update"],
        Operation::Write => &["create", "update"],
        Operation::Delete => &["delete"],
    }
}

/// The capability that is not held. Whether a write is a `create` or an `update` is the path's affair: `update` is the
/// one that covers more. Where all are held, a path that only root may use asks for `sudo` besides; on any other, it is
/// the values of a write that are not allowed.
fn missing(call: &VaultCall, held: &[String]) -> Option<&'static str> {
    let holds = |capability: &str| held.iter().any(|held| held == capability);
    if holds("root") {
        return None;
    }
    let absent = wanted(call).iter().rev().copied().find(|capability| !holds(capability));
    let by_values = call.operation == Operation::Write && !is_for_root(&call.path);
    absent.or_else(|| (!by_values && !holds("sudo")).then_some("sudo"))
}

/// Paths that are written here, and that only root may use (Vault, root-protected API endpoints).
fn is_for_root(path: &str) -> bool {
    path.starts_with("sys/auth/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn held(list: &str) -> Vec<String> {
        list.split_whitespace().map(str::to_owned).collect()
    }

    const ROLE: &str = "auth/kubernetes/role/r";
    const MOUNT: &str = "sys/auth/kubernetes";
    const POLICY: &str = "sys/policies/acl/p";

    #[rstest]
    #[case(VaultCall::read(ROLE), "deny", Some("read"))]
    #[case(VaultCall::read(ROLE), "list", Some("read"))]
    #[case(VaultCall::read(ROLE), "read", Some("sudo"))]
    #[case(VaultCall::read(ROLE), "read sudo", None)]
    #[case(VaultCall::list(ROLE), "read", Some("list"))]
    #[case(writing(ROLE), "deny", Some("update"))]
    #[case(writing(ROLE), "update", Some("create"))]
    #[case(writing(ROLE), "create", Some("update"))]
    #[case(writing(ROLE), "create update", None)]
    #[case(writing(MOUNT), "create", Some("update"))]
    #[case(writing(MOUNT), "update", Some("sudo"))]
    #[case(writing(MOUNT), "update sudo", None)]
    #[case(writing(POLICY), "read", Some("update"))]
    #[case(writing(POLICY), "update", None)]
    #[case(VaultCall::delete(MOUNT), "create update", Some("delete"))]
    #[case(VaultCall::delete(MOUNT), "delete", Some("sudo"))]
    #[case(VaultCall::delete(MOUNT), "root", None)]
    fn the_missing_capability(#[case] call: VaultCall, #[case] list: &str, #[case] expected: Option<&str>) {
        assert_eq!(missing(&call, &held(list)), expected);
    }

    fn writing(path: &str) -> VaultCall {
        VaultCall { operation: Operation::Write, ..VaultCall::read(path) }
    }
}
