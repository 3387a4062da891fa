//! The one way out of a request.

use http::{HeaderValue, header::AUTHORIZATION};
use kube::client::Body;
use miette::Diagnostic as _;
use serde::de::DeserializeOwned;
use trustpath_core::Problem;

use super::{Cluster, answer, call::KubernetesCall};
use crate::{
    error::{Error, ErrorKind, System},
    exchange::{HttpAnswer, NoAnswer, traced},
    retry::Repeat,
    text::clean,
};

impl Cluster {
    /// Makes a request, and reads what is answered.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &KubernetesCall) -> Result<T, Error> {
        self.call(call).await?.parse(call)
    }

    /// Makes a request, with retries. An answer that is no success is an error.
    pub(super) async fn call(&self, call: &KubernetesCall) -> Result<HttpAnswer, Error> {
        let limits = &self.limits;
        let late = || {
            call.error(ErrorKind::Timeout, format!("Kubernetes did not answer within {} s", limits.total.as_secs_f32()))
                .help("see whether the API server is overloaded")
        };
        let answer = limits.retry((Repeat::Harmless, call.writes()), || self.attempt(call), late).await;
        let answer = answer.map_err(|error| error.without(&self.server.held))?;
        // What is listed to see whether a namespace is empty is of every type, deprecated ones too: no one can do anything
        // about that.
        if !call.method().is_safe() {
            let headers = answer.headers.get_all(http::header::WARNING).iter().filter_map(|value| value.to_str().ok());
            let warnings: Vec<_> = headers.map(|header| self.server.held.hide(&warning(header))).collect();
            self.server.heard.note(&warnings);
        }
        Ok(answer)
    }

    async fn attempt(&self, call: &KubernetesCall) -> Result<HttpAnswer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Kubernetes).during(call.method(), call.path()));
        }
        let header = self.credentials.header().await.map_err(|problem| no_credentials(call, &problem))?;
        let answer = traced(call, self.exchange(call, header)).await;
        let answer = answer.map_err(|why| why.error(call, &self.api_server().url))?;
        if answer.status == 401 {
            self.credentials.refused().await;
        }
        if answer.is_success() { Ok(answer) } else { Err(answer::refusal(call, &answer)) }
    }

    async fn exchange(&self, call: &KubernetesCall, header: Option<HeaderValue>) -> Result<HttpAnswer, NoAnswer> {
        let mut request = call.request.clone().map(Body::from);
        request.headers_mut().extend(header.map(|header| (AUTHORIZATION, header)));
        let response = self.opening.send(request, |request| self.client.send(request)).await;
        HttpAnswer::receive(response.map_err(|error| NoAnswer::Transport(error.into()))?).await
    }
}

fn no_credentials(call: &KubernetesCall, problem: &Problem) -> Error {
    let help = problem.help().map(|help| help.to_string()).unwrap_or_default();
    call.error(ErrorKind::Unauthenticated, problem.to_string()).help(help)
}

/// `299 - "text"`: what is between the quotes.
fn warning(header: &str) -> String {
    let inside = header.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text);
    clean(&inside.unwrap_or(header).replace("\\\"", "\""))
}
