//! The one way out of a request.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustify::{Endpoint as _, errors::ClientError};

use super::{Vault, answer, call::Call, health};
use crate::{
    error::{Error, Kind, System},
    exchange::{Answer, NoAnswer, traced},
    seen::Seen,
};

impl Vault {
    /// Makes a request, with retries. An answer that is no success is an error.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, Error> {
        call.check()?;
        let asked = AtomicBool::new(false);
        let limits = &self.server.limits;
        let kind = (call.repeat, call.verb.writes());
        let answer = limits.retry(kind, || self.attempt(call, &asked), || late(call, limits.total)).await;
        answer.map_err(|error| error.without(&self.credentials()))
    }

    /// One attempt. The first 503 asks the server whether it is sealed, which no patience mends.
    async fn attempt(&self, call: &Call, asked: &AtomicBool) -> Result<Answer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Vault).during(&call.verb.method(), &call.path));
        }
        let answer = self.exchange(call).await?;
        if answer.is_success() {
            self.server.seen_mounts.note(self.namespace(), call, &answer);
            return Ok(answer);
        }
        if answer.status == 503
            && !asked.swap(true, Ordering::Relaxed)
            && self.health().await.is_ok_and(|health| health.sealed)
        {
            return Err(health::sealed().during(&call.verb.method(), &call.path));
        }
        let error = answer::refusal(call, &answer);
        let is_made = call.settling && answer.status == 404;
        Err(if is_made || is_beside_another(call, &error) { error.seen(Seen::NotYet) } else { error })
    }

    /// Sends once and receives once, whatever the answer.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Answer, Error> {
        if !self.client.middle.token.is_empty() {
            self.server.asked.fetch_add(1, Ordering::Relaxed);
        }
        let result = traced(call, self.send(self.prepare(call)?)).await;
        if let Ok(answer) = &result
            && call.verb.writes()
        {
            self.server.states.note(&answer.headers);
        }
        result.map_err(|why| why.error(call, &self.client.http.base))
    }

    async fn send(&self, request: ::http::Request<Vec<u8>>) -> Result<Answer, NoAnswer> {
        let response = match reqwest::Request::try_from(request) {
            Ok(request) => self.client.http.http.execute(request).await,
            Err(error) => Err(error),
        };
        Answer::receive(response.map_err(|error| NoAnswer::Transport(error.into()))?.into()).await
    }

    fn prepare(&self, call: &Call) -> Result<::http::Request<Vec<u8>>, Error> {
        let unspeakable =
            |error: ClientError| call.error(Kind::Unspeakable, "the request cannot be built").because(&error);
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
fn is_beside_another(call: &Call, error: &Error) -> bool {
    !call.verb.writes() && error.says("transaction commit failed")
}

/// The error for a request that was still under way when its time was over.
pub(super) fn late(call: &Call, total: Duration) -> Error {
    call.error(Kind::Timeout, format!("Vault did not answer within {} s", total.as_secs_f32()))
        .help("see whether Vault is overloaded; VAULT_CLIENT_TIMEOUT sets how long to wait")
}
