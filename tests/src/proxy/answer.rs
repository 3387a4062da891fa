//! Answers: those of the server, passed on, and those in its place.

use std::io;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::{StreamExt, stream};
use serde_json::json;

use super::garble::garbled;

/// Sends a request on, and brings the server's answer back whole.
pub(super) async fn forward(client: &reqwest::Client, upstream: &str, parts: &Parts, body: Bytes) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = parts.headers.clone();
    for hop in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(hop);
    }
    let request = client.request(parts.method.clone(), format!("{upstream}{path}"));
    match request.headers(headers).body(body).send().await {
        Ok(response) => copied(response).await,
        Err(error) => plain(502, &format!("the server behind the proxy: {error}")),
    }
}

async fn copied(response: reqwest::Response) -> Response {
    let (status, mut headers) = (response.status(), response.headers().clone());
    for hop in [header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::CONNECTION] {
        headers.remove(hop);
    }
    match response.bytes().await {
        Ok(body) => {
            let mut copy = Response::new(Body::from(body.clone()));
            *copy.status_mut() = status;
            *copy.headers_mut() = headers;
            copy.extensions_mut().insert(Whole(body));
            copy
        }
        Err(error) => plain(502, &format!("the server behind the proxy: {error}")),
    }
}

/// What a server has answered, beside what is passed on of it.
#[derive(Clone)]
pub(super) struct Whole(pub(super) Bytes);

/// An answer that sends back what came, as servers in debug mode and pages of proxies do: headers and body, as they are and
/// in base64.
pub(super) fn echo(status: u16, parts: &Parts, body: &Bytes, page: bool) -> Response {
    let headers =
        parts.headers.iter().map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
    let headers = headers.collect::<Vec<_>>().concat();
    let credentials = parts.headers.iter().filter(|(name, _)| SECRET.contains(&name.as_str()));
    let credentials = credentials.map(|(_, value)| value.as_bytes()).collect::<Vec<_>>().concat();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let encoded = [credentials.as_slice(), body].map(|bytes| STANDARD.encode(bytes));
    let words = [text(&credentials), text(body), encoded.join(" "), text(&headers)];
    if page {
        return plain(status, &format!("<pre>{}</pre>", words.join("\n")));
    }
    let answer = json!({
        "errors": words, "warnings": words,
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": words.join("; "),
    });
    plain(status, &answer.to_string())
}

/// The headers that hold credentials.
const SECRET: [&str; 3] = ["x-vault-token", "authorization", "proxy-authorization"];

pub(super) fn plain(status: u16, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// A refusal that says when to come back.
pub(super) fn patient(status: u16, seconds: u32) -> Response {
    let mut response = plain(status, r#"{"errors":["come back later"]}"#);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

/// The same answer with half of its body, and an end that is none. An answer without a body promises one.
pub(super) async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut body = axum::body::to_bytes(body, usize::MAX).await.expect("a body that is here already");
    if body.is_empty() {
        parts.status = StatusCode::OK;
        body = Bytes::from_static(br#"{"data":null}"#);
    }
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    // What was sent has to be under way before the connection breaks: the pause lets it be flushed.
    let pause = stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::other("cut"))
    });
    let pieces = stream::once(async { Ok(half) }).chain(pause);
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// The same answer with one thing changed in its body.
pub(super) async fn changed(response: Response, number: u64) -> Response {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body that is here already");
    Response::from_parts(parts, Body::from(garbled(&body, number)))
}

/// The connection is reset instead of an answer.
#[derive(Debug)]
pub(super) struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the proxy resets the connection")
    }
}

impl std::error::Error for Aborted {}
