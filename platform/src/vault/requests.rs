//! What a step asks of Vault.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Mount, Resend, Vault,
    call::VaultCall,
    reply::{LoggedIn, Reply, VaultEnvelope},
};
use crate::{
    error::{Error, ErrorKind},
    exchange::HttpAnswer,
    text::clean,
};

impl Vault {
    /// Reads the `data` at a path; `None` where there is nothing, or nothing mounted.
    ///
    /// # Errors
    /// When Vault cannot be reached or denies it, or the data is not a `T`.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let call = VaultCall::read(path);
        let Some(answer) = self.found(&call).await? else { return Ok(None) };
        let envelope = answer.parse::<VaultEnvelope<T>>(&call)?;
        self.warned(envelope.warnings);
        Ok(envelope.data)
    }

    /// The auth mounts, where they were read before and nothing was mounted since.
    pub(super) fn auth_mounts_seen(&self) -> Option<BTreeMap<String, Mount>> {
        let seen = self.server.seen_mounts.of(self.namespace())?;
        serde_json::from_slice::<VaultEnvelope<_>>(&seen).ok()?.data
    }

    /// Lists the names below a path, those of folders with a slash at the end; empty where there is nothing.
    pub async fn list(&self, path: &str) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Listing {
            keys: Vec<String>,
        }
        let call = VaultCall::list(path);
        let Some(answer) = self.found(&call).await? else { return Ok(Vec::new()) };
        Ok(answer.parse::<VaultEnvelope<Listing>>(&call)?.data.map(|data| data.keys).unwrap_or_default())
    }

    /// Writes how something should be, as [`Resend::Repeated`].
    ///
    /// # Errors
    /// When Vault refuses, or cannot be reached: then it may or may not have been written.
    pub async fn write(&self, path: &str, body: &impl Serialize) -> Result<Reply, Error> {
        self.write_as(Resend::Repeated, path, body).await
    }

    /// As [`Vault::write`], and sent again when this says.
    pub async fn write_as(&self, resend: Resend, path: &str, body: &impl Serialize) -> Result<Reply, Error> {
        self.written(VaultCall { resend, ..VaultCall::write(path, body)? }).await
    }

    /// Removes what is at a path. Nothing there is success.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        self.found(&VaultCall::delete(path)).await.map(drop)
    }

    /// Logs in at `auth/<mount>/login`. This connection's own token is not sent.
    ///
    /// # Errors
    /// When Vault turns the login away; [`Error::status`] and [`Error::said`] tell why, as far as Vault does.
    pub async fn login(&self, path: &str, body: &impl Serialize) -> Result<LoggedIn, Error> {
        let call = VaultCall { resend: Resend::Once, locked: false, ..VaultCall::write(path, body)? };
        let answer = self.with_token(&SecretString::default()).call(&call).await?;
        let envelope: VaultEnvelope<Value> = answer.parse(&call)?;
        let none = || {
            let error = call.error(ErrorKind::Malformed, "Vault answers the login without a token");
            error.help("see whether the path is the login of an auth method")
        };
        if let Some(held_back) = envelope.held_back() {
            let error = call.error(ErrorKind::Rejected, "Vault answers the login, and holds the token back");
            return Err(error.answered(answer.status, [held_back.to_owned()]));
        }
        let auth = envelope.auth.ok_or_else(none)?;
        self.warned(envelope.warnings);
        Ok(auth.into_login())
    }

    pub(super) async fn written(&self, call: VaultCall) -> Result<Reply, Error> {
        let answer = self.asked(&call).await?;
        if answer.body.is_empty() {
            return Ok(Reply::default());
        }
        let envelope: VaultEnvelope<Value> = answer.parse(&call)?;
        self.warned(envelope.warnings);
        Ok(Reply(envelope.data.unwrap_or_default()))
    }

    /// Tells what the server warns of, safe to show.
    fn warned(&self, raw: Option<Vec<String>>) {
        let held = self.credentials();
        let warnings: Vec<_> = raw.iter().flatten().map(|warning| held.hide(&clean(warning))).collect();
        self.server.heard.note(&warnings);
    }

    /// A call whose denial is explained.
    async fn asked(&self, call: &VaultCall) -> Result<HttpAnswer, Error> {
        match self.call(call).await {
            Err(error) if error.kind() == ErrorKind::Denied => Err(self.explain(call, error).await),
            other => other,
        }
    }

    /// The same; `None` where nothing is at the path.
    async fn found(&self, call: &VaultCall) -> Result<Option<HttpAnswer>, Error> {
        Error::or_none(self.asked(call).await, &[ErrorKind::NotFound])
    }
}
