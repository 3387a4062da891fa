//! What guards a request is looked at while the one before it is under way: no longer before it is sent than it would be
//! with a look of its own.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use super::requests::Sent;
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

    /// Looks while something is sent; where that fails, nothing is sent after it.
    pub(super) async fn beside(
        look: impl Future<Output = Option<Self>>,
        sending: impl Future<Output = Sent>,
    ) -> (Sent, Option<Self>) {
        match select(pin!(sending), pin!(look)).await {
            Either::Left((sent, look)) if sent.answer.is_ok() => (sent, look.await),
            Either::Left((sent, _)) => (sent, None),
            Either::Right((look, sending)) => (sending.await, look),
        }
    }

    /// What was seen, unless that is too long ago.
    pub(super) fn fresh(self) -> Option<Result<Answer>> {
        (self.at.elapsed() <= FRESH).then_some(self.answer)
    }
}
