//! kubectl against the server, where there is a kubectl.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use trustpath_sandbox::{CLUSTER_SECRET_STORE_CRD, KubernetesApi};

struct Kubectl {
    program: PathBuf,
    // Holds the kubeconfig and kubectl's caches.
    home: tempfile::TempDir,
}

impl Kubectl {
    /// None where the machine has none: the tests do not require it.
    fn of(api: &KubernetesApi) -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let programs = std::env::split_paths(&path).map(|dir| dir.join("kubectl"));
        let program = programs.into_iter().find(|program| program.is_file())?;
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("config"), api.kubeconfig()).expect("the kubeconfig is written");
        Some(Self { program, home })
    }

    /// Runs it with `input`, and gives its output when it succeeds and its error when it does not.
    fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut child = Command::new(&self.program)
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("config"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("kubectl ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

const ACCOUNT: &str = "
apiVersion: v1
kind: Namespace
metadata:
  name: x
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: a
  namespace: x
";

const STORE: &str = "
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: s}
spec: {provider: {vault: {server: http://v}}}
";

#[test]
fn kubectl_reads_and_writes() {
    let api = KubernetesApi::start().unwrap();
    let Some(kubectl) = Kubectl::of(&api) else { return };
    let run = |arguments: &[&str], input: &str| kubectl.run(arguments, input).unwrap();
    assert!(run(&["get", "namespaces"], "").contains("kube-system"));
    run(&["create", "--validate=false", "-f", "-"], ACCOUNT);
    run(&["annotate", "serviceaccount", "a", "-n", "x", "k=v"], "");
    let annotation = run(&["get", "sa", "a", "-n", "x", "-o", "jsonpath={.metadata.annotations.k}"], "");
    assert_eq!(annotation, "v");
    assert!(run(&["api-resources"], "").contains("serviceaccounts"));
    run(&["delete", "namespace", "x", "--wait=false"], "");
    assert!(kubectl.run(&["get", "namespace", "x"], "").unwrap_err().contains("NotFound"));
}

#[test]
fn kubectl_applies_custom_resources() {
    let api = KubernetesApi::start().unwrap();
    let Some(kubectl) = Kubectl::of(&api) else { return };
    let run = |arguments: &[&str], input: &str| kubectl.run(arguments, input).unwrap();
    run(&["apply", "--server-side", "--validate=false", "-f", "-"], CLUSTER_SECRET_STORE_CRD);
    run(&["apply", "--server-side", "--validate=false", "-f", "-"], STORE);
    assert!(run(&["get", "css"], "").contains('s'));
    let applied = run(&["apply", "--validate=false", "-f", "-"], STORE);
    assert!(applied.contains("clustersecretstore.external-secrets.io/s"), "{applied}");
    let version = ["get", "css", "s", "-o", "jsonpath={.spec.provider.vault.version}"];
    assert_eq!(run(&version, ""), "v2");
    run(&["delete", "css", "s"], "");
}
