//! Connections and requests: each is let in, counted, passed on, or made to fail.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{
    answer::{Aborted, Whole, changed, cut, echo, forward, patient, plain},
    fault::Fault,
    line::{Line, Reset},
    seen::{Hidden, Seen, is_rehearsal, what_of},
    shared::{Refusal, Shared, lock},
};

/// How long to leave a listener alone that has no descriptors left.
const BREATH: Duration = Duration::from_millis(10);

pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Dropped with this task: no connection outlives its proxy.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let reset = Reset::default();
        // Without it answers are slower, and no less answers.
        stream.set_nodelay(true).ok();
        let line = Line::new(stream, reset.clone());
        if shared.refuses() {
            reset.set();
            continue;
        }
        connections.spawn(connection(line, tls.clone(), reset, shared.clone()));
    }
}

async fn connection(line: Line, tls: Option<TlsAcceptor>, reset: Reset, shared: Arc<Shared>) {
    match tls {
        None => requests(line, reset, shared).await,
        // A client that does not trust the certificate leaves here.
        Some(tls) => {
            if let Ok(stream) = tls.accept(line).await {
                requests(stream, reset, shared).await;
            }
        }
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin, reset: Reset, shared: Arc<Shared>) {
    let service = service_fn(|request| pass(request, reset.clone(), shared.clone()));
    // It ends with an error where the client hangs up, or the connection is to be reset.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn pass(request: hyper::Request<Incoming>, reset: Reset, shared: Arc<Shared>) -> Result<Response, Aborted> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), usize::MAX).await else { return Err(Aborted) };
    let arrived = Arrived::new(&shared, &parts, &body);
    let fault = lock(&shared.faults).take(&what_of(&parts.method, &parts.uri), is_rehearsal(arrived.query()));
    let answered = match fault {
        // What never gets an answer ends with the client's patience, and this with it.
        Some(Fault::StallBefore) => std::future::pending().await,
        Some(Fault::StallAfter) => {
            arrived.carried(carry(shared.clone(), parts, body, None)).await;
            std::future::pending().await
        }
        fault => arrived.carried(carry(shared.clone(), parts, body, fault)).await,
    };
    if fault == Some(Fault::CutBody) || answered.is_none() {
        reset.set();
    }
    let mut response = answered.ok_or(Aborted)?;
    if lock(&shared.refusal).is_some() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Carries a request to its end; `None` where its connection is to be reset.
async fn carry(shared: Arc<Shared>, parts: Parts, body: Bytes, fault: Option<Fault>) -> Option<Response> {
    let forward = forward(&shared.client, &shared.upstream, &parts, body.clone());
    match fault {
        None | Some(Fault::StallBefore | Fault::StallAfter) => Some(forward.await),
        Some(Fault::Refuse(status)) => Some(plain(status, r#"{"errors":["refused by the proxy"]}"#)),
        Some(Fault::RefuseFor(status, seconds)) => Some(patient(status, seconds)),
        Some(Fault::Echo(status)) => Some(echo(status, &parts, &body, false)),
        Some(Fault::EchoPage(status)) => Some(echo(status, &parts, &body, true)),
        Some(Fault::Garble(number)) => Some(changed(forward.await, number).await),
        Some(Fault::LoseAnswer(status)) => {
            forward.await;
            Some(plain(status, r#"{"errors":["the answer was lost"]}"#))
        }
        Some(Fault::ResetBefore) => None,
        Some(Fault::ResetAfter) => {
            forward.await;
            None
        }
        Some(Fault::CutBody) => Some(cut(forward.await).await),
        Some(Fault::Hold) => {
            let discarded = shared.ordered().await;
            if discarded { None } else { Some(forward.await) }
        }
        Some(Fault::Withhold) => {
            let response = forward.await;
            let discarded = shared.ordered().await;
            (!discarded).then_some(response)
        }
    }
}

/// A request that has arrived: it is under way until it is answered, or no one waits for an answer that never comes.
struct Arrived {
    shared: Arc<Shared>,
    seen: Seen,
}

impl Arrived {
    fn new(shared: &Arc<Shared>, parts: &Parts, body: &Bytes) -> Self {
        let seen = Seen::arrived(parts, body);
        shared.under_way.send_modify(|requests| *requests += 1);
        lock(&shared.seen).push(seen.clone());
        shared.news.send_modify(|news| *news += 1);
        Self { shared: shared.clone(), seen }
    }

    fn query(&self) -> &str {
        &self.seen.query
    }

    /// Does the work in a task of its own, so that a client that hangs up does not recall it.
    async fn carried(self, work: impl Future<Output = Option<Response>> + Send + 'static) -> Option<Response> {
        let task = tokio::spawn(async move {
            let response = work.await;
            self.answered(response.as_ref());
            response
        });
        task.await.unwrap_or_else(|_| Some(plain(500, "the proxy failed")))
    }

    fn answered(&self, response: Option<&Response>) {
        let whole = response.and_then(|response| response.extensions().get::<Whole>());
        let mut all = lock(&self.shared.seen);
        // It is gone from the list where that was forgotten in between.
        if let Some(seen) = all.iter_mut().find(|seen| seen.at == self.seen.at && seen.path == self.seen.path) {
            seen.status = response.map_or(0, |response| response.status().as_u16());
            seen.answer = Hidden(whole.map(|Whole(body)| body.clone()).unwrap_or_default());
        }
    }
}

impl Drop for Arrived {
    fn drop(&mut self) {
        self.shared.under_way.send_modify(|requests| *requests -= 1);
        self.shared.news.send_modify(|news| *news += 1);
    }
}

impl Shared {
    /// Counts a connection, and says whether it is turned away.
    fn refuses(&self) -> bool {
        let mut refusal = lock(&self.refusal);
        let Some(Refusal { let_in, left, refused }) = refusal.as_mut() else { return false };
        match (*let_in, *left) {
            (1.., _) => *let_in -= 1,
            (0, 0) => {}
            (0, 1..) => {
                (*left, *refused) = (*left - 1, *refused + 1);
                return true;
            }
        }
        false
    }
}
