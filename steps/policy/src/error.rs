use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;
use trustpath_core::{Class, Classified, Problem};
use trustpath_platform::policy::Misread;

/// A file that holds no policy.
#[derive(Debug, Error, Diagnostic)]
#[error("{path} is no policy: {misread}")]
#[diagnostic(
    code(trustpath::policy::syntax),
    help("a policy is a list of `path \"…\" {{ capabilities = […] }}`, one setting a line, or the same as JSON")
)]
pub(crate) struct NoPolicy {
    path: String,
    misread: Misread,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    at: Option<SourceSpan>,
}

impl NoPolicy {
    pub(crate) fn new(path: String, text: String, misread: Misread) -> Self {
        let at = misread.offset().map(|offset| (offset.min(text.len()), 0).into());
        Self { text: NamedSource::new(&path, text), path, misread, at }
    }
}

impl Classified for NoPolicy {
    fn class(&self) -> Class {
        Class::Config
    }
}

/// What a read came to is passed on as JSON: another shape is a defect.
pub(crate) fn no_holders(error: serde_json::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::policy::holders", "what was read is no list of those who hold policies")
        .because(error)
        .help("this is a defect of the step")
}
