//! What guards a request is looked at while the one before it is under way: no longer before it is sent than it would be
//! with a look of its own.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use crate::{
    contract::{Answer, Context, Part, Request},
    failure::Result,
};

/// How old a look may be when the request is sent that it guards: the one before it may have had to wait for something.
const FRESH: Duration = Duration::from_secs(1);

/// What came of a look, and when.
pub(super) struct Look {
    answer: Result<Answer>,
    at: Instant,
}

impl Look {
    /// A look for what is sent first. Without an answer in time, it is too late to send anything.
    pub(super) fn first(parts: &[Part], cx: Context, deadline: Instant) -> impl Future<Output = Option<Self>> + use<> {
        Self::by(deadline, parts.first().and_then(|part| part.request.clone()), cx)
    }

    /// A look for the next request, where it is about another object than the one that is sent now.
    pub(super) fn ahead(
        now: &Part,
        next: Option<&Part>,
        cx: Context,
        deadline: Instant,
    ) -> impl Future<Output = Option<Self>> + use<> {
        let requests = now.request.as_ref().zip(next.and_then(|next| next.request.clone()));
        let next = requests.filter(|(now, next)| now.shown().path != next.shown().path).map(|(_, next)| next);
        Self::by(deadline, next, cx)
    }

    async fn by(deadline: Instant, request: Option<Arc<dyn Request>>, cx: Context) -> Option<Self> {
        let answer = timeout_at(deadline, request?.look(&cx)).await.ok()??;
        Some(Self { answer, at: Instant::now() })
    }

    /// Looks while something is sent; where that does not go well, nothing is sent after it.
    pub(super) async fn beside<S>(
        look: impl Future<Output = Option<Self>>,
        sending: impl Future<Output = S>,
        went_well: impl FnOnce(&S) -> bool,
    ) -> (S, Option<Self>) {
        match select(pin!(sending), pin!(look)).await {
            Either::Left((sent, look)) if went_well(&sent) => (sent, look.await),
            Either::Left((sent, _)) => (sent, None),
            Either::Right((look, sending)) => (sending.await, look),
        }
    }

    /// What was seen, unless that is too long ago.
    pub(super) fn fresh(self) -> Option<Result<Answer>> {
        (self.at.elapsed() <= FRESH).then_some(self.answer)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::Value;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::contract::{Change, Consent, Facts, Handles, Right, Shown, Values};

    const LIMIT: Duration = Duration::from_secs(60);

    /// What takes so long to look at.
    #[derive(Debug)]
    struct At(&'static str, Duration);

    #[async_trait]
    impl Request for At {
        fn rights(&self, _: Values) -> Vec<Right> {
            Vec::new()
        }

        fn shown(&self) -> Shown {
            Shown { system: "s".into(), method: "PUT".into(), path: self.0.into(), body: Value::Null }
        }

        async fn look(&self, _: &Context) -> Option<Result<Answer>> {
            sleep(self.1).await;
            Some(Ok(Answer::Found(self.0.into())))
        }

        async fn send(&self, _: &Context) -> Result<()> {
            Ok(())
        }
    }

    fn part(at: &'static str, millis: u64) -> Part {
        let change = Change { before: None, after: None };
        Part { change, request: Some(Arc::new(At(at, Duration::from_millis(millis)))) }
    }

    async fn ahead(next: &Part, sending: impl Future<Output = bool>) -> Option<Result<Answer>> {
        let cx = Context::new("g", "s", Arc::new(Facts::default()), Arc::new(Handles::new()), Consent::default());
        let look = Look::ahead(&part("a", 0), Some(next), cx, Instant::now() + LIMIT);
        Look::beside(look, sending, |sent| *sent).await.1.and_then(Look::fresh)
    }

    async fn sent_in(millis: u64) -> bool {
        sleep(Duration::from_millis(millis)).await;
        true
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_seen_beside_a_request_guards_the_next_one() {
        for (look, sending) in [(10, 50), (50, 10)] {
            let begun = Instant::now();
            let seen = ahead(&part("b", look), sent_in(sending)).await.unwrap().unwrap();
            assert_eq!(seen, Answer::Found("b".into()));
            assert_eq!(begun.elapsed(), Duration::from_millis(50), "both at the same time");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_now_is_not_looked_at_and_nothing_is_once_it_has_failed() {
        assert!(ahead(&part("a", 0), sent_in(10)).await.is_none());
        let begun = Instant::now();
        assert!(ahead(&part("b", 50), async { false }).await.is_none());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_of_long_ago_guards_nothing_and_none_goes_past_the_deadline() {
        assert!(ahead(&part("b", 10), sent_in(1_011)).await.is_none());
        assert!(ahead(&part("b", 10), sent_in(1_010)).await.is_some());
        advance(LIMIT).await;
        assert!(ahead(&part("b", 60_001), sent_in(10)).await.is_none());
    }
}
