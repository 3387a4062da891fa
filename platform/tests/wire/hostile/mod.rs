//! Servers that answer anything at all: no panic, an end, and nothing in what is said that moves a terminal or gives a
//! credential away.
//!
//! `PROPTEST_CASES` sets how many answers are tried; each is an answer to any of the requests.

mod answers;
mod kubernetes;
mod server;
mod vault;

use std::{fmt::Display, time::Duration};

use miette::Diagnostic as _;
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::{runtime::Runtime, time::timeout};
use trustpath_core::Failure;
use trustpath_platform::retry::Limits;

use self::answers::{Answer, any_answer};

/// The token that every request carries.
const TOKEN: &str = "hvs.CAESIJc4n4ryT0k3nOfTheHostileTests";
/// A JWT that is sent in a body.
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJob3N0aWxlIn0.c2lnbmF0dXJlT2ZBSldU";
/// No request may take longer, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(20);
/// No text has more characters: that of a lock with its five texts of another client's is the longest.
const LONG: usize = 4000;

/// Times that are over soon.
fn impatient() -> Limits {
    Limits {
        total: Duration::from_millis(300),
        connect: Duration::from_millis(200),
        connections: 2,
        pause: Duration::from_millis(40),
    }
}

/// Times that are over only where something never ends.
fn patient() -> Limits {
    Limits { total: Duration::from_secs(60), connect: Duration::from_secs(60), ..impatient() }
}

/// What came of a request, as far as anything of it may be shown.
type Came = Result<Vec<String>, Failure>;

/// Tries many answers to one of the requests each.
fn each<A: std::fmt::Debug>(
    runtime: &Runtime,
    asks: impl Strategy<Value = A>,
    try_one: impl AsyncFn(&A, usize, Answer) -> Came,
) {
    // Each that is repeated takes as long as patience lasts.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 160 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let strategy = (asks, 0..3_usize, any_answer());
    let ran = TestRunner::new(config).run(&strategy, |(ask, honest, answer)| {
        let came = runtime.block_on(async { timeout(LONGEST, try_one(&ask, honest, answer)).await });
        let came = came.map_err(|_| TestCaseError::fail("it did not come to an end"))?;
        shown(came).iter().try_for_each(|text| harmless(text)).map_err(TestCaseError::fail)
    });
    ran.unwrap_or_else(|failed| panic!("{failed}"));
}

/// Every text that could be shown of it.
fn shown(came: Came) -> Vec<String> {
    let failure = match came {
        Ok(texts) => return texts,
        Err(failure) => failure,
    };
    let text = |part: Option<Box<dyn Display + '_>>| part.map(|part| part.to_string()).unwrap_or_default();
    let mut texts = vec![failure.to_string(), text(failure.code()), text(failure.help())];
    assert!(texts.iter().all(|text| !text.is_empty()), "an error without words, code or help: {texts:?}");
    let mut source = std::error::Error::source(&failure);
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts
}

/// Whether a text can be shown to anybody on anything.
fn harmless(text: &str) -> Result<(), String> {
    let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    if let Some(c) = text.chars().find(|c| c.is_control() || bidi(*c)) {
        return Err(format!("{c:?} is in {text:?}"));
    }
    let signature = JWT.rsplit('.').next().unwrap_or_default();
    let parts = [&TOKEN[..12], &TOKEN[12..24], &JWT[..12], signature, "Y0c0bjRyeVQwaz"];
    match parts.into_iter().find(|part| text.contains(part)) {
        Some(part) => Err(format!("`{part}` of a credential is in {text:?}")),
        None if text.chars().count() > LONG => Err(format!("{} characters are too many", text.chars().count())),
        None => Ok(()),
    }
}

#[test]
fn what_is_not_harmless_is_seen() {
    for text in ["\u{1b}[2J", "a\u{202e}b", "a\nb", &format!("a {TOKEN}"), &format!("a {JWT}"), &"x".repeat(LONG + 1)] {
        assert!(harmless(text).is_err(), "{text:?}");
    }
    assert!(harmless("Vault denies the request (GET x: 403): permission denied").is_ok());
}
