//! The objects of a type that bear the mark of a graph, as data.

use async_trait::async_trait;
use kube::{Resource, discovery::ApiResource};
use serde_json::Value;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{
    Cluster, Selectors, ServedType,
    owned::{Fields, Owned},
    rights::on,
};

/// So many Secrets are looked at: of them nothing but the metadata travels, and no pages of it.
const SECRETS: u32 = 500;

/// Reads the objects of a type that our field manager marked as a graph's, in a namespace or in all of them. A mark that
/// another client copied does not count.
#[derive(Debug, Clone)]
pub struct MarkedObjects {
    of: Type,
    namespace: Option<String>,
    graph: String,
}

#[derive(Debug, Clone)]
enum Type {
    Known(ApiResource),
    Served(ServedType),
}

impl MarkedObjects {
    /// Those of a type that every cluster has, in a namespace or in all of them.
    pub fn of<K: Resource<DynamicType = ()>>(namespace: Option<&str>, graph: &str) -> Self {
        let of = Type::Known(ApiResource::erase::<K>(&()));
        Self { of, namespace: namespace.map(str::to_owned), graph: graph.to_owned() }
    }

    /// Those of a type of the whole cluster, in the version that is served; a type that is not has none.
    pub fn served(of: ServedType, graph: &str) -> Self {
        Self { of: Type::Served(of), namespace: None, graph: graph.to_owned() }
    }

    async fn resource(&self, cluster: &Cluster) -> Result<Option<ApiResource>> {
        match &self.of {
            Type::Known(resource) => Ok(Some(resource.clone())),
            Type::Served(of) => Ok(cluster.served(of).await?),
        }
    }
}

#[async_trait]
impl Read for MarkedObjects {
    fn rights(&self) -> Vec<Right> {
        let all = match &self.of {
            Type::Known(resource) => on(&resource.group, &resource.plural),
            Type::Served(of) => on(of.group, of.plural).if_served(),
        };
        let namespace = self.namespace.as_deref();
        namespace.map_or_else(|| all.clone(), |namespace| all.within(namespace)).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let namespace = self.namespace.as_deref();
        let Some(resource) = self.resource(&cluster).await? else { return Ok(Answer::Nothing) };
        let all = Selectors { namespace, ..Selectors::default() };
        let mut objects: Vec<Value> = match resource.kind.as_str() {
            "Secret" => cluster.select_metadata(&resource, Selectors { most: SECRETS, ..all }).await?,
            _ => cluster.select(&resource, all).await?,
        };
        objects.retain(|live| is_marked(live, &self.graph));
        Ok(Answer::Found(objects.into()))
    }
}

fn is_marked(live: &Value, graph: &str) -> bool {
    Owned::seen(live, &Fields::new()).is_marked(graph)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As an apply by this manager makes it.
    fn marked_by(manager: &str, graph: &str) -> Value {
        let mark = json!({"f:metadata": {"f:annotations": {"f:trustpath.dev/graph": {}}}});
        let managed = json!([{"manager": manager, "operation": "Apply", "fieldsV1": mark}]);
        json!({"metadata": {"annotations": {"trustpath.dev/graph": graph}, "managedFields": managed}})
    }

    #[test]
    fn a_mark_of_another_graph_or_by_another_manager_is_none() {
        assert!(is_marked(&marked_by("trustpath", "payments"), "payments"));
        assert!(!is_marked(&marked_by("trustpath", "billing"), "payments"));
        assert!(!is_marked(&marked_by("kubectl", "payments"), "payments"));
    }
}
