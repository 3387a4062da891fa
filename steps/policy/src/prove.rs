//! Whether the policy that is there says what the graph file says.

use trustpath_core::{Evidence, graph::word};
use trustpath_platform::{policy::Meaning, text::clean};

use crate::{state::PolicyState, text::Text};

const WHAT: &str = "policy says what the graph file says";

/// Compares by meaning. That a token which holds it may do as much is for the role's login to show.
pub(crate) fn prove(wanted: &Text, step: &str, state: &PolicyState) -> Evidence {
    let there = match wanted.means(&state.text) {
        Ok(true) => return Evidence::new().passed(WHAT, summary(&wanted.meaning, state)),
        Ok(false) => Meaning::read(&state.text).unwrap_or_default(),
        Err(misread) => return Evidence::new().unchecked(WHAT, format!("its text is not comparable: {misread}")),
    };
    let why = difference(&wanted.meaning, &there);
    Evidence::new().failed(WHAT, why, format!("trustpath plan {0}, then trustpath apply {0}", word(step)))
}

fn summary(meaning: &Meaning, state: &PolicyState) -> String {
    let count = meaning.all_paths().len();
    let mut seen = format!("{count} path{}", if count == 1 { "" } else { "s" });
    let duplicates = meaning.duplicates().iter().map(|path| format!("; `{}` more than once, joined", clean(path)));
    seen.extend(duplicates);
    if let Some(expiration) = &state.expiration {
        seen.push_str(&format!("; the server removes it at {}", clean(expiration)));
    }
    seen
}

/// The first path that differs.
fn difference(wanted: &Meaning, there: &Meaning) -> String {
    let shown = |path: &str| format!("`{}`", clean(path));
    let (wanted_paths, there_paths) = (wanted.all_paths(), there.all_paths());
    if let Some(path) = wanted_paths.difference(&there_paths).next() {
        return format!("it says nothing about {}", shown(path));
    }
    if let Some(path) = there_paths.difference(&wanted_paths).next() {
        return format!("it says something about {}, which the graph file does not name", shown(path));
    }
    match wanted_paths.into_iter().find(|path| there.rules(path) != wanted.rules(path)) {
        Some(path) => format!("it allows something else on {}", shown(path)),
        None => "it differs in keys that only the server knows".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use trustpath_core::CheckOutcome;

    use super::*;

    const WANTED: &str = "path \"a\" { capabilities = [\"read\"] }";

    fn proof(there: &str) -> CheckOutcome {
        let state = PolicyState { text: there.into(), ..PolicyState::default() };
        prove(&Text::given(WANTED).unwrap(), "policy", &state).checks.remove(0).outcome
    }

    #[test]
    fn a_policy_that_means_the_same_passes() {
        assert!(
            matches!(proof("/* */path a { capabilities = [\"read\"] }"), CheckOutcome::Passed { seen } if seen == "1 path")
        );
    }

    #[test]
    fn a_policy_that_is_not_understood_is_unchecked() {
        assert!(
            matches!(proof("garbage {"), CheckOutcome::Unchecked { why } if why.contains("not comparable: line 1"))
        );
    }

    #[test]
    fn a_policy_that_differs_fails_with_the_first_difference() {
        for (there, says) in [
            ("", "says nothing about `a`"),
            ("path \"a\" { capabilities = [\"read\"] }\npath \"b\" {}", "something about `b`"),
            ("path \"a\" { capabilities = [\"list\"] }", "something else on `a`"),
            ("path \"a\" {\n capabilities = [\"read\"]\n mfa_methods = []\n}", "something else on `a`"),
        ] {
            let CheckOutcome::Failed { why, next } = proof(there) else { panic!("{there} passes") };
            assert!(why.contains(says), "{there}: {why}");
            assert!(next.contains("trustpath apply policy"));
        }
    }
}
