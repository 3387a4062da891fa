//! What must come of a run in which one request goes wrong. Pure, and made without looking at the program: it knows what
//! a request is for, what may be asked twice, and what no one can know.

use super::{
    asked::{Asked, Phase},
    way::Way,
};
use crate::program::Ran;

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

    /// Whether the run has left something unfinished: then, and only then, no other one begins, from wherever it comes.
    pub fn is_unfinished(self) -> bool {
        self == Self::Stuck
    }
}

/// Whether a run could begin, from what a plain `apply` came to that asks before it writes and is given no answer; `None`
/// where it failed for a reason of its own.
pub fn may_begin(ran: &Ran) -> Option<bool> {
    let says = |code: &str| ran.stderr.contains(code);
    match ran.code {
        // It has nothing to do.
        0 => Some(true),
        7 if says("trustpath::cli::no_consent") => Some(true),
        7 if says("trustpath::run::unfinished") || says("trustpath::lock::unfinished") => Some(false),
        _ => None,
    }
}

/// What must come of a run from `asked` on when this befalls it once.
pub fn expected(asked: &Asked, way: Way) -> Outcome {
    // A fault that happens once has passed when the undo comes, if there is anything to undo.
    if is_survived(asked, way) { Outcome::After } else { Outcome::Before }
}

/// What must come of an undo in which one request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// It is tried again, and everything is back.
    Back,
    /// It ends, and leaves the namespace: no one could say what is in it.
    Left,
    /// The fault outlives it.
    Stuck,
}

impl Undone {
    /// The same as the outcome of the run.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Back | Self::Left => Outcome::Before,
            Self::Stuck => Outcome::Stuck,
        }
    }
}

/// What must come of an undo from a request on to which this happens, once or as long as it lasts. An undo looks before it
/// writes, so that whatever passes is repeated; a right that is missing does not come by itself. A namespace that it may
/// not look into keeps no run from its end, and where it may not look for who else uses a policy, what it has made is still its
/// own to take back. When it leaves the lock, all is back: what cannot be written is removed, and what
/// cannot be removed is emptied.
pub fn expected_undo(asked: &Asked, way: Way, lasts: bool) -> Undone {
    match way {
        _ if asked.locks => Undone::Back,
        Way::Status(_) if lasts && looks_into_namespace(asked) => Undone::Left,
        Way::Status(403) if looks_for_users(asked) => Undone::Back,
        Way::Status(403) => Undone::Stuck,
        _ if lasts => Undone::Stuck,
        _ => Undone::Back,
    }
}

/// Whether it asks who else uses a policy, before that goes, where nothing else is asked.
pub fn looks_for_users(asked: &Asked) -> bool {
    ["GET /v1/identity/", "GET /v1/auth/token/roles"].iter().any(|at| asked.what().starts_with(at))
}

/// Whether it asks what the namespace holds, before that goes.
pub fn looks_into_namespace(asked: &Asked) -> bool {
    let own = ["serviceaccounts/external-secrets", "clustersecretstores/vault-backend"];
    let looks = ["GET /apis", "GET /api/v1/namespaces/external-secrets/"].iter().any(|at| asked.what().starts_with(at));
    (looks || asked.what() == "GET /api/v1") && !asked.locks && !own.iter().any(|end| asked.what().ends_with(end))
}

/// Whether asking again, or doing without, fixes it.
pub fn is_survived(asked: &Asked, way: Way) -> bool {
    // A token that does not revoke itself is revoked by its accessor.
    if is_optional(asked, way) || asked.what() == "POST /v1/auth/token/revoke-self" {
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
        Way::StallBefore => is_note_on_the_lock(asked),
        Way::StallAfter | Way::Late => false,
    }
}

/// Asking twice does no more than asking once: everything but enabling a mount and logging in.
fn may_be_repeated(asked: &Asked) -> bool {
    let once = ["POST /v1/sys/auth/kubernetes", "POST /v1/auth/kubernetes/login"];
    !once.contains(&asked.what())
}

/// What a run notes on its lock is written until it is noted, or the lock is lost; what it leaves there can be taken away in
/// two ways.
fn is_note_on_the_lock(asked: &Asked) -> bool {
    let notes = ["PUT", "DELETE"]
        .map(|verb| format!("{verb} /apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath"));
    notes.iter().any(|note| asked.what() == note)
}

