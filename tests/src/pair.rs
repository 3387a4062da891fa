//! The pairs of servers on which every case runs.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use trustpath_provision::{HashiCorpVault, KubeApiserver, OpenBao};
use trustpath_sandbox::KubernetesApi;

use crate::{crd::Crd, proxy::Proxy, rest::Rest, token_key};

/// The namespace of the ServiceAccounts of [holders](crate::holder).
pub(crate) const HOLDERS: &str = "ci";

/// A pair of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Which {
    /// A real kube-apiserver, or the sandbox's API.
    pub real_kubernetes: bool,
    /// HashiCorp Vault, or OpenBao.
    pub hashicorp_vault: bool,
}

impl Which {
    /// The sandbox's Kubernetes API and OpenBao.
    pub const SANDBOX: Self = Self { real_kubernetes: false, hashicorp_vault: false };
    /// The pairs on which every case runs.
    pub const ALL: [Self; 3] = [
        Self::SANDBOX,
        Self { real_kubernetes: true, hashicorp_vault: false },
        Self { real_kubernetes: true, hashicorp_vault: true },
    ];

    /// What it is called in test names.
    pub fn name(self) -> String {
        let kubernetes = if self.real_kubernetes { "kube-apiserver" } else { "sandbox" };
        let vault = if self.hashicorp_vault { "vault" } else { "openbao" };
        format!("{kubernetes}+{vault}")
    }
}

/// A server that runs as long as this is kept.
type Running = Box<dyn Send + Sync>;

/// A running pair, with a proxy in front of each server. The program under test talks to the proxies, the cases look
/// at the servers themselves.
pub struct Pair {
    /// Which one.
    pub which: Which,
    /// What Vault really holds.
    pub vault: Rest,
    /// What the cluster really holds.
    pub kubernetes: Rest,
    /// What the cluster really has stored; only a real one has an etcd.
    pub etcd: Option<Rest>,
    /// In front of Vault.
    pub vault_proxy: Proxy,
    /// In front of the cluster.
    pub kubernetes_proxy: Proxy,
    address: Address,
    directory: TempDir,
    // Last: a server goes after the proxy in front of it.
    _vault: Running,
    _kubernetes: Running,
}

/// How the servers themselves are reached, without the proxies.
struct Address {
    vault: String,
    root_token: SecretString,
    kubeconfig: Kubeconfig,
}

/// What a kubeconfig of these servers says, and with which key they sign.
struct Kubeconfig {
    server: String,
    ca: String,
    token: SecretString,
    /// The public key that its ServiceAccount tokens are checked with, in PEM.
    token_key: String,
}

impl Pair {
    /// Starts and prepares a pair: the CRD, a KV v2 mount `kv` that holds `apps/demo`, and a reviewer whose JWT lies in
    /// [`Self::reviewer_jwt`].
    pub async fn start(which: Which) -> Self {
        // An error means that it is installed already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let pair = Self::of(which, kubernetes(which).await, vault(which).await).await;
        pair.prepare_vault().await;
        pair.prepare_cluster().await;
        pair
    }

    /// Another cluster beside the Vault of a pair, with proxies of its own: a pair that shares its Vault. Goes before that.
    pub async fn beside(other: &Self, real_kubernetes: bool) -> Self {
        let which = Which { real_kubernetes, ..other.which };
        let shared = (Box::new(()) as Running, other.address.vault.clone(), other.address.root_token.clone());
        let pair = Self::of(which, kubernetes(which).await, shared).await;
        pair.prepare_cluster().await;
        pair
    }

    async fn of(
        which: Which,
        (server, kubeconfig, etcd): (Running, Kubeconfig, Option<Rest>),
        (vault_server, vault_address, root_token): (Running, String, SecretString),
    ) -> Self {
        let vault = Rest::vault(&vault_address, root_token.clone());
        let kubernetes = Rest::kubernetes(&kubeconfig.server, &kubeconfig.ca, &kubeconfig.token);
        let identity = trustpath_sandbox::tls::identity().expect("a certificate");
        let vault_proxy = Proxy::start(&vault_address, None, Some(Arc::clone(&identity.config))).await;
        let kubernetes_proxy =
            Proxy::start(&kubeconfig.server, Some(&kubeconfig.ca), Some(Arc::clone(&identity.config))).await;
        let directory = tempfile::tempdir().expect("a directory");
        let through = format!("https://{}", kubernetes_proxy.address());
        write(&directory, "proxy-ca.pem", &identity.ca_pem);
        write(&directory, "kubeconfig", &yaml(&through, &identity.ca_pem, &kubeconfig.token));
        write(&directory, "kubeconfig-direct", &yaml(&kubeconfig.server, &kubeconfig.ca, &kubeconfig.token));
        Self {
            which,
            vault,
            kubernetes,
            etcd,
            vault_proxy,
            kubernetes_proxy,
            address: Address { vault: vault_address, root_token, kubeconfig },
            directory,
            _vault: vault_server,
            _kubernetes: server,
        }
    }

