//! Credentials that may do what `trustpath permissions` prints, and nothing else.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use trustpath_platform::policy::Meaning;

use crate::{pair::Pair, program::Program, rest::Rest};

/// The policy that tokens get besides `default`.
const POLICY: &str = "least";
/// Who the ServiceAccount is, and how its bindings are called.
const ACCOUNT: (&str, &str) = ("ci", "trustpath");
const RBAC: &str = "apis/rbac.authorization.k8s.io/v1";

/// What `permissions` said, and the credentials that were made of it.
pub struct Least {
    /// The document.
    pub document: Value,
    /// The policy's text.
    pub policy: String,
    /// The ClusterRole and Roles.
    pub roles: Vec<Value>,
    /// The Vault token.
    pub token: SecretString,
    accessor: String,
    /// The cluster, as the ServiceAccount sees it.
    pub cluster: Rest,
    jwt: SecretString,
}

impl Least {
    /// Asks `permissions` with all rights, and makes credentials that have those alone.
    pub async fn of(pair: &Pair, program: &Program, arguments: &[&str]) -> Self {
        let asked = program.ok(&[&["permissions", "--output", "json"], arguments].concat()).await;
        let document: Value = serde_json::from_str(&asked.stdout).expect("a document");
        let text = |part: &str| document.pointer(part).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (policy, manifest) = (text("/vault/policy"), text("/kubernetes/manifest"));
        let roles = manifest.split("---\n").filter(|one| !one.is_empty());
        let roles = roles.map(|one| serde_saphyr::from_str(one).expect("an object in YAML")).collect();
        pair.vault.post(&format!("sys/policies/acl/{POLICY}"), &json!({"policy": policy})).await;
        let made = pair.vault.post("auth/token/create", &json!({"policies": [POLICY], "no_parent": true})).await;
        let string = |value: &Value| value.as_str().expect("a text").to_owned();
        let jwt = SecretString::from(service_account(pair).await);
        let (server, ca) = pair.kubernetes_direct();
        let cluster = Rest::kubernetes(server, ca, &jwt);
        let token = SecretString::from(string(&made["auth"]["client_token"]));
        let least = Self { document, policy, roles, token, accessor: string(&made["auth"]["accessor"]), cluster, jwt };
        least.give_roles(pair, &least.roles).await;
        least
    }

    /// The standard graph on a pair, with nothing but what it needs there.
    pub async fn standard(pair: &Pair) -> (Self, Program) {
        let program = Program::on(pair);
        let least = Self::of(pair, &program, &[]).await;
        let program = least.holder(pair, program);
        (least, program)
    }

    /// The same program with these credentials.
    pub fn holder(&self, pair: &Pair, program: Program) -> Program {
        let config = pair.kubeconfig_of(&self.jwt);
        let kubeconfig = program.file("kubeconfig-least", &config).display().to_string();
        program.with("VAULT_TOKEN", self.token.expose_secret()).with("KUBECONFIG", &kubeconfig)
    }

