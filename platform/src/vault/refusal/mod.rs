//! Why a login by the Kubernetes auth method was turned away. Servers tell by text alone, and not always.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::text::listed;

/// What a server says that gives no reason.
const DENIED: &str = "permission denied";

/// The texts of both families: the Kubernetes auth plugins (0.23.1 for HashiCorp Vault, and that of OpenBao 2.7.2; their texts
/// are the same), `hashicorp/cap` 0.11, which checks the JWT for both, and the servers' core before and after the plugin. The
/// first row that fits counts.
static TABLE: LazyLock<Vec<LoginRefusal>> =
    LazyLock::new(|| include_str!("table.md").lines().filter_map(LoginRefusal::row).collect());

/// One cause of a refused login, and the texts by which servers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRefusal {
    /// Its name, which stays.
    pub cause: &'static str,
    /// What is in the server's words.
    pub texts: Vec<&'static str>,
    /// Why, in the field's words. After a colon at its end come the server's own.
    pub why: &'static str,
    /// What to do next.
    pub next: &'static str,
}

impl LoginRefusal {
    /// Every cause that is known.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The cause that a server's words tell, if it is a known one.
    pub fn of(said: &[String]) -> Option<&'static Self> {
        TABLE.iter().find(|refusal| refusal.is_told_by(said))
    }

    /// Whether the server gave no reason.
    pub fn is_bare(&self) -> bool {
        self.texts == [DENIED]
    }

    /// Other words beside a denial are its reason.
    fn is_told_by(&self, said: &[String]) -> bool {
        match self.is_bare() {
            true => !said.is_empty() && said.iter().all(|words| words == DENIED),
            false => said.iter().any(|words| self.texts.iter().any(|text| words.contains(text))),
        }
    }

    fn row(line: &'static str) -> Option<Self> {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [cause, texts, why, next] = cells[..] else { return None };
        Some(Self { cause, texts: texts.split('`').skip(1).step_by(2).collect(), why, next })
    }
}

/// Why a login was turned away, and what to do next. Of a cause that is not known, the server's own words, and no guess.
pub fn explain(status: Option<u16>, said: &[String]) -> (String, String) {
    let words = listed(said);
    let Some(refusal) = LoginRefusal::of(said) else {
        let status = status.map_or_else(String::new, |status| format!(" with {status}"));
        let words = if words.is_empty() { "and says nothing".to_owned() } else { format!("and says: {words}") };
        let next = "this answer is not known here: see what Vault's log says about it";
        return (format!("Vault turns the login away{status} {words}"), next.to_owned());
    };
    let words = if refusal.why.ends_with(':') { format!(" {words}") } else { String::new() };
    (format!("{}{words}", refusal.why), refusal.next.to_owned())
}
