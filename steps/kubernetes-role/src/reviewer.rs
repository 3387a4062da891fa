//! A role with an audience on a mount without a reviewer. Pure.

use trustpath_core::{At, Class, Problem};
use trustpath_platform::{ClientReviewer, kubernetes::AccountToken, vault::backend::Content};

use crate::{config::KubernetesRole, decide::Taken, prove::bound};

/// How the audiences of API servers begin that were not set up otherwise (`--service-account-issuer`).
const API_SERVER: &str = "https://kubernetes.default.svc";

impl KubernetesRole {
    /// With `reviewer = "client"` a JWT is itself the bearer of its review: made for the role's audience alone, the API server does
    /// not accept it.
    pub(crate) fn check_reviewer(&self, at: At<'_, Taken>, wanted: &Content) -> Result<(), Problem> {
        let audience = self.audience();
        let has_reviewer = at.cx.facts().all::<ClientReviewer>().next().is_none();
        if has_reviewer || audience.is_empty() || audience.starts_with(API_SERVER) {
            return Ok(());
        }
        let accounts = bound(wanted, &at.facts.1).unwrap_or_default();
        let is_for_it_alone =
            |token: &AccountToken| !token.audiences.is_empty() && token.audiences.iter().all(|one| one == audience);
        if !self.tokens(at, audience, &accounts).iter().any(is_for_it_alone) {
            return Ok(());
        }
        let message = format!(
            "no login can work: with `reviewer = \"client\"` of the auth mount `{}` the API server has to accept each JWT that logs \
             in, and with `audience = \"{audience}\"` of the role it is made for `{audience}` alone",
            at.facts.0.path
        );
        Err(Problem::new(Class::Config, "trustpath::kubernetes_role::client_reviewer", message).help(format!(
            "let the tokens have two audiences, by `audiences` of the store: `{audience}`, and the API server's own (`kubectl \
             create token default -o jsonpath={{.spec.audiences}}` shows it); or give the mount another `reviewer`, or leave \
             `audience` out"
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;
    use trustpath_core::{Context, Facts, Handles, contract::StepConsent};
    use trustpath_platform::{AuthMount, OperatorLogin, ServiceAccountRef};

    use super::*;

    const OWN: &str = "https://kubernetes.default.svc.cluster.local";

    #[rstest]
    #[case::no_store_says_more(true, "vault", None, true)]
    #[case::a_store_says_the_same(true, "vault", Some(&["vault"][..]), true)]
    #[case::two(true, "vault", Some(&["vault", OWN][..]), false)]
    #[case::the_api_servers_own(true, OWN, None, false)]
    #[case::any(true, "", None, false)]
    #[case::a_reviewer(false, "vault", None, false)]
    fn a_token_for_the_role_alone_cannot_review_itself(
        #[case] is_client: bool,
        #[case] audience: &str,
        #[case] store: Option<&[&str]>,
        #[case] refused: bool,
    ) {
        let mount = AuthMount { path: "kubernetes".into(), namespace: None };
        let account = ServiceAccountRef { namespace: "eso".into(), name: "eso".into() };
        let (mut given, mut needing) = (Facts::default(), Facts::default());
        if is_client {
            given.add("kubernetes-auth", ClientReviewer {});
        }
        if let Some(audiences) = store {
            let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
            let store = OperatorLogin { mount: mount.clone(), role: "r".into(), account: account.clone(), audiences };
            needing.add("secret-store", store);
        }
        let audience = Some(audience).filter(|audience| !audience.is_empty());
        let role: KubernetesRole = serde_json::from_value(json!({"name": "r", "audience": audience})).unwrap();
        let facts = (mount, vec![account], Vec::new());
        let handles = Arc::new(Handles::new());
        let cx =
            Context::new("g", "role", Arc::new(given), handles, StepConsent::default()).with_dependent_facts(needing);
        let wanted = role.desired(&facts, None).unwrap();
        let answer = role.check_reviewer(At { cx: &cx, facts: &facts }, &wanted);
        let said = answer.map_err(|problem| trustpath_core::Failure::from(problem).report());
        assert_eq!(said.is_err(), refused);
        if let Err(report) = said {
            let all = format!("{}{}", report.message, report.help.unwrap_or_default());
            for words in ["`reviewer = \"client\"`", "`audience = \"vault\"`", "`audiences` of the store"] {
                assert!(all.contains(words), "{all}");
            }
        }
    }
}
