//! Ctrl-C and SIGTERM: a signal to the engine, never an abort.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
    time::sleep,
};
use trustpath_core::{
    Class, Problem, Result,
    run::{Cancel, Canceller},
};

use crate::{render::Style, screen::Screen};

/// What is said when a signal comes: the first time, and every other time.
type Words = (&'static str, &'static str);

/// For commands that only read.
pub(crate) const READING: Words = ("interrupted", "interrupted already: what is under way settles");

/// For commands that write.
pub(crate) const WRITING: Words = (
    "interrupted: what is under way settles, and what was changed is taken back; once more stops it where it is",
    "stopping where it is",
);

/// For taking back, which a first signal does not interrupt.
pub(crate) const UNDOING: Words = (
    "what was changed is being taken back, which goes on to its end; once more stops it where it is",
    "stopping where it is",
);

/// Listens until it is dropped.
pub(crate) type Listening = JoinSet<()>;

/// Listens from now on; what is returned sees the interruption. After a SIGTERM the run has `grace` to be taken back,
/// and is halted then.
pub(crate) fn listen(screen: &Screen, words: Words, grace: Option<Duration>) -> Result<(Cancel, Listening)> {
    let (canceller, cancel) = Canceller::new();
    let mut listening = Listening::new();
    listening.spawn(run(signals().map_err(cannot_listen)?, words, grace, canceller, screen.clone()));
    Ok((cancel, listening))
}

fn signals() -> io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

async fn run(
    (mut interrupt, mut terminate): (Signal, Signal),
    (first, again): Words,
    grace: Option<Duration>,
    canceller: Canceller,
    screen: Screen,
) {
    let say = |words: &str| screen.say(&Style::Careful.of(words));
    let grace = tokio::select! {
        Some(()) = interrupt.recv() => None,
        Some(()) = terminate.recv() => grace,
        else => return,
    };
    say(first);
    canceller.cancel();
    tokio::select! {
        Some(()) = interrupt.recv() => say(again),
        Some(()) = terminate.recv() => say(again),
        () = grace_elapsed(grace) => say("the time to take everything back is over: stopping where it is"),
    }
    canceller.halt();
}

async fn grace_elapsed(grace: Option<Duration>) {
    match grace {
        Some(grace) => sleep(grace).await,
        None => std::future::pending().await,
    }
}

fn cannot_listen(error: io::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::cli::signals", "signals cannot be listened for")
        .help("nothing was changed")
        .because(error)
}
