//! Ctrl-C and SIGTERM: a signal to the engine, never an abort.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::AbortHandle,
    time::sleep,
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
    first: "interrupted: what is under way settles, and what was changed is taken back; once more stops it where it is",
    again: "stopping where it is",
};

/// For taking back, which a first signal does not interrupt.
pub(crate) const UNDOING: Words = Words {
    first: "what was changed is being taken back, which goes on to its end; once more stops it where it is",
    again: "stopping where it is",
};

/// Listens until it is dropped.
pub(crate) struct Listening(AbortHandle);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens from now on; what is returned sees the interruption. After a SIGTERM the run has `grace` to be taken back,
/// and is halted then.
///
/// # Errors
/// When the system does not let this process listen.
pub(crate) fn listen(screen: &Screen, words: Words, grace: Option<Duration>) -> Result<(Cancel, Listening)> {
    let (canceller, cancel) = Canceller::new();
    let (interrupt, terminate) = signals().map_err(deaf)?;
    let ears = Ears { interrupt, terminate, canceller, screen: screen.clone() };
    let task = tokio::spawn(ears.hear(words, grace));
    Ok((cancel, Listening(task.abort_handle())))
}

fn signals() -> io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

struct Ears {
    interrupt: Signal,
    terminate: Signal,
    canceller: Canceller,
    screen: Screen,
}

impl Ears {
    async fn hear(mut self, words: Words, grace: Option<Duration>) {
        let grace = tokio::select! {
            Some(()) = self.interrupt.recv() => None,
            Some(()) = self.terminate.recv() => grace,
            else => return,
        };
        self.say(words.first);
        self.canceller.cancel();
        tokio::select! {
            Some(()) = self.interrupt.recv() => self.say(words.again),
            Some(()) = self.terminate.recv() => self.say(words.again),
            () = over(grace) => self.say("the time to take everything back is over: stopping where it is"),
        }
        self.canceller.halt();
    }

    fn say(&self, words: &str) {
        self.screen.say(&Style::Careful.of(words));
    }
}

async fn over(grace: Option<Duration>) {
    match grace {
        Some(grace) => sleep(grace).await,
        None => std::future::pending().await,
    }
}

fn deaf(error: io::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::cli::signals", "signals cannot be listened for")
        .help("nothing was changed")
        .because(error)
}
