//! Failures: the first to look at in full, the others a line each.

use std::{error, fmt};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, SourceCode,
    SourceSpan, SpanContents,
};
use thiserror::Error;
use trustpath_core::Failure;

use super::{
    plain::{line, lines},
    style::Style,
};

/// The first failure with its help, causes and places; the others below it.
pub(crate) fn failures(first: &Failure, others: &[Failure], width: usize) -> String {
    let shown = RenderedFailure::of(first, first.step());
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false).with_width(width);
    let mut text = String::new();
    if handler.render_report(&mut text, &shown).is_err() {
        text = format!("{first}\n");
    }
    if !others.is_empty() {
        text += &format!("\n{}\n", Style::Strong.of(format!("and {} more:", others.len())));
        text.extend(others.iter().map(|other| format!("  {}\n", aside(other))));
    }
    text
}

/// A failure in one line, with the step that it happened in.
pub(crate) fn aside(failure: &Failure) -> String {
    let message = in_step(failure.step(), &failure.to_string());
    format!("{} {}", Style::Bad.of("✗"), line(&message))
}

/// The step's name in front, where the message does not name it already.
fn in_step(step: Option<&str>, message: &str) -> String {
    match step {
        Some(step) if !message.contains(&format!("`{step}`")) => format!("`{step}`: {message}"),
        _ => message.to_owned(),
    }
}

/// A diagnostic whose words a terminal can be trusted with. The text of graph files is made printable where they are
/// read, since positions in it have to stay.
#[derive(Error, Diagnostic)]
#[error("{said}")]
#[diagnostic(forward(said))]
struct RenderedFailure<'s> {
    said: MietteDiagnostic,
    #[source_code]
    text: Option<SourceText<'s>>,
    #[source]
    cause: Option<CauseLine>,
    #[related]
    related: Vec<RenderedFailure<'s>>,
}

impl<'s> RenderedFailure<'s> {
    fn of(diagnostic: &'s dyn Diagnostic, step: Option<&str>) -> Self {
        let first: Option<&dyn error::Error> = match diagnostic.diagnostic_source() {
            Some(cause) => Some(cause),
            None => diagnostic.source().map(|cause| cause as &dyn error::Error),
        };
        let causes = std::iter::successors(first, |cause| cause.source());
        let mut said = MietteDiagnostic::new(in_step(step, &lines(&diagnostic.to_string())));
        said.code = diagnostic.code().map(|code| line(&code.to_string()));
        said.help = diagnostic.help().map(|help| lines(&help.to_string()));
        said.labels = diagnostic.labels().map(|labels| labels.map(label).collect());
        Self {
            said,
            text: diagnostic.source_code().map(SourceText),
            cause: CauseLine::chain(causes.map(|cause| line(&cause.to_string())).collect()),
            related: diagnostic
                .related()
                .into_iter()
                .flatten()
                .map(|related| RenderedFailure::of(related, None))
                .collect(),
        }
    }
}

/// Every error has to be this, and no one looks at it so.
impl fmt::Debug for RenderedFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

struct SourceText<'s>(&'s dyn SourceCode);

impl SourceCode for SourceText<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        self.0.read_span(span, before, after)
    }
}

fn label(label: LabeledSpan) -> LabeledSpan {
    let text = label.label().map(line);
    match label.primary() {
        true => LabeledSpan::new_primary_with_span(text, *label.inner()),
        false => LabeledSpan::new_with_span(text, *label.inner()),
    }
}

/// What lies behind a failure, as text.
#[derive(Debug, Error)]
#[error("{text}")]
struct CauseLine {
    text: String,
    #[source]
    next: Option<Box<CauseLine>>,
}

impl CauseLine {
    fn chain(texts: Vec<String>) -> Option<Self> {
        texts.into_iter().rev().fold(None, |next, text| Some(Self { text, next: next.map(Box::new) }))
    }
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Class, Problem};

    use super::*;

    fn shown(first: &Failure, others: &[Failure]) -> String {
        anstream::adapter::strip_str(&failures(first, others, 80)).to_string()
    }

    fn problem(message: &str) -> Problem {
        Problem::new(Class::Denied, "trustpath::vault::denied", message)
    }

    #[test]
    fn the_first_is_told_in_full_and_the_others_in_a_line() {
        let first = problem("the token may not write sys/policies/acl/apps-read")
            .help("give it `update` there")
            .because("403 permission denied\u{1b}[2J");
        let others = [
            Failure::from(problem("two")).in_step("role"),
            Failure::from(problem("`store` is three")).in_step("store"),
        ];
        insta::assert_snapshot!(shown(&Failure::from(first).in_step("policy"), &others), @r"
        trustpath::vault::denied

          × `policy`: the token may not write sys/policies/acl/apps-read
          ╰─▶ 403 permission denied
          help: give it `update` there

        and 2 more:
          ✗ `role`: two
          ✗ `store` is three
        ");
    }
}
