//! Before the first write: does the server allow all that is to come?

use futures::future;

use super::{By, Engine, Needs};
use crate::{
    contract::{Lacking, Right},
    failure::{Class, Problem, Result},
};

impl Engine {
    /// Asks every system whether the credentials last for this, and then for these rights; answers with what could not be
    /// asked.
    ///
    /// # Errors
    /// When credentials end before it; when rights are missing, with all of them; or a system does not answer.
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
            missing.extend(rights.into_iter().filter_map(|(asked, right)| Some((right, needs.get(asked)?.by.clone()))));
            unasked.extend(more);
        }
        if missing.is_empty() { Ok(unasked) } else { Err(denied(&missing).into()) }
    }
}

/// Rights that are missing, all of them at once, with who needs each for what.
fn denied(missing: &[(Right, By)]) -> Problem {
    let counted = match missing.len() {
        1 => "a right is".to_owned(),
        many => format!("{many} rights are"),
    };
    let line = |(right, by): &(Right, By)| format!("\n  {}: {} ({by})", right.system, right.what);
    let lines: String = missing.iter().map(line).collect();
    let message = format!("{counted} missing, and nothing was written:{lines}");
    Problem::new(Class::Denied, "trustpath::preflight::denied", message).help(
        "`trustpath permissions` prints all that is needed, ready to be given; to try all the same: --no-preflight",
    )
}
