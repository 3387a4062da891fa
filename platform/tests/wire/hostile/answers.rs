//! Answers of every sort: noise, JSON of any shape, the truth with one thing changed, what was sent coming back, and frames
//! that do not fit what is in them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
    frame: Frame,
}

#[derive(Debug, Clone)]
enum Body {
    Noise(Vec<u8>),
    Json(Value),
    /// The true answer, changed at one place.
    Changed(Index, Change),
    /// What was sent, in the places where a server puts its words.
    Echo(Echo),
    /// So many brackets.
    Deep(usize),
    True,
}

#[derive(Debug, Clone)]
enum Change {
    To(Value),
    Removed,
    Deep(usize),
}

#[derive(Debug, Clone, Copy)]
enum Echo {
    Plain,
    Json,
    Base64,
}

/// How a body is announced.
#[derive(Debug, Clone, Copy)]
enum Frame {
    Length,
    LongerThanIs,
    ShorterThanIs,
    UntilTheEnd,
    Chunks,
    BrokenChunk,
    /// It goes on and on.
    Endless,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::True, frame: Frame::Length }
    }
}

impl Answer {
    /// A body without an end.
    pub(super) fn endless() -> Self {
        Self { frame: Frame::Endless, ..Self::default() }
    }

    /// This document, which is well-formed.
    pub(super) fn document(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), ..Self::default() }
    }

    /// With a header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As it goes over the wire, and whether it ends there.
    pub(super) fn bytes(&self, truth: &Value, request: &[u8]) -> (Vec<u8>, bool) {
        let body = self.body.bytes(truth, request);
        let mut head = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let length = match self.frame {
            Frame::Length => Some(body.len()),
            Frame::LongerThanIs => Some(body.len() + 7),
            Frame::ShorterThanIs => Some(body.len() / 2),
            Frame::UntilTheEnd | Frame::Chunks | Frame::BrokenChunk | Frame::Endless => None,
        };
        let body = match self.frame {
            Frame::Chunks => [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat(),
            Frame::BrokenChunk => [b"ffffffffffffffff\r\n", &body[..]].concat(),
            _ => body,
        };
        if matches!(self.frame, Frame::Chunks | Frame::BrokenChunk) {
            head += "Transfer-Encoding: chunked\r\n";
        }
        head += &length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
        ([head.as_bytes(), b"\r\n", &body].concat(), matches!(self.frame, Frame::Endless))
    }
}

impl Body {
    fn bytes(&self, truth: &Value, request: &[u8]) -> Vec<u8> {
        match self {
            Self::Noise(bytes) => bytes.clone(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Deep(depth) => "[".repeat(*depth).into_bytes(),
            Self::True => truth.to_string().into_bytes(),
            Self::Changed(place, change) => change.of(truth, *place),
            Self::Echo(how) => how.of(&String::from_utf8_lossy(request)),
        }
    }
}

impl Change {
    fn of(&self, truth: &Value, place: Index) -> Vec<u8> {
        const PLACEHOLDER: &str = "@deep@";
        let mut changed = truth.clone();
        let places = pointers(truth);
        let at = place.get(&places);
        let value = match self {
            Self::To(value) => Some(value.clone()),
            Self::Removed => None,
            Self::Deep(_) => Some(PLACEHOLDER.into()),
        };
        put(&mut changed, at, value);
        let text = changed.to_string();
        match self {
            Self::Deep(depth) => {
                let deep = format!("{}{}", "[".repeat(*depth), "]".repeat(*depth));
                text.replace(&format!("\"{PLACEHOLDER}\""), &deep).into_bytes()
            }
            _ => text.into_bytes(),
        }
    }
}

impl Echo {
    fn of(self, request: &str) -> Vec<u8> {
        let words = match self {
            Self::Base64 => STANDARD.encode(request),
            _ => request.to_owned(),
        };
        match self {
            Self::Plain => words.into_bytes(),
            Self::Json | Self::Base64 => {
                json!({"errors": [words], "warnings": [words], "message": words, "kind": "Status", "reason": words})
                    .to_string()
                    .into_bytes()
            }
        }
    }
}

/// Every place of a document.
fn pointers(value: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        all.extend(pointers(value).into_iter().map(|rest| format!("/{name}{rest}")));
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
    all
}

fn put(value: &mut Value, at: &str, with: Option<Value>) {
    match (at.rsplit_once('/'), with) {
        (_, Some(with)) => *value.pointer_mut(at).expect("a place of it") = with,
        (None, None) => *value = Value::Null,
        (Some((above, name)), None) => {
            let name = name.replace("~1", "/").replace("~0", "~");
            match value.pointer_mut(above).expect("a place of it") {
                Value::Object(fields) => drop(fields.remove(&name)),
                Value::Array(items) => drop(items.remove(name.parse().expect("a number"))),
                _ => unreachable!("only these have something in them"),
            }
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        Just("\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\r\nfake line\u{0}".to_owned()),
        Just("x".repeat(100_000)),
        Just("\u{1f4a9}".repeat(2000)),
        Just(String::new()),
        Just("../../secret?x=1#y".to_owned()),
        Just("9999-99-99T99:99:99Z".to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(u64::MAX)),
        Just(Value::from(i64::MIN)),
        Just(Value::from(f64::MAX)),
        text().prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 32, 5, |inner| {
        let name = prop_oneof![
            "[a-z]{1,8}",
            Just("data".into()),
            Just("auth".into()),
            Just("items".into()),
            Just("status".into())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Body> {
    let change = prop_oneof![
        3 => document().prop_map(Change::To),
        2 => Just(Change::Removed),
        1 => (0..50_000_usize).prop_map(Change::Deep),
    ];
    prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Body::Noise),
        2 => document().prop_map(Body::Json),
        6 => (any::<Index>(), change).prop_map(|(place, change)| Body::Changed(place, change)),
        2 => prop_oneof![Just(Echo::Plain), Just(Echo::Json), Just(Echo::Base64)].prop_map(Body::Echo),
        1 => (0..100_000_usize).prop_map(Body::Deep),
        1 => Just(Body::True),
    ]
}

fn header() -> impl Strategy<Value = (&'static str, String)> {
    let name = prop_oneof![
        Just("Retry-After"),
        Just("Location"),
        Just("Warning"),
        Just("X-Vault-Index"),
        Just("Content-Type"),
        Just("Content-Encoding"),
        Just("X-Any"),
    ];
    let value = prop_oneof![
        "[ -~]{0,40}",
        Just(u64::MAX.to_string()),
        Just("-1".to_owned()),
        Just("https://elsewhere.example/\u{202e}?token=x".to_owned()),
        Just("gzip".to_owned()),
        Just("299 - \"\u{1b}[31mred\"".to_owned()),
        Just("x".repeat(20_000)),
    ];
    (name, value)
}

/// Any answer.
pub(super) fn any_answer() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![6 => Just(200_u16), 1 => Just(201), 1 => Just(204), 4 => 300..600_u16, 1 => 100..1000_u16];
    let frame = prop_oneof![
        8 => Just(Frame::Length), 1 => Just(Frame::LongerThanIs), 1 => Just(Frame::ShorterThanIs),
        1 => Just(Frame::UntilTheEnd), 1 => Just(Frame::Chunks), 1 => Just(Frame::BrokenChunk),
    ];
    let headers = prop_oneof![
        8 => prop::collection::vec(header(), 0..3),
        1 => prop::collection::vec(header(), 150..200),
    ];
    (status, headers, body(), frame).prop_map(|(status, headers, body, frame)| Answer { status, headers, body, frame })
}
