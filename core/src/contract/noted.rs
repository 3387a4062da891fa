//! What a request says besides its answer: that no one waits for it any more, or that it left something on purpose.

use std::cell::RefCell;

tokio::task_local! {
    static NOTED: RefCell<Noted>;
}

/// What was noted while a request of a step was at work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// It, or an attempt of it, may still be carried out.
    pub(crate) unacknowledged: bool,
    /// What it was to remove and has left, each with the reason.
    pub(crate) left: Vec<String>,
}

/// Notes that a writing request of the step at work was given up, or cut off, without an answer: the server may still
/// carry it out, even after a repetition of it was answered.
///
/// Whoever sends requests calls it, in the task in which the step was called; outside of a run it does nothing.
pub fn note_unacknowledged() {
    note(|noted| noted.unacknowledged = true);
}

/// Notes that the request at work leaves on purpose what it was to remove, since that belongs to others by now, or cannot
/// be removed by anything that this program does: a sentence that names it, with the reason and without control characters.
/// The request then counts as made, the run ends, and the user is told. Where the request fails as well, as one does that could
/// not see whether others are there, an undo tries it again first, and leaves it only when that is in vain.
///
/// Called in the task in which the step was called; outside of a run it does nothing.
pub fn note_retained(why: impl Into<String>) {
    note(|noted| noted.left.push(why.into()));
}

fn note(change: impl FnOnce(&mut Noted)) {
    // Outside of a run, as in a step's own tests, no one asks.
    NOTED.try_with(|noted| change(&mut noted.borrow_mut())).unwrap_or_default();
}

/// The answer of the work, and what was noted while it went on.
pub(crate) async fn watched<T>(work: impl Future<Output = T>) -> (T, Noted) {
    let work = async {
        let answer = work.await;
        (answer, NOTED.with(RefCell::take))
    };
    NOTED.scope(RefCell::default(), work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late() -> Noted {
        Noted { unacknowledged: true, ..Noted::default() }
    }

    #[tokio::test]
    async fn a_note_belongs_to_the_work_in_which_it_was_made() {
        note_unacknowledged();
        assert_eq!(watched(async { 1 }).await, (1, Noted::default()));
        assert_eq!(watched(async { note_unacknowledged() }).await, ((), late()));
        assert_eq!(
            watched(async { watched(async { note_unacknowledged() }).await.1 }).await,
            (late(), Noted::default())
        );
    }

    #[tokio::test]
    async fn what_is_left_is_noted_beside_what_is_late() {
        let work = async {
            note_retained("a");
            note_unacknowledged();
            note_retained("b");
        };
        assert_eq!(watched(work).await.1, Noted { unacknowledged: true, left: vec!["a".into(), "b".into()] });
    }
}
