//! Steps that `for_each` makes of one: what they are called.

use std::borrow::Cow;

/// The name of the one for a key: `role["billing"]`.
pub(crate) fn instance(step: &str, key: &str) -> String {
    format!("{step}[\"{key}\"]")
}

/// What a step is called in the graph file: one that was made by `for_each` as the step that it was made of.
pub(crate) fn written(name: &str) -> &str {
    name.split_once("[\"").map_or(name, |(step, _)| step)
}

/// A step's name as a word of a command: the names of repeated steps are quoted, as a shell wants it.
pub fn word(step: &str) -> Cow<'_, str> {
    if written(step) == step { step.into() } else { format!("'{step}'").into() }
}

/// A message with the names that steps have in the graph file: the same, whichever of them it is about.
pub(crate) fn about_written(message: &str) -> String {
    let mut parts = message.split("[\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| said + part.split_once("\"]").map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_command_it_is_quoted() {
        assert_eq!((&*word("role"), &*word(r#"role["billing"]"#)), ("role", r#"'role["billing"]'"#));
    }

    #[test]
    fn an_instance_is_written_as_the_step_that_it_was_made_of() {
        assert_eq!(instance("role", "billing"), r#"role["billing"]"#);
        assert_eq!((written(r#"role["billing"]"#), written("role")), ("role", "role"));
        let of = |key: &str| about_written(&format!("`{}` needs `{}` twice", instance("a", key), instance("b", key)));
        assert_eq!((of("x"), of("y")), ("`a` needs `b` twice".to_owned(), "`a` needs `b` twice".to_owned()));
    }
}
