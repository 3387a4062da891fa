use serde_json::{Map, json};
use trustpath_core::{
    Purpose, Right,
    run::{RequestedBy, RequiredRight},
};

use super::*;
use crate::{
    policy::{
        Capability::{Create, Delete, List, Read, Sudo, Update},
        Meaning,
    },
    vault::rights::{EachAuthMount, on, on_each_auth_mount},
};

fn needs(step: &str, purpose: Purpose, rights: Vec<Right>) -> Vec<RequiredRight> {
    let by = RequestedBy([(Some(step.into()), [purpose].into())].into());
    rights.into_iter().map(|right| RequiredRight { grants: vec![right.grant.clone()], right, by: by.clone() }).collect()
}

fn body(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn printed(needs: &[RequiredRight]) -> String {
    let policy = policy(&Stanza::all(needs));
    Meaning::read(&policy).expect("a policy that is understood");
    policy
}

#[test]
fn what_apply_and_undo_write_is_all_that_may_be_written() {
    let role = on(None, "auth/kubernetes/role/eso");
    let wanted = body(json!({"token_ttl": "3600", "token_policies": ["apps"], "token_no_default_policy": false}));
    let before = body(json!({"token_ttl": "300", "token_policies": ["apps"], "token_no_default_policy": false}));
    let all = [
        needs("role", Purpose::Plan, role.may(&[Read])),
        needs("role", Purpose::Apply, role.may_send(&[Update], &wanted, &[])),
        needs("role", Purpose::Rollback, role.may_send(&[Update], &before, &[])),
        needs("role", Purpose::Destroy, role.may(&[Delete])),
    ];
    insta::assert_snapshot!(printed(&all.concat()), @r#"
    # `role`: plan, apply, rollback, destroy
    path "auth/kubernetes/role/eso" {
      capabilities = ["read", "update", "delete"]
      allowed_parameters = {
        token_no_default_policy = [false]
        token_policies = [["apps"]]
        token_ttl = ["3600", "300"]
      }
    }
    "#);
}

#[test]
fn what_cannot_be_pinned_is_said_with_the_reason() {
    let config = on(None, "auth/kubernetes/config");
    let sent = body(json!({"kubernetes_host": "https://x", "pem_keys": [], "number": 7, "globbed": "*"}));
    let mount = on(None, "sys/auth/kubernetes");
    let all = [
        needs("auth", Purpose::Apply, config.may_send(&[Update], &sent, &[("token_reviewer_jwt", "it is a secret")])),
        needs("auth", Purpose::Apply, mount.may(&[Update, Sudo])),
    ];
    insta::assert_snapshot!(printed(&all.concat()), @r#"
    # `auth`: apply
    # `globbed` is not pinned: a `*` at its end is a wildcard in a policy
    # `number` is not pinned: a policy is never equal to a number
    # `token_reviewer_jwt` is not pinned: it is a secret
    path "auth/kubernetes/config" {
      capabilities = ["update"]
      allowed_parameters = {
        globbed = []
        kubernetes_host = ["https://x"]
        number = []
        pem_keys = [[]]
        token_reviewer_jwt = []
      }
    }

    # `auth`: apply
    # no value is pinned: what will be written, or what is there now, is not known
    path "sys/auth/kubernetes" {
      capabilities = ["update", "sudo"]
    }
    "#);
}

#[test]
fn one_write_that_is_not_known_leaves_all_of_its_path_open() {
    let policy = on(None, "sys/policies/acl/apps");
    let known = needs("policy", Purpose::Apply, policy.may_send(&[Update], &body(json!({"policy": "x"})), &[]));
    let unknown = needs("policy", Purpose::Rollback, policy.may(&[Update]));
    let stanzas = Stanza::all(&[known, unknown].concat());
    assert_eq!(stanzas[0].allowed, None);
    assert_eq!(stanzas[0].unpinned.len(), 1);
}

#[test]
fn texts_of_a_server_stay_texts() {
    let sent = body(json!({"policy": "path \"x\" {}\n# ${a}\u{1b}[2J"}));
    let printed =
        printed(&needs("policy", Purpose::Apply, on(None, "sys/policies/acl/x").may_send(&[Update], &sent, &[])));
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
    let meaning = Meaning::read(&printed).unwrap();
    let allowed = &meaning.rules("sys/policies/acl/x").unwrap().allowed["policy"];
    assert_eq!(allowed.iter().next().unwrap(), &sent["policy"].to_string());
}

#[test]
fn mounts_that_are_not_known_are_all_mounts() {
    let below = [("kubernetes".to_owned(), vec!["role".to_owned()]), ("approle".to_owned(), vec!["role".to_owned()])];
    let each = EachAuthMount { below: below.into(), but: Vec::new() };
    let needs = needs("policy", Purpose::Destroy, vec![on_each_auth_mount(None, List, each)]);
    let paths: Vec<_> = Stanza::all(&needs).into_iter().map(|stanza| stanza.path).collect();
    assert_eq!(paths, ["auth/+/role"]);
}

#[test]
fn namespaces_are_kept_apart() {
    let rights = [on(None, "sys/auth").may(&[Read]), on(Some("team"), "sys/auth").may(&[Create])].concat();
    let stanzas = Stanza::all(&needs("auth", Purpose::Plan, rights));
    let namespaces: Vec<_> = stanzas.iter().map(|stanza| stanza.namespace.as_deref()).collect();
    assert_eq!(namespaces, [None, Some("team")]);
}
