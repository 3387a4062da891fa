//! Whether a change can be taken back, and what destroy leaves.

use serde_json::json;
use trustpath_core::{Facts, Note, Reversibility};
use trustpath_platform::Login;

use super::*;
use crate::state::Reviewer;

fn around(text: Option<&str>) -> Making {
    text.map_or_else(inside, |text| sourced(Some(jwt(text))))
}

fn wants(text: Option<&str>, with: Value, now: Option<&State>) -> State {
    decide(with, &around(text), now).expect("a decision").state
}

#[test]
fn a_jwt_at_hand_is_written_again() {
    let from = wants(Some("one"), json!({}), None);
    let to = wants(Some("one"), json!({"issuer": "x"}), Some(&from));
    assert_eq!(config(json!({})).undo(&around(Some("one")), &from, &to), Reversibility::Full);
    let to = wants(None, json!({}), Some(&from));
    let undo = |around: &Making| config(json!({})).undo(around, &from, &to);
    assert!(matches!(undo(&around(None)), Reversibility::NeedsInput(what) if what.contains("previous_reviewer")));
    assert_eq!(undo(&Making { previous: Some(jwt("one")), ..around(None) }), Reversibility::Full);
}

#[test]
fn a_jwt_that_no_one_knows_is_lost_by_any_write_of_the_config() {
    let mut from = wants(None, json!({}), None);
    from.config.as_mut().expect("a config").reviewer = Reviewer::Unknown;
    let to = wants(Some("one"), json!({}), Some(&from));
    let undo = |to: &State| config(json!({})).undo(&around(Some("one")), &from, to);
    assert!(matches!(undo(&to), Reversibility::NeedsInput(_)));
    let mut tuned = from.clone();
    tuned.mount.description = "other".to_owned();
    assert_eq!(undo(&tuned), Reversibility::Full, "tuning leaves the config alone");
}

#[test]
fn a_previous_reviewer_that_is_another_one_is_told() {
    let from = wants(Some("one"), json!({}), None);
    let to = wants(Some("two"), json!({}), Some(&from));
    let auth = config(json!({"previous_reviewer": {"file": "old.jwt"}}));
    let undo = auth.undo(&around(Some("two")), &from, &to);
    assert!(matches!(undo, Reversibility::NeedsInput(what) if what.contains("the one given is not")));
}

/// Where no step makes the reviewer's Secret any more, `auto` has no source to read it from again.
#[test]
fn a_removed_jwt_comes_back_from_its_source_alone() {
    let from = wants(Some("one"), json!({}), None);
    let undo = |with, made| config(with).undo_of_removal(&facts(made), &from);
    assert!(matches!(undo(json!({"reviewer": "auto"}), None), Reversibility::NeedsInput(_)));
    assert_eq!(undo(json!({"reviewer": "auto"}), Some(made())), Reversibility::Full);
    assert_eq!(undo(json!({"reviewer": {"file": "reviewer.jwt"}}), None), Reversibility::Full);
    assert_eq!(undo(json!({"previous_reviewer": {"file": "reviewer.jwt"}}), None), Reversibility::Full);
}

#[test]
fn a_mount_without_a_config_is_made_anew_unless_it_has_roles() {
    let to = wants(None, json!({}), None);
    let from = State { config: None, ..to.clone() };
    let undo = |roles| config(json!({})).undo(&Making { roles, ..inside() }, &from, &to);
    assert_eq!(undo(Vec::new()), Reversibility::Full);
    assert!(matches!(undo(vec!["app".to_owned()]), Reversibility::Lossy(why) if why.contains("app")));
}

#[test]
fn a_mount_that_others_use_is_kept() {
    let state = wants(None, json!({}), None);
    let mut needing = Facts::default();
    needing.add("role", Login::new(config(json!({})).auth_mount(&facts(None)), "mine".to_owned()));
    let cx = cx().with_dependent_facts(needing);
    let release = |roles: Option<&[&str]>| {
        let refused = || Answer::Refused("it lacks `list`".to_owned());
        removed(&cx, roles.map_or_else(refused, |roles| Answer::Found(json!(roles))), &state)
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
