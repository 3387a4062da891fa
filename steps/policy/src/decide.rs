//! What the policy should be, and what destroy leaves of it. Nothing here does I/O.

use trustpath_core::{Note, Released, Wanted};
use trustpath_platform::text::clean;

use crate::{state::PolicyState, survey::Wish, text, users::Users};

/// The policy as the graph file wants it. A text that means the same stays as it is, without a mark if it has none; what
/// the graph file says nothing about stays too.
pub(crate) fn desired(wish: &Wish, graph: &str, now: Option<&PolicyState>) -> Wanted<PolicyState> {
    let mut state = now.cloned().unwrap_or_default();
    if now.is_none() || !wish.text.means(&state.text) {
        state.text = wish.text.marked(graph);
    }
    let mut notes: Vec<_> = wish.warnings.iter().cloned().map(Note::Warning).collect();
    for path in wish.text.meaning.duplicates() {
        notes.push(Note::Info(format!("`{}` is there more than once: Vault joins what is said about it", clean(path))));
    }
    if let Some(expiration) = &state.expiration {
        let expiration = clean(expiration);
        notes.push(Note::Warning(format!("the server removes this policy at {expiration}, as somebody has set")));
    }
    Wanted { state, provisional: false, notes }
}

/// Whether the policy bears the mark of this graph.
pub(crate) fn ours(graph: &str, now: &PolicyState) -> bool {
    text::owner(&now.text).is_some_and(|owner| owner == graph)
}

/// A policy that others use, or may use, stays.
pub(crate) fn released(users: &Users, now: &PolicyState) -> Released<PolicyState> {
    match users.keep_because() {
        None => Released::all(),
        Some(why) => Released::kept(now.clone(), why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    const READ: &str = "path \"kv/data/apps/*\" {\n  capabilities = [\"read\"]\n}\n";
    const SAME: &str = "// by hand\npath \"kv/data/apps/*\" { policy = \"read\" }";

    fn wish(hcl: &str) -> Wish {
        Wish { text: Text::given(hcl).unwrap(), warnings: Vec::new() }
    }

    fn state(text: &str) -> PolicyState {
        PolicyState { text: text.into(), ..PolicyState::default() }
    }

    #[test]
    fn a_new_policy_bears_the_mark() {
        let wanted = desired(&wish(READ), "payments", None);
        assert!(ours("payments", &wanted.state));
        assert!(!ours("billing", &wanted.state));
        assert!(wanted.state.text.ends_with(READ));
    }

    #[test]
    fn what_means_the_same_stays_as_it_is() {
        let now = state(SAME);
        let both = wish("path \"kv/data/apps/*\" { capabilities = [\"list\", \"read\"] }");
        let wanted = desired(&both, "payments", Some(&now));
        assert_eq!(wanted.state, now);
        assert!(!ours("payments", &now));
    }

    #[test]
    fn an_update_carries_what_the_file_says_nothing_about() {
        let now = PolicyState {
            expiration: Some("2030-01-01T00:00:00Z".into()),
            cas_required: true,
            allow_slashes_in_identity_templates: true,
            ..state("path \"x\" {}")
        };
        let wanted = desired(&wish(READ), "payments", Some(&now));
        assert_eq!(wanted.state, PolicyState { text: wish(READ).text.marked("payments"), ..now });
        assert!(wanted.notes.iter().any(|note| note.text().contains("2030-01-01T00:00:00Z")));
    }

    #[test]
    fn what_was_decided_is_decided_again() {
        for now in [None, Some(state("garbage {")), Some(state(SAME)), Some(state(""))] {
            let once = desired(&wish(READ), "payments", now.as_ref()).state;
            assert_eq!(desired(&wish(READ), "payments", Some(&once)).state, once);
        }
    }

    #[test]
    fn a_policy_that_others_use_stays() {
        let now = state(READ);
        assert_eq!(released(&Users::Nobody, &now), Released::all());
        for users in [Users::These(vec!["auth/x/role/y".into()]), Users::Untold("denied".into())] {
            let released = released(&users, &now);
            assert_eq!(released.state.as_ref(), Some(&now));
            assert!(matches!(&released.notes[..], [Note::Left(_)]));
        }
    }
}
