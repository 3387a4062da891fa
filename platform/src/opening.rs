//! The first request opens the connection, and the others wait for it: over HTTP/2 they share it.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http::Request;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::Mutex;

/// How long a connection may be silent while requests are under way before it is asked for a sign of life, and how long
/// that may take: one that is dead is dead for all of its requests, and another has to be made while there is time.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Whether the first connection of a client was made. Which protocol the server speaks is known only then: requests that
/// are sent together before that would open a connection each.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    made: AtomicBool,
    turn: Mutex<()>,
}

impl Opening {
    /// Sends a request; alone, until it has a connection, where none was made yet.
    pub(crate) async fn send<B, F: Future>(
        &self,
        mut request: Request<B>,
        send: impl FnOnce(Request<B>) -> F,
    ) -> F::Output {
        if self.made.load(Ordering::Acquire) {
            return send(request).await;
        }
        let turn = self.turn.lock().await;
        if self.made.load(Ordering::Acquire) {
            drop(turn);
            return send(request).await;
        }
        let mut connection = capture_connection(&mut request);
        let mut sending = pin!(send(request));
        tokio::select! {
            answer = &mut sending => return answer,
            _ = connection.wait_for_connection_metadata() => self.made.store(true, Ordering::Release),
        }
        drop(turn);
        sending.await
    }
}
