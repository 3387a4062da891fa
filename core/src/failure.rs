//! Failures: one shape for everything that a user is told went wrong.
//!
//! A [`Failure`] keeps its [`Class`] (which decides the exit code) and its step outside of the erased diagnostic,
//! so that neither is lost on the way up.

use std::{error, fmt, sync::Arc};

use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// What sort of failure it was. Each class has an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A defect of the program, or of a step.
    Internal,
    /// The command line asks for something that cannot be.
    Usage,
    /// The graph file, a file that it names, or the environment is wrong.
    Config,
    /// A server cannot be reached, or its TLS certificate is not trusted.
    Unreachable,
    /// The server does not accept the credentials, or they lack a right.
    Denied,
    /// Something there belongs to another client, or was changed by another client.
    Conflict,
    /// The program declines: no consent, another target, or a change that cannot be taken back.
    Refused,
    /// The server understood the request and said no.
    Rejected,
    /// Something that has to be there first is not: a namespace, a CRD, an unsealed Vault.
    Missing,
    /// A time limit passed.
    Timeout,
    /// What was built does not work.
    Unverified,
    /// An undo failed: the run can be taken up again with `rollback`.
    Stuck,
    /// Something could not be checked, and was to be.
    Unchecked,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// A diagnostic that knows its class, and so can become a [`Failure`] with `?`.
pub trait Classified: Diagnostic + Send + Sync + Sized + 'static {
    /// The class of this very error.
    fn class(&self) -> Class;
}

/// Why something did not work, as it is shown to a user.
#[derive(Clone, Diagnostic)]
#[diagnostic(forward(cause))]
pub struct Failure {
    class: Class,
    step: Option<Arc<str>>,
    cause: Arc<dyn Diagnostic + Send + Sync>,
}

impl Failure {
    /// Gives the erased diagnostic a class.
    pub fn new(class: Class, cause: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { class, step: None, cause: Arc::new(cause) }
    }

    /// Its class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The name of the step that failed, where it was one.
    pub fn step(&self) -> Option<&str> {
        self.step.as_deref()
    }

    /// Names the step that failed. The innermost name stays.
    #[must_use]
    pub fn in_step(mut self, name: &str) -> Self {
        self.step.get_or_insert_with(|| name.into());
        self
    }

    /// Whether both are the same event, as when two steps wait for one handle that fails to open.
    pub fn same_cause(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cause, &other.cause)
    }

    /// The failure as plain data, for journals and JSON output.
    pub fn report(&self) -> Report {
        let first: Option<&dyn error::Error> = self.cause.source();
        let causes = std::iter::successors(first, |cause| error::Error::source(*cause));
        Report {
            class: self.class,
            code: self.cause.code().map(|code| code.to_string()),
            step: self.step.as_deref().map(str::to_owned),
            message: self.cause.to_string(),
            help: self.cause.help().map(|help| help.to_string()),
            causes: causes.map(ToString::to_string).collect(),
            related: self.cause.related().into_iter().flatten().map(ToString::to_string).collect(),
        }
    }
}

impl<E: Classified> From<E> for Failure {
    fn from(error: E) -> Self {
        let class = error.class();
        Self::new(class, error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("class", &self.class)
            .field("step", &self.step)
            .field("cause", &self.cause.to_string())
            .finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl error::Error for Failure {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.cause.source()
    }
}

/// A [`Failure`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its class.
    pub class: Class,
    /// The stable code, such as `trustpath::vault::denied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// One sentence.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What lies behind it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What was found beside it, such as each mistake of a graph file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
}

/// A diagnostic for the places where an error type of its own would say nothing more.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Problem {
    class: Class,
    code: &'static str,
    message: String,
    help: Option<String>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem with a stable code (`trustpath::area::name`) and one sentence.
    pub fn new(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), help: None, source: None }
    }

    /// What the user should do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error that lies behind it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

impl Classified for Problem {
    fn class(&self) -> Class {
        self.class
    }
}
