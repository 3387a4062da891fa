use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use rand::distr::{Alphanumeric, SampleString};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{Error, Result};

/// Runs what blocks, for minutes perhaps, beside the async tasks.
pub(crate) async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::Io { what: "finish work in the background".into(), source: source.into() })?
}

/// Readable by this user alone: there are keys and tokens in it.
pub(crate) fn temporary_directory(server: &str) -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix(&format!("trustpath-{server}-"))
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(Error::io("create a temporary directory"))
}

/// A root token that no one else on the machine can guess.
pub(crate) fn random_token() -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), 32).into()
}
