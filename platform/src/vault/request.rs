//! The one way out of a request.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustify::{Endpoint as _, errors::ClientError};

use super::{Resend, Vault, answer, call::VaultCall, health};
use crate::{
    error::{Error, ErrorKind, System},
    exchange::{HttpAnswer, NoAnswer, traced},
    retry::Repeat,
    seen::Attempt,
};

impl Vault {
    /// Makes a request, with retries. An answer that is no success is an error.
    pub(super) async fn call(&self, call: &VaultCall) -> Result<HttpAnswer, Error> {
        call.check()?;
        let asked = AtomicBool::new(false);
        let limits = &self.server.limits;
        let repeat = if call.resend == Resend::Once { Repeat::Harmful } else { Repeat::Harmless };
        let kind = (repeat, call.operation.writes());
        let answer = limits.retry(kind, || self.attempt(call, &asked), || late(call, limits.total)).await;
        answer.map_err(|error| error.without(&self.credentials()))
    }

    /// One attempt. The first 503 asks the server whether it is sealed, which no patience fixes.
    async fn attempt(&self, call: &VaultCall, asked: &AtomicBool) -> Result<HttpAnswer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Vault).during(&call.operation.method(), &call.path));
        }
        let answer = self.exchange(call).await?;
        if answer.is_success() {
            if let Some(error) = answer::foreign(call, &answer) {
                return Err(error);
            }
            self.server.seen_mounts.note(self.namespace(), call, &answer);
            return Ok(answer);
        }
        if answer.status == 503
            && !asked.swap(true, Ordering::Relaxed)
            && self.health().await.is_ok_and(|health| health.sealed)
        {
            return Err(health::sealed().during(&call.operation.method(), &call.path));
        }
        let error = answer::refusal(call, &answer);
        let is_made = call.resend == Resend::Settling && answer.status == 404;
        Err(if is_made || is_beside_another(call, &error) { error.seen(Attempt::NotYet) } else { error })
    }

    /// Sends once and receives once, whatever the answer.
    pub(super) async fn exchange(&self, call: &VaultCall) -> Result<HttpAnswer, Error> {
        if !self.client.middle.token.is_empty() {
            self.server.asked.fetch_add(1, Ordering::Relaxed);
        }
        let result = traced(call, self.send(self.prepare(call)?)).await;
        if let Ok(answer) = &result
            && call.operation.writes()
        {
            self.server.states.note(&answer.headers);
        }
        result.map_err(|why| why.error(call, &self.client.http.base))
    }

    async fn send(&self, request: ::http::Request<Vec<u8>>) -> Result<HttpAnswer, NoAnswer> {
        let response = match reqwest::Request::try_from(request) {
            Ok(request) => self.client.http.http.execute(request).await,
            Err(error) => Err(error),
        };
        HttpAnswer::receive(response.map_err(|error| NoAnswer::Transport(error.into()))?.into()).await
    }

    fn prepare(&self, call: &VaultCall) -> Result<::http::Request<Vec<u8>>, Error> {
        let unspeakable =
            |error: ClientError| call.error(ErrorKind::InvalidRequest, "the request cannot be built").because(&error);
        let endpoint = call.clone().with_middleware(&self.client.middle);
        let mut request = endpoint.request(&self.client.http.base).map_err(unspeakable)?;
        let headers = request.headers_mut();
        if let Some(token) = headers.get_mut("X-Vault-Token") {
            token.set_sensitive(true);
        }
        if let Some(host) = self.server.host.as_deref().and_then(|host| host.parse().ok()) {
            headers.insert(::http::header::HOST, host);
        }
        self.server.states.require(headers);
        Ok(request)
    }
}

/// Whether a read failed because another came at the same time: OpenBao writes its indexes while it lists (2.7.2, the secret
/// IDs of an AppRole), and one of two such transactions fails.
fn is_beside_another(call: &VaultCall, error: &Error) -> bool {
    !call.operation.writes() && error.says("transaction commit failed")
}

/// The error for a request that was still under way when its time was over.
pub(super) fn late(call: &VaultCall, total: Duration) -> Error {
    call.error(ErrorKind::Timeout, format!("Vault did not answer within {} s", total.as_secs_f32()))
        .help("see whether Vault is overloaded; VAULT_CLIENT_TIMEOUT sets how long to wait")
}
