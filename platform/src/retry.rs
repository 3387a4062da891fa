//! The one retry policy, for both systems: by what was asked and what came of it.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{error::Error, seen::Attempt};

/// Whether asking twice does more than asking once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It does not: reads, and writes that say how things should be.
    Harmless,
    /// It may: enabling a mount, or anything else that fails when it was done before.
    Harmful,
}

/// Times and limits of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long one request may take, all attempts together.
    pub total: Duration,
    /// How long it may take to connect, one attempt.
    pub connect: Duration,
    /// How often a connection is tried.
    pub connections: u32,
    /// The first pause between two attempts; each is twice as long as the one before it, up to a second.
    pub pause: Duration,
}

/// Longer than anybody waits, and short enough for any clock to count to its end: what others say may be more.
pub(crate) const ENDLESS: Duration = Duration::from_secs(60 * 60 * 24 * 365);

impl Default for Limits {
    /// 30 s for a request; a server that is not there is reported within 10 s.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(30),
            connect: Duration::from_secs(3),
            connections: 3,
            pause: Duration::from_millis(100),
        }
    }
}

/// Whether another attempt makes sense, after `failed` attempts that came to nothing. Pure.
///
/// A server that answers 429 (too many requests) or 412 (Vault: this node does not have that state yet) has not begun
/// to serve the request, so any request may be repeated. 502, 503 and 504 say nothing about that.
fn retryable(repeat: Repeat, seen: Attempt, failed: u32, limits: &Limits) -> bool {
    match (seen, repeat) {
        (Attempt::NoConnection, _) => failed < limits.connections,
        (Attempt::Status(412 | 429), _) | (Attempt::NotYet, _) => true,
        (Attempt::Broken | Attempt::Status(502..=504), Repeat::Harmless) => true,
        (Attempt::Broken | Attempt::Ended | Attempt::Status(_), _) => false,
    }
}

fn note(writes: bool, seen: Attempt) {
    if writes && seen.may_come_late() {
        trustpath_core::note_unacknowledged();
    }
}

impl Limits {
    /// Makes attempts until one succeeds, fails for good, or the time is over. What is returned then is the error of
    /// the last attempt that came to an end, or `late()` where none did.
    ///
    /// An attempt of a writing request that no one answered is noted: the server may still carry it out, whatever comes
    /// of the next one.
    pub(crate) async fn retry<T, F>(
        &self,
        (repeat, writes): (Repeat, bool),
        mut attempt: impl FnMut() -> F,
        late: impl FnOnce() -> Error,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let deadline = Instant::now() + self.total.min(ENDLESS);
        let mut pauses = self.pauses();
        let mut last = None;
        for failed in 1.. {
            let error = match timeout_at(deadline, attempt()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => {
                    note(writes, Attempt::Broken);
                    break;
                }
            };
            let seen = error.what_was_seen();
            seen.into_iter().for_each(|seen| note(writes, seen));
            let again = seen.is_some_and(|seen| retryable(repeat, seen, failed, self));
            // Whoever asks for no patience gets ours all the same: a server that cannot serve is not helped by haste.
            let pause = error.asked_patience().max(pauses.next()).unwrap_or(self.pause);
            // A server may ask for more patience than a clock can count.
            if !again || pause >= deadline.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            sleep(pause).await;
            last = Some(error);
        }
        Err(last.unwrap_or_else(late))
    }

    fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.pause)
            .with_max_delay(Duration::from_secs(1).max(self.pause))
            .without_max_times()
            .with_jitter()
            .build()
    }
}

/// The seconds of a `Retry-After` header; its other form, a date, is not used by these systems.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::error::{ErrorKind, System};

    #[rstest]
    #[case(Attempt::NoConnection, 1, true, true)]
    #[case(Attempt::NoConnection, 2, true, true)]
    #[case(Attempt::NoConnection, 3, false, false)]
    #[case(Attempt::Broken, 1, true, false)]
    #[case(Attempt::Ended, 1, false, false)]
    #[case(Attempt::NotYet, 9, true, true)]
    #[case(Attempt::Status(429), 9, true, true)]
    #[case(Attempt::Status(412), 9, true, true)]
    #[case(Attempt::Status(502), 9, true, false)]
    #[case(Attempt::Status(503), 9, true, false)]
    #[case(Attempt::Status(504), 9, true, false)]
    #[case(Attempt::Status(400), 1, false, false)]
    #[case(Attempt::Status(401), 1, false, false)]
    #[case(Attempt::Status(403), 1, false, false)]
    #[case(Attempt::Status(404), 1, false, false)]
    #[case(Attempt::Status(409), 1, false, false)]
    #[case(Attempt::Status(422), 1, false, false)]
    #[case(Attempt::Status(500), 1, false, false)]
    #[case(Attempt::Status(501), 1, false, false)]
    fn what_is_repeated(#[case] seen: Attempt, #[case] failed: u32, #[case] harmless: bool, #[case] harmful: bool) {
        let limits = Limits::default();
        assert_eq!(retryable(Repeat::Harmless, seen, failed, &limits), harmless);
        assert_eq!(retryable(Repeat::Harmful, seen, failed, &limits), harmful);
    }

    #[rstest]
    #[case(Attempt::NoConnection, false)]
    #[case(Attempt::Broken, true)]
    #[case(Attempt::Ended, true)]
    #[case(Attempt::NotYet, false)]
    #[case(Attempt::Status(400), false)]
    #[case(Attempt::Status(429), false)]
    #[case(Attempt::Status(500), false)]
    #[case(Attempt::Status(502), true)]
    #[case(Attempt::Status(503), false)]
    #[case(Attempt::Status(504), true)]
    fn what_may_come_late(#[case] seen: Attempt, #[case] late: bool) {
        assert_eq!(seen.may_come_late(), late);
    }

    #[test]
    fn a_server_that_is_not_there_is_reported_within_ten_seconds() {
        let limits = Limits::default();
        let pauses: Duration = limits.pauses().take(limits.connections as usize - 1).sum();
        assert!(limits.connect * limits.connections + pauses < Duration::from_secs(10));
    }

    /// How long it takes to be served at the third attempt, where each answer before asks for that much patience.
    async fn waited_for(asked: Option<Duration>) -> Duration {
        let (begun, mut failed) = (Instant::now(), 0);
        let attempt = || {
            failed += 1;
            let refused =
                Error::new(System::Vault, ErrorKind::Unavailable, "not now").answered(429, []).retry_after(asked);
            std::future::ready(if failed < 3 { Err(refused) } else { Ok(()) })
        };
        let late = || Error::new(System::Vault, ErrorKind::Timeout, "late");
        Limits::default().retry((Repeat::Harmless, false), attempt, late).await.unwrap();
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_is_the_larger_of_what_is_asked_for_and_ours() {
        let ours = Duration::from_millis(100 + 200);
        for asked in [None, Some(Duration::ZERO)] {
            let waited = waited_for(asked).await;
            assert!(waited >= ours && waited < ours * 3, "{asked:?}: {waited:?}");
        }
        let asked = Duration::from_secs(2);
        assert!(waited_for(Some(asked)).await >= asked * 2);
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case(" 7 ", Some(7))]
    #[case("soon", None)]
    #[case("Wed, 21 Oct 2026 07:28:00 GMT", None)]
    fn the_seconds_of_retry_after(#[case] text: &str, #[case] seconds: Option<u64>) {
        let headers = http::HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]);
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs));
    }
}
