//! An earlier run, from its journal alone: its graph, its servers, and what of it is left as it is.

use std::sync::Arc;

use crate::{
    contract::{Facts, Handles, Kind, Target},
    failure::{Class, Failure, Problem, Result},
    graph::{Graph, GraphMistake, Spec, assemble},
    journal::{JournaledStep, Log, Record, Start, replay},
    nearest,
};

/// The graph as it was when the run began, whatever its file says today.
///
/// # Errors
/// When this program does not know one of its kinds, or reads its configuration differently.
pub fn graph_of(start: &Start, kinds: &[&'static Kind], ambient: &Facts) -> Result<Graph> {
    let specs = start.steps.iter().map(|step| spec(step, kinds)).collect::<Result<Vec<_>>>()?;
    assemble(&start.graph, ambient, specs).map_err(|mistakes| disagrees(&start.run, &mistakes).into())
}

/// Compares the servers behind `handles` with those of a run, and opens no others.
///
/// # Errors
/// When one differs, or does not answer.
pub async fn refuse_other_target(run: &str, then: &Target, handles: &Handles) -> Result<()> {
    for (system, identity) in then {
        let now = handles.identify(system).await?;
        for (what, then) in identity {
            let now = now.get(what).map_or("not known", String::as_str);
            if now != then {
                let message = format!(
                    "the run {run} was made against another {system}: its {what} was {then}, and this one's is {now}"
                );
                return Err(Problem::new(Class::Refused, "trustpath::run::other_target", message)
                    .help("point the connections at the servers of that run; nothing was changed")
                    .into());
            }
        }
    }
    Ok(())
}

/// What is said in a journal, before a rollback, of steps that the user leaves as they are: what another client has changed
/// is not taken back, and the run would never be over.
///
/// # Errors
/// When nothing of one of them has to be taken back.
pub fn leaving(left: &[String], log: &Log) -> Result<Vec<Record>> {
    let progress = replay(&log.entries);
    let standing: Vec<_> = progress.pending().map(|(step, _)| step).collect();
    let leave = |step: &String| match standing.contains(&step.as_str()) {
        true => Ok(Record::Left { step: step.clone() }),
        false => Err(not_standing(step, &log.start.run, &standing).into()),
    };
    left.iter().map(leave).collect()
}

fn not_standing(step: &str, run: &str, standing: &[&str]) -> Problem {
    let message = format!("nothing of `{step}` has to be taken back in the run {run}, so that it cannot be left");
    Problem::new(Class::Usage, "trustpath::run::not_standing", message).help(nearest::hint(step, standing))
}

fn spec(step: &JournaledStep, kinds: &[&'static Kind]) -> Result<Spec> {
    let kind = kinds.iter().find(|kind| kind.name() == step.uses);
    let kind = kind.ok_or_else(|| unknown_kind(step, kinds).in_step(&step.name))?;
    let made = kind.from_json(step.with.clone()).map_err(|error| other_config(step, error).in_step(&step.name))?;
    let JournaledStep { name, uses, with, needs } = step.clone();
    Ok(Spec { name, uses, with, needs, step: Some(Arc::clone(&made)) })
}

/// Why a rollback goes backwards: because somebody asked.
fn unknown_kind(step: &JournaledStep, kinds: &[&'static Kind]) -> Failure {
    let known: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let message = format!("this program has no kind `{}`, of which the run has a step", step.uses);
    Problem::new(Class::Config, "trustpath::run::unknown_kind", message)
        .help(format!("use the program that made the run; {}", nearest::hint(&step.uses, &known)))
        .into()
}

fn other_config(step: &JournaledStep, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    let message = format!("this program reads the configuration of a `{}` differently", step.uses);
    Problem::new(Class::Config, "trustpath::run::other_config", message)
        .help("use the version of the program that made the run")
        .because(error)
        .into()
}

fn disagrees(run: &str, mistakes: &[GraphMistake]) -> Problem {
    let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let message = format!("the steps in the journal of the run {run} do not fit together: {}", mistakes.join("; "));
    Problem::new(Class::Config, "trustpath::run::disagrees", message)
        .help("use the version of the program that made the run")
}
