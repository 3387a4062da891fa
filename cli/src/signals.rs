//! Ctrl-C and SIGTERM: a signal to the engine, never an abort.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::AbortHandle,
};
use trustpath_core::{
    Class, Problem, Result,
    run::{Cancel, Canceller},
};

use crate::{render::Style, screen::Screen};

/// What is said when a signal comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// The first time.
    first: &'static str,
    /// Every other time.
    again: &'static str,
}

/// For commands that only read.
pub(crate) const READING: Words =
    Words { first: "interrupted", again: "interrupted already: what is under way settles" };

/// For commands that write.
pub(crate) const WRITING: Words = Words {
    first: "interrupted: what is under way settles, and what was changed is taken back",
    again: "interrupted already: settling and taking back are under way, and are not cut off",
};

/// For taking back, which is not interrupted.
pub(crate) const UNDOING: Words = Words {
    first: "the rollback is under way and is not cut off: wait for it to end",
    again: "the rollback is under way and is not cut off: wait for it to end",
};

/// Listens until it is dropped.
pub(crate) struct Listening(AbortHandle);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens from now on; what is returned sees the interruption.
///
/// # Errors
/// When the system does not let this process listen.
pub(crate) fn listen(screen: &Screen, words: Words) -> Result<(Cancel, Listening)> {
    let (canceller, cancel) = Canceller::new();
    let (interrupt, terminate) = signals().map_err(deaf)?;
    let task = tokio::spawn(hear(interrupt, terminate, canceller, screen.clone(), words));
    Ok((cancel, Listening(task.abort_handle())))
}

fn signals() -> io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

async fn hear(mut interrupt: Signal, mut terminate: Signal, canceller: Canceller, screen: Screen, words: Words) {
    let mut said = words.first;
    loop {
        tokio::select! {
            Some(()) = interrupt.recv() => {}
            Some(()) = terminate.recv() => {}
            else => return,
        }
        screen.say(&Style::Careful.of(said));
        canceller.cancel();
        said = words.again;
    }
}

fn deaf(error: io::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::cli::signals", "signals cannot be listened for")
        .help("nothing was changed")
        .because(error)
}
