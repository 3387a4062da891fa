//! Writing: one object at a time.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use trustpath_core::{At, Class, Problem, Result};
use trustpath_platform::{
    Cluster,
    kubernetes::owned::{Fields, Owned},
    text::listed,
};

use crate::{
    ServiceAccount, State,
    survey::{self, Contents},
};

/// How long other steps of the graph, which are taken back at the same time, may leave objects in the namespace.
const EMPTIED: Duration = Duration::from_secs(20);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

impl ServiceAccount {
    pub(crate) async fn go(&self, at: At<'_, ()>, now: State, to: State) -> Result<()> {
        let cluster = at.cx.handle::<Cluster>().await?;
        if to.namespace.is_some() && now.namespace.is_none() {
            self.make_namespace(&cluster, at.cx.graph()).await?;
        }
        if now.account != to.account {
            let force = at.cx.consent().force_conflicts;
            cluster.write_owned(&self.at(), now.account.as_ref(), to.account.as_ref(), force).await?;
        }
        if to.namespace.is_none() && now.namespace.is_some() {
            self.remove_namespace(&cluster, at.cx.graph()).await?;
        }
        Ok(())
    }

    async fn make_namespace(&self, cluster: &Cluster, graph: &str) -> Result<()> {
        let body = Fields::from_iter([("metadata".to_owned(), json!({"name": self.namespace}))]);
        let namespace = Owned::wanting(None, body, graph);
        cluster.write_owned(&self.namespace_at(), None, Some(&namespace), false).await
    }

    /// What others put into the namespace would go with it, and no undo brings that back: it is looked at again, even
    /// where an undo would have it as it was before.
    async fn remove_namespace(&self, cluster: &Cluster, graph: &str) -> Result<()> {
        let address = self.namespace_at();
        // One that somebody else made anew is not ours to remove.
        let Some(live) = cluster.live(&address).await?.filter(|live| survey::is_marked(live, graph)) else {
            return Ok(());
        };
        if survey::phase(&live) == crate::Namespace::Active {
            self.wait_until_empty(cluster, graph).await?;
        }
        cluster.remove(&address, &live).await
    }

    /// Objects of other steps of this graph may be on their way out; anything else keeps the namespace.
    async fn wait_until_empty(&self, cluster: &Cluster, graph: &str) -> Result<()> {
        let deadline = Instant::now() + EMPTIED;
        loop {
            let Contents { ours, foreign } = survey::contents(cluster, self.namespace.as_str(), graph).await;
            if !foreign.is_empty() || (!ours.is_empty() && Instant::now() > deadline) {
                return Err(self.occupied(&[foreign, ours].concat()).into());
            }
            if ours.is_empty() {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }

    fn occupied(&self, contents: &[String]) -> Problem {
        let name = &self.namespace;
        let message = format!("the namespace `{name}` is not empty, and was left as it is: {}", listed(contents));
        Problem::new(Class::Conflict, "trustpath::service_account::namespace_occupied", message).help(format!(
            "remove what it holds, or keep it for good: kubectl annotate namespace {name} trustpath.dev/graph-"
        ))
    }
}
