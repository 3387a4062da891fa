//! Headers for what stands before Vault: those of `[connections.vault] headers`, and of `VAULT_HEADERS`.

use std::{collections::BTreeMap, path::PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use trustpath_core::{Class, Problem};

use super::setting_problem::{unreadable, unusable};
use crate::{
    Environment,
    connections::{HeaderKey, HeldOutside},
};

/// The value of a header, or the file with it.
#[derive(Debug, Clone)]
pub(super) enum HeaderText {
    Value(SecretString),
    File(PathBuf),
}

pub(super) type HeaderTexts = BTreeMap<HeaderKey, HeaderText>;

/// The headers that both name; the graph file's win. Pure: files are read when Vault is opened.
pub(super) fn headers(
    environment: &Environment,
    named: &BTreeMap<HeaderKey, HeldOutside>,
) -> Result<HeaderTexts, Problem> {
    let mut found = from_variable(environment)?;
    for (name, held) in named {
        let text = match held {
            HeldOutside::File(path) => HeaderText::File(path.clone()),
            HeldOutside::Env(variable) => match environment.get(variable) {
                Some(value) => HeaderText::Value(SecretString::from(value)),
                None => return Err(unset(name, variable)),
            },
        };
        found.insert(name.clone(), text);
    }
    Ok(found)
}

/// `VAULT_HEADERS` is an object of JSON (`vault/api` 1.22, `NewClient`); serde's words are left out, they may quote a value.
fn from_variable(environment: &Environment) -> Result<HeaderTexts, Problem> {
    let Some(text) = environment.vault("HEADERS")? else { return Ok(HeaderTexts::default()) };
    let found = serde_json::from_str::<BTreeMap<HeaderKey, String>>(text).map_err(|_| {
        unusable("VAULT_HEADERS")
            .help("it is an object of JSON such as {\"X-Name\": \"value\"}, without names in X-Vault-")
    })?;
    Ok(found.into_iter().map(|(name, value)| (name, HeaderText::Value(SecretString::from(value)))).collect())
}

/// The headers as they are sent, and their values, which are shown nowhere.
pub(super) fn read(texts: &HeaderTexts) -> Result<(HeaderMap, Vec<SecretString>), Problem> {
    let (mut headers, mut values) = (HeaderMap::new(), Vec::new());
    for (name, text) in texts {
        let value = match text {
            HeaderText::Value(value) => value.clone(),
            HeaderText::File(path) => {
                let what = format!("headers.{}", name.as_str());
                let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &what).because(error));
                SecretString::from(text?)
            }
        };
        let mut sent = HeaderValue::from_str(value.expose_secret().trim()).map_err(|_| unsendable(name))?;
        sent.set_sensitive(true);
        headers.insert(HeaderName::try_from(name.as_str()).map_err(|_| unsendable(name))?, sent);
        values.push(value);
    }
    Ok((headers, values))
}

fn unset(name: &HeaderKey, variable: &str) -> Problem {
    problem(format!("the header {} under [connections.vault] is in {variable}, which is not set", name.as_str()))
        .help(format!("export {variable}, or take the header out of the graph file"))
}

fn unsendable(name: &HeaderKey) -> Problem {
    problem(format!("the value of the header {} holds a line break or a control character", name.as_str()))
        .help("set it to one line of text")
}

fn problem(message: String) -> Problem {
    Problem::new(Class::Config, "trustpath::vault::header", message)
}
