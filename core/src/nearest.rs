//! For an unknown name: the nearest known one, and the list.

/// How many names a list shows before it counts the rest.
const SHOWN: usize = 24;

/// `did you mean …? known: …`, without the first part where nothing is near.
pub fn hint<S: AsRef<str>>(name: &str, known: &[S]) -> String {
    let list: Vec<_> = known.iter().map(AsRef::as_ref).collect();
    let all = match list.len() {
        0 => "there are none".to_owned(),
        1..=SHOWN => format!("known: {}", list.join(", ")),
        all => format!("known: {} and {} more", list[..SHOWN].join(", "), all - SHOWN),
    };
    match nearest(name, &list) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// The known name that is most like this one, when any is.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|other| (strsim::jaro_winkler(name, other), *other));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn names_the_nearest_and_the_list() {
        assert_eq!(hint("polcy", &["policy", "role"]), "did you mean `policy`? known: policy, role");
        assert_eq!(hint("xyz", &["policy", "role"]), "known: policy, role");
    }

    #[test]
    fn a_long_list_is_cut() {
        let known: Vec<_> = (0..1000).map(|number| format!("n{number}")).collect();
        assert!(hint("x", &known).ends_with(", n23 and 976 more"));
    }
}
