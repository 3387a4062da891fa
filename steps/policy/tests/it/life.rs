//! Made, found in order, taken over, taken back.

use serde_json::json;
use trustpath_core::{Goal, Note, Op};

use super::world::{World, make, plan, reach};

const READ: &str = "path \"kv/data/apps/*\" {\n  capabilities = [\"read\"]\n}\n";

#[tokio::test]
async fn a_policy_is_made_once_and_taken_back() {
    let world = World::start().await;
    let step = world.step(json!(READ));
    let made = reach(&step, world.context(), Goal::Present).await;
    assert_eq!(made.op(), Op::Create);
    let text = world.policy().await.unwrap()["policy"].as_str().unwrap().to_owned();
    assert!(text.starts_with("# Managed by trustpath") && text.ends_with(READ), "{text}");
    assert!(plan(&step, world.context(), Goal::Present).await.is_nothing());
    assert!(step.verify(world.context()).await.unwrap().holds());
    reach(&step, world.context(), Goal::Undo(made.clone().into())).await;
    assert_eq!(world.policy().await, None);
    // Removing what is gone is success.
    make(&step, world.context(), &made.inverse()).await;
}

#[tokio::test]
async fn everything_that_somebody_had_set_comes_back() {
    let world = World::start().await;
    let theirs = json!({
        "policy": "# theirs\r\npath \"x\" { capabilities = [\"list\"] }\n\n",
        "expiration": "2099-01-01T02:00:00.5+02:00",
        "cas_required": true,
        "cas": -1,
        "allow_slashes_in_identity_templates": true,
        "allow_wildcards_in_identity_templates": true,
    });
    world.write("sys/policies/acl/apps-read", theirs).await;
    let before = world.policy().await.unwrap();
    let step = world.step(json!({"kv/data/apps/*": ["read"]}));

    let first = plan(&step, world.context(), Goal::Present).await;
    assert!(first.adopt, "it is another client's");
    assert!(first.notes.iter().any(|note| matches!(note, Note::Warning(text) if text.contains("2099"))));
    let made = reach(&step, world.context(), Goal::Present).await;
    let after = world.policy().await.unwrap();
    assert!(after["policy"].as_str().unwrap().ends_with(READ));
    for key in ["expiration", "cas_required", "allow_slashes_in_identity_templates"] {
        assert_eq!(after[key], before[key], "{key} is carried");
    }
    make(&step, world.context(), &made).await;
    assert_eq!(world.policy().await.unwrap(), after, "made twice is made once");

    reach(&step, world.context(), Goal::Undo(made.into())).await;
    assert_eq!(world.policy().await.unwrap(), before);
}

#[tokio::test]
async fn a_policy_that_was_removed_comes_back_with_all_it_had() {
    let world = World::start().await;
    let step = world.step(json!(READ));
    reach(&step, world.context(), Goal::Present).await;
    let text = world.policy().await.unwrap()["policy"].clone();
    let body = json!({"policy": text, "cas_required": true, "cas": 1, "expiration": "2099-01-01T00:00:00Z"});
    world.write("sys/policies/acl/apps-read", body).await;
    let before = world.policy().await;
    let removed = reach(&step, world.context(), Goal::Absent).await;
    assert_eq!((removed.op(), world.policy().await), (Op::Delete, None));
    reach(&step, world.context(), Goal::Undo(removed.into())).await;
    assert_eq!(world.policy().await, before);
}

#[tokio::test]
async fn what_means_the_same_is_left_as_it_is() {
    let world = World::start().await;
    for text in [
        "// theirs\npath \"/kv/data/apps/*\" {\n  capabilities = [\n    \"read\",\n  ]\n}",
        r#"{"path": {"kv/data/apps/*": {"capabilities": ["read"]}}}"#,
    ] {
        world.write("sys/policies/acl/apps-read", json!({ "policy": text })).await;
        for rules in [json!(READ), json!({"kv/data/apps/*": ["read"]}), json!(text)] {
            let step = world.step(rules);
            assert!(plan(&step, world.context(), Goal::Present).await.is_nothing(), "{text}");
            let absent = plan(&step, world.context(), Goal::Absent).await;
            assert!(absent.is_nothing() && matches!(&absent.notes[..], [Note::Left(_)]), "it bears no mark");
        }
    }
}

#[tokio::test]
async fn a_policy_in_any_form_that_the_server_takes_is_compared_by_what_it_means() {
    let world = World::start().await;
    let step = world.step(json!(READ));
    for rules in ["comment = 1 policy = \"\" capabilities = [\"read\"]", "capabilities = [] capabilities = [\"read\"]"]
    {
        let text = format!("path \"/kv/data/apps/*\"\n{{ {rules}, }}");
        world.write("sys/policies/acl/apps-read", json!({ "policy": text })).await;
        assert!(plan(&step, world.context(), Goal::Present).await.is_nothing(), "{rules}");
    }
}

#[tokio::test]
async fn what_this_server_refuses_is_refused_in_the_plan() {
    let world = World::start().await;
    let step = world.step(json!("path \"a\" {\n  capabilities = [\"subscribe\"]\n}"));
    let failure = step.plan(world.context(), &Goal::Present).await.unwrap_err().report();
    assert_eq!(failure.code.as_deref(), Some("trustpath::policy::syntax"));
    assert!(failure.message.contains("no policy of OpenBao's: line 2, column 19: `subscribe`"), "{}", failure.message);
}

#[tokio::test]
async fn a_table_says_to_the_server_what_it_says_to_us() {
    let world = World::start().await;
    let odd = ["a/${x}/%{y}", "b/\"quoted\\", "c/ä\t😀", "d/$5 100%", "e/+/z"];
    for path in odd {
        let step = world.step(json!({path: ["update", "list"], "other": {
            "capabilities": ["update"],
            "allowed_parameters": {"ttl": ["1h", 3600, 0.5, true, "${x}"], "*": []},
            "denied_parameters": {"a\"b": []},
            "required_parameters": ["ttl"],
            "min_wrapping_ttl": "1m",
            "max_wrapping_ttl": "1d12h",
        }}));
        reach(&step, world.context(), Goal::Present).await;
        assert!(plan(&step, world.context(), Goal::Present).await.is_nothing(), "{path}");
        assert!(step.verify(world.context()).await.unwrap().holds(), "{path}");
        let made =
            world.write("auth/token/create", json!({"policies": ["apps-read"], "no_default_policy": true})).await;
        let asked = path.replace('+', "anything");
        let token = &made["auth"]["client_token"];
        let held = world.write("sys/capabilities", json!({"token": token, "paths": [asked]})).await;
        assert_eq!(held["data"][&asked], json!(["list", "update"]), "{path}");
    }
}
