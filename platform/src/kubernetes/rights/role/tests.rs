use trustpath_core::{
    Purpose, Right,
    run::{RequestedBy, RequiredRight},
};

use super::*;
use crate::kubernetes::rights::{list_everything_in, on};

fn needs(step: &str, purpose: Purpose, rights: Vec<Right>) -> Vec<RequiredRight> {
    let by = RequestedBy([(Some(step.into()), [purpose].into())].into());
    rights.into_iter().map(|right| RequiredRight { grants: vec![right.grant.clone()], right, by: by.clone() }).collect()
}

fn printed(needs: &[RequiredRight]) -> String {
    Role::all("trustpath-g", needs).iter().map(Role::yaml).collect::<Vec<_>>().join("---\n")
}

#[test]
fn a_role_where_the_namespace_stays_and_a_cluster_role_for_the_rest() {
    let account = on("", "serviceaccounts").within("eso").named("eso");
    let all = [
        needs("account", Purpose::Plan, account.may(&["get"])),
        needs("account", Purpose::Apply, account.may(&["patch", "create"])),
        needs("account", Purpose::Verify, account.below("token").may(&["create"])),
        needs(
            "store",
            Purpose::Destroy,
            on("external-secrets.io", "clustersecretstores").named("vault").may(&["delete"]),
        ),
    ];
    insta::assert_snapshot!(printed(&all.concat()), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: "trustpath-g"
    rules:
      # `store`: destroy
      - apiGroups: ["external-secrets.io"]
        resources: ["clustersecretstores"]
        resourceNames: ["vault"]
        verbs: ["delete"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: "trustpath-g"
      namespace: "eso"
    rules:
      # `account`: plan, apply
      - apiGroups: [""]
        resources: ["serviceaccounts"]
        resourceNames: ["eso"]
        verbs: ["create","get","patch"]
      # `account`: verify
      - apiGroups: [""]
        resources: ["serviceaccounts/token"]
        resourceNames: ["eso"]
        verbs: ["create"]
    "#);
}

#[test]
fn what_is_in_a_namespace_that_comes_and_goes_is_given_everywhere() {
    let all = [
        needs("account", Purpose::Apply, on("", "namespaces").named("eso").may(&["create"])),
        needs("account", Purpose::Plan, on("", "serviceaccounts").within("eso").named("eso").may(&["get"])),
        needs("auth", Purpose::Plan, on("", "services").within("vault").named("vault").may(&["get"])),
    ];
    let roles = Role::all("r", &all.concat());
    let scopes: Vec<_> = roles.iter().map(|role| role.namespace.as_deref()).collect();
    assert_eq!(scopes, [None, Some("vault")]);
    assert_eq!(roles[0].instead_of, ["eso".to_owned()].into());
    assert_eq!(roles[0].rules.len(), 2);
}

#[test]
fn what_is_given_everywhere_is_not_given_again() {
    let all = [
        needs("store", Purpose::Verify, on("", "pods").may(&["list"])),
        needs("auth", Purpose::Plan, on("", "pods").within("vault").may(&["list"])),
        needs("x", Purpose::Plan, on("", "pods").within("vault").named("one").may(&["list"])),
    ];
    let roles = Role::all("r", &all.concat());
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0].rules.len(), 1);
    assert_eq!(roles[0].rules[0].by.to_string(), "`auth`: plan; `store`: verify; `x`: plan");
}

#[test]
fn types_that_are_not_known_are_all_types() {
    let printed = printed(&needs("account", Purpose::Destroy, vec![list_everything_in("eso")]));
    assert!(printed.contains("apiGroups: [\"*\"]\n    resources: [\"*\"]\n    verbs: [\"list\"]"), "{printed}");
}
