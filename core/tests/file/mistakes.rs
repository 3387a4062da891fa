//! Each kind of mistake, as a user sees it.

use insta::assert_snapshot;
use trustpath_core::{Class, Failure, file::Source};

use crate::{load_all, refused, refused_text};

#[test]
fn syntax() {
    assert_snapshot!(refused_text(
        "[steps.role]\nuses = role\nwith = { name = \"x\"\n\n[steps.mount]\nuses = \"mount\"\n"
    ));
}

#[test]
fn syntax_beside_other_mistakes() {
    let text = "gaph = \"x\"\n\n[steps.role]\nuses = \"role\"\nneeds = [mount]\n\n[steps.mount]\nuses = \"mnt\"\n\n[steps.policy\nuses = \"policy\"\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn never_closed() {
    assert_snapshot!(refused_text(
        "[steps.policy]\nuses = \"policy\"\nwith.name = \"\"\"apps\n\n[steps.mount]\nuses = \"mount\"\n"
    ));
}

#[test]
fn duplicates() {
    let text = "[steps.policy]\nuses = \"policy\"\nwith = { name = \"a\" }\nuses = \"policy\"\n\n[steps.mount]\nuses = \"mount\"\n\n[steps.mount]\nuses = \"mount\"\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn yaml() {
    assert_snapshot!(refused_text("steps:\n  role:\n    uses: role\n    needs:\n      - mount\n"));
}

#[test]
fn json() {
    assert_snapshot!(refused_text("{\n  \"steps\": {\n    \"role\": { \"uses\": \"role\" }\n  }\n}\n"));
}

#[test]
fn binary() {
    assert_snapshot!(refused_text(
        "\u{7f}ELF\u{2}\u{1}\u{1}\u{0}\u{1b}[2J\u{9b}31m\u{3}\u{0}>\u{0}\n\u{0}@\u{0}\n\u{1}x\n"
    ));
}

#[test]
fn empty() {
    assert_snapshot!(refused_text(""));
}

#[test]
fn nothing_but_comments() {
    assert_snapshot!(refused_text("# to do\ngraph = \"payments\"\n"));
}

#[test]
fn no_file_at_all() {
    assert_snapshot!(refused(Vec::new()));
}

#[test]
fn unknown_keys() {
    let text = r#"
step_timeout = "1m"

[run]
paralelism = 2

[connections.vualt]
server = "x"

[steps.mount]
uses = "mount"
need = []
with = { pth = "kubernetes", reviewer = { file = { path = "a", wach = true } }, tune = { default_ttl = 1, max_ttl = 2, listed = [{ name = "a", nme = "b" }] } }

[steps.policy]
uses = "policy"
with = { name = "a", rule = {} }
"#;
    assert_snapshot!(refused_text(text));
}

#[test]
fn missing_keys() {
    let text = r#"
[connections.vault]
namespace = "x"

[steps.mount]
uses = "mount"
with = { tune = { default_ttl = 1, listed = [{}] }, reviewer = { file = {} } }

[steps.nothing]
needs = ["mount"]

[steps.policy]
uses = "policy"

[steps.role]
uses = "role"
needs = ["mount"]
[steps.role.with]
nmae = "x"
"#;
    assert_snapshot!(refused_text(text));
}

#[test]
fn wrong_values() {
    let text = r#"
graph = "Payments Prod"
run = { parallelism = 0, step_timeout = 60, verify_timeout = "soon" }

[connections]
vault = "http://vault:8200"

[steps.mount]
uses = "mount"
with = { path = 1, reviewer = "clint", tune = { default_ttl = "1", max_ttl = -2, listed = [{ name = 3 }, "x", { name = 4 }] } }

[steps.policy]
uses = "policy"
needs = ["mount", 1, true]
with = { name = [], rules = { a = "read", b = ["read", 1] } }

[steps.role]
uses = 7
needs = "mount"

[steps.other]
uses = "mount"
with = { reviewer = {} }
"#;
    assert_snapshot!(refused_text(text));
}

#[test]
fn values_where_tables_belong() {
    let text = "run = 1\nconnections = []\n\n[steps]\nrole = \"role\"\n\n[steps.mount]\nuses = \"mount\"\nwith = \"kubernetes\"\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn steps_as_a_list() {
    assert_snapshot!(refused_text("[[steps]]\nname = \"role\"\nuses = \"role\"\n"));
}

#[test]
fn unknown_kind() {
    assert_snapshot!(refused_text(
        "[steps.mount]\nuses = \"muont\"\nwith = { any = 1 }\n\n[steps.role]\nuses = \"role\"\nneeds = [\"mount\"]\nwith = { name = \"x\" }\n"
    ));
}

#[test]
fn needs() {
    let text = "[steps.mount]\nuses = \"mount\"\n\n[steps.role]\nuses = \"role\"\nneeds = [\"muont\", \"mount\", \"mount\", \"elsewhere\", \"\"]\nwith = { name = \"x\" }\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn names() {
    let text = "[steps.\"\"]\nuses = \"mount\"\n[steps.\"--yes\"]\nuses = \"mount\"\n[steps.\"a b\\u001b[2J\"]\nuses = \"mount\"\n[steps.\"a.b_c-1\"]\nuses = \"mount\"\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn cycles() {
    let step = |name: &str, need: &str| format!("[steps.{name}]\nuses = \"mount\"\nneeds = [{need}]\n\n");
    let text = [
        step("a", "\"c\""),
        step("b", "\"a\""),
        step("c", "\"b\", \"gone\""),
        step("x", "\"y\""),
        step("y", "\"x\", \"v\""),
        step("u", "\"v\", \"x\""),
        step("v", "\"u\""),
        step("self", "\"self\""),
    ];
    assert_snapshot!(refused_text(&text.concat()));
}

