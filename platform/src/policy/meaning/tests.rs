use rstest::rstest;
use rustix::time::{ClockId, clock_gettime};

use super::*;

fn meaning(text: &str) -> Meaning {
    Meaning::read(text).unwrap_or_else(|misread| panic!("{text}: {misread}"))
}

fn same(one: &str, other: &str) {
    assert_eq!(meaning(one), meaning(other));
}

fn differ(one: &str, other: &str) {
    assert_ne!(meaning(one), meaning(other));
}

#[test]
fn order_comments_white_space_and_syntax_mean_nothing() {
    let plain = "path \"a\" { capabilities = [\"read\", \"list\"] }\npath \"b/*\" {\n capabilities = [\"update\"]\n}";
    for other in [
        "# first\npath \"b/*\" {\n  capabilities = [\n \"update\", # last\n ]\n}\n/* x */\npath \"/a\" { capabilities = [\"list\", \"read\"] }",
        "path a { capabilities = [\"list\", \"read\", \"list\"] }\r\npath \"b/*\" { capabilities = [\"update\"] }",
        "path \"a\" { policy = \"read\" }\npath \"b/*\" { capabilities = [\"update\"] }",
        r#"{"path": {"b/*": {"capabilities": ["update"]}, "a": {"capabilities": ["read", "list"]}}}"#,
        r#" {"path": [{"a": {"capabilities": ["read", "list"]}}, {"b/*": {"capabilities": ["update"]}}]}"#,
    ] {
        same(plain, other);
    }
}

#[test]
fn what_is_allowed_means_everything() {
    let plain = "path \"a\" { capabilities = [\"read\"] }";
    for other in [
        "path \"a\" { capabilities = [\"read\", \"list\"] }",
        "path \"b\" { capabilities = [\"read\"] }",
        "path \"a*\" { capabilities = [\"read\"] }",
        "path \"a\" {}",
        "",
        "path \"a\" {\n capabilities = [\"read\"]\n required_parameters = [\"x\"]\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n max_wrapping_ttl = \"1m\"\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n allowed_parameters = { x = [] }\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n mfa_methods = [\"x\"]\n}",
        "path \"a\" { capabilities = [\"read\"] }\npath \"c\" {}",
    ] {
        differ(plain, other);
    }
}

#[test]
fn parameters_are_sets_by_names_in_lower_case() {
    let rules = |inner: &str| format!("path \"a\" {{\n capabilities = [\"update\"]\n {inner}\n}}");
    same(
        &rules("allowed_parameters = {\n \"Name\" = [\"x\", 1]\n \"*\" = []\n}"),
        &rules("allowed_parameters = {\n \"*\" = []\n name = [1, \"x\", 1]\n}"),
    );
    same(&rules("allowed_parameters = { a = [1, 1] }"), &rules("allowed_parameters {\n a = [1]\n}"));
    differ(&rules("allowed_parameters = { a = [1] }"), &rules("allowed_parameters = { a = [\"1\"] }"));
    differ(&rules("allowed_parameters = { a = [] }"), &rules("denied_parameters = { a = [] }"));
    same(&rules("required_parameters = [\"A\", \"b\"]"), &rules("required_parameters = [\"b\", \"a\"]"));
    same(&rules("min_wrapping_ttl = \"1h\""), &rules("min_wrapping_ttl = 3600"));
}

#[test]
fn a_path_that_is_there_twice_is_joined_as_the_servers_do() {
    let twice = |one: &str, other: &str| format!("path \"a\" {{\n{one}\n}}\npath \"/a\" {{\n{other}\n}}");
    let once = |inner: &str| format!("path \"a\" {{\n{inner}\n}}");
    let read = "capabilities = [\"read\"]";
    same(&twice(read, "capabilities = [\"list\"]"), &once("capabilities = [\"list\", \"read\"]"));
    same(&twice(read, "capabilities = [\"deny\", \"read\"]"), &once("capabilities = [\"deny\"]"));
    same(&twice("policy = \"deny\"", read), &once("capabilities = [\"deny\"]"));
    same(
        &twice(&format!("{read}\nmax_wrapping_ttl = 60"), &format!("{read}\nmax_wrapping_ttl = 30")),
        &once(&format!("{read}\nmax_wrapping_ttl = 30")),
    );
    same(
        &twice("allowed_parameters = {\n x = [1]\n y = [2]\n}", "allowed_parameters = {\n x = [3]\n y = []\n}"),
        &once("allowed_parameters = {\n x = [1, 3]\n y = []\n}"),
    );
    assert_eq!(meaning(&twice(read, read)).duplicates(), &BTreeSet::from(["a".to_owned()]));
    assert!(meaning(&once(read)).duplicates().is_empty());
}

