//! Paths that look like secrets of a KV v2 mount, and are none.

use trustpath_platform::{policy::Meaning, text::clean, vault::Mounts};

/// What stands between the mount of a KV v2 engine and the path of a secret.
const API: [&str; 8] = ["data", "metadata", "delete", "undelete", "destroy", "subkeys", "config", "detailed-metadata"];

/// Mounts that every server has, none of them KV.
const OWN: [&str; 4] = ["sys", "auth", "identity", "cubbyhole"];

/// Whether the mounts have to be known to judge these paths.
pub(crate) fn is_doubtful(meaning: &Meaning) -> bool {
    meaning.all_paths().into_iter().any(|path| doubtful(path) || lists(meaning, path) && path.contains("/data/"))
}

/// A path that, were its beginning a KV v2 mount, would match no secret of it.
fn doubtful(path: &str) -> bool {
    let Some((first, rest)) = path.split_once('/') else { return false };
    !OWN.contains(&first) && !matches!(rest, "" | "*") && !rest.split('/').any(is_api)
}

fn is_api(segment: &str) -> bool {
    API.contains(&segment)
}

/// Whether names may be listed there. Rules that are not weighed say nothing.
fn lists(meaning: &Meaning, path: &str) -> bool {
    meaning.rules(path).is_some_and(|rules| rules.capabilities.contains("list"))
}

/// One sentence for each path below a KV v2 mount that matches nothing there, or lists nothing.
pub(crate) fn warnings(meaning: &Meaning, mounts: &Mounts) -> Vec<String> {
    meaning.all_paths().into_iter().filter_map(|path| warning(meaning, path, mounts)).collect()
}

fn warning(meaning: &Meaning, path: &str, mounts: &Mounts) -> Option<String> {
    let below = |mount: &str| path.strip_prefix(mount).filter(|rest| !rest.is_empty());
    let kv = mounts.secret.iter().filter(|(_, mount)| mount.is_kv_v2());
    let (mount, rest) =
        kv.filter_map(|(mount, _)| Some((mount, below(mount)?))).max_by_key(|(mount, _)| mount.len())?;
    if let Some(names) = rest.strip_prefix("data/").filter(|_| lists(meaning, path)) {
        let names = format!("{mount}metadata/{names}");
        let (path, names, is_said) = (clean(path), clean(&names), lists(meaning, &names));
        let told = format!("`list` on `{path}` lists nothing: KV v2 lists names at `{names}`");
        return Some(told).filter(|_| !is_said);
    }
    if matches_api(rest) {
        return None;
    }
    let (path, mount, rest) = (clean(path), clean(mount), clean(rest));
    Some(format!("`{path}` matches no secret: `{mount}` is KV v2, whose secrets are read at `{mount}data/{rest}`"))
}

/// Whether a path below the mount can match one of the engine's own.
fn matches_api(rest: &str) -> bool {
    let first = rest.split('/').next().unwrap_or_default();
    match first.strip_suffix('*') {
        Some(beginning) => API.iter().any(|name| name.starts_with(beginning)),
        None => first == "+" || is_api(first),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use trustpath_platform::vault::Mount;

    use super::*;

    fn meaning(path: &str) -> Meaning {
        Meaning::read(&format!("path \"{path}\" {{ capabilities = [\"read\"] }}")).unwrap()
    }

    fn mounts() -> Mounts {
        let kv = |version: &str| {
            let options = BTreeMap::from([("version".to_owned(), version.to_owned())]);
            Mount { kind: "kv".into(), options: Some(options), ..Mount::default() }
        };
        let secret = [("kv/", kv("2")), ("old/", kv("1")), ("team/kv/", kv("2")), ("team/", kv("2"))];
        let secret = secret.into_iter().map(|(path, mount)| (path.to_owned(), mount)).collect();
        Mounts { secret, ..Mounts::default() }
    }

    #[test]
    fn a_path_without_data_is_warned_of_with_the_right_one() {
        for (path, right) in
            [("kv/apps/*", "`kv/data/apps/*`"), ("team/kv/x", "`team/kv/data/x`"), ("kv/apps", "`kv/data/apps`")]
        {
            assert!(is_doubtful(&meaning(path)), "{path}");
            let warnings = warnings(&meaning(path), &mounts());
            assert!(warnings.len() == 1 && warnings[0].contains(right), "{path}: {warnings:?}");
        }
    }

    #[test]
    fn a_path_that_reaches_secrets_is_not() {
        for path in [
            "kv/data/apps/*",
            "kv/metadata/*",
            "kv/*",
            "kv/d*",
            "kv/+/apps/*",
            "kv/config",
            "old/apps/*",
            "team/kv/data/x",
            "sys/mounts",
            "auth/token/lookup-self",
            "other/x",
            "team/*",
            "*",
            "kv",
            "kv/",
        ] {
            assert_eq!(warnings(&meaning(path), &mounts()), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_list_on_data_is_warned_of_with_the_right_path() {
        let list = |path: &str| format!("path \"{path}\" {{ capabilities = [\"read\", \"list\"] }}\n");
        let told = |text: &str| {
            let meaning = Meaning::read(text).unwrap();
            assert!(is_doubtful(&meaning), "{text}");
            warnings(&meaning, &mounts())
        };
        let said = told(&list("kv/data/apps/*"));
        assert!(said.len() == 1 && said[0].ends_with("KV v2 lists names at `kv/metadata/apps/*`"), "{said:?}");
        for text in [list("old/data/apps/*"), list("kv/data/apps/*") + &list("kv/metadata/apps/*")] {
            assert_eq!(told(&text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_standard_policy_asks_for_no_mounts() {
        for path in ["kv/data/apps/*", "sys/mounts", "auth/x/y", "kv/*", "*"] {
            assert!(!is_doubtful(&meaning(path)), "{path}");
        }
    }
}