#[test]
fn circles_that_meet_are_each_reported() {
    let step = |name: &str, needs: &str| format!("[steps.{name}]\nuses = \"mount\"\nneeds = [{needs}]\n");
    let text = [step("a", "\"b\""), step("b", "\"c\", \"a\""), step("c", "\"d\""), step("d", "\"a\", \"c\"")];
    let mistakes = load_all(vec![Source::new("plugins.toml", text.concat())]).err().unwrap();
    let circles: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let circle = |steps: &str| format!("steps need each other in a circle: {steps}");
    assert_eq!(circles, [circle("`a`, `b` and again `a`"), circle("`c`, `d` and again `c`")]);
}

#[test]
fn a_step_that_is_no_table_is_there_for_others() {
    let text =
        "[steps]\nmount = \"mount\"\n\n[steps.role]\nuses = \"role\"\nneeds = [\"mount\"]\nwith = { name = \"x\" }\n";
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    assert_eq!(mistakes.to_string(), "`steps.mount` is wrong: expected a table, found a string");
}

#[test]
fn facts_that_are_missing() {
    let text = r#"
[steps.mount]
uses = "mount"

[steps.role]
uses = "role"
with = { name = "x" }

[steps.other]
uses = "role"
needs = ["role"]
with = { name = "y" }

[steps.third]
uses = "role"
needs = ["probe"]
with = { name = "z" }

[steps.probe]
uses = "probe"
"#;
    assert_snapshot!(refused_text(text));
}

#[test]
fn facts_that_no_one_gives() {
    assert_snapshot!(refused_text("[steps.role]\nuses = \"role\"\nwith = { name = \"x\" }\n"));
}

#[test]
fn facts_that_several_give() {
    let text = "[steps.a]\nuses = \"mount\"\n\n[steps.b]\nuses = \"mount\"\n\n[steps.role]\nuses = \"role\"\nneeds = [\"a\", \"b\"]\nwith = { name = \"x\" }\n";
    assert_snapshot!(refused_text(text));
}

#[test]
fn a_step_that_cannot_give() {
    assert_snapshot!(refused_text("[steps.probe]\nuses = \"probe\"\nwith = { torn = true }\n"));
}

#[test]
fn a_mistake_is_not_repeated_by_those_who_depend_on_it() {
    let text = "[connections.vault]\nserver = 1\n\n[steps.mount]\nuses = \"mount\"\nwith = { path = 1 }\n\n[steps.role]\nuses = \"role\"\nneeds = [\"mount\"]\nwith = { name = \"x\" }\n\n[steps.probe]\nuses = \"probe\"\nneeds = [\"role\"]\n";
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code().unwrap().to_string()).collect();
    assert_eq!(codes, ["trustpath::file::wrong_value"; 2]);
}

#[test]
fn facts_are_checked_beside_unknown_needs_and_cycles() {
    let text = "[steps.role]\nuses = \"role\"\nwith = { name = \"x\" }\n\n[steps.a]\nuses = \"mount\"\nneeds = [\"gone\"]\n\n[steps.b]\nuses = \"mount\"\nneeds = [\"b\"]\n";
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code().unwrap().to_string()).collect();
    assert_eq!(codes, ["fact_missing", "unknown_need", "cycle"].map(|code| format!("trustpath::file::{code}")));
}

#[test]
fn every_mistake_has_a_code_and_a_next_step_and_is_of_the_configuration() {
    let text =
        "a\nb = 1\n[steps.a]\nuses = 1\nneeds = [\"a\", \"x\"]\n[steps.b]\nuses = \"role\"\n[steps.c]\nuses = \"z\"\n";
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    assert!(mistakes.iter().len() > 5);
    for mistake in mistakes.iter() {
        assert!(mistake.code().is_some_and(|code| code.to_string().starts_with("trustpath::file::")), "{mistake}");
        assert!(mistake.help().is_some_and(|help| !help.to_string().is_empty()), "{mistake}");
        assert!(mistake.labels().is_some_and(|mut labels| labels.next().is_some()), "{mistake}");
    }
    assert_eq!(Failure::from(mistakes).class(), Class::Config);
}

#[test]
fn a_lock_that_no_request_fits_into() {
    let steps = "[steps.a]\nuses = \"mount\"\n";
    assert_snapshot!(refused_text(&format!("[run]\nstep_timeout = \"60s\"\nlease = \"1m\"\n\n{steps}")));
    let fits = |run: &str| load_all(vec![Source::new("plugins.toml", format!("[run]\n{run}\n\n{steps}"))]).unwrap().run;
    assert_eq!(fits("lease = \"61s\"").lease.as_secs(), 61);
    assert_eq!(fits("step_timeout = \"3m\"").lease.as_secs(), 360, "a longer step has a longer lock by itself");
}
