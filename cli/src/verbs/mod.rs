//! One file a verb, but for those that carry out a plan, and those that look at no server.

mod carry_out;
mod init;
mod intended;
mod offline;
mod permissions;
mod plan;
mod resume;
mod rollback;
mod runs;
mod verify;

#[cfg(test)]
pub(crate) use init::STANDARD;

use trustpath_core::{
    Class, Problem,
    run::{Engine, RequiredRights},
};

use crate::{
    args::Subcommands,
    command::Command,
    command_error::CommandError,
    render::{Style, line},
};

/// Runs a verb, and returns the exit code.
pub(crate) fn run(command: &Command, verb: Subcommands) -> Result<u8, CommandError> {
    match verb {
        Subcommands::Init { file, from_store: None } => init::standard(command, &file),
        Subcommands::Init { file, from_store: Some(store) } => block_on(init::from_store(command, &file, &store)),
        Subcommands::Plan(args) => block_on(plan::run(command, args)),
        Subcommands::Apply(args) => block_on(carry_out::carry_out(command, args.into())),
        Subcommands::Verify(args) => block_on(verify::run(command, args)),
        Subcommands::Rollback(args) => block_on(rollback::run(command, args)),
        Subcommands::Resume(args) => block_on(resume::run(command, args)),
        Subcommands::Destroy(args) => block_on(carry_out::carry_out(command, args.into())),
        Subcommands::Permissions(args) => block_on(permissions::run(command, args)),
        Subcommands::Runs(_) => block_on(runs::run(command)),
        Subcommands::Graph { format } => offline::graph(command, format),
        Subcommands::Steps(args) => offline::steps(command, &args),
        Subcommands::Schema => offline::json_schema(command),
        Subcommands::Completions { shell } => offline::completions(command, shell),
    }
}

/// One thread is faster than several for a graph of small tasks.
fn block_on(work: impl Future<Output = Result<u8, CommandError>>) -> Result<u8, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    let answer = runtime.block_on(work);
    // A question that no one answers must not keep the program from ending.
    runtime.shutdown_background();
    answer
}

/// Refuses with every right that is missing, before anything is asked or written, and says what could not be asked.
async fn preflight(command: &Command, engine: &Engine, needs: &RequiredRights) -> Result<(), CommandError> {
    for unasked in engine.preflight(needs).await? {
        command.screen.say(&format!("{} {}", Style::Careful.of("note:"), line(&unasked)));
    }
    Ok(())
}

fn no_runtime(error: std::io::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::cli::runtime", "the program cannot set up its event loop")
        .help("look at the limits of this process (ulimit -a)")
        .because(error)
}
