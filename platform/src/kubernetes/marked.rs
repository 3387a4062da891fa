//! The objects of a type that bear the mark of a graph, as data.

use async_trait::async_trait;
use kube::discovery::ApiResource;
use serde_json::Value;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{
    Cluster, Selection,
    owned::{Fields, Owned},
    rights::on,
};

/// So many Secrets are looked at: of them nothing but the metadata travels, and no pages of it.
const SECRETS: u32 = 500;

/// Reads the objects of a type that our field manager marked as a graph's, in a namespace or in all of them. A mark that
/// another client copied does not count.
#[derive(Debug, Clone)]
pub struct MarkedObjects {
    /// The type.
    pub resource: ApiResource,
    /// The namespace; `None` for all of them.
    pub namespace: Option<String>,
    /// The graph.
    pub graph: String,
}

#[async_trait]
impl Read for MarkedObjects {
    fn rights(&self) -> Vec<Right> {
        let all = on(&self.resource.group, &self.resource.plural);
        let namespace = self.namespace.as_deref();
        namespace.map_or_else(|| all.clone(), |namespace| all.within(namespace)).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let namespace = self.namespace.as_deref();
        let mut objects: Vec<Value> = match self.resource.kind.as_str() {
            "Secret" => {
                let which = Selection { namespace, most: SECRETS, ..Selection::default() };
                cluster.select_metadata(&self.resource, which).await?
            }
            _ => cluster.list_dynamic(&self.resource, namespace).await?,
        };
        objects.retain(|live| Owned::seen(live, &Fields::new()).is_marked(&self.graph));
        Ok(Answer::Found(objects.into()))
    }
}
