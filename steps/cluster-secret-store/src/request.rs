//! Where the store is, and the requests that change it.

use async_trait::async_trait;
use trustpath_core::{Class, Context, Failure, Problem, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    Cluster,
    error::{Error, ErrorKind},
    kubernetes::{Address, ObjectRef, ServedType, owned::OwnedRequest},
};

/// The operator's API group.
pub(crate) const GROUP: &str = "external-secrets.io";
/// The versions of the store that this program writes, the better one first.
pub(crate) const VERSIONS: &[&str] = &["v1", "v1beta1"];
/// The store's type.
pub(crate) const STORE: ServedType =
    ServedType { group: GROUP, kind: "ClusterSecretStore", plural: "clustersecretstores", versions: VERSIONS };

/// Where the store is, or how to get there.
pub(crate) async fn address(cluster: &Cluster, name: &str, step: &str) -> Result<Address> {
    Ok(ObjectRef::served(STORE, name).address(cluster).await?.ok_or_else(|| no_operator(step))?)
}

/// A change of the store, which says what is wrong with the operator where that is why it cannot be made.
#[derive(Debug)]
pub(crate) struct StoreRequest {
    pub(crate) name: String,
    pub(crate) change: OwnedRequest,
}

#[async_trait]
impl Request for StoreRequest {
    fn rights(&self, values: Values) -> Vec<Right> {
        self.change.rights(values)
    }

    fn shown(&self) -> Shown {
        self.change.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        // Without the CRD there is no store: it went with it.
        if self.change.to().is_some() {
            address(&*cx.handle::<Cluster>().await?, &self.name, cx.step()).await?;
        }
        self.change.send(cx).await
    }

    async fn dry_run(&self, cx: &Context) -> Result<()> {
        let Some(to) = self.change.to() else { return Ok(()) };
        let cluster = cx.handle::<Cluster>().await?;
        let at = address(&cluster, &self.name, cx.step()).await?;
        let answer = cluster.rehearse_owned(&at, to, cx.consent().force_conflicts).await;
        answer.map_err(|error| undeclared(error, &at.resource.api_version))
    }

    fn dry_run_rights(&self) -> Vec<Right> {
        self.change.dry_run_rights()
    }
}

/// An apply with a field that the CRD does not declare ends in a bare 500 (kube-apiserver 1.37), with nothing but its
/// text to tell it by.
fn undeclared(error: Error, api_version: &str) -> Failure {
    if error.kind() != ErrorKind::Failed || !error.says("field not declared in schema") {
        return error.into();
    }
    let message = format!("the operator's CRD does not know every field of this store in {api_version}");
    Problem::new(Class::Rejected, "trustpath::cluster_secret_store::undeclared", message)
        .help("leave the field out of the graph file, or install a newer release of the operator")
        .because(error)
        .into()
}

fn no_operator(step: &str) -> Problem {
    let message = "the cluster serves no ClusterSecretStore: the External Secrets Operator is not installed";
    Problem::new(Class::Missing, "trustpath::cluster_secret_store::no_operator", message).help(format!(
        "install it: helm install external-secrets external-secrets --repo https://charts.external-secrets.io \
         -n external-secrets --create-namespace, or leave this step out: --skip {step}"
    ))
}
