//! kubectl against the server: what this project's documents tell people to do. Where there is no kubectl, the tests are
//! ignored, and say so.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Completion, Trial};
use trustpath_sandbox::{CLUSTER_SECRET_STORE_CRD, KubernetesApi};

/// A test, on a server of its own.
type Test = fn(&KubernetesApi, &Kubectl);

const TESTS: &[(&str, Test)] = &[
    ("it_reads_and_writes", it_reads_and_writes),
    ("it_applies_custom_resources", it_applies_custom_resources),
    ("it_makes_objects_from_its_arguments", it_makes_objects_from_its_arguments),
    ("it_applies_roles_and_changes_them", it_applies_roles_and_changes_them),
    ("it_edits", it_edits),
    ("it_asks_who_it_is_and_how_the_server_is", it_asks_who_it_is_and_how_the_server_is),
    ("what_the_sandbox_lacks_is_said", what_the_sandbox_lacks_is_said),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = |(name, test): &(&str, Test)| {
        let test = *test;
        let run = move || {
            let Some(program) = kubectl() else { return Ok(Completion::ignored_with("there is no kubectl here")) };
            let api = KubernetesApi::start().expect("a server");
            test(&api, &Kubectl::of(program, &api));
            Ok(Completion::Completed)
        };
        Trial::ignorable_test(*name, run)
    };
    libtest_mimic::run(&arguments, TESTS.iter().map(trial).collect()).exit_code()
}

/// The kubectl of this machine.
fn kubectl() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("kubectl")).find(|program| program.is_file())
}

struct Kubectl {
    program: PathBuf,
    // Holds the kubeconfig and kubectl's caches.
    home: tempfile::TempDir,
}

