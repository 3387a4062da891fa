//! Interrupting a run: a signal, never an abort. What is under way settles; nothing new begins.

use tokio::sync::watch;

/// How far a run is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Going,
    Cancelled,
    Halted,
}

/// Interrupts a run.
#[derive(Debug, Clone)]
pub struct Canceller(watch::Sender<Level>);

/// Sees whether a run was interrupted.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<Level>);

impl Canceller {
    /// A canceller and what it cancels.
    pub fn new() -> (Self, Cancel) {
        let (sender, receiver) = watch::channel(Level::Going);
        (Self(sender), Cancel(receiver))
    }

    /// Interrupts: what the run has changed is taken back. Once is enough, and more often does no more.
    pub fn cancel(&self) {
        self.raise(Level::Cancelled);
    }

    /// Interrupts, and does not wait for anything to be taken back: whoever runs the engine drops it where it is.
    pub fn halt(&self) {
        self.raise(Level::Halted);
    }

    fn raise(&self, to: Level) {
        self.0.send_modify(|level| *level = (*level).max(to));
    }
}

impl Cancel {
    /// Is never interrupted.
    pub fn never() -> Self {
        Canceller::new().1
    }

    /// Whether it was interrupted.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow() >= Level::Cancelled
    }

    /// Returns when it is interrupted, which may be never.
    pub async fn cancelled(&self) {
        self.reached(Level::Cancelled).await;
    }

    /// Returns when it has to stop where it is, which may be never.
    pub async fn halted(&self) {
        self.reached(Level::Halted).await;
    }

    async fn reached(&self, level: Level) {
        // Without a canceller there is nobody left to interrupt it.
        if self.0.clone().wait_for(|now| *now >= level).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
