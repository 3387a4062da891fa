//! What is wrong with a variable, or with a file that it names. No value is repeated: it may be a secret.

use std::path::Path;

use trustpath_core::{Class, Problem};

pub(super) fn unusable(name: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::vault::setting", format!("the value of {name} cannot be used"))
}

pub(super) fn unreadable(path: &Path, what: &str) -> Problem {
    let message = format!("{} ({what}) cannot be read", path.display());
    Problem::new(Class::Config, "trustpath::vault::file", message).help("see whether it is there, and yours to read")
}
