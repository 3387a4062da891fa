//! Canaries: secrets that a run holds, proven to be held, and looked for everywhere where they must not be.

mod forms;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

pub use self::forms::TELLING;
use crate::proxy::Seen;

/// The secrets of one case. It shows none of them.
#[derive(Default)]
pub struct Canaries {
    watched: BTreeMap<String, Canary>,
}

struct Canary {
    secret: String,
    forms: Vec<(&'static str, Vec<u8>)>,
    /// How it is known that the program had it.
    held: Option<&'static str>,
}

/// A secret that is where it must not be. It names the secret, and does not show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// Which secret.
    pub secret: String,
    /// In which form.
    pub form: &'static str,
    /// From which byte on.
    pub at: usize,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, at byte {}", self.secret, self.form, self.at)
    }
}

impl Canaries {
    /// Looks for this secret from now on.
    ///
    /// # Panics
    /// When it is too short to be told from other text.
    pub fn watch(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= TELLING, "{name} is too short to be looked for");
        let canary = Canary { secret: secret.to_owned(), forms: forms::of(secret), held: None };
        self.watched.insert(name.to_owned(), canary);
    }

    /// Notes how it is known that the program had a secret.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn held(&mut self, name: &str, by: &'static str) {
        self.watched.get_mut(name).unwrap_or_else(|| panic!("{name} is not watched")).held = Some(by);
    }

    /// Notes which secrets were sent by the program, or answered to it.
    pub fn saw(&mut self, requests: &[Seen]) {
        for canary in self.watched.values_mut() {
            let secret = canary.secret.as_bytes();
            // A key or a JWT is escaped in no other way than JSON's, and base64 is how a Secret holds it.
            let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret);
            let is_in = |bytes: &[u8]| find(bytes, secret).is_some() || find(bytes, encoded.as_bytes()).is_some();
            for request in requests {
                if request.headers.0.values().any(|value| is_in(value.as_bytes())) {
                    canary.held = canary.held.or(Some("it is in a header that was sent"));
                }
                if is_in(&request.body.0) {
                    canary.held = canary.held.or(Some("it is in a body that was sent"));
                }
                if is_in(&request.answer.0) {
                    canary.held = canary.held.or(Some("it is in an answer"));
                }
            }
        }
    }

    /// The secrets that nothing shows the program to have had.
    pub fn unproven(&self) -> Vec<&str> {
        self.watched.iter().filter(|(_, canary)| canary.held.is_none()).map(|(name, _)| name.as_str()).collect()
    }

    /// Every secret that is somewhere in these bytes.
    pub fn leaks(&self, bytes: &[u8]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for (name, canary) in &self.watched {
            for (form, needle) in &canary.forms {
                leaks.extend(find(bytes, needle).map(|at| Leak { secret: name.clone(), form, at }));
            }
        }
        leaks
    }

    /// Fails with each secret that is in these bytes.
    ///
    /// # Panics
    /// When there is one.
    pub fn assert_absent(&self, place: &str, bytes: impl AsRef<[u8]>) {
        let leaks: Vec<_> = self.leaks(bytes.as_ref()).iter().map(Leak::to_string).collect();
        assert!(leaks.is_empty(), "a secret is in {place}: {}", leaks.join("; "));
    }

    /// Fails with each secret that is in a file below a directory, or in its name; returns how many were looked through.
    ///
    /// # Panics
    /// When there is one.
    pub fn assert_absent_below(&self, directory: &Path, but: &[PathBuf]) -> usize {
        let mut looked = 0;
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let path = entry.expect("an entry of a directory").path();
            if but.contains(&path) {
                continue;
            }
            self.assert_absent("the name of a file", path.display().to_string());
            if path.is_dir() {
                looked += self.assert_absent_below(&path, but);
            } else {
                let bytes = std::fs::read(&path).expect("a file of the case's own");
                self.assert_absent(&path.display().to_string(), bytes);
                looked += 1;
            }
        }
        looked
    }
}

/// Where some bytes are in others. Bytes, not lines: what is in no text counts too.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests;
