//! Where something is mounted in Vault.

use crate::checked_text;

checked_text! {
    /// Where something is mounted, such as `kv`, or below `auth/` `clusters/berlin`, without slashes at its ends.
    pub MountPath: |path| {
        let bare = path.trim().trim_matches('/');
        let bare = bare.strip_prefix("auth/").unwrap_or(bare).trim_matches('/');
        if bare.is_empty() || bare.split('/').any(|part| !is_valid_segment(part)) {
            return Err(format!("`{}` is no mount path; one looks like `kubernetes`", path.escape_debug()));
        }
        match bare == path {
            true => Ok(()),
            false => Err(format!("a mount path has no `auth/` before it and no slash at its ends: write `{bare}`")),
        }
    };
}

impl MountPath {
    /// One that is known to be a path.
    pub fn literal(path: &'static str) -> Self {
        Self(path.to_owned())
    }
}

/// Vault routes by these bytes; what a URL would change is no path.
fn is_valid_segment(part: &str) -> bool {
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
