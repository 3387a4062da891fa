//! Interrupting a run: a signal, never an abort. What is under way settles; nothing new begins.

use tokio::sync::watch;

/// Interrupts a run.
#[derive(Debug, Clone)]
pub struct Canceller(watch::Sender<bool>);

/// Sees whether a run was interrupted.
#[derive(Debug, Clone)]
pub struct Cancel(Option<watch::Receiver<bool>>);

impl Canceller {
    /// A canceller and what it cancels.
    pub fn new() -> (Self, Cancel) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Cancel(Some(receiver)))
    }

    /// Interrupts. Once is enough, and more often does no more.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl Cancel {
    /// Is never interrupted.
    pub fn never() -> Self {
        Self(None)
    }

    /// Whether it was interrupted.
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|seen| *seen.borrow())
    }

    /// Returns when it is interrupted, which may be never.
    pub async fn cancelled(&self) {
        let Some(mut seen) = self.0.clone() else {
            return std::future::pending().await;
        };
        if seen.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
