//! One file a verb, but for those that carry out a plan.

mod carry_out;
mod completions;
mod graph;
mod init;
mod intended;
mod permissions;
mod plan;
mod preflight;
mod resume;
mod rollback;
mod runs;
mod schema;
mod steps;
mod verify;

use trustpath_core::{Class, Problem};

use crate::{args::Verb, command::Command, trouble::Trouble};

/// Runs a verb, and returns the exit code.
///
/// # Errors
/// Whatever went wrong, for the user to be told.
pub(crate) fn run(command: &Command<'_>, verb: Verb) -> Result<u8, Trouble> {
    match verb {
        Verb::Init { file } => init::run(command, &file),
        Verb::Plan(args) => block_on(plan::run(command, args)),
        Verb::Apply(args) => block_on(carry_out::carry_out(command, args.into())),
        Verb::Verify(args) => block_on(verify::run(command, args)),
        Verb::Rollback(args) => block_on(rollback::run(command, args)),
        Verb::Resume(args) => block_on(resume::run(command, args)),
        Verb::Destroy(args) => block_on(carry_out::carry_out(command, args.into())),
        Verb::Permissions(args) => block_on(permissions::run(command, args)),
        Verb::Runs(_) => block_on(runs::run(command)),
        Verb::Graph { format } => graph::run(command, format),
        Verb::Steps(args) => steps::run(command, &args),
        Verb::Schema => schema::run(command),
        Verb::Completions { shell } => completions::run(command, shell),
    }
}

/// One thread is faster than several for a graph of small tasks.
fn block_on(work: impl Future<Output = Result<u8, Trouble>>) -> Result<u8, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    let answer = runtime.block_on(work);
    // A question that nobody answers must not keep the program from ending.
    runtime.shutdown_background();
    answer
}

fn no_runtime(error: std::io::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::cli::runtime", "the program cannot set up its event loop")
        .help("look at the limits of this process (ulimit -a)")
        .because(error)
}
