//! Paths with characters that are wildcards elsewhere, and match nothing here.

use trustpath_platform::{policy::Meaning, text::clean};

/// One sentence for each path that no request has.
pub(crate) fn warnings(meaning: &Meaning) -> Vec<String> {
    meaning.all_paths().into_iter().filter_map(warning).collect()
}

/// Servers drop one slash at the beginning themselves (`parsePaths` in `policy.go` of both families).
fn warning(path: &str) -> Option<String> {
    let why = if path.strip_suffix('*').unwrap_or(path).contains('*') {
        "a `*` stands for more only at its end"
    } else if path.split('/').any(|segment| segment.len() > 1 && segment.contains('+')) {
        "a `+` stands for a segment only as a whole one, between slashes"
    } else if path.starts_with('/') {
        "no path begins with a slash"
    } else {
        return None;
    };
    Some(format!("`{}` matches nothing but itself: {why}", clean(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str) -> Vec<String> {
        warnings(&Meaning::read(&format!("path \"{path}\" {{ capabilities = [\"read\"] }}")).unwrap())
    }

    #[test]
    fn what_is_no_wildcard_is_warned_of() {
        for (path, why) in
            [("kv/*/apps", "`*`"), ("kv/**", "`*`"), ("kv/app+/x", "`+`"), ("kv/+x", "`+`"), ("//kv", "slash")]
        {
            let said = said(path);
            assert!(said.len() == 1 && said[0].contains(why), "{said:?}");
        }
    }

    #[test]
    fn what_is_one_is_not() {
        for path in ["kv/data/apps/*", "/kv/data/apps", "kv/data/app*", "+/data/+/x*", "*", "+", ""] {
            assert_eq!(said(path), Vec::<String>::new(), "{path}");
        }
    }
}
