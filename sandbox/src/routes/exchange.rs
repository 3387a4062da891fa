//! A request as it came, and the reply.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{object, protobuf, status::Status};

/// A request, read to its end.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A server-side apply; its path is still to be filled in.
    pub(crate) fn apply(manifest: &str) -> Self {
        let media = HeaderValue::from_static("application/apply-patch+yaml");
        Self {
            method: Method::PATCH,
            path: String::new(),
            query: vec![("fieldManager".to_owned(), "sandbox".to_owned())],
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, media)]),
            body: Bytes::copy_from_slice(manifest.as_bytes()),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn content_type(&self) -> &str {
        self.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
    }

    /// Whether nothing may be kept. A delete with a body says so there, and its query is not read.
    pub(crate) fn is_dry_run(&self) -> bool {
        if self.method == Method::DELETE && !self.body.is_empty() {
            return self.decode().is_ok_and(|o| object::array(&o, "/dryRun").contains(&"All".into()));
        }
        self.parameter("dryRun") == "All"
    }

    /// The name that the writer's fields are kept under.
    pub(crate) fn field_manager(&self) -> String {
        match self.parameter("fieldManager") {
            "" => {
                let agent = self.header(header::USER_AGENT).split('/').next().unwrap_or_default();
                if agent.is_empty() { "unknown".to_owned() } else { agent.to_owned() }
            }
            name => name.to_owned(),
        }
    }

    /// The body as an object without nulls, from JSON, YAML, or protobuf where its kind is known in it. An empty body is an
    /// empty object.
    pub(crate) fn decode(&self) -> Result<Value, Status> {
        if self.content_type() == "application/vnd.kubernetes.protobuf" {
            return protobuf::decode(&self.body).map_err(|what| Status::unread_protobuf(&what));
        }
        let mut object = match serde_json::from_slice(&self.body) {
            _ if self.body.is_empty() => Value::Object(Default::default()),
            Ok(object) => object,
            Err(_) => serde_saphyr::from_slice(&self.body)
                .map_err(|e| Status::bad_request(format!("error decoding the body: {e}")))?,
        };
        if !object.is_object() {
            return Err(Status::bad_request("the body is not an object"));
        }
        object::drop_nulls(&mut object);
        Ok(object)
    }
}

/// A reply: JSON of a `Status` or an object, or plain text.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(code: u16, body: &Value) -> Self {
        Self { code, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn typed(content_type: &'static str, body: &Value) -> Self {
        Self { content_type, ..Self::ok(body) }
    }

    pub(crate) fn text(code: u16, body: &str) -> Self {
        Self { code, content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    /// What the real server says of a path that it does not serve: no `Status`, this text.
    pub(crate) fn page_not_found() -> Self {
        Self::text(404, "404 page not found\n")
    }
}

impl From<Status> for Reply {
    fn from(status: Status) -> Self {
        Self::json(status.code, &status.body())
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, [(header::CONTENT_TYPE, self.content_type)], self.body).into_response()
    }
}
