//! What the policy should be, and what destroy leaves of it. Nothing here does I/O.

use trustpath_core::{Decision, Note};
use trustpath_platform::text::clean;

use crate::{
    state::PolicyState,
    text::{self, Text},
    users::{PolicyUsers, keep_because},
};

/// The policy as the graph file wants it. A text that means the same stays as it is, without a mark if it has none, unless
/// the step `adopts` it; so does a text of others that is not understood here. What the graph file says nothing about stays
/// too.
pub(crate) fn desired(
    wanted: &Text,
    warnings: Vec<String>,
    (graph, adopts): (&str, bool),
    now: Option<&PolicyState>,
) -> Decision<PolicyState> {
    let mut state = now.cloned().unwrap_or_default();
    let mut notes: Vec<_> = warnings.into_iter().map(Note::Warning).collect();
    let is_free = adopts || ours(graph, now);
    match now.map(|now| wanted.means(&now.text)) {
        None | Some(Ok(false)) => state.text = wanted.marked(graph),
        Some(Err(_)) if is_free => state.text = wanted.marked(graph),
        Some(Err(misread)) => notes.push(Note::Warning(format!(
            "the text on the server is not comparable, and stays as it is: {misread}; consent to take it over replaces it"
        ))),
        Some(Ok(true)) if adopts && !ours(graph, now) => state.text = wanted.adopted(&state.text, graph),
        Some(Ok(true)) => {}
    }
    for path in wanted.meaning.duplicates() {
        notes.push(Note::Info(format!("`{}` is there more than once: Vault joins what is said about it", clean(path))));
    }
    if let Some(expiration) = &state.expiration {
        let expiration = clean(expiration);
        notes.push(Note::Warning(format!("the server removes this policy at {expiration}, as somebody has set")));
    }
    Decision::to(Some(state), ours(graph, now)).noting(notes)
}

/// Whether the policy bears the mark of this graph.
fn ours(graph: &str, now: Option<&PolicyState>) -> bool {
    now.and_then(|now| text::owner(&now.text)).is_some_and(|owner| owner == graph)
}

/// A policy that others use, or may use, stays.
pub(crate) fn removal(users: &PolicyUsers, graph: &str, now: Option<&PolicyState>) -> Decision<PolicyState> {
    let used = keep_because(users);
    let kept = now.filter(|_| used.is_some()).cloned();
    Decision::to(kept, ours(graph, now)).noting(used.map(Note::Left))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "path \"kv/data/apps/*\" {\n  capabilities = [\"read\"]\n}\n";
    const SAME: &str = "// by hand\npath \"kv/data/apps/*\" { policy = \"read\" }";

    fn text(hcl: &str) -> Text {
        Text::given(hcl).unwrap()
    }

    fn desired(wanted: &Text, graph: &str, now: Option<&PolicyState>) -> Decision<PolicyState> {
        super::desired(wanted, Vec::new(), (graph, false), now)
    }

    fn state(text: &str) -> PolicyState {
        PolicyState { text: text.into(), ..PolicyState::default() }
    }

    #[test]
    fn a_new_policy_bears_the_mark() {
        let wanted = desired(&text(READ), "payments", None);
        assert!(ours("payments", wanted.to.as_ref()));
        assert!(!ours("billing", wanted.to.as_ref()));
        assert!(wanted.to.as_ref().unwrap().text.ends_with(READ));
    }

    #[test]
    fn what_is_adopted_gets_the_mark_and_nothing_else() {
        let both = text("path \"kv/data/apps/*\" { capabilities = [\"list\", \"read\"] }");
        let adopted =
            |there: &str| super::desired(&both, Vec::new(), ("payments", true), Some(&state(there))).to.unwrap();
        let marked = adopted(SAME);
        assert!(marked.text.ends_with(&format!("\n{SAME}\n")), "{}", marked.text);
        assert!(ours("payments", Some(&marked)) && adopted(&marked.text) == marked);
        let json = adopted(r#"{"path": {"kv/data/apps/*": {"capabilities": ["read", "list"]}}}"#);
        assert!(ours("payments", Some(&json)), "{}", json.text);
    }

    #[test]
    fn what_means_the_same_stays_as_it_is() {
        let now = state(SAME);
        let both = text("path \"kv/data/apps/*\" { capabilities = [\"list\", \"read\"] }");
        let wanted = desired(&both, "payments", Some(&now));
        assert_eq!(wanted.to.as_ref(), Some(&now));
        assert!(!ours("payments", Some(&now)));
    }

    #[test]
    fn a_text_that_is_not_understood_stays_unless_it_is_ours() {
        let garbage = state("garbage {");
        let kept = desired(&text(READ), "payments", Some(&garbage));
        assert_eq!(kept.to.as_ref(), Some(&garbage));
        assert!(kept.notes.iter().any(|note| note.text().contains("not comparable")), "{:?}", kept.notes);
        let adopted = super::desired(&text(READ), Vec::new(), ("payments", true), Some(&garbage)).to.unwrap();
        assert_eq!(adopted.text, text(READ).marked("payments"));
        let ours = state(&format!("# [trustpath graph=payments]\n{}", garbage.text));
        assert_eq!(desired(&text(READ), "payments", Some(&ours)).to, Some(adopted));
    }

    #[test]
    fn an_update_carries_what_the_file_says_nothing_about() {
        let now = PolicyState {
            expiration: Some("2030-01-01T00:00:00Z".into()),
            cas_required: true,
            allow_slashes_in_identity_templates: true,
            ..state("path \"x\" {}")
        };
        let wanted = desired(&text(READ), "payments", Some(&now));
        assert_eq!(wanted.to.unwrap(), PolicyState { text: text(READ).marked("payments"), ..now });
        assert!(wanted.notes.iter().any(|note| note.text().contains("2030-01-01T00:00:00Z")));
    }

    #[test]
    fn what_was_decided_is_decided_again() {
        let other = text("path \"a\" { policy = \"deny\" }").marked("payments");
        for now in [None, Some(state("garbage {")), Some(state(&other)), Some(state(SAME)), Some(state(""))] {
            let once = desired(&text(READ), "payments", now.as_ref()).to;
            assert_eq!(desired(&text(READ), "payments", once.as_ref()).to, once);
        }
    }

    #[test]
    fn a_policy_that_others_use_stays() {
        let now = state(READ);
        assert_eq!(removal(&Ok(Vec::new()), "payments", Some(&now)).to, None);
        for users in [Ok(vec!["auth/x/role/y".into()]), Err("denied".into())] {
            let left = removal(&users, "payments", Some(&now));
            assert_eq!(left.to.as_ref(), Some(&now));
            assert!(matches!(&left.notes[..], [Note::Left(_)]));
        }
    }
}
