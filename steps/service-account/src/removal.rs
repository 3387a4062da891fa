//! Removing the namespace, unless there is something in it at that moment.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Context, Failure, Problem, Request, Result, Right, Shown, Values, note_retained};
use trustpath_platform::{
    Cluster,
    error::ErrorKind,
    kubernetes::{
        Address,
        owned::{Fields, Owned, OwnedRequest},
        rights::list_everything_in,
    },
};

use crate::{
    contents::{self, Ours, Stays},
    decide::Namespace,
};

/// How long a namespace may take to be gone, each time that it is tried: it is emptied first.
const GONE: Duration = Duration::from_secs(30);
/// The pause before a namespace is looked at again that another client has changed.
const PAUSE: Duration = Duration::from_millis(100);

/// What others put into the namespace would go with it, and no undo brings that back: it is looked at right before, even
/// where an undo would have it as it was before. What keeps it, or holds it up, is nothing that this program fixes: the
/// namespace is left, and the run ends.
#[derive(Debug)]
pub(crate) struct NamespaceRemoval {
    pub(crate) namespace: String,
    pub(crate) delete: OwnedRequest,
}

#[async_trait]
impl Request for NamespaceRemoval {
    fn rights(&self, values: Values) -> Vec<Right> {
        [self.delete.rights(values), vec![list_everything_in(&self.namespace)]].concat()
    }

    fn shown(&self) -> Shown {
        self.delete.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let cluster = cx.handle::<Cluster>().await?;
        let address = Address::cluster::<NamespaceObject>(&self.namespace);
        let deadline = Instant::now() + cx.time() * 5 / 6;
        // One that another client made anew is not ours to remove.
        while let Some(live) = cluster.live(&address).await?.filter(|live| is_marked(live, cx.graph())) {
            match self.why_it_stays(&cluster, cx, &live).await? {
                None => {}
                Some(Stays::Full(why)) => {
                    note_retained(why);
                    return Ok(());
                }
                Some(Stays::Unseen(why)) => {
                    return Err(left_for_now("trustpath::service_account::namespace_unseen", why));
                }
            }
            let time = GONE.min(deadline.saturating_duration_since(Instant::now()));
            match cluster.remove_within(&address, &live, time).await {
                Ok(None) => return Ok(()),
                Ok(Some(why)) => return Err(self.lingers(&why)),
                // It is another one by now, or on its way out already.
                Err(error) if error.kind() == ErrorKind::Conflict && Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl NamespaceRemoval {
    /// One that is on its way out is the server's to empty.
    async fn why_it_stays(&self, cluster: &Cluster, cx: &Context, live: &Value) -> Result<Option<Stays>> {
        if Namespace::of(live) == Namespace::Terminating {
            return Ok(None);
        }
        Ok(contents::settled(cluster, &self.namespace, cx, Ours::AreGoing).await?.why_it_stays(&self.namespace))
    }

    fn lingers(&self, why: &str) -> Failure {
        let why = format!("the namespace `{}` is being removed, and is not gone yet: {why}", self.namespace);
        left_for_now("trustpath::service_account::namespace_lingers", why)
    }
}

/// Whether our field manager marked the object as this graph's.
fn is_marked(live: &Value, graph: &str) -> bool {
    Owned::seen(live, &Fields::new()).is_marked(graph)
}

/// What may be otherwise when it is looked at again; an undo does so a few times before it leaves it.
fn left_for_now(code: &'static str, why: String) -> Failure {
    note_retained(why.as_str());
    Problem::new(Class::Timeout, code, why)
        .help("see what keeps the namespace; it is left as it is, and the next `destroy` removes it once that is gone")
        .into()
}
