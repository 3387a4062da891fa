//! The Secret of journals: made, continued, and never written over what another client has put there.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use trustpath_core::{Class, journal::Mirror as _};
use trustpath_platform::kubernetes::JournalSecret;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::support::{cluster, parts};

const COLLECTION: &str = "/api/v1/namespaces/locks/secrets";
const SECRET: &str = "/api/v1/namespaces/locks/secrets/trustpath-journals";

/// What another client does to the Secret.
type Edit = Box<dyn FnOnce(&mut Option<Value>) + Send>;

/// An API server that has room for one Secret, whose version changes with every write.
#[derive(Clone, Default)]
struct Api(Arc<Inside>);

#[derive(Default)]
struct Inside {
    secret: Mutex<Option<Value>>,
    versions: AtomicUsize,
    /// What is done before the next write is looked at.
    before: Mutex<Option<Edit>>,
    /// So many of the next writes are carried out, and answered with this status.
    loses: Mutex<(usize, u16)>,
    writes: AtomicUsize,
}

impl Api {
    async fn start() -> (Self, MockServer, JournalSecret) {
        let (api, server) = (Self::default(), MockServer::start().await);
        Mock::given(any()).respond_with(api.clone()).mount(&server).await;
        let secret = JournalSecret::new(&cluster(&server).await, "locks");
        (api, server, secret)
    }

    fn before_the_next_write(&self, what: impl FnOnce(&mut Option<Value>) + Send + 'static) {
        *self.0.before.lock().unwrap() = Some(Box::new(what));
    }

    fn version(&self) -> String {
        self.0.versions.fetch_add(1, Ordering::SeqCst).to_string()
    }

    fn data(&self) -> Value {
        let secret = self.0.secret.lock().unwrap();
        let data = secret.as_ref().map(|secret| secret["data"].clone()).unwrap_or_default();
        let text = |value: &Value| String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap();
        data.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), json!(text(value)))).collect()
    }

    fn write(&self, request: &Request) -> ResponseTemplate {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        let mut stored = self.0.secret.lock().unwrap();
        if let Some(before) = self.0.before.lock().unwrap().take() {
            before(&mut stored);
        }
        let mut body: Value = request.body_json().unwrap();
        let there = stored.as_ref().map(|secret| secret["metadata"]["resourceVersion"].clone());
        let refusal = match (request.method.as_str(), request.url.path(), there) {
            ("POST", COLLECTION, None) => None,
            ("PUT", SECRET, Some(version)) if version == body["metadata"]["resourceVersion"] => None,
            ("PUT", SECRET, None) => Some(404),
            ("POST", COLLECTION, Some(_)) | ("PUT", SECRET, Some(_)) => Some(409),
            other => panic!("{other:?}"),
        };
        if let Some(status) = refusal {
            return ResponseTemplate::new(status).set_body_json(json!({"kind": "Status", "code": status}));
        }
        body["metadata"]["resourceVersion"] = json!(self.version());
        *stored = Some(body.clone());
        let mut loses = self.0.loses.lock().unwrap();
        match loses.0 {
            0 => ResponseTemplate::new(200).set_body_json(body),
            _ => {
                loses.0 -= 1;
                ResponseTemplate::new(loses.1)
            }
        }
    }
}

impl Respond for Api {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if request.method.as_str() != "GET" {
            return self.write(request);
        }
        assert_eq!(request.url.path(), SECRET);
        match &*self.0.secret.lock().unwrap() {
            Some(secret) => ResponseTemplate::new(200).set_body_json(secret),
            None => ResponseTemplate::new(404),
        }
    }
}

/// Sets a key, as another client would.
fn set(secret: &mut Option<Value>, key: &str, text: &str, version: &str) {
    let secret =
        secret.get_or_insert_with(|| json!({"metadata": {"name": "trustpath-journals", "namespace": "locks"}}));
    secret["data"][key] = json!(STANDARD.encode(text));
    secret["metadata"]["resourceVersion"] = json!(version);
}

#[tokio::test]
async fn a_journal_is_kept_line_by_line_and_read_back() {
    let (api, server, secret) = Api::start().await;
    assert_eq!(secret.read().await.unwrap(), []);
    secret.keep("r", b"a\n").await.unwrap();
    secret.keep("r", b"a\nb\n").await.unwrap();
    secret.keep("r", b"a\nb\n").await.unwrap();
    assert_eq!(api.data(), json!({"r.jsonl": "a\nb\n"}));
    assert_eq!(api.0.writes.load(Ordering::SeqCst), 2, "what is there already is not written again");
    let other = JournalSecret::new(&cluster(&server).await, "locks");
    assert_eq!(other.read().await.unwrap(), [("r".to_owned(), b"a\nb\n".to_vec())]);
    assert_eq!(other.place(), "locks/trustpath-journals");
}

#[tokio::test]
async fn what_another_client_has_put_beside_it_stays() {
    let (api, _server, secret) = Api::start().await;
    // Made by another client right before us, then changed beside us, then removed.
    api.before_the_next_write(|found| set(found, "other.jsonl", "x\n", "made"));
    secret.keep("r", b"a\n").await.unwrap();
    assert_eq!(api.data(), json!({"other.jsonl": "x\n", "r.jsonl": "a\n"}));
    api.before_the_next_write(|found| set(found, "other.jsonl", "x\ny\n", "changed"));
    secret.keep("r", b"a\nb\n").await.unwrap();
    assert_eq!(api.data(), json!({"other.jsonl": "x\ny\n", "r.jsonl": "a\nb\n"}));
    api.before_the_next_write(|found| *found = None);
    secret.keep("r", b"a\nb\nc\n").await.unwrap();
    assert_eq!(api.data(), json!({"r.jsonl": "a\nb\nc\n"}));
}

#[tokio::test]
async fn a_run_that_another_client_has_continued_is_left_to_them() {
    let (api, _server, secret) = Api::start().await;
    secret.keep("r", b"a\n").await.unwrap();
    api.before_the_next_write(|found| set(found, "r.jsonl", "a\ntheirs\n", "theirs"));
    let (class, code, message, _) = parts(secret.keep("r", b"a\nb\n").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Conflict, "trustpath::journal::mirror_changed"));
    assert!(message.contains("locks/trustpath-journals"), "{message}");
    assert_eq!(api.data(), json!({"r.jsonl": "a\ntheirs\n"}));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_by_what_is_there() {
    let (api, _server, secret) = Api::start().await;
    // Repeated by the one retry policy: the second attempt finds the first one's version.
    for (lines, at) in [("a\n", "made"), ("a\nb\n", "replaced")] {
        *api.0.loses.lock().unwrap() = (1, 503);
        secret.keep("r", lines.as_bytes()).await.unwrap_or_else(|failure| panic!("{at}: {failure}"));
        assert_eq!(api.data(), json!({"r.jsonl": lines}));
    }
    // Not repeated: it is an error, and what comes next goes on from what is there.
    *api.0.loses.lock().unwrap() = (1, 500);
    let (class, code, ..) = parts(secret.keep("r", b"a\nb\nc\n").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Rejected, "trustpath::journal::unmirrored"));
    secret.keep("r", b"a\nb\nc\nd\n").await.unwrap();
    assert_eq!(api.data(), json!({"r.jsonl": "a\nb\nc\nd\n"}));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_it_is_sent() {
    let (api, _server, secret) = Api::start().await;
    let (class, code, ..) = parts(secret.keep("r", &vec![b'x'; (1 << 20) + 1]).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Refused, "trustpath::journal::mirror_full"));
    assert_eq!((api.data(), api.0.writes.load(Ordering::SeqCst)), (json!({}), 0));
}
