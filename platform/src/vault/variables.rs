//! What the two command lines read and this program does not: named, not ignored.

use crate::Environment;

const FALSE: &[&str] = &["0", "f", "F", "false", "FALSE", "False"];
const TRUE: &[&str] = &["1", "t", "T", "true", "TRUE", "True"];

/// Variables without their prefix, the values with which they ask for what is done here anyway, and what is done instead.
/// From `ReadEnvironment` of `vault/api` 1.22 and `openbao/api/v2` 2.7, and `command/` of Vault 1.21.
pub const LEFT_OUT: &[(&str, &[&str], &str)] = &[
    ("ALLOW_PENDING_REMOVAL_DUPLICATE_HCL_ATTRIBUTES", &[], "a file with `token_helper` is read without it"),
    ("CLI_NO_COLOR", &[], "NO_COLOR is what takes colours away"),
    ("DETAILED", &[], "it is about tables that this program does not print"),
    ("DISABLE_REDIRECTS", TRUE, "no redirect is ever followed"),
    ("FORMAT", &[], "`--output json` is what sets the format"),
    ("MAX_RETRIES", &[], "what can be sent again is, within VAULT_CLIENT_TIMEOUT"),
    ("MFA", &[], "a token that needs no further factor is what works"),
    ("RATE_LIMIT", &[], "requests are not slowed down; where Vault asks for patience it is given"),
    ("SRV_LOOKUP", FALSE, "VAULT_ADDR has to name host and port themselves"),
    ("WRAP_TTL", &[], "no answer is wrapped"),
];

/// A line for each that is set.
pub(super) fn left_out(environment: &Environment) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, as_here, instead) in LEFT_OUT {
        for variable in [format!("VAULT_{name}"), format!("BAO_{name}")] {
            if environment.get(&variable).is_some_and(|value| !as_here.contains(&value)) {
                lines.push(format!("{variable} is not used here: {instead}"));
            }
        }
    }
    lines
}
