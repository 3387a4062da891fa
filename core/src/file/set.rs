//! `--set KEY=VALUE`: one value as a text of its own.

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use super::Source;
use crate::failure::{Class, Problem};

impl Source {
    /// What `--set` is called in messages.
    const SET: &str = "--set";

    /// A source of one value, as `--set steps.role.with.ttl=2h` gives it. The value is TOML where it can be read as a
    /// TOML value, and text elsewhere.
    ///
    /// # Errors
    /// When it is not a key, an equals sign and a value.
    pub fn set(setting: &str) -> Result<Self, Problem> {
        // Names in quotes may hold equals signs: the first one before which there is a whole key is meant.
        let equals = setting.match_indices('=').map(|(at, _)| at).find(|at| is_key(&setting[..*at]));
        let at = equals.ok_or_else(|| {
            let help = "write KEY=VALUE with the path of the key, such as `--set steps.role.with.ttl=2h`; quote a name that \
                        has dots or slashes";
            Problem::new(Class::Usage, "trustpath::file::set", format!("`--set {setting}` is no setting")).help(help)
        })?;
        let (key, value) = (setting[..at].trim(), &setting[at + 1..]);
        let is_toml = DeValue::parse(value.trim()).is_ok();
        let value = if is_toml { value.trim().to_owned() } else { Value::from(value).to_string() };
        Ok(Self { is_setting: true, ..Self::new(Self::SET, format!("{key} = {value}")) })
    }
}

/// Whether this is one key, dotted or not, and nothing else: no comment, and no second line.
fn is_key(text: &str) -> bool {
    !text.contains('\n') && DeTable::parse(&format!("{text} = 0")).is_ok_and(|table| !table.get_ref().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(setting: &str) -> Option<String> {
        Source::set(setting).ok().map(|source| source.text)
    }

    #[test]
    fn a_value_is_toml_where_it_can_be_and_text_elsewhere() {
        let cases = [
            ("steps.role.with.ttl=2h", r#"steps.role.with.ttl = "2h""#),
            ("run.parallelism=2", "run.parallelism = 2"),
            ("a.b=true", "a.b = true"),
            (r#"a = ["x", "y"]"#, r#"a = ["x", "y"]"#),
            (r#"a={ b = 1 }"#, "a = { b = 1 }"),
            ("a=[x, y]", r#"a = "[x, y]""#),
            ("a=", r#"a = """#),
            ("a=x=y", r#"a = "x=y""#),
            ("a=1\nb=2", "a = \"\"\"\n1\nb=2\"\"\""),
            (r#"rules."kv/data/apps/*=".x=1"#, r#"rules."kv/data/apps/*=".x = 1"#),
        ];
        for (given, expected) in cases {
            assert_eq!(text(given).as_deref(), Some(expected), "{given}");
            assert!(DeTable::parse(expected).is_ok(), "{expected}");
        }
    }

    #[test]
    fn what_has_no_key_is_refused() {
        for given in ["", "a.b", "=1", "a b=1", "a.=1", "[a]\nb=1", "# a=1", "a..b=1", "[a]=1", "{a}=1"] {
            assert_eq!(text(given), None, "{given}");
        }
    }
}
