//! What the program was started with. Libraries do not look for themselves: the command line fills this once.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use trustpath_core::{Class, Problem};

/// Environment variables and the home directory. Its `Debug` names the variables and shows no value.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// The variables, and the home directory of the user where there is one.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, home: Option<PathBuf>) -> Self {
        Self { variables: variables.into_iter().collect(), home }
    }

    /// A variable; an empty one is as good as none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The home directory.
    pub fn home(&self) -> Option<&PathBuf> {
        self.home.as_ref()
    }

    /// A variable of Vault's CLI by its name without prefix: `ADDR` is `VAULT_ADDR`, or its twin `BAO_ADDR`.
    ///
    /// # Errors
    /// When both are set and disagree.
    pub fn vault(&self, name: &str) -> Result<Option<&str>, Problem> {
        let (vault, bao) = (format!("VAULT_{name}"), format!("BAO_{name}"));
        match (self.get(&vault), self.get(&bao)) {
            (Some(one), Some(other)) if one != other => Err(twins(&vault, &bao)),
            (one, other) => Ok(one.or(other)),
        }
    }
}

/// The values stay out of it: which variables hold secrets is not this function's to know.
fn twins(vault: &str, bao: &str) -> Problem {
    Problem::new(
        Class::Config,
        "trustpath::environment::twins",
        format!("{vault} and {bao} are both set, and disagree"),
    )
    .help(format!("unset one of the two: `unset {bao}`"))
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Environment").field("variables", &names).field("home", &self.home).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
    }

    #[test]
    fn twins_agree_or_one_is_enough() {
        assert_eq!(environment(&[("VAULT_ADDR", "a")]).vault("ADDR").unwrap(), Some("a"));
        assert_eq!(environment(&[("BAO_ADDR", "a")]).vault("ADDR").unwrap(), Some("a"));
        assert_eq!(environment(&[("BAO_ADDR", "a"), ("VAULT_ADDR", "a")]).vault("ADDR").unwrap(), Some("a"));
        assert_eq!(environment(&[("BAO_ADDR", "a"), ("VAULT_ADDR", "")]).vault("ADDR").unwrap(), Some("a"));
        assert_eq!(environment(&[]).vault("ADDR").unwrap(), None);
    }

    #[test]
    fn twins_that_disagree_are_named_without_their_values() {
        let both = environment(&[("BAO_TOKEN", "s.one"), ("VAULT_TOKEN", "s.two")]);
        let error = both.vault("TOKEN").unwrap_err().to_string();
        assert_eq!(error, "VAULT_TOKEN and BAO_TOKEN are both set, and disagree");
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", environment(&[("VAULT_TOKEN", "s.secret")])).contains("s.secret"));
    }
}
