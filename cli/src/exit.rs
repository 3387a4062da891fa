//! Exit codes: one a class of failure. `docs/exit-codes.md` is held against this by a test.

use trustpath_core::Class;

/// Everything went as asked.
pub(crate) const OK: u8 = 0;
/// `plan --detailed-exitcode` found something to do.
pub(crate) const CHANGES: u8 = 2;

/// The exit code of a failure.
pub(crate) const fn code(class: Class) -> u8 {
    match class {
        Class::Internal => 1,
        Class::Config => 3,
        Class::Unreachable => 4,
        Class::Denied => 5,
        Class::Conflict => 6,
        Class::Refused => 7,
        Class::Rejected => 8,
        Class::Missing => 9,
        Class::Timeout => 10,
        Class::Unverified => 11,
        Class::Stuck => 12,
        Class::Unchecked => 13,
        Class::Usage => 64,
        Class::Interrupted => 130,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 14] = [
        Class::Internal,
        Class::Config,
        Class::Unreachable,
        Class::Denied,
        Class::Conflict,
        Class::Refused,
        Class::Rejected,
        Class::Missing,
        Class::Timeout,
        Class::Unverified,
        Class::Stuck,
        Class::Unchecked,
        Class::Usage,
        Class::Interrupted,
    ];

    #[test]
    fn the_page_names_every_code_and_no_other() {
        let page = include_str!("../../docs/exit-codes.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| row.split_once(" | "));
        let rows = rows.filter_map(|(code, rest)| Some((code.parse::<u8>().ok()?, rest.split(" | ").next()?.trim())));
        let written: Vec<_> = rows.map(|(code, class)| (code, class.trim_matches('`').to_owned())).collect();
        let name = |class: Class| serde_json::to_value(class).unwrap().as_str().unwrap().to_owned();
        let mut known: Vec<_> = CLASSES.iter().map(|class| (code(*class), name(*class))).collect();
        known.extend([(OK, "ok".to_owned()), (CHANGES, "changes".to_owned())]);
        known.sort();
        assert_eq!(written, known);
    }
}
