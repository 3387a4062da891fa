//! A change of one object, as data: from one [`Owned`] to the next.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Answer, Class, Context, Handle as _, Problem, Request, Result, Right, Shown, Values};

use super::{Fields, Owned, fields};
use crate::kubernetes::{Address, Cluster, ObjectRef};

/// Makes, changes or removes an object, or gives fields back to those from whom they were taken.
#[derive(Debug, Clone)]
pub struct OwnedRequest {
    at: ObjectRef,
    pub(super) now: Option<Owned>,
    pub(super) to: Option<Owned>,
    tried: bool,
    besides: Vec<Right>,
}

impl OwnedRequest {
    /// From one waypoint of an object to the next.
    pub fn new(at: ObjectRef, now: Option<&Owned>, to: Option<&Owned>) -> Self {
        Self { at, now: now.cloned(), to: to.cloned(), tried: true, besides: Vec::new() }
    }

    /// Without a dry run: it may be of use only once something else is there.
    #[must_use]
    pub fn untried(self) -> Self {
        Self { tried: false, ..self }
    }

    /// The server asks for these too where it makes or changes the object.
    #[must_use]
    pub fn needing(self, besides: Vec<Right>) -> Self {
        Self { besides, ..self }
    }

    /// What the object becomes; `None` where it goes.
    pub fn to(&self) -> Option<&Owned> {
        self.to.as_ref()
    }

    /// What is tried dry.
    fn trial(&self) -> Option<&Owned> {
        self.to.as_ref().filter(|_| self.tried)
    }

    fn body(&self) -> Option<Fields> {
        let to = self.to.as_ref()?;
        let owed = self.now.as_ref().map(|now| now.owed(to)).unwrap_or_default();
        if owed.is_empty() {
            let uid = self.now.is_some().then_some("<the uid of the object that is there>");
            return Some(to.body(&self.at.at, uid));
        }
        let mut given_back = Fields::new();
        for (path, value) in owed.values().flat_map(fields::leaves) {
            fields::set(&mut given_back, &path, value.clone());
        }
        fields::set(&mut given_back, &["metadata", "resourceVersion"], "<the version that is there>".into());
        fields::set(&mut given_back, &["metadata", "managedFields"], "<with these fields as their owners'>".into());
        Some(given_back)
    }
}

#[async_trait]
impl Request for OwnedRequest {
    fn rights(&self, _: Values) -> Vec<Right> {
        let besides = if self.to.is_some() { self.besides.clone() } else { Vec::new() };
        let verbs: &[_] = match (&self.now, &self.to) {
            (None, None) => &[],
            // An apply that makes an object needs `create` on its very name.
            (None, Some(_)) => &["get", "patch", "create"],
            (Some(_), None) => &["get", "delete"],
            (Some(now), Some(to)) if now == to => &[],
            (Some(_), Some(_)) => &["get", "patch"],
        };
        [self.at.on().may(verbs), besides].concat()
    }

    fn shown(&self) -> Shown {
        let (method, body) = match self.body() {
            Some(body) => ("PATCH", Value::Object(body)),
            None => ("DELETE", Value::Null),
        };
        Shown { system: Cluster::NAME.into(), method: method.into(), path: self.at.path(), body }
    }

    async fn look(&self, cx: &Context) -> Option<Result<Answer>> {
        let live = async {
            let cluster = cx.handle::<Cluster>().await?;
            let Some(at) = self.at.address(&cluster).await? else { return Ok(Answer::Nothing) };
            Ok(cluster.live(&at).await?.map_or(Answer::Nothing, Answer::Found))
        };
        Some(live.await)
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let cluster = cx.handle::<Cluster>().await?;
        match self.at.address(&cluster).await? {
            Some(at) => {
                let live = match cx.looked().transpose()? {
                    Some(Answer::Found(live)) => Some(live),
                    Some(_) => None,
                    None => cluster.live(&at).await?,
                };
                self.write(&cluster, &at, live, cx.consent().force_conflicts).await
            }
            // All objects of a type go with it.
            None if self.to.is_none() => Ok(()),
            None => Err(unserved(&self.at.at).into()),
        }
    }

    async fn dry_run(&self, cx: &Context) -> Result<()> {
        let Some(to) = self.trial() else { return Ok(()) };
        let cluster = cx.handle::<Cluster>().await?;
        match self.at.address(&cluster).await? {
            Some(at) => Ok(cluster.rehearse_owned(&at, to, cx.consent().force_conflicts).await?),
            None => Err(unserved(&self.at.at).into()),
        }
    }

    fn dry_run_rights(&self) -> Vec<Right> {
        if self.trial().is_some() { self.rights(Values::Known) } else { Vec::new() }
    }
}

fn unserved(at: &Address) -> Problem {
    let message = format!("the cluster does not serve the type of the {at}");
    Problem::new(Class::Missing, "trustpath::kubernetes::unserved", message)
        .help("see whether what brings this type is installed: kubectl api-resources")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ServiceAccount;
    use serde_json::json;

    use super::*;
    use crate::kubernetes::ServedType;

    fn owned(value: Value) -> Owned {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_apply_is_shown_as_it_is_sent() {
        let at = ObjectRef::namespaced::<ServiceAccount>("eso", "operator");
        let to = owned(json!({"metadata": {"name": "operator"}}));
        let made = OwnedRequest::new(at.clone(), None, Some(&to)).shown();
        assert_eq!(
            (made.method.as_str(), made.path.as_str()),
            ("PATCH", "api/v1/namespaces/eso/serviceaccounts/operator")
        );
        assert_eq!(made.body, json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}}));
        let removed = OwnedRequest::new(at, Some(&to), None).shown();
        assert_eq!((removed.method.as_str(), removed.body), ("DELETE", Value::Null));
    }

    #[test]
    fn what_is_given_back_is_shown_without_ours() {
        let theirs = json!({"helm (Apply v1)": {"metadata": {"labels": {"x": "1"}}}});
        let before = owned(json!({"metadata": {"name": "a"}, "others": theirs}));
        let now = owned(json!({"metadata": {"name": "a", "labels": {"x": "2"}}}));
        let of = ServedType { group: "g.io", kind: "Thing", plural: "things", versions: &["v1"] };
        let shown = OwnedRequest::new(ObjectRef::served(of, "a"), Some(&now), Some(&before)).shown();
        assert_eq!(shown.path, "apis/g.io/<the version that is served>/things/a");
        assert_eq!(shown.body["metadata"]["labels"], json!({"x": "1"}));
        assert!(shown.body["metadata"]["resourceVersion"].as_str().unwrap().starts_with('<'));
    }
}
