//! The token that no variable holds: what the command lines' token helper gives, or the file that they keep it in.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::LazyLock,
};

use regex_lite::Regex;
use secrecy::SecretString;
use tokio::{process::Command, time::timeout};
use trustpath_core::{Class, Problem};

use super::{VaultSettings, setting_problem::unreadable, settings::usable_token};
use crate::{hide::shapes, text::clean};

/// The token; `None` where there is none, as before an agent that adds its own.
pub(super) async fn token(settings: &VaultSettings) -> Result<Option<SecretString>, Problem> {
    if let Some(token) = &settings.token {
        return Ok(Some(token.clone()));
    }
    for config in &settings.cli_configs {
        if let Some(helper) = read(config, "token_helper")?.as_deref().and_then(named_helper) {
            return from_helper(&helper, settings).await;
        }
    }
    let Some(path) = &settings.token_file else { return Ok(None) };
    match read(path, "the token's file")? {
        Some(text) => usable_token(&text, &path.display().to_string()),
        None => Ok(None),
    }
}

/// A file's text; `None` where it is not there. What is no file, or no text, is none of the command lines'.
fn read(path: &Path, what: &str) -> Result<Option<String>, Problem> {
    use io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, NotFound};
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory | InvalidData) => Ok(None),
        Err(error) => Err(unreadable(path, what).because(error)),
    }
}

/// The one key of the command lines' own file, in HCL or JSON (`cliconfig/config.go`).
fn named_helper(text: &str) -> Option<PathBuf> {
    static HELPER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?m)^[\s{]*"?token_helper"?\s*[=:]\s*"((?:[^"\\]|\\.)+)""#).expect("a pattern of this file")
    });
    let quoted = format!("\"{}\"", &HELPER.captures(text)?[1]);
    Some(PathBuf::from(serde_json::from_str::<String>(&quoted).ok()?))
}

/// What `HELPER get` prints (`tokenhelper/helper_external.go`). Its words are shown when it fails, without what looks like a secret.
async fn from_helper(helper: &Path, settings: &VaultSettings) -> Result<Option<SecretString>, Problem> {
    let shown = helper.display();
    let failed = |why: String| {
        let message = format!("the token helper {shown} gives no token: {why}");
        Problem::new(Class::Config, "trustpath::vault::token_helper", message).help(format!(
            "run `{shown} get` to see why, or set VAULT_TOKEN; ~/.vault, or VAULT_CONFIG_PATH, names the helper"
        ))
    };
    let path = std::path::absolute(helper).map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(path);
    command.arg("get").stdin(Stdio::null()).kill_on_drop(true);
    let Output { status, stdout, stderr } = match timeout(settings.limits.total, command.output()).await {
        Ok(ran) => ran.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("it does not end within {} s", settings.limits.total.as_secs_f32()))),
    };
    if !status.success() {
        return Err(failed(format!("{status}: {}", shapes(&clean(&String::from_utf8_lossy(&stderr))))));
    }
    usable_token(&String::from_utf8_lossy(&stdout), &format!("what {shown} prints"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helper_is_named_in_hcl_or_json() {
        for text in ["token_helper = \"/h\"", "# c\n  token_helper=\"/h\"\n", "{\"token_helper\": \"/h\"}"] {
            assert_eq!(named_helper(text), Some(PathBuf::from("/h")), "{text}");
        }
        for text in ["", "# token_helper = \"/h\"", "token_helper = \"\"", "$ANSIBLE_VAULT;1.1;AES256"] {
            assert_eq!(named_helper(text), None, "{text}");
        }
    }
}
