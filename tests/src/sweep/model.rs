//! What must come of a run in which one request goes wrong. Pure, and made without looking at the program: it knows what
//! a request is for, what may be asked twice, and what nobody can know.

use super::{
    asked::{Asked, Phase},
    way::Way,
};

/// What is on the servers when the program has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// What was there before; the program says that it failed.
    Before,
    /// What the graph file says; the program says that all is well.
    After,
    /// The program says that it is stuck, and `rollback` ends as it was before once the fault is gone.
    Stuck,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Before, Self::After, Self::Stuck];
}

/// What must come of a run from `asked` on when this befalls it once.
pub fn expected(asked: &Asked, way: Way) -> Outcome {
    match asked.phase {
        _ if is_survived(asked, way) => Outcome::After,
        // A fault that happens once has passed when the undo comes.
        Phase::Planning | Phase::Making | Phase::Proving => Outcome::Before,
    }
}

/// Whether asking again, or doing without, mends it.
pub fn is_survived(asked: &Asked, way: Way) -> bool {
    if is_optional(asked, way) {
        return true;
    }
    match way {
        // Nothing was sent, or the server says that it did not begin.
        Way::Refused | Way::Throttled | Way::Status(412 | 429) => true,
        Way::ResetBefore | Way::ResetAfter | Way::CutBody => may_be_repeated(asked),
        Way::Status(502 | 503) | Way::LostAnswer(502 | 503) => may_be_repeated(asked),
        // Nothing there is what the server would have said anyway; or the mount is so new that this node does not know it.
        Way::Status(404) => asked.status == 404 || is_below_new_mount(asked),
        Way::Status(_) | Way::LostAnswer(_) => false,
        Way::StallBefore | Way::StallAfter | Way::Late => false,
    }
}

/// Asking twice does no more than asking once: everything but enabling a mount and logging in.
fn may_be_repeated(asked: &Asked) -> bool {
    let once = ["POST /v1/sys/auth/kubernetes", "POST /v1/auth/kubernetes/login"];
    !once.contains(&asked.what())
}

/// Written with patience: config and role of a mount that may just have been made.
fn is_below_new_mount(asked: &Asked) -> bool {
    asked.makes && asked.what().starts_with("POST /v1/auth/kubernetes/")
}

/// What the program can do without: it says so, and goes on.
fn is_optional(asked: &Asked, way: Way) -> bool {
    let _ = (asked, way);
    false
}
