//! The lock of this machine: one process at a time works from a state directory.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use trustpath_core::{
    Class, Problem, Result,
    journal::{DirectoryLock, Store, TryLock},
    run::Cancel,
};
use trustpath_platform::{lock::LockHolder, text::clean};

use crate::command::Command;

/// How long to wait before trying again.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes it, or waits for it as long as the user says: not at all where nothing is said, since who holds it is alive.
pub(super) async fn take(
    command: &Command,
    holder: &LockHolder,
    timeout: Option<Duration>,
    cancel: &Cancel,
) -> Result<DirectoryLock> {
    let (store, timeout) = (command.store()?, timeout.unwrap_or_default());
    let deadline = Instant::now() + timeout;
    let mut told = false;
    loop {
        let words = match store.try_lock(&holder.to_string())? {
            TryLock::Ours(lock) => return Ok(lock),
            TryLock::Theirs(words) => words,
        };
        if Instant::now() >= deadline {
            return Err(held(&store, &words).into());
        }
        if !std::mem::replace(&mut told, true) {
            let (in_use, seconds) = (in_use(&store, &words), timeout.as_secs());
            command.screen.aside(&format!("{in_use}: waiting for at most {seconds} s"));
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = cancel.cancelled() => return Err(interrupted().into()),
        }
    }
}

fn held(store: &Store, words: &str) -> Problem {
    let message = format!("one run at a time: {}", in_use(store, words));
    Problem::new(Class::Conflict, "trustpath::lock::held", message)
        .help("nothing was changed; try again when that run is finished, or wait for it: --lock-timeout 5m")
}

fn in_use(store: &Store, words: &str) -> String {
    format!("the state directory {} is in use by {}", store.directory().display(), clean(words))
}

fn interrupted() -> Problem {
    Problem::new(Class::Interrupted, "trustpath::lock::interrupted", "interrupted while the lock was waited for")
        .help("nothing was changed; run it again when you are ready")
}
