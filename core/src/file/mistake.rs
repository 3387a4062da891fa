//! What can be wrong with a graph file.

use miette::{Diagnostic, LabeledSpan, SourceSpan};
use thiserror::Error;

use super::{Span, path::Path};
use crate::failure::Failure;

/// One mistake in a graph file, with its place.
#[derive(Debug, Error, Diagnostic)]
pub(super) enum Mistake {
    #[error("this is not TOML: {message}")]
    #[diagnostic(
        code(trustpath::file::syntax),
        help("correct this line: TOML is lines of `key = value` under `[table]` headers, with text in quotes")
    )]
    Syntax {
        message: String,
        #[label("here")]
        at: SourceSpan,
    },

    #[error("a key or table is there twice")]
    #[diagnostic(code(trustpath::file::duplicate_key), help("remove one of the two, or join the tables"))]
    DuplicateKey {
        #[label("the second time")]
        at: SourceSpan,
    },

    #[error("{name} is not a TOML file: {message}")]
    #[diagnostic(
        code(trustpath::file::not_toml),
        help("give the path of a graph file; `trustpath init` writes the standard one")
    )]
    NotToml {
        name: String,
        message: String,
        #[label("the first line that cannot be read")]
        at: SourceSpan,
    },

    #[error("there are no steps in this graph file")]
    #[diagnostic(
        code(trustpath::file::no_steps),
        help("add a `[steps.NAME]` table; `trustpath init` writes the standard graph")
    )]
    NoSteps {
        #[label("no `[steps.NAME]` in here")]
        at: Option<SourceSpan>,
    },

    #[error("{} is no name for a step", quoted(name))]
    #[diagnostic(
        code(trustpath::file::step_name),
        help("use letters, digits, `-`, `_` and `.`, at most 63 of them, and begin with a letter or a digit")
    )]
    StepName {
        name: String,
        #[label("this name")]
        at: SourceSpan,
    },

    #[error("{path} has no key {}", quoted(key))]
    #[diagnostic(code(trustpath::file::unknown_key), help("{hint}"))]
    UnknownKey {
        path: Path,
        key: String,
        hint: String,
        #[label("unknown key")]
        at: SourceSpan,
    },

    #[error("{path} lacks the key {}", quoted(key))]
    #[diagnostic(code(trustpath::file::missing_key), help("{help}"))]
    MissingKey {
        path: Path,
        key: String,
        help: String,
        #[label("{} belongs here", quoted(key))]
        at: SourceSpan,
    },

    #[error("{path} is wrong: {why}")]
    #[diagnostic(code(trustpath::file::wrong_value), help("{help}"))]
    WrongValue {
        path: Path,
        why: String,
        help: String,
        #[label("this value")]
        at: SourceSpan,
    },

    #[error("there is no kind {}", quoted(kind))]
    #[diagnostic(code(trustpath::file::unknown_kind), help("{hint}"))]
    UnknownKind {
        kind: String,
        hint: String,
        #[label("unknown kind")]
        at: SourceSpan,
    },

    #[error("there is no step {}", quoted(need))]
    #[diagnostic(code(trustpath::file::unknown_need), help("{hint}"))]
    UnknownNeed {
        step: String,
        need: String,
        hint: String,
        #[label("step {} needs it", quoted(step))]
        at: SourceSpan,
    },

    #[error("step {} needs {} twice", quoted(step), quoted(need))]
    #[diagnostic(code(trustpath::file::duplicate_need), help("once is enough: remove one of the two"))]
    DuplicateNeed {
        step: String,
        need: String,
        #[label("the second time")]
        at: SourceSpan,
    },

    #[error("steps need each other in a circle: {}", circle(members))]
    #[diagnostic(code(trustpath::file::cycle), help("remove one of these needs"))]
    Cycle {
        members: Vec<String>,
        #[label(collection)]
        at: Vec<LabeledSpan>,
    },

    #[error("step {} wants the fact `{fact}`, and none of its needs gives one", quoted(step))]
    #[diagnostic(code(trustpath::file::fact_missing), help("{help}"))]
    FactMissing {
        step: String,
        fact: &'static str,
        help: String,
        #[label("a step that gives `{fact}` is missing here")]
        at: SourceSpan,
    },

    #[error("step {} takes one fact `{fact}`, and {} give one", quoted(step), listed(givers))]
    #[diagnostic(code(trustpath::file::fact_ambiguous), help("keep one of them in the needs of {}", quoted(step)))]
    FactAmbiguous {
        step: String,
        fact: &'static str,
        givers: Vec<String>,
        #[label(collection)]
        at: Vec<LabeledSpan>,
    },

    #[error("step {} cannot say what it hands on", quoted(step))]
    #[diagnostic(code(trustpath::file::gives), help("{}", advice(why)))]
    Gives {
        step: String,
        #[source]
        why: Failure,
        #[label("this step")]
        at: SourceSpan,
    },
}

impl Mistake {
    /// Where it begins in the shared space; mistakes are shown in this order.
    pub(super) fn place(&self) -> usize {
        let starts = self.labels().into_iter().flatten().map(|label| label.offset());
        starts.min().unwrap_or(0)
    }

    /// Whether it is about what steps hand to each other.
    pub(super) fn is_about_facts(&self) -> bool {
        matches!(self, Self::FactMissing { .. } | Self::FactAmbiguous { .. } | Self::Gives { .. })
    }

    /// Whether something is missed that may stand in `unread`, the lines that could not be read: then it is no mistake
    /// of its own.
    pub(super) fn may_be_in(&self, unread: &str) -> bool {
        match self {
            _ if unread.is_empty() => false,
            Self::MissingKey { key: missed, .. } | Self::UnknownNeed { need: missed, .. } => unread.contains(missed),
            Self::FactMissing { .. } | Self::Gives { .. } | Self::NoSteps { .. } => true,
            _ => false,
        }
    }
}

/// A name from the file, in quotes, with nothing in it that a terminal would act on.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}

/// How many names a message lists before it counts the rest.
const LISTED: usize = 10;

pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(LISTED).map(|name| quoted(name)).collect();
    let rest = names.len().saturating_sub(LISTED);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    shown.join(", ") + &more
}

fn circle(members: &[String]) -> String {
    match members {
        [alone] => format!("{} needs itself", quoted(alone)),
        [first, ..] => format!("{} and again {}", listed(members), quoted(first)),
        [] => String::new(),
    }
}

fn advice(why: &Failure) -> String {
    let general = "change its configuration, or its needs, so that the two agree";
    why.help().map_or_else(|| general.to_owned(), |help| help.to_string())
}

/// Where a label goes.
pub(super) fn place(span: &Span) -> SourceSpan {
    span.clone().into()
}
