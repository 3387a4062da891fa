//! Credentials that may do what `trustpath permissions` prints, and nothing else.

use secrecy::ExposeSecret;
use serde_json::Value;
use trustpath_platform::policy::Meaning;

use crate::{
    holder::Holder,
    pair::Pair,
    program::Program,
    roles::{Cell, cells, places, without},
};

/// What `permissions` said, and the credentials that were made of it.
pub struct Least {
    /// The document.
    pub document: Value,
    /// The policy's text.
    pub policy: String,
    /// The ClusterRole and Roles.
    pub roles: Vec<Value>,
    /// The credentials.
    pub credentials: Holder,
}

impl Least {
    /// Asks `permissions` with all rights, and makes credentials that have those alone.
    pub async fn of(pair: &Pair, program: &Program, arguments: &[&str]) -> Self {
        let asked = program.ok(&[&["permissions", "--output", "json"], arguments].concat()).await;
        let document: Value = serde_json::from_str(&asked.stdout).expect("a document");
        let text = |part: &str| document.pointer(part).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (policy, manifest) = (text("/vault/policy"), text("/kubernetes/manifest"));
        let roles = manifest.split("---\n").filter(|one| !one.is_empty());
        let roles: Vec<Value> = roles.map(|one| serde_saphyr::from_str(one).expect("an object in YAML")).collect();
        let credentials = Holder::of(pair, &policy, &roles).await;
        Self { document, policy, roles, credentials }
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
        let config = pair.kubeconfig_of(&self.credentials.jwt);
        let kubeconfig = program.file("kubeconfig-least", &config).display().to_string();
        program.with("VAULT_TOKEN", self.credentials.token.expose_secret()).with("KUBECONFIG", &kubeconfig)
    }

    /// Takes everything away that was made for these credentials.
    pub async fn leave(self, pair: &Pair) {
        self.credentials.leave(pair).await;
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
                self.credentials.give_policy(pair, &lacking(&self.policy, path, capability)).await
            }
            Taken::Verb(cell) => {
                self.put_roles(pair, &without(&self.roles, cell)).await;
                self.credentials.wait_until(cell, false).await;
            }
        }
    }

    /// Gives it back.
    pub async fn give_back(&self, pair: &Pair, right: &Taken) {
        match right {
            Taken::Capability(..) => self.credentials.give_policy(pair, &self.policy).await,
            Taken::Verb(cell) => {
                self.put_roles(pair, &self.roles).await;
                self.credentials.wait_until(cell, true).await;
            }
        }
    }

    async fn put_roles(&self, pair: &Pair, roles: &[Value]) {
        for role in roles {
            pair.kubernetes.apply(&places(role).0, "tests", role.to_string()).await;
        }
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
