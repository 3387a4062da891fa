//! What a token may do at paths.
//!
//! Asked in parts: servers limit what one request may hold (OpenBao 1,000 texts, `max_request_json_strings`), and there
//! are as many paths as a graph or a policy has.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{Vault, call::VaultCall, reply::VaultEnvelope};
use crate::error::Error;

/// How many paths one request asks about.
const PART: usize = 200;
/// How many requests are under way at the same time.
const AT_ONCE: usize = 8;

/// The capabilities that a token has, by path.
pub(super) type Held = BTreeMap<String, Vec<String>>;

/// How many requests it takes to ask about so many paths.
pub(super) fn parts(paths: usize) -> usize {
    paths.div_ceil(PART)
}

impl Vault {
    /// What this connection's own token may do at each path. Vault leaves parameter rules out of the answer.
    ///
    /// # Errors
    /// When Vault denies it, as it does without the default policy: that is not looked into.
    pub async fn capabilities(&self, paths: &[&str]) -> Result<Held, Error> {
        by_parts(paths, |part| async move {
            let call = VaultCall::write("sys/capabilities-self", &json!({ "paths": part }))?;
            let envelope: VaultEnvelope<Value> = self.call(&call).await?.parse(&call)?;
            Ok(only(part, envelope.data.unwrap_or_default()))
        })
        .await
    }
}

pub(super) async fn by_parts<'a, F>(paths: &'a [&'a str], ask: impl Fn(&'a [&'a str]) -> F) -> Result<Held, Error>
where
    F: Future<Output = Result<Held, Error>>,
{
    let parts: Vec<_> = paths.chunks(PART).map(ask).collect();
    stream::iter(parts).buffer_unordered(AT_ONCE).try_concat().await
}

/// What the answer says about the paths that were asked about, and nothing else that is in it.
pub(super) fn only(paths: &[&str], mut answer: Value) -> Held {
    let held = |path: &&str| Some(((*path).to_owned(), serde_json::from_value(answer.get_mut(*path)?.take()).ok()?));
    paths.iter().filter_map(held).collect()
}
