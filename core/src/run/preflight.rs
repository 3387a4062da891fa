//! Before the first write: does the server allow all that is to come?

use std::fmt;

use futures::future;
use miette::Diagnostic;
use thiserror::Error;

use super::{By, Engine, Need, Needs};
use crate::{
    contract::{Lacking, Right},
    failure::{Class, Classified, Result},
};

/// Rights that are missing, all of them at once. Nothing was written.
#[derive(Debug, Error, Diagnostic)]
#[error("{} missing, and nothing was written:{}", counted(.0), lines(.0))]
#[diagnostic(
    code(trustpath::preflight::denied),
    help("`trustpath permissions` prints all that is needed, ready to be given; to try all the same: --no-preflight")
)]
pub struct Denied(Vec<Missing>);

impl Classified for Denied {
    fn class(&self) -> Class {
        Class::Denied
    }
}

/// One right that is missing.
#[derive(Debug)]
struct Missing {
    right: Right,
    /// Who needs it for what.
    by: By,
}

impl Engine {
    /// Asks every system whether the credentials last for this, and then for these rights; answers with what could not be
    /// asked.
    ///
    /// # Errors
    /// When credentials end before it; [`Denied`] with everything that is missing; or a system does not answer.
    pub async fn preflight(&self, needs: &Needs) -> Result<Vec<String>> {
        let asked = needs.systems().into_iter().map(|system| async move {
            let (demand, of) = (&needs.demand(system), needs.of(system).collect::<Vec<_>>());
            let rights: Vec<_> = of.iter().map(|need| need.right.clone()).collect();
            let unknown = self.handles.lasts(system, demand).await?;
            Ok::<_, crate::Failure>((self.handles.lacking(system, &rights).await?, unknown, of))
        });
        let (mut missing, mut unasked) = (Vec::new(), Vec::new());
        for (lacking, unknown, needs) in future::try_join_all(asked).await? {
            let Lacking { missing: rights, unasked: more } = lacking;
            unasked.extend(unknown);
            missing.extend(rights.into_iter().filter_map(|(asked, right)| Some(Missing::of(right, needs.get(asked)?))));
            unasked.extend(more);
        }
        if missing.is_empty() { Ok(unasked) } else { Err(Denied(missing).into()) }
    }
}

impl Missing {
    fn of(right: Right, need: &Need) -> Self {
        Self { right, by: need.by.clone() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.right.system, self.right.what, self.by)
    }
}

fn counted(missing: &[Missing]) -> String {
    match missing.len() {
        1 => "a right is".to_owned(),
        many => format!("{many} rights are"),
    }
}

fn lines(missing: &[Missing]) -> String {
    missing.iter().map(|missing| format!("\n  {missing}")).collect()
}
