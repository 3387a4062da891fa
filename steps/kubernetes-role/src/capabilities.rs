//! What a token should be able to do by its policies, and what it can.

mod patterns;

use std::collections::{BTreeMap, BTreeSet};

use trustpath_platform::{policy::Meaning, text::clean};

use self::patterns::Patterns;

/// What stands for everything that a wildcard matches.
const ANYTHING: &str = "trustpath-probe";

/// A path to ask about, and what the policies say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The path as the policy has it.
    pub(crate) rule: String,
    /// One path that it matches.
    pub(crate) path: String,
    /// What may be done there.
    pub(crate) allowed: BTreeSet<String>,
}

/// One question for each path of the policies that decides alone: not those with templates, with keys that are not known
/// here, or that another path of them matches too.
pub(crate) fn questions(policies: &[&Meaning]) -> Vec<Question> {
    let mut rules: BTreeMap<&str, Option<BTreeSet<String>>> = BTreeMap::new();
    for meaning in policies {
        for path in meaning.all_paths() {
            let allowed = meaning.rules(path).map(|rules| rules.capabilities.clone());
            let joined = rules.entry(path).or_insert_with(|| Some(BTreeSet::new()));
            *joined = joined.take().zip(allowed).map(|(one, other)| &one | &other);
        }
    }
    let patterns: Patterns<'_> = rules.keys().copied().collect();
    let question = |(rule, allowed): (&str, Option<BTreeSet<String>>)| {
        let path = example(rule);
        let decides = !rule.contains("{{") && !rule.is_empty() && patterns.matching(&path) == 1;
        decides.then_some(Question { rule: rule.to_owned(), path, allowed: in_effect(allowed?) })
    };
    rules.into_iter().filter_map(question).collect()
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

/// What a token can do besides, and what it lacks, in words; nothing where it can do what it should.
pub(crate) fn lacking(questions: &[Question], held: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let none = Vec::new();
    let lack = |question: &Question| {
        let held: BTreeSet<_> = held.get(&question.path).unwrap_or(&none).iter().cloned().collect();
        let missing: Vec<_> = question.allowed.difference(&held).cloned().collect();
        (!missing.is_empty()).then(|| format!("{} on `{}`", missing.join(", "), clean(&question.rule)))
    };
    questions.iter().filter_map(lack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(hcl: &str) -> Meaning {
        Meaning::read(hcl).unwrap()
    }

    fn asked(policies: &[Meaning]) -> Vec<(String, String)> {
        let shown = |question: Question| (question.path, question.allowed.into_iter().collect::<Vec<_>>().join(","));
        questions(&policies.iter().collect::<Vec<_>>()).into_iter().map(shown).collect()
    }

    #[test]
    fn a_rule_is_asked_about_at_a_path_that_it_matches() {
        let policies = [
            meaning("path \"kv/data/apps/*\" { capabilities = [\"read\"] }\npath \"kv/+/x\" { policy = \"deny\" }"),
            meaning("path \"kv/data/apps/*\" { capabilities = [\"list\"] }\npath \"sys/nothing\" {}"),
        ];
        let expected =
            [("kv/trustpath-probe/x", "deny"), ("kv/data/apps/trustpath-probe", "list,read"), ("sys/nothing", "deny")];
        assert_eq!(asked(&policies), expected.map(|(path, allowed)| (path.to_owned(), allowed.to_owned())));
    }

    #[test]
    fn a_rule_that_does_not_decide_alone_is_not_asked_about() {
        for hcl in [
            "path \"kv/data/{{identity.entity.id}}\" { capabilities = [\"read\"] }",
            "path \"kv/data/a\" {\n capabilities = [\"read\"]\n expiration = \"2020-01-01\"\n}",
            "path \"kv/data/a\" {\n capabilities = [\"read\"]\n mfa_methods = []\n}\npath \"kv/data/a\" { capabilities = [\"read\"] }",
        ] {
            assert_eq!(asked(&[meaning(hcl)]), [], "{hcl}");
        }
        let overlapping = "path \"kv/data/*\" { capabilities = [\"read\"] }\npath \"kv/+/trustpath-probe\" {}";
        assert!(!asked(&[meaning(overlapping)]).iter().any(|(path, _)| path == "kv/data/trustpath-probe"));
    }

    #[test]
    fn what_is_lacking_is_named_by_its_rule() {
        let meaning = meaning("path \"kv/data/*\" { capabilities = [\"read\", \"list\"] }");
        let questions = questions(&[&meaning]);
        let held = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            BTreeMap::from([("kv/data/trustpath-probe".to_owned(), names)])
        };
        assert_eq!(lacking(&questions, &held(&["list", "read", "sudo"])), Vec::<String>::new());
        assert_eq!(lacking(&questions, &held(&["list"])), ["read on `kv/data/*`"]);
        assert_eq!(lacking(&questions, &BTreeMap::new()), ["list, read on `kv/data/*`"]);
    }
}
