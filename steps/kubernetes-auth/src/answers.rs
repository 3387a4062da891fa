//! Answers by the names of their reads.

use serde::de::DeserializeOwned;
use trustpath_core::{Answer, Answers, Class, Problem, Result};

/// The name of the read of a key.
pub(crate) fn key_name(index: usize) -> String {
    format!("pem_keys[{index}]")
}

/// What every reading of this sort has.
pub(crate) fn read<T: DeserializeOwned>(answers: &Answers, name: &str) -> Result<T> {
    Ok(answers.get(name)?.ok_or_else(|| unread(name, answers.answer(name)))?)
}

fn unread(name: &str, answer: Option<&Answer>) -> Problem {
    let message = format!("`{name}` has to be known, and was not read: {answer:?}");
    Problem::new(Class::Internal, "trustpath::kubernetes_auth::unread", message)
        .help("this is a defect; please report it")
}
