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
        "path \"a\" { capabilities = [\"Read\"] }",
        "path \"a\" {}",
        "",
        "path \"a\" {\n capabilities = [\"read\"]\n required_parameters = [\"x\"]\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n max_wrapping_ttl = \"1m\"\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n allowed_parameters = { x = [] }\n}",
        "path \"a\" {\n capabilities = [\"read\"]\n something_new = 1\n}",
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
fn unknown_keys_count_as_text() {
    let rules = |value: &str| format!("path \"a\" {{\n capabilities = [\"read\"]\n control_group = {value}\n}}");
    same(&rules("{ factor = [1, 2] }"), &rules("{\n  factor = [ 1,2 ]\n}"));
    differ(&rules("{ factor = [1, 2] }"), &rules("{ factor = [2, 1] }"));
    let unjoined = |one: &str, other: &str| format!("path \"a\" {{\n x = {one}\n}}\npath \"a\" {{\n x = {other}\n}}");
    differ(&unjoined("1", "2"), &unjoined("2", "1"));
    same("name = \"x\"\npath a {}", "path a {}\nname = \"x\"");
    differ("name = \"x\"\npath a {}", "name = \"y\"\npath a {}");
}

#[test]
fn what_the_servers_read_differently_is_not_understood() {
    for text in [
        "path \"a\" { capabilities = [\"read\"] policy = \"read\" }",
        "path \"${x}\" { capabilities = [\"read\"] }",
        "path \"$${x}\" { capabilities = [\"read\"] }",
        "path \"a\" { capabilities = [\"%{if x}read%{endif}\"] }",
        "path \"a\" { capabilities = concat([\"read\"]) }",
        "path \"a\" { capabilities = read }",
        "path \"a\" {\n capabilities = [\"read\"]\n capabilities = [\"list\"]\n}",
        "path \"a\" {\n allowed_parameters = {\n x = [1]\n x = [2]\n}\n}",
        "path \"a\" {\n allowed_parameters = {\n x = [1]\n y = [3]\n x = [2]\n}\n}",
        "path \"a\" {\n allowed_parameters = {\n x = [1]\n X = [2]\n}\n}",
        "path \"a\" {\n policy = \"all\"\n}",
        "path { capabilities = [\"read\"] }",
        "path \"a\" \"b\" { capabilities = [\"read\"] }",
        "path = { \"a\" = { capabilities = [\"read\"] } }",
        "path \"a\" { capabilities = \"read\" }",
        "{\"path\": {\"a\": [{\"capabilities\": [\"read\"]}]}}",
        "path = 3",
        "path \"a\" {",
        "{\"path\": {\"a\": {\"capabilities\": [\"read\"], \"capabilities\": []}}}",
        "{\"path\": {\"a\": null}}",
        "{\"path\": {",
        "[]",
    ] {
        assert!(Meaning::read(text).is_err(), "{text} is understood");
    }
}

#[test]
fn a_mistake_has_its_place() {
    let place = |text: &str| Meaning::read(text).unwrap_err().to_string();
    assert!(place("path \"a\" {\n  capabilities == 1\n}").starts_with("line 2, column 17: "));
    assert!(place("\n\npath \"a\" {\n  policy = \"all\"\n}").starts_with("line 4, column 12: it is none of"));
    assert_eq!(place("{\n \"path\": nul\n}"), "line 3, column 1: expected ident");
    let text = "path \"a\" {\n  capabilities = [\"read\", \"raed\"]\n}";
    let misread = meaning(text).check_capabilities(text).unwrap_err();
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
    for rules in ["capabilities = [\"read\"]", "unheard_of = 1"] {
        let (few, many) = (time(500, rules), time(4000, rules));
        assert!(many < few * 16, "{few} and {many} ns for {rules}");
    }
}
