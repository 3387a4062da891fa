//! Work that comes to its end though what asked for it was given up.

use tokio::{sync::watch, task::JoinError};

/// What is under way: each piece of it listens until it is over, also by a panic.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(watch::Sender<()>);

impl InFlight {
    /// Carries work to its end, in a task of its own.
    pub(crate) async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        let begun = self.0.subscribe();
        let carried = tokio::spawn(async move {
            let answer = work.await;
            drop(begun);
            answer
        });
        carried.await
    }

    /// Returns once nothing is under way.
    pub(crate) async fn idle(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_given_up_is_waited_for() {
        let under_way = InFlight::default();
        under_way.idle().await;
        let (end, ended) = oneshot::channel::<()>();
        assert!(under_way.spawn(ended).now_or_never().is_none(), "it is given up where it waits");
        assert!(under_way.idle().now_or_never().is_none(), "it goes on");
        end.send(()).expect("it waits for this");
        under_way.idle().await;
    }

    #[tokio::test]
    async fn what_panics_is_over() {
        let under_way = InFlight::default();
        assert!(under_way.spawn(async { panic!("in a test") }).await.is_err_and(|error| error.is_panic()));
        under_way.idle().await;
    }
}
