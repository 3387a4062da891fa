//! Names as the API server takes them, checked before anything is sent (apimachinery, `util/validation`).

use crate::{checked_text, mark, names};

names! {
    /// The name of an object, such as a ServiceAccount.
    pub ObjectName: "name of a Kubernetes object", is_subdomain,
        "it may have lower case letters, digits, `-` and `.`, begins and ends with a letter or a digit, and is at most \
         253 characters long";
    /// The name of a namespace.
    pub NamespaceName: "name of a namespace", is_label,
        "it may have lower case letters, digits and `-`, begins and ends with a letter or a digit, and is at most 63 \
         characters long";
    /// The key of a label or an annotation.
    pub Key: "key of a label or an annotation", is_key,
        "it is a name of at most 63 letters, digits, `-`, `_` and `.`, perhaps behind a DNS name and a `/`, as in \
         `example.com/team`";
    /// The value of a label.
    pub LabelValue: "value of a label", is_label_value,
        "it has at most 63 letters, digits, `-`, `_` and `.`, and begins and ends with a letter or a digit";
}

checked_text! {
    /// The key of an annotation other than the mark of a graph.
    pub AnnotationKey: |text| match text == mark::ANNOTATION {
        true => Err(format!("`{text}` is set by the program: it says which graph the object belongs to")),
        false => Key::try_from(text.to_owned()).map(drop),
    };
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && !text.contains('.') && is_subdomain(text)
}

fn is_subdomain(text: &str) -> bool {
    let end = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let part =
        |part: &str| part.starts_with(end) && part.ends_with(end) && part.chars().all(|char| end(char) || char == '-');
    text.len() <= 253 && text.split('.').all(part)
}

fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_qualified(name),
        None => is_qualified(text),
    }
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified(text)
}

fn is_qualified(name: &str) -> bool {
    let end = |char: char| char.is_ascii_alphanumeric();
    let inner = |char: char| end(char) || matches!(char, '-' | '_' | '.');
    name.len() <= 63 && name.starts_with(end) && name.ends_with(end) && name.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("external-secrets", true)]
    #[case("a.b-c.d1", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("a..b", false)]
    #[case("A", false)]
    #[case("a_b", false)]
    #[case("a/b", false)]
    #[case(&"a".repeat(254), false)]
    fn names_of_objects(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(ObjectName::try_from(text.to_owned()).is_ok(), valid);
    }

    #[rstest]
    #[case("external-secrets", true)]
    #[case("a.b", false)]
    #[case(&"a".repeat(64), false)]
    fn names_of_namespaces(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(NamespaceName::try_from(text.to_owned()).is_ok(), valid);
    }

    #[rstest]
    #[case("team", true)]
    #[case("example.com/Team_1", true)]
    #[case("example.com/", false)]
    #[case("/team", false)]
    #[case("a/b/c", false)]
    #[case("tëam", false)]
    fn keys(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(Key::try_from(text.to_owned()).is_ok(), valid);
    }

    #[rstest]
    #[case("", true)]
    #[case("v1.2_3", true)]
    #[case("a b", false)]
    #[case("-a", false)]
    fn values_of_labels(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(LabelValue::try_from(text.to_owned()).is_ok(), valid);
    }
}
