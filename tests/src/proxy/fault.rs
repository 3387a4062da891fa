//! Which request fails, and how. Pure: the proxy asks for each request, and does what it is told.

use std::collections::BTreeMap;

use super::Key;

/// What the proxy does with a request instead of passing it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Answers in the server's place; the server never sees it.
    Refuse(u16),
    /// As [`Fault::Refuse`], and says after how many seconds to come back.
    RefuseFor(u16, u32),
    /// As [`Fault::Refuse`], and sends back what came, headers and body, in the places of a server's words.
    Echo(u16),
    /// As [`Fault::Echo`], as a page and not as JSON.
    EchoPage(u16),
    /// Passes it on, and changes one thing in the answer: which, and how, is what the number stands for.
    Garble(u64),
    /// Passes it on, and answers with this status whatever the server said: its answer is lost.
    LoseAnswer(u16),
    /// Resets the connection; the server never sees the request.
    ResetBefore,
    /// Passes it on, and resets the connection instead of answering.
    ResetAfter,
    /// Passes it on, and resets the connection in the middle of the answer's body.
    CutBody,
    /// Does not pass it on and never answers: the client has to give up.
    StallBefore,
    /// Passes it on and never answers.
    StallAfter,
    /// Holds it until [`Proxy::release`](super::Proxy::release), and then passes it on, whether anybody still waits for
    /// the answer or not; [`Proxy::discard`](super::Proxy::discard) drops it.
    Hold,
    /// Passes it on, and holds the answer until [`Proxy::release`](super::Proxy::release).
    Withhold,
}

/// Which request fails by its path's end, whatever came before it. Dry runs pass.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its method.
    pub method: &'static str,
    /// What its path ends with.
    pub path: String,
    /// How often it happens.
    pub times: usize,
    /// What happens.
    pub fault: Fault,
}

/// How long a fault of one request lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lasts {
    /// For that request.
    Once,
    /// From that request on for all that ask for the same, until the faults are lifted.
    On,
}

/// All faults, and how often each has happened.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rules: Vec<(Matcher, usize)>,
    counted: BTreeMap<String, usize>,
}

#[derive(Debug)]
enum Matcher {
    Suffix(Rule),
    Nth { key: Key, lasts: Lasts, fault: Fault },
}

impl Faults {
    pub(super) fn add(&mut self, rule: Rule) {
        self.rules.push((Matcher::Suffix(rule), 0));
    }

    pub(super) fn add_nth(&mut self, key: Key, lasts: Lasts, fault: Fault) {
        self.rules.push((Matcher::Nth { key, lasts, fault }, 0));
    }

    /// Counting begins anew; the rules stay.
    pub(super) fn recount(&mut self) {
        self.counted.clear();
    }

    pub(super) fn lift(&mut self) {
        self.rules.clear();
    }

    /// Counts a request, and says what is to happen to it.
    pub(super) fn take(&mut self, what: &str, rehearsal: bool) -> Option<Fault> {
        let nth = self.counted.entry(what.to_owned()).or_default();
        *nth += 1;
        let nth = *nth;
        let (matcher, fired) = self.rules.iter_mut().find(|(rule, fired)| rule.fits(*fired, what, nth, rehearsal))?;
        *fired += 1;
        Some(matcher.fault())
    }

    /// Whether each has happened: as often as it should, or at all where it lasts.
    pub(super) fn fired(&self) -> bool {
        let enough = |(matcher, fired): &(Matcher, usize)| match matcher {
            Matcher::Suffix(rule) => *fired == rule.times,
            Matcher::Nth { .. } => *fired > 0,
        };
        self.rules.iter().all(enough)
    }
}

impl Matcher {
    fn fits(&self, fired: usize, what: &str, nth: usize, rehearsal: bool) -> bool {
        match self {
            Self::Suffix(rule) => {
                let asked = what.split_once(' ').is_some_and(|(method, path)| {
                    method == rule.method && path.trim_end_matches(" (list)").ends_with(&rule.path)
                });
                !rehearsal && fired < rule.times && asked
            }
            Self::Nth { key, lasts: Lasts::Once, .. } => key.what == what && key.nth == nth,
            Self::Nth { key, lasts: Lasts::On, .. } => key.what == what && nth >= key.nth,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Suffix(Rule { fault, .. }) | Self::Nth { fault, .. } => *fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(what: &str, nth: usize) -> Key {
        Key { what: what.to_owned(), nth }
    }

    #[test]
    fn the_nth_request_and_no_other() {
        let mut faults = Faults::default();
        faults.add_nth(key("GET /a", 2), Lasts::Once, Fault::ResetBefore);
        let mut take = |what: &str| faults.take(what, false);
        let taken = ["GET /a", "GET /b", "GET /b", "GET /a", "GET /a"].map(&mut take);
        assert_eq!(taken, [None, None, None, Some(Fault::ResetBefore), None]);
        assert!(faults.fired());
    }

    #[test]
    fn a_lasting_fault_lasts_until_it_is_lifted() {
        let mut faults = Faults::default();
        faults.add_nth(key("GET /a", 2), Lasts::On, Fault::Refuse(500));
        assert!(!faults.fired());
        let taken = ["GET /a", "GET /a", "GET /a"].map(|what| faults.take(what, false).is_some());
        assert_eq!(taken, [false, true, true]);
        faults.lift();
        assert_eq!(faults.take("GET /a", false), None);
    }

    #[test]
    fn a_rule_lets_rehearsals_pass_and_ends() {
        let mut faults = Faults::default();
        faults.add(Rule { method: "PATCH", path: "a".into(), times: 1, fault: Fault::Refuse(422) });
        assert_eq!(faults.take("PATCH /a (dry run)", true), None);
        assert!(!faults.fired());
        assert_eq!(faults.take("PATCH /a", false), Some(Fault::Refuse(422)));
        assert_eq!(faults.take("PATCH /a", false), None);
        assert!(faults.fired());
    }
}
