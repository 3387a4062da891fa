//! A config that stays as it is, with a reviewer JWT that cannot be written again. Pure.

use trustpath_core::{Class, Problem};
use trustpath_platform::{text::listed, vault::backend::differing};

use crate::{
    config::{KubernetesAuth, ReviewerChoice as Choice},
    making::Making,
    state::{Config, Reviewer, State},
};

impl KubernetesAuth {
    /// The config that stays: Vault replaces a config as a whole, and gives its JWT never back.
    ///
    /// # Errors
    /// When something is to be kept that is not there.
    pub(crate) fn kept<'a>(&self, around: &Making, now: Option<&'a State>) -> Result<Option<&'a Config>, Problem> {
        match (&self.reviewer, now.and_then(|now| now.config.as_ref())) {
            (Choice::Keep, None) => Err(self.nothing_to_keep(now.is_some())),
            (Choice::Keep, config) => Ok(config),
            // The cluster is not looked at, and without that nothing is known of who reviews.
            (Choice::Auto | Choice::Secret(_), config) if around.is_unseen() && around.jwt.is_none() => Ok(config),
            (Choice::Auto, config) if around.source.is_none() => {
                Ok(config.filter(|config| config.reviewer == Reviewer::Unknown))
            }
            _ => Ok(None),
        }
    }

    /// Refuses what could only be had by writing the config. One without a JWT loses nothing by that.
    pub(crate) fn check_kept(&self, kept: &Config, wanted: &Config) -> Result<(), Problem> {
        if kept.reviewer == Reviewer::None || wanted == kept {
            return Ok(());
        }
        let differing: Vec<_> = differing(&kept, &wanted).into_iter().map(|path| format!("`{path}`")).collect();
        let message = format!(
            "in the config of `{}`, {} not as the graph file says, and it cannot be written without its reviewer JWT, which \
             Vault does not give back",
            self.mount,
            are(&differing),
        );
        Err(Problem::new(Class::Config, "trustpath::kubernetes_auth::kept_differs", message).help(
            "make the graph file say what is there, or leave it out; or say who reviews from now on, such as reviewer = \
             { file = \"reviewer.jwt\" } or \"vault\"",
        ))
    }

    fn nothing_to_keep(&self, is_mounted: bool) -> Problem {
        let lacks = if is_mounted { "has no config" } else { "is not there" };
        let message = format!("`reviewer = \"keep\"` keeps what is there, and the auth mount `{}` {lacks}", self.mount);
        Problem::new(Class::Config, "trustpath::kubernetes_auth::nothing_to_keep", message).help(
            "see whether `mount` is the right one (`vault auth list`), or say who reviews, such as reviewer = \"vault\"",
        )
    }
}

/// What differs, with its verb.
pub(crate) fn are(paths: &[String]) -> String {
    format!("{} {}", listed(paths), if paths.len() == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};
    use trustpath_core::Failure;

    use crate::{
        state::{Reviewer, State},
        tests::{Wanted, ca, config, cx, decide, facts, inside, outside},
    };

    /// A chain that people made by hand: no mark, and a JWT that only they know.
    fn by_hand() -> State {
        let with =
            json!({"reviewer": "vault", "ca": {"pem": ca()}, "kubernetes_host": "https://kubernetes.default.svc"});
        let mut state = decide(with, &inside(), None).expect("a decision").state;
        state.mount.mark = None;
        state.config.as_mut().expect("a config").reviewer = Reviewer::Unknown;
        state
    }

    fn code(result: Result<Wanted, trustpath_core::Problem>) -> String {
        Failure::from(result.expect_err("it was not refused")).report().code.unwrap_or_default()
    }

    #[rstest]
    #[case(json!({"reviewer": "keep"}))]
    #[case(json!({"reviewer": "keep", "kubernetes_host": "https://kubernetes.default.svc"}))]
    #[case(json!({}))]
    fn what_is_kept_is_marked_and_nothing_else(#[case] with: Value) {
        let now = by_hand();
        let adopted = config(with).wants((&cx(), true), &inside(), Some(&now)).map(Wanted::from);
        let wanted = adopted.expect("a decision").state;
        assert_eq!((&wanted.config, wanted.mount.mark.is_some()), (&now.config, true));
        let legs = config(json!({})).legs(&facts(None), Some(&now), Some(&wanted));
        let [leg] = &legs[..] else { panic!("{legs:?}") };
        let tuned = leg.request.shown();
        assert_eq!(tuned.path, "sys/mounts/auth/kubernetes/tune");
        assert_eq!(tuned.body.as_object().expect("a body").keys().collect::<Vec<_>>(), ["description"]);
        let again =
            config(json!({"reviewer": "keep"})).wants((&cx(), false), &inside(), Some(&wanted)).map(Wanted::from);
        assert_eq!(again.expect("a decision").state, wanted);
    }

    #[rstest]
    #[case(json!({"reviewer": "keep"}), false)]
    #[case(json!({}), true)]
    fn what_is_kept_by_its_name_is_marked_only_where_it_is_adopted(#[case] with: Value, #[case] marked: bool) {
        let now = by_hand();
        let wanted = decide(with, &inside(), Some(&now)).expect("a decision").state;
        assert_eq!((wanted != now, wanted.mount.mark.is_some()), (marked, marked));
    }

    #[test]
    fn by_its_name_it_is_kept_wherever_vault_is() {
        let now = by_hand();
        let wanted = decide(json!({"reviewer": "keep"}), &outside(None), Some(&now)).expect("a decision").state;
        assert_eq!(wanted.config, now.config);
    }

    #[rstest]
    #[case(json!({"kubernetes_host": "https://other.example.com"}))]
    #[case(json!({"ca": {"pem": ca()}}))]
    #[case(json!({"ca": "none"}))]
    #[case(json!({"issuer": "https://issuer.example.com"}))]
    fn what_differs_cannot_be_written(#[case] more: Value) {
        let with = |reviewer: &str| {
            let mut with = json!({"reviewer": reviewer});
            with.as_object_mut().expect("a table").extend(more.as_object().expect("a table").clone());
            with
        };
        let mut now = by_hand();
        for reviewer in ["keep", "auto"] {
            let found = decide(with(reviewer), &inside(), Some(&now));
            assert_eq!(code(found), "trustpath::kubernetes_auth::kept_differs", "{reviewer}");
        }
        now.config.as_mut().expect("a config").reviewer = Reviewer::None;
        let found =
            code(decide(json!({"reviewer": "keep", "kubernetes_host": "https://a.example"}), &inside(), Some(&now)));
        assert_eq!(found, "trustpath::kubernetes_auth::other_cluster", "without a JWT, its cluster decides");
    }

    #[test]
    fn only_what_is_there_is_kept() {
        let bare = State { config: None, ..by_hand() };
        for now in [None, Some(&bare)] {
            let found = code(decide(json!({"reviewer": "keep"}), &inside(), now));
            assert_eq!(found, "trustpath::kubernetes_auth::nothing_to_keep");
        }
    }
}
