//! What `verify` saw.

use serde::{Deserialize, Serialize};

/// The checks of one link, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Evidence {
    /// No check yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check that passed, with what was seen.
    #[must_use]
    pub fn passed(self, what: impl Into<String>, seen: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Passed { seen: seen.into() })
    }

    /// Adds a check that failed, why, and what to do next.
    #[must_use]
    pub fn failed(self, what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Failed { why: why.into(), next: next.into() })
    }

    /// Adds a check that could not be made from here, and why.
    #[must_use]
    pub fn unchecked(self, what: impl Into<String>, why: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Unchecked { why: why.into() })
    }

    /// Adds a check that could not be made from here, for this reason, where every check of that step passed in the same proof;
    /// elsewhere it ended like this.
    #[must_use]
    pub fn unchecked_beside(self, step: &str, check: (String, String), otherwise: CheckOutcome) -> Self {
        let (what, why) = check;
        let mut evidence = self.unchecked(what, why);
        if let Some(check) = evidence.checks.last_mut() {
            check.beside = Some((step.to_owned(), otherwise));
        }
        evidence
    }

    /// Adds a check.
    #[must_use]
    pub fn with(mut self, what: impl Into<String>, outcome: CheckOutcome) -> Self {
        self.checks.push(Check { what: what.into(), outcome, beside: None });
        self
    }

    /// Whether every check passed.
    pub(crate) fn is_whole(&self) -> bool {
        self.checks.iter().all(|check| matches!(check.outcome, CheckOutcome::Passed { .. }))
    }

    /// Decides what depends on another step's checks: `whole` are the steps of which every check passed.
    pub(crate) fn settle(&mut self, whole: &[&str]) {
        for check in &mut self.checks {
            if let Some((_, otherwise)) = check.beside.take_if(|(step, _)| !whole.contains(&step.as_str())) {
                check.outcome = otherwise;
            }
        }
    }

    /// Appends the checks of another piece of evidence.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.checks.extend(other.checks);
        self
    }

    /// Whether no check failed.
    pub fn holds(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.outcome, CheckOutcome::Failed { .. }))
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked, such as `ServiceAccount exists`.
    pub what: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
    /// The step beside which alone it ended so, and how it ended elsewhere.
    #[serde(skip)]
    beside: Option<(String, CheckOutcome)>,
}

/// How a check ended. A link that could not be checked is never a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum CheckOutcome {
    /// It holds.
    Passed {
        /// What was seen.
        seen: String,
    },
    /// It does not hold.
    Failed {
        /// Why.
        why: String,
        /// What to do next.
        next: String,
    },
    /// It could not be checked from here.
    Unchecked {
        /// Why.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_another_step_is_unchecked_beside_it_alone() {
        let otherwise = || CheckOutcome::Failed { why: "refused".into(), next: "look".into() };
        let check =
            || Evidence::new().unchecked_beside("mount", ("login".into(), "from elsewhere".into()), otherwise());
        let [mut beside, mut alone] = [check(), check()];
        beside.settle(&["policy", "mount"]);
        alone.settle(&["policy"]);
        assert!(matches!(beside.checks[0].outcome, CheckOutcome::Unchecked { .. }));
        assert_eq!(alone.checks[0].outcome, otherwise());
        assert!(Evidence::new().passed("a", "").is_whole());
        assert!(!beside.is_whole() && !Evidence::new().passed("a", "").unchecked("b", "").is_whole());
    }
}