    /// Gives these roles in the place of all others.
    pub async fn give_roles(&self, pair: &Pair, roles: &[Value]) {
        for role in roles {
            let (kind, name) = (&role["kind"], &role["metadata"]["name"]);
            let (at, bound_at) = places(role);
            pair.kubernetes.apply(&at, "tests", role.to_string()).await;
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{}Binding", kind.as_str().expect("a kind")), "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
                "subjects": [{"kind": "ServiceAccount", "namespace": ACCOUNT.0, "name": ACCOUNT.1}],
            });
            pair.kubernetes.apply(&bound_at, "tests", binding.to_string()).await;
        }
        for cell in cells(roles) {
            self.wait_until(&cell, true).await;
        }
    }

    /// Returns once the API server has it that the ServiceAccount may do this, or may not: it learns of roles by and by.
    pub async fn wait_until(&self, cell: &Cell, allowed: bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while self.may(cell).await != allowed {
            assert!(std::time::Instant::now() < deadline, "the API server does not learn of {cell:?}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    async fn may(&self, cell: &Cell) -> bool {
        let (resource, subresource) = cell.resource.split_once('/').unwrap_or((&cell.resource, ""));
        let attributes = json!({
            "verb": cell.verb, "group": cell.group, "resource": resource, "subresource": subresource,
            "name": cell.name, "namespace": cell.namespace,
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let answer = self.cluster.post("apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await;
        answer["status"]["allowed"] == true
    }

    /// Takes everything away that was made for these credentials.
    pub async fn leave(self, pair: &Pair) {
        pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": self.accessor})).await;
        pair.vault.delete(&format!("sys/policies/acl/{POLICY}")).await;
        for role in &self.roles {
            let (at, bound_at) = places(role);
            pair.kubernetes.delete(&at).await;
            pair.kubernetes.delete(&bound_at).await;
        }
    }

    /// Every right that was printed, one by one.
    pub fn rights(&self) -> Vec<Taken> {
        let meaning = Meaning::read(&self.policy).expect("a policy");
        let paths = meaning.all_paths().into_iter().map(|path| (path, meaning.rules(path).expect("rules")));
        let capability = |path: &str, capability: &String| Taken::Capability(path.to_owned(), capability.clone());
        let vault = paths.flat_map(|(path, rules)| rules.capabilities.iter().map(move |one| capability(path, one)));
        vault.chain(cells(&self.roles).into_iter().map(Taken::Verb)).collect()
    }

    /// Takes one right away, and returns once the server has it.
    pub async fn take(&self, pair: &Pair, right: &Taken) {
        match right {
            Taken::Capability(path, capability) => {
                self.give_policy(pair, &lacking(&self.policy, path, capability)).await
            }
            Taken::Verb(cell) => {
                self.put_roles(pair, &without(&self.roles, cell)).await;
                self.wait_until(cell, false).await;
            }
        }
    }

    /// Gives it back.
    pub async fn give_back(&self, pair: &Pair, right: &Taken) {
        match right {
            Taken::Capability(..) => self.give_policy(pair, &self.policy).await,
            Taken::Verb(cell) => {
                self.put_roles(pair, &self.roles).await;
                self.wait_until(cell, true).await;
            }
        }
    }

    async fn put_roles(&self, pair: &Pair, roles: &[Value]) {
        for role in roles {
            pair.kubernetes.apply(&places(role).0, "tests", role.to_string()).await;
        }
    }

    async fn give_policy(&self, pair: &Pair, policy: &str) {
        pair.vault.post(&format!("sys/policies/acl/{POLICY}"), &json!({"policy": policy})).await;
    }
}

/// One right that can be taken away.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// A capability on a path of the policy.
    Capability(String, String),
    /// A verb of a rule.
    Verb(Cell),
}

impl Taken {
    /// Whether a right, in the words of `permissions`, is (a part of) this one.
    pub fn is(&self, right: &str) -> bool {
        match self {
            Self::Capability(path, capability) => right == format!("`{capability}` on `{path}`"),
            Self::Verb(cell) => {
                let group = if cell.group.is_empty() { String::new() } else { format!(".{}", cell.group) };
                let beginning = format!("`{}` on {}{group}", cell.verb, cell.resource);
                let rest = right.strip_prefix(&beginning);
                let named = format!(" `{}`", cell.name);
                rest.is_some_and(|rest| match cell.name.is_empty() {
                    true => rest.is_empty() || rest.starts_with(' '),
                    false => rest.starts_with(&named),
                })
            }
        }
    }

    /// Two words that every message about it has.
    pub fn words(&self) -> [&str; 2] {
        match self {
            Self::Capability(path, capability) => [path.trim_end_matches('+'), capability],
            Self::Verb(cell) => [cell.resource.split('/').next().unwrap_or_default(), &cell.verb],
        }
    }
}

/// The policy's text without one capability.
fn lacking(policy: &str, path: &str, capability: &str) -> String {
    let (before, after) = policy.split_once(&format!("path {path:?} {{")).expect("the path");
    let (rules, rest) = after.split_once(']').expect("a list of capabilities");
    let (key, list) = rules.split_once('[').expect("a list of capabilities");
    let kept: Vec<_> = list.split(", ").filter(|one| one.trim_matches('"') != capability).collect();
    format!("{before}path {path:?} {{{key}[{}]{rest}", kept.join(", "))
}

/// Where a role and its binding are.
fn places(role: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let scope = text(&role["metadata"]["namespace"]).map(|namespace| format!("/namespaces/{namespace}"));
    let scope = format!("{RBAC}{}", scope.unwrap_or_default());
    let plural = text(&role["kind"]).expect("a kind").to_lowercase();
    let name = text(&role["metadata"]["name"]).expect("a name");
    (format!("{scope}/{plural}s/{name}"), format!("{scope}/{plural}bindings/{name}"))
}

/// One verb on one resource of one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The verb.
    pub verb: String,
    /// The API group.
    pub group: String,
    /// The resource, with its subresource.
    pub resource: String,
    /// The object, empty for all.
    pub name: String,
    /// The namespace of the Role, empty for a ClusterRole.
    pub namespace: String,
}

/// Every cell of every rule.
pub fn cells(roles: &[Value]) -> Vec<Cell> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut cells = Vec::new();
    for role in roles {
        for rule in role["rules"].as_array().into_iter().flatten() {
            for (group, resource, verb) in
                every(&texts(&rule["apiGroups"]), &texts(&rule["resources"]), &texts(&rule["verbs"]))
            {
                let name = texts(&rule["resourceNames"]).first().cloned().unwrap_or_default();
                let namespace = role["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
                cells.push(Cell { verb, group, resource, name, namespace });
            }
        }
    }
    cells
}

/// Every group with every resource with every verb.
fn every(groups: &[String], resources: &[String], verbs: &[String]) -> Vec<(String, String, String)> {
    let pairs = groups.iter().flat_map(|group| resources.iter().map(move |resource| (group, resource)));
    let all = pairs
        .flat_map(|(group, resource)| verbs.iter().map(move |verb| (group.clone(), resource.clone(), verb.clone())));
    all.collect()
}

/// The same roles without one cell: its rule is split where it has to be.
pub fn without(roles: &[Value], cell: &Cell) -> Vec<Value> {
    let same = |other: &Cell| other != cell;
    let mut all = roles.to_vec();
    for role in &mut all {
        let kept = cells(std::slice::from_ref(role)).into_iter().filter(same);
        let rules = kept.map(|cell| {
            let mut rule = json!({"apiGroups": [cell.group], "resources": [cell.resource], "verbs": [cell.verb]});
            if !cell.name.is_empty() {
                rule["resourceNames"] = json!([cell.name]);
            }
            rule
        });
        role["rules"] = rules.collect::<Vec<_>>().into();
    }
    all
}

/// Makes the ServiceAccount, and returns a token of it.
async fn service_account(pair: &Pair) -> String {
    let (namespace, name) = ACCOUNT;
    let path = format!("api/v1/namespaces/{namespace}/serviceaccounts/{name}");
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}});
    let minted = pair.kubernetes.post(&format!("{path}/token"), &request).await;
    minted["status"]["token"].as_str().expect("a token").to_owned()
}

/// Makes the ServiceAccount that holds the roles; it has no rights of its own.
pub(crate) async fn prepare(pair: &Pair) {
    let (namespace, name) = ACCOUNT;
    pair.make_namespace(namespace).await;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let path = format!("api/v1/namespaces/{namespace}/serviceaccounts/{name}");
    pair.kubernetes.apply(&path, "tests", account.to_string()).await;
}
