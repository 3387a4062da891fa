//! What a token should be able to do by its policies, and what it can.

use std::collections::{BTreeMap, BTreeSet};

use trustpath_platform::{policy::Meaning, text::clean};

/// What stands for everything that a wildcard matches.
const ANYTHING: &str = "trustpath-probe";

/// A path to ask about, and what the policies say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// The path as the policy has it.
    pub(crate) rule: String,
    /// One path that it matches.
    pub(crate) path: String,
    /// What may be done there.
    pub(crate) allowed: BTreeSet<String>,
}

/// One probe for each path of the policies that decides alone: not those with templates, with keys that are not known
/// here, or that another path of them matches too.
pub(crate) fn probes(policies: &[Meaning]) -> Vec<Probe> {
    let mut rules: BTreeMap<&str, Option<BTreeSet<String>>> = BTreeMap::new();
    for meaning in policies {
        for path in meaning.all_paths() {
            let allowed = meaning.rules(path).map(|rules| rules.capabilities.clone());
            let joined = rules.entry(path).or_insert_with(|| Some(BTreeSet::new()));
            *joined = joined.take().zip(allowed).map(|(one, other)| &one | &other);
        }
    }
    let patterns: Vec<_> = rules.keys().copied().collect();
    let alone = |rule: &str, path: &str| !patterns.iter().any(|other| *other != rule && matches(other, path));
    let probe = |(rule, allowed): (&str, Option<BTreeSet<String>>)| {
        let path = example(rule);
        let decides = !rule.contains("{{") && !rule.is_empty() && alone(rule, &path);
        decides.then_some(Probe { rule: rule.to_owned(), path, allowed: in_effect(allowed?) })
    };
    rules.iter().filter_map(|(rule, allowed)| probe((rule, allowed.clone()))).collect()
}

/// `deny` beats everything, and nothing allowed is denied.
fn in_effect(allowed: BTreeSet<String>) -> BTreeSet<String> {
    if allowed.is_empty() || allowed.contains("deny") { ["deny".to_owned()].into() } else { allowed }
}

/// One path that a rule matches.
fn example(rule: &str) -> String {
    let path = match rule.strip_suffix('*') {
        Some(beginning) => format!("{beginning}{ANYTHING}"),
        None => rule.to_owned(),
    };
    let segments: Vec<_> = path.split('/').map(|segment| if segment == "+" { ANYTHING } else { segment }).collect();
    segments.join("/")
}

/// Whether a path of a policy, with `+` for one segment and `*` at its end for any text, matches a path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut segments = path.split('/');
    let mut parts = pattern.split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(segment) = segments.next() else { return false };
        let last = parts.peek().is_none();
        let fits = part == "+" || part == segment || (last && open && segment.starts_with(part));
        if !fits {
            return false;
        }
    }
    open || segments.next().is_none()
}

/// What a token can do besides, and what it lacks, in words; nothing where it can do what it should.
pub(crate) fn lacking(probes: &[Probe], held: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let none = Vec::new();
    let lack = |probe: &Probe| {
        let held: BTreeSet<_> = held.get(&probe.path).unwrap_or(&none).iter().cloned().collect();
        let missing: Vec<_> = probe.allowed.difference(&held).cloned().collect();
        (!missing.is_empty()).then(|| format!("{} on `{}`", missing.join(", "), clean(&probe.rule)))
    };
    probes.iter().filter_map(lack).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn meaning(hcl: &str) -> Meaning {
        Meaning::read(hcl).unwrap()
    }

    fn probed(policies: &[Meaning]) -> Vec<(String, String)> {
        let shown = |probe: Probe| (probe.path, probe.allowed.into_iter().collect::<Vec<_>>().join(","));
        probes(policies).into_iter().map(shown).collect()
    }

    #[rstest]
    #[case("kv/data/*", "kv/data/x", true)]
    #[case("kv/data/*", "kv/data/x/y", true)]
    #[case("kv/da*", "kv/data/x", true)]
    #[case("kv/data/*", "kv/data", false)]
    #[case("kv/data/a", "kv/data/a", true)]
    #[case("kv/data/a", "kv/data/a/b", false)]
    #[case("kv/+/a", "kv/data/a", true)]
    #[case("kv/+", "kv/data/a", false)]
    #[case("+/data/*", "kv/data/a", true)]
    #[case("*", "a/b", true)]
    fn patterns_match_as_the_servers_do(#[case] pattern: &str, #[case] path: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, path), expected);
    }

    #[test]
    fn a_rule_is_probed_at_a_path_that_it_matches() {
        let policies = [
            meaning("path \"kv/data/apps/*\" { capabilities = [\"read\"] }\npath \"kv/+/x\" { policy = \"deny\" }"),
            meaning("path \"kv/data/apps/*\" { capabilities = [\"list\"] }\npath \"sys/nothing\" {}"),
        ];
        let expected =
            [("kv/trustpath-probe/x", "deny"), ("kv/data/apps/trustpath-probe", "list,read"), ("sys/nothing", "deny")];
        assert_eq!(probed(&policies), expected.map(|(path, allowed)| (path.to_owned(), allowed.to_owned())));
    }

    #[test]
    fn a_rule_that_does_not_decide_alone_is_not_probed() {
        for hcl in [
            "path \"kv/data/{{identity.entity.id}}\" { capabilities = [\"read\"] }",
            "path \"kv/data/a\" {\n capabilities = [\"read\"]\n expiration = \"2020-01-01\"\n}",
            "path \"kv/data/a\" {\n capabilities = [\"read\"]\n x = 1\n}\npath \"kv/data/a\" { capabilities = [\"read\"] }",
        ] {
            assert_eq!(probed(&[meaning(hcl)]), [], "{hcl}");
        }
        let overlapping = "path \"kv/data/*\" { capabilities = [\"read\"] }\npath \"kv/+/trustpath-probe\" {}";
        assert!(!probed(&[meaning(overlapping)]).iter().any(|(path, _)| path == "kv/data/trustpath-probe"));
    }

    #[test]
    fn what_is_lacking_is_named_by_its_rule() {
        let probes = probes(&[meaning("path \"kv/data/*\" { capabilities = [\"read\", \"list\"] }")]);
        let held = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            BTreeMap::from([("kv/data/trustpath-probe".to_owned(), names)])
        };
        assert_eq!(lacking(&probes, &held(&["list", "read", "sudo"])), Vec::<String>::new());
        assert_eq!(lacking(&probes, &held(&["list"])), ["read on `kv/data/*`"]);
        assert_eq!(lacking(&probes, &BTreeMap::new()), ["list, read on `kv/data/*`"]);
    }
}
