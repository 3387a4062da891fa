//! Requests that nobody waits for any more, and that a server may still carry out.

use std::cell::Cell;

tokio::task_local! {
    static LATE: Cell<bool>;
}

/// Notes that a writing request of the step at work was given up, or cut off, without an answer: the server may still
/// carry it out, even after a repetition of it was answered.
///
/// Whoever sends requests calls it, in the task in which the step was called; outside of a run it does nothing.
pub fn note_late() {
    // Outside of a run, as in a step's own tests, nobody asks.
    LATE.try_with(|late| late.set(true)).unwrap_or_default();
}

/// The answer of the work, and whether a request of it may still be carried out.
pub(crate) async fn watched<T>(work: impl Future<Output = T>) -> (T, bool) {
    let work = async {
        let answer = work.await;
        (answer, LATE.with(Cell::get))
    };
    LATE.scope(Cell::new(false), work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_note_belongs_to_the_work_in_which_it_was_made() {
        note_late();
        assert_eq!(watched(async { 1 }).await, (1, false));
        assert_eq!(watched(async { note_late() }).await, ((), true));
        assert_eq!(watched(async { watched(async { note_late() }).await.1 }).await, (true, false));
    }
}