#[test]
fn keys_that_are_not_weighed_count_as_text() {
    let rules = |value: &str| format!("path \"a\" {{\n capabilities = [\"read\"]\n control_group = {value}\n}}");
    same(&rules("{ factor = [1, 2] }"), &rules("{\n  factor = [ 0x1,2 ]\n}"));
    differ(&rules("{ factor = [1, 2] }"), &rules("{ factor = [2, 1] }"));
    let unjoined = |one: &str, other: &str| {
        format!("path \"a\" {{\n mfa_methods = [{one}]\n}}\npath \"a\" {{\n mfa_methods = [{other}]\n}}")
    };
    differ(&unjoined("1", "2"), &unjoined("2", "1"));
    same("name = \"x\"\npath a {}", "path a {}\nname = \"y\"");
    same("path a {}", "path a { comment = true }");
    differ(
        "path a { allowed_parameters = { x = [1], X = [2] } }",
        "path a { allowed_parameters = { X = [1], x = [2] } }",
    );
}

/// What both families of servers read, however odd, by what it means in plain words.
#[rstest]
#[case::no_path("path { policy = \"read\" }", "path \"path\" { policy = \"read\" }")]
#[case::second_key("path \"a\" \"b\" { policy = \"read\" }", "path \"a\" { policy = \"read\" }")]
#[case::no_line_breaks("path \"a\"{policy=\"read\" comment=1}", "path \"a\" { policy = \"read\" }")]
#[case::commas("path a { policy = \"read\", comment = 1, },", "path \"a\" { policy = \"read\" }")]
#[case::brace_on_its_line("path a # why\n\n{\n}", "path a {}")]
#[case::both(
    "path a { policy = \"read\"\n capabilities = [\"update\"] }",
    "path a { capabilities = [\"list\", \"read\", \"update\"] }"
)]
#[case::behind_deny("path a { capabilities = [\"deny\", \"x\"] }", "path a { policy = \"deny\" }")]
#[case::dollar("path \"${a}\" {}", "path \"\\u0024{a}\" {}")]
#[case::percent("path \"%{a}\" {}", "path \"\\x25{a}\" {}")]
#[case::heredoc(
    "path a { policy = \"\"\n required_parameters = [<<EOF\nx\nEOF\n] }",
    "path a { required_parameters = [\"x\\n\"] }"
)]
#[case::forgotten("path a {}\nname =", "path a {}")]
#[case::json_twice(
    r#"{"path": {"a": {"capabilities": ["read"], "capabilities": ["list"]}}}"#,
    "path a { policy = \"read\" }"
)]
#[case::json_no_end(r#"{"path": {"a": {"policy": "read",}}"#, "path a { policy = \"read\" }")]
#[case::json_objects(r#"{"path": {"a": {"denied_parameters": {"x": {}}}}}"#, "path a {}")]
#[case::json_flags(r#"{"path": {"a": {"capabilities": [true, [["read"]}}}"#, "path a { capabilities = [\"read\"] }")]
fn what_every_server_takes(#[case] odd: &str, #[case] plain: &str) {
    same(odd, plain);
    for family in [Family::OpenBao, Family::Vault] {
        assert_eq!(meaning(odd).refusal(family), None, "{odd}");
    }
}

#[rstest]
#[case("capabilities = [\"read\"]\n capabilities = [\"list\"]", false, "line 3, column 1: capabilities is set twice")]
#[case("capabilities = [\"scan\"]", false, "line 2, column 17: `scan` is a capability of OpenBao alone")]
#[case("pagination_limit = 3", false, "line 2, column 1: there is no key `pagination_limit` for a path")]
#[case(
    "capabilities = [\"subscribe\"]",
    true,
    "line 2, column 17: `subscribe` is a capability of HashiCorp Vault alone"
)]
#[case("subscribe_event_types = [\"*\"]", true, "line 2, column 1: there is no key `subscribe_event_types`")]
fn what_one_family_refuses(#[case] rules: &str, #[case] by_openbao: bool, #[case] says: &str) {
    let meaning = meaning(&format!("path \"a\" {{\n{}\n}}", rules.replace("\n ", "\n")));
    let (refuses, takes) = if by_openbao { (Family::OpenBao, Family::Vault) } else { (Family::Vault, Family::OpenBao) };
    let said = meaning.refusal(refuses).expect("it is refused").to_string();
    assert!(said.starts_with(says), "{said}");
    assert_eq!(meaning.refusal(takes), None);
}

