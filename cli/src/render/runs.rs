//! The runs that were made from here.

use trustpath_core::journal::Verb;

use super::{plain::line, style::Style, table::table};
use crate::json::{RunEntry, Runs};

/// A table of the runs, and below it what is wrong with journals that cannot be read.
pub(crate) fn runs(runs: &Runs) -> String {
    if runs.runs.is_empty() {
        return format!("There are no runs in {}.\n", line(&runs.directory));
    }
    let rows: Vec<_> = runs.runs.iter().map(row).collect();
    let mut text = table(["RUN", "STATE", "VERB", "GRAPH", "STARTED", "NEXT"], &rows);
    for (run, reason) in runs.runs.iter().filter_map(|run| Some((run, run.reason.as_ref()?))) {
        text += &format!("\n{} {}: {}\n", Style::Quiet.of("why"), line(&run.run), line(reason));
    }
    for (run, left) in runs.runs.iter().flat_map(|run| run.stays.iter().map(move |left| (run, left))) {
        text += &format!(
            "\n{} {} has left `{}`: {}\n",
            Style::Careful.of("="),
            line(&run.run),
            line(&left.step),
            line(&left.why)
        );
    }
    for (run, error) in runs.runs.iter().filter_map(|run| Some((run, run.error.as_ref()?))) {
        text += &format!("\n{} {}: {}\n", Style::Bad.of("✗"), line(&run.run), line(&error.message));
        if let Some(help) = &error.help {
            text += &format!("  {}\n", Style::Quiet.of(line(help)));
        }
    }
    text
}

fn row(run: &RunEntry) -> [String; 6] {
    [
        run.run.clone(),
        run.state.words().to_owned(),
        run.verb.map(Verb::name).unwrap_or_default().to_owned(),
        run.graph.clone().unwrap_or_default(),
        run.started.clone().unwrap_or_default(),
        run.next.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Left, RunStatus};
    use trustpath_core::journal::End;

    #[test]
    fn what_a_run_has_left_is_said_below_the_table() {
        let stays = vec![Left { step: "service-account".into(), why: "the namespace `a` is not empty: b".into() }];
        let error = trustpath_core::Problem::new(trustpath_core::Class::Config, "a::b", "c").into();
        let run = RunEntry {
            state: RunStatus::Ended(End::RolledBack),
            error: None,
            stays,
            ..RunEntry::damaged("1".into(), &error)
        };
        let text = runs(&Runs { directory: "/d".into(), runs: vec![run] });
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.ends_with("= 1 has left `service-account`: the namespace `a` is not empty: b\n"), "{text}");
    }
}
