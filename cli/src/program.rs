//! A program: kinds of steps, and the systems that they talk to.

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use anstream::{AutoStream, ColorChoice};
use clap::Parser;
use trustpath_core::{Handles, Kind};
use trustpath_platform::{Environment, install_crypto_provider};

use crate::{
    args::{Cli, Color},
    command::{Command, MoreHandles, journal_place},
    command_error::CommandError,
    ending, exit, kinds,
    screen::Screen,
    verbs,
};

/// Runs the command line of this process with every kind that is linked into it.
pub fn main() -> ExitCode {
    run(std::env::args_os(), &Kind::registered())
}

/// Runs a command line with these kinds and no others. The first word is the program's name.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, kinds: &[&'static Kind]) -> ExitCode {
    Program::new(kinds).run(args)
}

/// Kinds of steps, and the systems that they talk to besides Vault and Kubernetes.
pub struct Program {
    kinds: Vec<&'static Kind>,
    more_handles: Arc<MoreHandles>,
}

impl Program {
    /// A program with these kinds and no others; [`Kind::registered`] has all that are linked in.
    pub fn new(kinds: &[&'static Kind]) -> Self {
        Self { kinds: kinds.to_vec(), more_handles: Arc::new(|handles| handles) }
    }

    /// With connections to other systems, for steps of one's own: `|handles| handles.with(open)`.
    #[must_use]
    pub fn with_handles(self, more: impl Fn(Handles) -> Handles + Send + Sync + 'static) -> Self {
        Self { more_handles: Arc::new(more), ..self }
    }

    /// Runs a command line. The first word is the program's name.
    pub fn run(&self, args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
        ending::install_panic_hook();
        ending::without_core_dump();
        let cli = match Cli::try_parse_from(args) {
            Ok(cli) => cli,
            Err(error) => return ExitCode::from(refused(&error)),
        };
        install_crypto_provider();
        let global = &cli.global;
        let screen = Screen::of_process(global.output, global.color, global.trace);
        if global.trace {
            trace(global.color);
        }
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let environment = Environment::new(variables, std::env::home_dir());
        ExitCode::from(self.dispatch(cli, environment, screen))
    }

    /// Runs a verb, tells what went wrong, and returns the exit code.
    pub(crate) fn dispatch(&self, cli: Cli, environment: Environment, screen: Screen) -> u8 {
        let answer = self.execute(cli, environment, &screen);
        answer.unwrap_or_else(|trouble| trouble.report_on(&screen))
    }

    fn execute(&self, cli: Cli, environment: Environment, screen: &Screen) -> Result<u8, CommandError> {
        let Cli { verb, global } = cli;
        let kinds = kinds::sorted(&self.kinds)?;
        let asked = verb.journaling().map(|asked| journal_place(asked, &environment)).transpose()?;
        let journal = asked.unwrap_or_default();
        let (more_handles, screen) = (self.more_handles.clone(), screen.clone());
        verbs::run(&Command { more_handles, kinds, global, environment, screen, journal }, verb)
    }
}

/// `--help` and `--version` come this way too, and are no errors.
fn refused(error: &clap::Error) -> u8 {
    // No one reading on is no error.
    drop(error.print());
    if error.use_stderr() { exit::code(trustpath_core::Class::Usage) } else { exit::OK }
}

/// What this project's own crates say. Others log requests and errors of their own, with more in them than they should.
fn trace(color: Color) {
    use tracing_subscriber::{filter::Targets, fmt, prelude::*};
    let ansi = AutoStream::new(std::io::stderr(), color.into()).current_choice() != ColorChoice::Never;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
    let ours = Targets::new().with_target("trustpath", tracing::Level::DEBUG);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