    async fn prepare_vault(&self) {
        trustpath_sandbox::prepare_kv(&self.address.vault, &self.address.root_token).await.expect("a KV v2 mount");
        // HashiCorp Vault completes its own entries in the table of auth mounts when it first writes that table.
        self.vault.post("sys/auth/first", &json!({"type": "approle"})).await;
        self.vault.delete("sys/auth/first").await;
    }

    async fn prepare_cluster(&self) {
        Crd::own_v1().install(&self.kubernetes).await;
        self.make_namespace(HOLDERS).await;
        let jwt = self.reviewer("trust-reviewer", "vault").await;
        write(&self.directory, "reviewer.jwt", jwt.expose_secret());
        write(&self.directory, "overlay.toml", &self.overlay());
    }

    /// The public key that the cluster's ServiceAccount tokens are checked with, in PEM.
    pub fn token_key(&self) -> &str {
        &self.address.kubeconfig.token_key
    }

    /// What the standard file lacks on these servers: Vault runs outside of the cluster, so it needs a reviewer.
    pub fn overlay(&self) -> String {
        let file = self.reviewer_jwt();
        format!("[steps.kubernetes-auth.with]\nreviewer = {{ file = {:?} }}\n", file.display())
    }

    /// Makes a ServiceAccount that may review tokens, and returns its long-lived JWT.
    pub async fn reviewer(&self, name: &str, namespace: &str) -> SecretString {
        let api = &self.kubernetes;
        let meta = |kind: &str, version: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        let account = format!("api/v1/namespaces/{namespace}");
        self.make_namespace(namespace).await;
        api.apply(&format!("{account}/serviceaccounts/{name}"), "tests", meta("ServiceAccount", "v1").to_string())
            .await;
        let mut secret = meta("Secret", "v1");
        secret["type"] = "kubernetes.io/service-account-token".into();
        secret["metadata"]["annotations"] = json!({"kubernetes.io/service-account.name": name});
        let path = format!("{account}/secrets/{name}");
        api.apply(&path, "tests", secret.to_string()).await;
        let group = "rbac.authorization.k8s.io";
        let mut binding = meta("ClusterRoleBinding", &format!("{group}/v1"));
        binding["roleRef"] = json!({"apiGroup": group, "kind": "ClusterRole", "name": "system:auth-delegator"});
        binding["subjects"] = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
        api.apply(&format!("apis/{group}/v1/clusterrolebindings/{name}"), "tests", binding.to_string()).await;
        let filled = |secret: Option<&Value>| secret.is_some_and(|secret| secret["data"]["token"].is_string());
        let secret = api.wait(&path, filled).await.expect("a token Secret");
        let token = STANDARD.decode(secret["data"]["token"].as_str().expect("a token")).expect("base64");
        SecretString::from(String::from_utf8(token).expect("a JWT"))
    }

    /// Takes back what [`Self::reviewer`] made, its namespace included.
    pub async fn remove_reviewer(&self, name: &str, namespace: &str) {
        let path = format!("apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}");
        self.kubernetes.delete(&path).await;
        self.remove_namespace(namespace).await;
    }

