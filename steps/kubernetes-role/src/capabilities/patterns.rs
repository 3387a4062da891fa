//! The paths of policies, and how many of them match a path.

use std::collections::{BTreeMap, BTreeSet};

/// The place before the first segment.
const START: usize = 0;

/// Paths of policies, with `+` for one segment and `*` at their end for any text. Those that begin alike share the places
/// between their segments, so that a path is held against all of them at once.
#[derive(Debug, Default)]
pub(super) struct Patterns<'a> {
    /// From one place to the next, by the segment between them.
    next: BTreeMap<(usize, &'a str), usize>,
    /// The places at which a pattern ends.
    ends: BTreeSet<usize>,
    /// Patterns with `*`: the place before their last segment, and of that what stands before the `*`, by its length.
    open: BTreeMap<(usize, usize), BTreeSet<&'a str>>,
}

impl<'a> FromIterator<&'a str> for Patterns<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(all: I) -> Self {
        let mut patterns = Self::default();
        for pattern in all {
            patterns.add(pattern);
        }
        patterns
    }
}

impl<'a> Patterns<'a> {
    fn add(&mut self, pattern: &'a str) {
        let Some(beginning) = pattern.strip_suffix('*') else {
            let end = self.reach(pattern.split('/'));
            self.ends.insert(end);
            return;
        };
        let (before, part) = match beginning.rsplit_once('/') {
            Some((before, part)) => (self.reach(before.split('/')), part),
            None => (START, beginning),
        };
        self.open.entry((before, part.len())).or_default().insert(part);
    }

    fn reach(&mut self, segments: impl Iterator<Item = &'a str>) -> usize {
        segments.fold(START, |place, segment| {
            let new = self.next.len() + 1;
            *self.next.entry((place, segment)).or_insert(new)
        })
    }

    /// How many of them match a path.
    pub(super) fn matching(&self, path: &str) -> usize {
        let mut places = vec![START];
        let mut found = 0;
        for segment in path.split('/') {
            found += places.iter().map(|place| self.open_at(*place, segment)).sum::<usize>();
            let after = |place: &usize| [segment, "+"].map(|part| self.next.get(&(*place, part)).copied());
            places = places.iter().flat_map(after).flatten().collect();
        }
        found + places.iter().filter(|place| self.ends.contains(place)).count()
    }

    fn open_at(&self, place: usize, segment: &str) -> usize {
        let open = self.open.range((place, 0)..=(place, segment.len()));
        let begins =
            |length: usize, parts: &BTreeSet<&str>| segment.get(..length).is_some_and(|part| parts.contains(part));
        open.filter(|((_, length), parts)| begins(*length, parts)).count()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("kv/data/*", "kv/data/x", true)]
    #[case("kv/data/*", "kv/data/x/y", true)]
    #[case("kv/da*", "kv/data/x", true)]
    #[case("kv/data/*", "kv/data", false)]
    #[case("kv/data/a", "kv/data/a", true)]
    #[case("kv/data/a", "kv/data/a/b", false)]
    #[case("kv/data/a/b", "kv/data/a", false)]
    #[case("kv/+/a", "kv/data/a", true)]
    #[case("kv/+", "kv/data/a", false)]
    #[case("+/data/*", "kv/data/a", true)]
    #[case("*", "a/b", true)]
    fn patterns_match_as_the_servers_do(#[case] pattern: &str, #[case] path: &str, #[case] expected: bool) {
        assert_eq!(Patterns::from_iter([pattern]).matching(path), usize::from(expected));
    }

    #[test]
    fn all_that_match_are_counted() {
        let patterns =
            Patterns::from_iter(["*", "kv/*", "kv/d*", "kv/da*", "kv/x*", "kv/+/a", "kv/data/a", "kv/+/+", "+"]);
        assert_eq!(patterns.matching("kv/data/a"), 7);
        assert_eq!(patterns.matching("kv/ä"), 2);
        assert_eq!(patterns.matching("kv"), 2);
        assert_eq!(patterns.matching("other/data/a"), 1);
    }

    /// Each against each other, these would be a hundred million.
    #[test]
    fn ten_thousand_are_held_against_each_other_at_once() {
        let all: Vec<_> = (0..10_000).flat_map(|at| [format!("kv/data/{at}-*"), format!("kv/+/{at}/x")]).collect();
        let patterns: Patterns<'_> = all.iter().map(String::as_str).collect();
        assert!((0..10_000).all(|at| patterns.matching(&format!("kv/data/{at}-x")) == 1));
    }
}
