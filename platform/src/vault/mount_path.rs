//! Where something is mounted in Vault.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// Where something is mounted, such as `kv`, or below `auth/` `clusters/berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct MountPath(String);

impl MountPath {
    /// One that is known to be a path.
    pub fn literal(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// The path, without slashes at its ends.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MountPath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let bare = path.trim().trim_matches('/');
        let bare = bare.strip_prefix("auth/").unwrap_or(bare).trim_matches('/');
        if bare.is_empty() || bare.split('/').any(|part| !sound(part)) {
            return Err(format!("`{}` is no mount path; one looks like `kubernetes`", path.escape_debug()));
        }
        if bare != path {
            return Err(format!("a mount path has no `auth/` before it and no slash at its ends: write `{bare}`"));
        }
        Ok(Self(path))
    }
}

/// Vault routes by these bytes; what a URL would change is no path.
fn sound(part: &str) -> bool {
    let plain = |char: char| char.is_alphanumeric() || "-_.~@:+".contains(char);
    !matches!(part, "" | "." | "..") && part.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("kubernetes")]
    #[case("clusters/berlin-1")]
    fn paths(#[case] path: &str) {
        assert_eq!(MountPath::try_from(path.to_owned()).expect("a mount path").as_str(), path);
    }

    #[rstest]
    #[case("auth/kubernetes", "`kubernetes`")]
    #[case("kubernetes/", "`kubernetes`")]
    #[case("/auth/a/b/", "`a/b`")]
    #[case(" kubernetes", "`kubernetes`")]
    fn what_is_nearly_one_is_told_how_to_be_written(#[case] path: &str, #[case] corrected: &str) {
        let error = MountPath::try_from(path.to_owned()).expect_err("it was taken as it is");
        assert!(error.contains(corrected), "{error}");
    }

    #[rstest]
    #[case("")]
    #[case("/")]
    #[case("auth/")]
    #[case("a//b")]
    #[case("a/../b")]
    #[case("a b")]
    #[case("a\nb")]
    #[case("a?b")]
    fn what_is_none_is_refused(#[case] path: &str) {
        assert!(MountPath::try_from(path.to_owned()).is_err());
    }
}
