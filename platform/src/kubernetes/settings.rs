//! Where the API server is, as users of kubectl say it.

use std::path::PathBuf;

use crate::{Connections, Environment, Heard, lock::Fence, retry::Limits};

/// Where the API server is, and which one it has to be.
#[derive(Debug, Clone)]
pub struct KubernetesSettings {
    /// Times and limits of requests.
    pub limits: Limits,
    /// What lets writes pass.
    pub fence: Fence,
    /// Who is told what the server warns of.
    pub heard: Heard,
    pub(super) files: Vec<PathBuf>,
    /// The files were named: one that is not there is worth a word.
    pub(super) named: bool,
    pub(super) context: Option<String>,
    /// Host and port of the API server, as a pod sees them.
    pub(super) in_cluster: Option<(String, String)>,
    pub(super) uid: Option<String>,
    pub(super) environment: Environment,
}

impl KubernetesSettings {
    /// What the environment (`KUBECONFIG`, `HTTPS_PROXY`, `NO_PROXY`, and the variables of a pod), the graph file and
    /// the command line's `--context` say. Pure.
    pub fn from(environment: &Environment, connections: &Connections, context: Option<&str>) -> Self {
        let list = environment.get("KUBECONFIG").unwrap_or_default();
        let listed = std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty());
        let listed = listed.fold(Vec::new(), |mut known, path| {
            known.extend(Some(path).filter(|path| !known.contains(path)));
            known
        });
        let named = !listed.is_empty();
        let standard = || environment.home().map(|home| home.join(".kube/config")).into_iter().collect();
        let variable = |name| environment.get(name).map(str::to_owned);
        Self {
            limits: Limits::default(),
            fence: Fence::default(),
            heard: Heard::default(),
            files: if named { listed } else { standard() },
            named,
            context: context.map(str::to_owned).or_else(|| connections.kubernetes.context.clone()),
            in_cluster: variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT")),
            uid: connections.kubernetes.uid.clone(),
            environment: environment.clone(),
        }
    }
}
