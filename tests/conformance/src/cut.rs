//! Cutting work off at an await.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// Polls `work` at most `polls` times, then drops it where it stands. `Some` when it came to its end before that.
pub(super) async fn cut_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    Cut { left: polls, work: pin!(work) }.await
}

struct Cut<'a, F> {
    left: usize,
    work: Pin<&'a mut F>,
}

impl<F: Future> Future for Cut<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.work.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
