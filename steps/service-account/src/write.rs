//! Writing: one object at a time.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{At, Class, Failure, Problem, Result, note_left};
use trustpath_platform::{Cluster, error::Kind, kubernetes::owned::Removal};

use crate::{
    Namespace, ServiceAccount, State,
    contents::{self, Ours, Stays},
    survey,
};

/// How long a namespace may take to be gone, each time that it is tried: it is emptied first.
const GONE: Duration = Duration::from_secs(30);
/// The pause before a namespace is looked at again that another client has changed.
const PAUSE: Duration = Duration::from_millis(100);

impl ServiceAccount {
    pub(crate) async fn go(&self, at: At<'_, ()>, now: State, to: State) -> Result<()> {
        let cluster = at.cx.handle::<Cluster>().await?;
        let force = at.cx.consent().force_conflicts;
        if to.namespace.is_some() && now.namespace != to.namespace {
            let (from, to) = (now.namespace.as_ref(), to.namespace.as_ref());
            cluster.write_owned(&self.namespace_at(), from, to, force).await?;
        }
        if now.account != to.account {
            cluster.write_owned(&self.at(), now.account.as_ref(), to.account.as_ref(), force).await?;
        }
        if to.namespace.is_none() && now.namespace.is_some() {
            self.remove_namespace(at, &cluster).await?;
        }
        Ok(())
    }

    /// What others put into the namespace would go with it, and no undo brings that back: it is looked at right before, even
    /// where an undo would have it as it was before. What keeps it, or holds it up, is nothing that this program mends: the
    /// namespace is left, and the run ends.
    async fn remove_namespace(&self, at: At<'_, ()>, cluster: &Cluster) -> Result<()> {
        let (address, deadline) = (self.namespace_at(), Instant::now() + at.cx.time() * 5 / 6);
        // One that another client made anew is not ours to remove.
        while let Some(live) = cluster.live(&address).await?.filter(|live| survey::is_marked(live, at.cx.graph())) {
            match self.why_namespace_stays(at, cluster, &live).await? {
                None => {}
                Some(Stays::Full(why)) => {
                    note_left(why);
                    return Ok(());
                }
                Some(Stays::Unseen(why)) => {
                    return Err(left_for_now("trustpath::service_account::namespace_unseen", why));
                }
            }
            let time = GONE.min(deadline.saturating_duration_since(Instant::now()));
            match cluster.remove_within(&address, &live, time).await {
                Ok(Removal::Gone) => return Ok(()),
                Ok(Removal::Lingers(why)) => {
                    let name = &self.namespace;
                    let why = format!("the namespace `{name}` is being removed, and is not gone yet: {why}");
                    return Err(left_for_now("trustpath::service_account::namespace_lingers", why));
                }
                // It is another one by now, or on its way out already.
                Err(error) if error.kind() == Kind::Conflict && Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// One that is on its way out is the server's to empty.
    async fn why_namespace_stays(&self, at: At<'_, ()>, cluster: &Cluster, live: &Value) -> Result<Option<Stays>> {
        if survey::phase(live) == Namespace::Terminating {
            return Ok(None);
        }
        let namespace = self.namespace.as_str();
        Ok(contents::settled(cluster, namespace, at.cx, Ours::AreGoing).await?.why_it_stays(namespace))
    }
}

/// What may be otherwise when it is looked at again; an undo does so a few times before it leaves it.
fn left_for_now(code: &'static str, why: String) -> Failure {
    note_left(why.as_str());
    Problem::new(Class::Timeout, code, why)
        .help("see what keeps the namespace; it is left as it is, and the next `destroy` removes it once that is gone")
        .into()
}