#[test]
fn what_no_server_takes_is_not_understood() {
    for text in [
        "path \"a\" { capabilities = [\"Read\"] }",
        "path \"a\" { something_new = 1 }",
        "path \"a\" { capabilities = concat([\"read\"]) }",
        "path \"a\" { capabilities = read }",
        "path \"a\" { policy = \"all\" }",
        "path = { \"a\" = { capabilities = [\"read\"] } }",
        "path \"a\" = { capabilities = [\"read\"] }",
        "path \"a\" { capabilities = \"read\" }",
        "path \"a\" { allowed_parameters = [{ x = [] }] }",
        "path \"a\" { min_wrapping_ttl = \"2h\", max_wrapping_ttl = \"1h\" }",
        "path \"a\" { max_wrapping_ttl = \"1w\" }",
        "path \"a+*\" {}",
        "path \"{{a\" {}",
        "path \"\\400\" {}",
        "path \"a\" { comment = \"\\q\" }",
        "path \"a\" { comment = 'x' }",
        "PATH \"a\" {}",
        "path = 3",
        "path \"a\" {",
        "}",
        "{\"path\": {\"a\": null}}",
        "{\"path\": {\"a\": {\"capabilities\": [null]}}}",
        "{\"path\": {\"\\ud83d\\ude00\": {}}}",
        "{\"path\": []}",
        "{\"path\": {\"a\": [{\"policy\": \"read\"}]}}",
        "[]",
    ] {
        assert!(Meaning::read(text).is_err(), "{text} is understood");
    }
}

#[test]
fn a_mistake_has_its_place() {
    let place = |text: &str| Meaning::read(text).unwrap_err().to_string();
    assert!(place("path \"a\" {\r\n  capabilities == 1\n}").starts_with("line 2, column 17: a value belongs here"));
    assert!(place("\n\npath \"a\" {\n  policy = \"all\"\n}").starts_with("line 4, column 12: it is none of"));
    assert_eq!(place("{\n \"path\": nul\n}"), "line 2, column 10: no server can read this");
    assert!(place("{\"path\": {\"a\": {\n \"polici\": 1}}}").starts_with("line 2, column 2: there is no key `polici`"));
    let text = "path \"a\" {\n  capabilities = [\"read\", \"raed\"]\n}";
    let misread = Meaning::read(text).unwrap_err();
    assert!(misread.to_string().starts_with("line 2, column 27: there is no capability `raed`: did you mean `read`?"));
    assert_eq!(misread.offset(), text.find("\"raed\""));
}

/// A policy is whatever somebody has written: one that goes too deep is told, and ends no process.
#[test]
fn a_text_that_is_nested_without_end_is_refused() {
    for (open, close) in
        [("[", "]"), ("{ a = ", "}"), ("(", ")"), ("!", ""), ("${", "}"), ("\"${", "}\""), ("a { ", "}")]
    {
        let nested = format!("{}{}", open.repeat(50_000), close.repeat(50_000));
        for text in [format!("path \"a\" {{ x = {nested} }}"), nested.clone(), open.repeat(50_000)] {
            assert!(Meaning::read(&text).is_err(), "{open}");
        }
    }
}

/// How long it takes to read a policy with so many paths, and to ask about each: the shortest of three times.
/// In nanoseconds of this thread: what else runs on the machine takes none of them.
fn time(paths: usize, rules: &str) -> i64 {
    let text: String = (0..paths).map(|nth| format!("path \"kv/data/{nth}\" {{ {rules} }}\n")).collect();
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    };
    let once = || {
        let begun = now();
        let meaning = meaning(&text);
        assert_eq!(meaning.all_paths().iter().filter_map(|path| meaning.rules(path)).count() % paths, 0);
        now() - begun
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// Eight times the paths take about eight times the time; where each looks at all, it would be sixty-four times.
#[test]
fn reading_takes_as_long_as_there_are_paths() {
    for rules in ["capabilities = [\"read\"]", "mfa_methods = [\"x\"]"] {
        let (few, many) = (time(500, rules), time(4000, rules));
        assert!(many < few * 16, "{few} and {many} ns for {rules}");
    }
}
