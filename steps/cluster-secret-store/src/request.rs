//! Where the store is, and the requests that change it.

use async_trait::async_trait;
use trustpath_core::{Class, Context, Failure, Problem, Request, Result, Right, Shown, Values, graph::word};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
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
pub(crate) async fn address(cluster: &Cluster, name: &str, cx: &Context) -> Result<Address> {
    let account = || cx.facts().all::<ServiceAccountRef>().next();
    Ok(ObjectRef::served(STORE, name).address(cluster).await?.ok_or_else(|| no_operator(cx.step(), account()))?)
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
            address(&*cx.handle::<Cluster>().await?, &self.name, cx).await?;
        }
        self.change.send(cx).await
    }

    async fn dry_run(&self, cx: &Context) -> Result<()> {
        let Some(to) = self.change.to() else { return Ok(()) };
        let cluster = cx.handle::<Cluster>().await?;
        let at = address(&cluster, &self.name, cx).await?;
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

fn no_operator(step: &str, account: Option<&ServiceAccountRef>) -> Problem {
    let message = "the cluster serves no ClusterSecretStore: the External Secrets Operator is not installed";
    Problem::new(Class::Missing, "trustpath::cluster_secret_store::no_operator", message).help(format!(
        "install it: {}, or leave this step out: --skip {}",
        installed_by(account),
        word(step)
    ))
}

/// The command that installs the operator. Where it would run as a ServiceAccount that the graph makes, its chart must not
/// make that: Helm takes over nothing that it did not make.
fn installed_by(account: Option<&ServiceAccountRef>) -> String {
    // What the chart calls its release, its namespace and its ServiceAccount.
    const OPERATOR: &str = "external-secrets";
    let install = |namespace: &str| {
        format!(
            "helm install {OPERATOR} {OPERATOR} --repo https://charts.external-secrets.io -n {namespace} --create-namespace"
        )
    };
    match account.filter(|account| [&account.namespace, &account.name].into_iter().any(|own| own == OPERATOR)) {
        Some(ServiceAccountRef { namespace, name }) => {
            format!("{} --set serviceAccount.create=false --set serviceAccount.name={name}", install(namespace))
        }
        None => install(OPERATOR),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some(("external-secrets", "external-secrets")), "-n external-secrets --create-namespace --set serviceAccount.create=false --set serviceAccount.name=external-secrets")]
    #[case(Some(("external-secrets", "vault-login")), "-n external-secrets --create-namespace --set serviceAccount.create=false --set serviceAccount.name=vault-login")]
    #[case(Some(("eso", "external-secrets")), "-n eso --create-namespace --set serviceAccount.create=false --set serviceAccount.name=external-secrets")]
    #[case(Some(("payments", "vault-login")), "-n external-secrets --create-namespace")]
    #[case(None, "-n external-secrets --create-namespace")]
    fn helm_makes_no_service_account_that_the_graph_makes(#[case] account: Option<(&str, &str)>, #[case] end: &str) {
        let account =
            account.map(|(namespace, name)| ServiceAccountRef { namespace: namespace.into(), name: name.into() });
        let command = installed_by(account.as_ref());
        let chart = "helm install external-secrets external-secrets --repo https://charts.external-secrets.io ";
        assert_eq!(command, format!("{chart}{end}"));
    }
}