/// Written with patience: config and role of a mount that may just have been made.
fn is_below_new_mount(asked: &Asked) -> bool {
    asked.makes && asked.what().starts_with("POST /v1/auth/kubernetes/")
}

/// Whether a server that answers so is simply believed: it says that something is not there which is. No one who asks one
/// server can know better, so nothing is promised, and there is no cell for it.
pub fn is_believed(asked: &Asked, way: Way) -> bool {
    asked.phase == Phase::Planning && !asked.makes && way == Way::Status(404) && asked.status != 404
}

/// What a plan or a proof can do without: the link is then called unchecked, and never broken.
fn is_optional(asked: &Asked, way: Way) -> bool {
    let Way::Status(status) = way else { return false };
    let optional = OPTIONAL.iter().filter(|(phase, ..)| *phase == asked.phase);
    let is = |what: &str| asked.what().ends_with(what) || asked.to_string() == what;
    let fits = |what: &str, statuses: &[u16]| is(what) && statuses.contains(&status);
    optional.into_iter().any(|(_, what, statuses)| fits(what, statuses))
}

const ANY: &[u16] = &[400, 403, 404, 500];

/// When, what (and the how many-th where that matters), and the statuses that do no harm there.
const OPTIONAL: [(Phase, &str, &[u16]); 16] = [
    // Whatever keeps a token from seeing the engines, it plans without a word about them.
    (Phase::Planning, "GET /v1/sys/internal/ui/mounts", &[400, 403, 404]),
    // Whether there is anything at the store's address is worth a remark, and no more.
    (Phase::Planning, "GET /api/v1/namespaces/vault/services/vault", ANY),
    (Phase::Planning, "GET /api/v1/services", ANY),
    // The lock notes which run has begun until it is noted, or the lock is lost.
    (Phase::Planning, "PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath", &[400, 500]),
    // Who may not ask which rights there are goes on without knowing, and says so.
    (Phase::Planning, "POST /v1/sys/capabilities-self", &[403]),
    (Phase::Planning, "GET /v1/auth/token/lookup-self", &[403]),
    // The second look at the mounts is for the rights below each of them, of which nothing is said then.
    (Phase::Planning, "GET /v1/sys/auth #2", &[403]),
    (Phase::Planning, "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &[403]),
    // The lock names the run no more when it can be written, or removed; one of the two is enough.
    (Phase::Proving, "PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath", ANY),
    (Phase::Proving, "DELETE /apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath", ANY),
    // The ServiceAccount is there, whatever is said of the namespace that it is in.
    (Phase::Proving, "GET /api/v1/namespaces/external-secrets", &[404]),
    // What this program may not do, the operator may: it is not checked from here.
    (Phase::Proving, "/serviceaccounts/external-secrets/token", &[403]),
    (Phase::Proving, "POST /v1/sys/capabilities-self", ANY),
    (Phase::Proving, "POST /v1/auth/token/revoke-accessor", ANY),
    (Phase::Proving, "GET /apis/apps/v1/deployments", ANY),
    (Phase::Proving, "GET /api/v1/pods", ANY),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(code: i32, stderr: &str) -> Ran {
        Ran { code, stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn a_run_begins_where_nothing_is_unfinished_and_nowhere_else() {
        assert_eq!(Outcome::ALL.map(Outcome::is_unfinished), [false, false, true]);
        assert_eq!(may_begin(&ran(0, "")), Some(true));
        assert_eq!(may_begin(&ran(7, "trustpath::cli::no_consent")), Some(true));
        // What a lock said that was left by a run that had ended well, from its own machine and from another one.
        for left in ["unfinished", "unfinished_elsewhere"] {
            assert_eq!(may_begin(&ran(7, &format!("trustpath::lock::{left}"))), Some(false));
        }
        assert_eq!(may_begin(&ran(7, "trustpath::run::unfinished")), Some(false));
        for other in [ran(6, "trustpath::lock::held"), ran(7, "trustpath::run::irreversible"), ran(12, "")] {
            assert_eq!(may_begin(&other), None, "{}", other.stderr);
        }
    }
}