impl Kubectl {
    fn of(program: PathBuf, api: &KubernetesApi) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("config"), api.kubeconfig()).expect("the kubeconfig is written");
        Self { program, home }
    }

    /// Runs it with `input`, and gives its output when it succeeds and its error when it does not.
    fn try_run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut child = Command::new(&self.program)
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("config"))
            // What is edited gets another value.
            .env("KUBE_EDITOR", "/bin/sed -i -e s/before/after/")
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

    fn run(&self, arguments: &[&str], input: &str) -> String {
        self.try_run(arguments, input).unwrap_or_else(|error| panic!("kubectl {}: {error}", arguments.join(" ")))
    }

    /// One line of words.
    fn words(&self, line: &str) -> String {
        self.run(&line.split(' ').collect::<Vec<_>>(), "")
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
metadata: {name: s, annotations: {when: before}}
spec: {provider: {vault: {server: http://v}}}
";

const SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: {name: s, annotations: {when: before}}
data: {a: YQ==}
";

fn it_reads_and_writes(_: &KubernetesApi, kubectl: &Kubectl) {
    assert!(kubectl.words("get namespaces").contains("kube-system"));
    kubectl.run(&["create", "-f", "-"], ACCOUNT);
    kubectl.words("annotate serviceaccount a -n x k=v");
    assert_eq!(kubectl.words("get sa a -n x -o jsonpath={.metadata.annotations.k}"), "v");
    assert!(kubectl.words("get configmap kube-root-ca.crt -n x -o jsonpath={.data.ca\\.crt}").contains("BEGIN"));
    assert!(kubectl.words("api-resources").contains("serviceaccounts"));
    kubectl.words("get pods -A -l app.kubernetes.io/name=external-secrets");
    kubectl.words("delete namespace x --wait=false");
    assert!(kubectl.try_run(&["get", "namespace", "x"], "").unwrap_err().contains("NotFound"));
}

fn it_applies_custom_resources(_: &KubernetesApi, kubectl: &Kubectl) {
    kubectl.run(&["apply", "--server-side", "-f", "-"], CLUSTER_SECRET_STORE_CRD);
    kubectl.run(&["apply", "--server-side", "-f", "-"], STORE);
    assert!(kubectl.words("get css").contains('s'));
    let applied = kubectl.run(&["apply", "-f", "-"], STORE);
    assert!(applied.contains("clustersecretstore.external-secrets.io/s"), "{applied}");
    assert_eq!(kubectl.words("get css s -o jsonpath={.spec.provider.vault.version}"), "v2");
    let misspelt = STORE.replace("server:", "sever:");
    let refused = kubectl.try_run(&["apply", "-f", "-"], &misspelt).unwrap_err();
    assert!(refused.contains("unknown field \"spec.provider.vault.sever\""), "{refused}");
    assert!(kubectl.words("describe clustersecretstore s").contains("http://v"));
    kubectl.words("edit clustersecretstore s");
    assert_eq!(kubectl.words("get css s -o jsonpath={.metadata.annotations.when}"), "after");
    kubectl.words("delete css s");
}

/// In protobuf, which is all that kubectl speaks here.
fn it_makes_objects_from_its_arguments(api: &KubernetesApi, kubectl: &Kubectl) {
    kubectl.words("create namespace ci");
    kubectl.words("create serviceaccount trustpath -n ci");
    kubectl.words("create clusterrolebinding b --clusterrole=system:auth-delegator --serviceaccount=ci:trustpath");
    kubectl.words("create rolebinding b --role=r --serviceaccount=ci:trustpath -n ci");
    for (kind, place) in [("ClusterRole", "clusterrolebindings"), ("Role", "ci/rolebindings")] {
        let binding = &api.snapshot()[format!("rbac.authorization.k8s.io/{place}/b")];
        assert_eq!(binding["roleRef"]["kind"], kind, "{binding}");
        assert_eq!(binding["subjects"][0]["name"], "trustpath", "{binding}");
        assert_eq!(binding["subjects"][0]["namespace"], "ci", "{binding}");
    }
    let token = kubectl.words("create token trustpath -n ci --audience=vault --duration=20m");
    assert_eq!(token.trim().split('.').count(), 3, "a JWT");
}

fn roles(verb: &str) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: \"r\"}}
rules:
  - apiGroups: [\"\"]
    resources: [\"secrets\"]
    verbs: [\"{verb}\"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: \"r\", namespace: \"default\"}}
rules:
  - apiGroups: [\"\"]
    resources: [\"secrets\"]
    verbs: [\"{verb}\"]
"
    )
}

/// What `permissions` prints is applied with this very command, and once more when the graph has changed.
fn it_applies_roles_and_changes_them(api: &KubernetesApi, kubectl: &Kubectl) {
    for verb in ["get", "get", "list"] {
        kubectl.run(&["apply", "-f", "-"], &roles(verb));
        for place in ["clusterroles", "default/roles"] {
            let role = &api.snapshot()[format!("rbac.authorization.k8s.io/{place}/r")];
            assert_eq!(role["rules"][0]["verbs"], serde_json::json!([verb]), "{role}");
        }
    }
}

fn it_edits(_: &KubernetesApi, kubectl: &Kubectl) {
    kubectl.run(&["create", "-f", "-"], SECRET);
    kubectl.words("edit secret s");
    assert_eq!(kubectl.words("get secret s -o jsonpath={.metadata.annotations.when}"), "after");
}

fn it_asks_who_it_is_and_how_the_server_is(_: &KubernetesApi, kubectl: &Kubectl) {
    assert!(kubectl.words("auth whoami").contains("system:masters"));
    assert!(kubectl.words("get --raw /readyz?verbose").contains("ok"));
    assert!(kubectl.words("version").contains("+sandbox"));
    assert!(kubectl.words("config view").contains("127.0.0.1"));
}

fn what_the_sandbox_lacks_is_said(_: &KubernetesApi, kubectl: &Kubectl) {
    let refused = kubectl.try_run(&["create", "configmap", "c", "--from-literal=a=b"], "").unwrap_err();
    assert!(refused.contains("the sandbox does not read this protobuf (the kind `ConfigMap`)"), "{refused}");
    let list = r#"{"metadata": {"finalizers": ["a/b"]}}"#;
    let refused = kubectl.try_run(&["patch", "namespace", "default", "-p", list], "").unwrap_err();
    assert!(refused.contains("the sandbox merges no lists"), "{refused}");
}
