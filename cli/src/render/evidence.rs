//! The chain of trust, link by link.

use trustpath_core::{Check, CheckOutcome};

use super::{plain::line, style::Style};
use crate::json::{Counts, Link, VerifyDocument};

/// How many links still fit into a line.
const OVERVIEW: usize = 8;
/// What was checked is padded to the longest one, up to this width.
const WIDEST: usize = 48;

/// The links, joined as a chain: in a line, then each with its checks.
pub(crate) fn chain(links: &[Link]) -> String {
    let mut text = overview(links);
    for (nth, link) in links.iter().enumerate() {
        let last = nth + 1 == links.len();
        text += &self::link(link, if last { " " } else { "│" });
        if !last {
            text += &format!("{}\n", Style::Quiet.of("▼"));
        }
    }
    text
}

/// A line a link, with the first that is wrong with it, and what follows.
pub(crate) fn short(document: &VerifyDocument) -> String {
    let width = document.links.iter().map(|link| line(&link.step).chars().count()).max().unwrap_or(0);
    let row = |link: &Link| {
        let sign = match state(link) {
            Style::Bad => "✗",
            Style::Careful => "?",
            _ => "✓",
        };
        let row = format!("{} {:width$}  {}", state(link).of(sign), line(&link.step), not_good(link));
        format!("{}\n", row.trim_end())
    };
    document.links.iter().map(row).collect::<String>() + &verdict(document.summary)
}

/// Why a link does not hold, or else what could not be checked of it.
fn not_good(link: &Link) -> String {
    if let Some(failure) = &link.failure {
        return line(&failure.message);
    }
    let first = |why: fn(&CheckOutcome) -> Option<&String>| {
        let told = |check: &Check| Some(format!("{}: {}", line(&check.what), line(why(&check.outcome)?)));
        link.checks.iter().find_map(told)
    };
    first(failed).or_else(|| first(unchecked)).unwrap_or_default()
}

fn failed(outcome: &CheckOutcome) -> Option<&String> {
    if let CheckOutcome::Failed { why, .. } = outcome { Some(why) } else { None }
}

fn unchecked(outcome: &CheckOutcome) -> Option<&String> {
    if let CheckOutcome::Unchecked { why } = outcome { Some(why) } else { None }
}

fn overview(links: &[Link]) -> String {
    if links.len() > OVERVIEW {
        return String::new();
    }
    let names: Vec<_> = links.iter().map(|link| state(link).of(line(&link.step))).collect();
    format!("{}\n\n", names.join(&Style::Quiet.of(" → ")))
}

fn link(link: &Link, rail: &str) -> String {
    let rail = Style::Quiet.of(rail);
    let name = Style::Strong.of(line(&link.step));
    let kind = if link.kind == link.step { String::new() } else { Style::Quiet.of(format!("  {}", line(&link.kind))) };
    let mut text = format!("{} {name}{kind}\n", state(link).of("●"));
    let widths = link.checks.iter().map(|check| line(&check.what).chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for words in link.checks.iter().flat_map(|check| self::check(check, width)).chain(failure(link)) {
        text += &format!("{rail}   {words}\n");
    }
    text
}

fn failure(link: &Link) -> Option<String> {
    let failure = link.failure.as_ref()?;
    Some(format!("{} could not be verified: {}", Style::Bad.of("✗"), line(&failure.message)))
}

fn state(link: &Link) -> Style {
    let any = |is: fn(&CheckOutcome) -> bool| link.checks.iter().any(|check| is(&check.outcome));
    if link.failure.is_some() || any(|outcome| matches!(outcome, CheckOutcome::Failed { .. })) {
        Style::Bad
    } else if link.checks.is_empty() || any(|outcome| matches!(outcome, CheckOutcome::Unchecked { .. })) {
        Style::Careful
    } else {
        Style::Good
    }
}

fn check(check: &Check, width: usize) -> Vec<String> {
    let what = line(&check.what);
    match &check.outcome {
        CheckOutcome::Passed { seen } if seen.is_empty() => vec![format!("{} {what}", Style::Good.of("✓"))],
        CheckOutcome::Passed { seen } => {
            vec![format!("{} {what:width$}  {}", Style::Good.of("✓"), Style::Quiet.of(line(seen)))]
        }
        CheckOutcome::Failed { why, next } => vec![
            format!("{} {what}: {}", Style::Bad.of("✗"), line(why)),
            format!("  {} {}", Style::Careful.of("next:"), line(next)),
        ],
        CheckOutcome::Unchecked { why } => {
            let why = Style::Quiet.of(format!("unchecked: {}", line(why)));
            vec![format!("{} {what:width$}  {why}", Style::Careful.of("?"))]
        }
    }
}

/// How many checks ended how, and what follows.
pub(crate) fn verdict(counts: Counts) -> String {
    let Counts { passed, failed, unchecked } = counts;
    let verdict = match (failed, unchecked, passed) {
        (0, 0, 0) => Style::Careful.of("Nothing was checked."),
        (0, 0, _) => Style::Good.of("The chain holds."),
        (0, _, _) => Style::Good.of("The chain holds, as far as it could be checked from here."),
        _ => Style::Bad.of("The chain does not hold."),
    };
    format!("{verdict} {passed} passed, {failed} failed, {unchecked} unchecked.\n")
}
