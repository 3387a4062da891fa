use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

use miette::Diagnostic;

/// What getting a server, or running it, comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no server.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// A program of the machine's is missing.
    #[error("`{tool}` is needed to get {server}, and is not on PATH")]
    #[diagnostic(code(trustpath::provision::missing_tool), help("{install}"))]
    MissingTool {
        /// The program.
        tool: &'static str,
        /// The server it was wanted for.
        server: String,
        /// What to install, and where it is had.
        install: &'static str,
    },

    /// A build or an installation ended badly.
    #[error("{what} failed ({status}):\n{output}")]
    #[diagnostic(
        code(trustpath::provision::build_failed),
        help("it needs the network once: the module proxy for Go, the package index for Python")
    )]
    Build {
        /// The command, as it can be run by hand.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },

    /// A server ended before it was ready, or a command to it failed.
    #[error("{what} ended early ({status}):\n{output}")]
    #[diagnostic(code(trustpath::provision::ended), help("the lines above are the server's own"))]
    Ended {
        /// The server or command.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },

    /// A server took too long.
    #[error("{server} was not ready after {} s:\n{output}", after.as_secs())]
    #[diagnostic(
        code(trustpath::provision::not_ready),
        help("is the machine very busy? the lines above are the server's own")
    )]
    NotReady {
        /// The server.
        server: String,
        /// How long it was waited for.
        after: Duration,
        /// The end of what it printed.
        output: String,
    },

    /// A server answered what this crate does not understand.
    #[error("{what} answered something unexpected: {why}")]
    #[diagnostic(code(trustpath::provision::unexpected_answer), help("is this another version than the tests know?"))]
    Unexpected {
        /// The server or command.
        what: String,
        /// What is wrong with it, without the answer: it may hold a secret.
        why: String,
    },

    /// The operating system refused.
    #[error("cannot {what}")]
    #[diagnostic(
        code(trustpath::provision::io),
        help("check the permissions and the free space of the target and the temporary directory")
    )]
    Io {
        /// What was tried, as a verb and its object.
        what: String,
        /// The system's answer.
        source: io::Error,
    },

    /// A certificate could not be made.
    #[error("cannot make a certificate for OpenBao")]
    #[diagnostic(code(trustpath::provision::certificate))]
    Certificate(#[from] rcgen::Error),
}

impl Error {
    /// Says what was tried; for `map_err`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Says which file was touched, and how.
    pub(crate) fn file(verb: &str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{verb} {}", path.into().display()))
    }
}
