//! Probes as data: what a step tries to show that its link holds.

use std::fmt;

use async_trait::async_trait;

use super::{Context, Evidence, Right, Shown};
use crate::failure::Result;

/// Something that is tried for real: a login, a review. It takes back whatever it makes, however it ends.
#[async_trait]
pub trait Probe: fmt::Debug + Send + Sync {
    /// What it takes.
    fn rights(&self) -> Vec<Right>;

    /// The requests by which it is tried, with placeholders for what is known only then. What is only read is left out.
    fn shown(&self) -> Vec<Shown> {
        Vec::new()
    }

    /// Tries it.
    ///
    /// # Errors
    /// When it could not be carried out; what does not hold is evidence.
    async fn run(&self, cx: &Context) -> Result<Evidence>;
}

/// What shows that a link holds: what was seen, and what is tried.
#[derive(Debug, Default)]
pub struct Proof {
    /// From what was read.
    pub seen: Evidence,
    /// Tried at the same time, and told in this order.
    pub probes: Vec<Box<dyn Probe>>,
}

impl Proof {
    /// What was seen is all.
    pub fn seen(seen: Evidence) -> Self {
        Self { seen, probes: Vec::new() }
    }

    /// And this is tried.
    #[must_use]
    pub fn and(mut self, probe: impl Probe + 'static) -> Self {
        self.probes.push(Box::new(probe));
        self
    }
}