    /// Makes a namespace where it is missing, and returns once it holds what controllers put into each: that must not turn up in the
    /// middle of a case.
    pub async fn make_namespace(&self, namespace: &str) {
        let path = format!("api/v1/namespaces/{namespace}");
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        // Applied once more, it would get another entry in its managed fields: no one owns any of it.
        if self.kubernetes.get(&path).await.is_none() {
            self.kubernetes.apply(&path, "tests", object.to_string()).await;
        }
        for inside in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
            self.kubernetes.wait(&format!("{path}/{inside}"), |found| found.is_some()).await;
        }
    }

    /// Removes a namespace, and returns once it is gone with all that it held.
    pub async fn remove_namespace(&self, namespace: &str) {
        let path = format!("api/v1/namespaces/{namespace}");
        self.kubernetes.delete(&path).await;
        self.kubernetes.wait(&path, |found| found.is_none()).await;
    }

    /// The CA of both proxies.
    pub fn proxy_ca(&self) -> String {
        std::fs::read_to_string(self.proxy_ca_file()).expect("a file that was just written")
    }

    /// The file with the CA of both proxies.
    pub fn proxy_ca_file(&self) -> PathBuf {
        self.directory.path().join("proxy-ca.pem")
    }

    /// The address of Vault, through the proxy.
    pub fn vault_address(&self) -> String {
        format!("https://{}", self.vault_proxy.address())
    }

    /// The address of Vault itself.
    pub fn vault_direct(&self) -> &str {
        &self.address.vault
    }

    /// The address of the Kubernetes API itself, and its CA.
    pub fn kubernetes_direct(&self) -> (&str, &str) {
        (&self.address.kubeconfig.server, &self.address.kubeconfig.ca)
    }

    /// May do everything in Vault.
    pub fn root_token(&self) -> &SecretString {
        &self.address.root_token
    }

    /// May do everything in the cluster.
    pub fn admin_token(&self) -> &SecretString {
        &self.address.kubeconfig.token
    }

    /// A kubeconfig that leads through the proxy.
    pub fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("kubeconfig")
    }

    /// A kubeconfig that leads through the proxy, with this token.
    pub fn kubeconfig_of(&self, token: &SecretString) -> String {
        yaml(&format!("https://{}", self.kubernetes_proxy.address()), &self.proxy_ca(), token)
    }

    /// A kubeconfig that leads to the server itself.
    pub fn kubeconfig_direct(&self) -> PathBuf {
        self.directory.path().join("kubeconfig-direct")
    }

    /// A kubeconfig that leads to this URL, at which a certificate of this CA is good.
    pub fn kubeconfig_at(&self, server: &str, ca: &str) -> String {
        yaml(server, ca, &self.address.kubeconfig.token)
    }

    /// The JWT of a reviewer.
    pub fn reviewer_jwt(&self) -> PathBuf {
        self.directory.path().join("reviewer.jwt")
    }

    /// The overlay that suits these servers.
    pub fn overlay_file(&self) -> PathBuf {
        self.directory.path().join("overlay.toml")
    }

    /// Forgets what the proxies have seen.
    pub fn forget(&self) {
        self.vault_proxy.forget();
        self.kubernetes_proxy.forget();
    }

    /// From now on nothing fails.
    pub fn lift(&self) {
        self.vault_proxy.lift();
        self.kubernetes_proxy.lift();
    }

    /// Returns once no request is under way at either server.
    pub async fn quiet(&self) {
        self.vault_proxy.quiet().await;
        self.kubernetes_proxy.quiet().await;
    }
}

async fn kubernetes(which: Which) -> (Running, Kubeconfig, Option<Rest>) {
    if !which.real_kubernetes {
        let api = KubernetesApi::start().expect("the sandbox's API");
        let (server, ca) = (api.address().to_owned(), api.ca_pem().to_owned());
        let (token, token_key) = (api.admin_token().clone(), api.token_key().to_owned());
        return (Box::new(api), Kubeconfig { server, ca, token, token_key }, None);
    }
    let server = KubeApiserver::start().await.expect("a kube-apiserver");
    let text = std::fs::read_to_string(server.kubeconfig()).expect("a kubeconfig");
    let kubeconfig: Value = serde_saphyr::from_str(&text).expect("a kubeconfig in YAML");
    let ca = &kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"];
    let ca = STANDARD.decode(ca.as_str().expect("CA data")).expect("base64");
    let token = kubeconfig["users"][0]["user"]["token"].as_str().expect("a token").into();
    let address = server.address().to_owned();
    let ca = String::from_utf8(ca).expect("PEM");
    let etcd = Rest::open(server.storage());
    let token_key = token_key::public(&std::fs::read_to_string(server.token_key()).expect("a key"));
    (Box::new(server), Kubeconfig { server: address, ca, token, token_key }, Some(etcd))
}

async fn vault(which: Which) -> (Running, String, SecretString) {
    if which.hashicorp_vault {
        let server = HashiCorpVault::start().await.expect("a HashiCorp Vault");
        let (address, token) = (server.address().to_owned(), server.root_token().clone());
        return (Box::new(server), address, token);
    }
    let server = OpenBao::start().await.expect("an OpenBao");
    let (address, token) = (server.address().to_owned(), server.root_token().clone());
    (Box::new(server), address, token)
}

fn yaml(server: &str, ca: &str, token: &SecretString) -> String {
    let cluster = json!({"server": server, "certificate-authority-data": STANDARD.encode(ca)});
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": token.expose_secret()}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    config.to_string()
}

fn write(directory: &TempDir, name: &str, text: &str) {
    std::fs::write(directory.path().join(name), text).expect("a file in a directory of our own");
}
