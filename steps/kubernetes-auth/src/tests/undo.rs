//! Whether a change can be taken back, and what destroy leaves.

use serde_json::json;
use trustpath_core::{Note, Undo};

use super::*;
use crate::{jwt::Claims, state::Reviewer};
use trustpath_platform::digest::Digest;

fn wants(jwt: Option<&str>, with: Value, now: Option<&State>) -> State {
    let reviewer = match jwt {
        Some(jwt) => Found::Jwt { digest: Digest::of(jwt), claims: Claims::default(), origin: "a file".to_owned() },
        None => Found::Nowhere,
    };
    let now = now.map(|now| State { at_hand: Vec::new(), ..now.clone() });
    decide(with, &Making { reviewer, ..inside() }, now.as_ref()).expect("a decision").state
}

fn undo(from: &State, to: Option<&State>, with: Value) -> Undo {
    config(with).undo(Some(from), to)
}

#[test]
fn a_jwt_at_hand_is_written_again() {
    let from = wants(Some("one"), json!({}), None);
    let to = wants(Some("one"), json!({"issuer": "x"}), Some(&from));
    assert_eq!(undo(&from, Some(&to), json!({})), Undo::Yes);
    let to = wants(None, json!({}), Some(&from));
    assert!(matches!(undo(&from, Some(&to), json!({})), Undo::IfGiven(what) if what.contains("previous_reviewer")));
}

#[test]
fn a_jwt_that_nobody_knows_is_lost_by_any_write_of_the_config() {
    let mut from = wants(None, json!({}), None);
    from.config.as_mut().expect("a config").reviewer = Reviewer::Unknown;
    let to = wants(Some("one"), json!({}), Some(&from));
    assert!(matches!(undo(&from, Some(&to), json!({})), Undo::IfGiven(_)));
    let mut tuned = from.clone();
    tuned.mount.description = "other".to_owned();
    assert_eq!(undo(&from, Some(&tuned), json!({})), Undo::Yes, "tuning leaves the config alone");
}

#[test]
fn a_previous_reviewer_that_is_another_one_is_told() {
    let from = wants(Some("one"), json!({}), None);
    let to = wants(Some("two"), json!({}), Some(&from));
    let with = json!({"previous_reviewer": {"file": "old.jwt"}});
    assert!(matches!(undo(&from, Some(&to), with), Undo::IfGiven(what) if what.contains("the one given is not")));
}

#[test]
fn a_mount_without_a_config_is_made_anew_unless_it_has_roles() {
    let to = wants(None, json!({}), None);
    let mut from = State { config: None, ..to.clone() };
    assert_eq!(undo(&from, Some(&to), json!({})), Undo::Yes);
    from.roles = vec!["app".to_owned()];
    assert!(matches!(undo(&from, Some(&to), json!({})), Undo::No(why) if why.contains("app")));
}

#[test]
fn a_mount_that_others_use_is_kept() {
    let state = wants(None, json!({}), None);
    let release = |roles: Option<&[&str]>| {
        let roles = roles.map(|roles| roles.iter().map(|role| (*role).to_owned()).collect());
        let going = (vec!["role".to_owned()], vec!["mine".to_owned()]);
        config(json!({})).release(GRAPH, CLUSTER, roles.ok_or("it lacks `list`"), going, &state)
    };
    assert_eq!(release(Some(&[])).to, None);
    assert_eq!(release(Some(&["mine"])).to, None, "this graph's own role goes before it does");
    for (roles, says) in [
        (Some(&["mine", "theirs"][..]), "not this graph's: theirs"),
        (Some(&["theirs"][..]), ": theirs"),
        (None, "may not be listed: it lacks `list`"),
    ] {
        let released = release(roles);
        assert_eq!(released.to.as_ref(), Some(&state));
        assert!(matches!(&released.notes[..], [Note::Left(why)] if why.contains(says)), "{:?}", released.notes);
    }
}
