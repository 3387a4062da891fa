//! What a graph needs of the systems, as files that can be applied: all that is not for a server is a comment.

use trustpath_core::{Handle as _, failure::Report};
use trustpath_platform::{Cluster, Vault};

use super::plain::{command, line};
use crate::json::{KubernetesPart, PermissionsDocument, VaultPart};

/// The policy, then the roles, each with what it is for.
pub(crate) fn permissions(document: &PermissionsDocument) -> String {
    let unseen = || document.unseen.iter().map(unseen).collect::<String>();
    let vault = document.vault.as_ref().map(|part| vault(part, &document.graph) + &unseen() + "\n" + &part.policy);
    let kubernetes =
        document.kubernetes.as_ref().map(|part| kubernetes(part, &document.graph) + &unseen() + "\n" + &part.manifest);
    let parts: Vec<_> = vault.into_iter().chain(kubernetes).chain(others(document)).collect();
    if parts.is_empty() { format!("# {}\n", NOTHING) } else { parts.join("\n") }
}

const NOTHING: &str = "This graph needs nothing here.";

fn vault(part: &VaultPart, graph: &str) -> String {
    let within = part.namespace.as_ref().map(|namespace| format!(", in the namespace `{namespace}`"));
    comments([
        format!(
            "Vault: what `trustpath` needs for the graph `{graph}` as things are now{}.",
            within.unwrap_or_default()
        ),
        format!("  trustpath permissions --only vault | {}", command(&["vault", "policy", "write", &part.name, "-"])),
        "A token needs the `default` policy beside it, which tokens have unless somebody says otherwise: with that it"
            .into(),
        "asks what it may do before anything is written.".into(),
    ])
}

fn kubernetes(part: &KubernetesPart, graph: &str) -> String {
    let name = &part.name;
    let mut lines = vec![
        format!("Kubernetes: what `trustpath` needs for the graph `{graph}` as things are now."),
        "  trustpath permissions --only kubernetes | kubectl apply -f -".to_owned(),
        "Bind them to whoever runs it, here the ServiceAccount `ci/trustpath`:".to_owned(),
        format!("  {}", bind("clusterrolebinding", name, "--clusterrole", &[])),
    ];
    lines.extend(
        part.namespaces
            .iter()
            .map(|namespace| format!("  {}", bind("rolebinding", name, "--role", &["-n", namespace]))),
    );
    if !part.everywhere_for.is_empty() {
        let namespaces: Vec<_> = part.everywhere_for.iter().map(|name| format!("`{name}`")).collect();
        lines.push(format!("What is needed in {} is given in every namespace: a Role can only", namespaces.join(", ")));
        lines.push(
            "be made in a namespace that is there, and goes with it. Make it beforehand to need less.".to_owned(),
        );
    }
    comments(lines)
}

fn bind(kind: &str, name: &str, role: &str, more: &[&str]) -> String {
    command(&[&["kubectl", "create", kind, name, role, name, "--serviceaccount", "ci:trustpath"], more].concat())
}

fn unseen(report: &Report) -> String {
    let step =
        report.step.as_ref().map(|step| format!("`{step}` could not be planned, and what it writes is not known"));
    let why = [vec![report.message.clone()], report.causes.clone()].concat().join(": ");
    comments([format!("{}: {why}", step.unwrap_or_else(|| "Not everything could be looked up".to_owned()))])
}

/// The rights at systems that have no file of their own here.
fn others(document: &PermissionsDocument) -> Option<String> {
    let known = [Vault::NAME, Cluster::NAME];
    let others: Vec<_> = document.rights.iter().filter(|right| !known.contains(&right.system.as_str())).collect();
    let heading = "Other systems:".to_owned();
    let lines = others.iter().map(|right| format!("  {}: {}", right.system, right.right));
    (!others.is_empty()).then(|| comments(std::iter::once(heading).chain(lines)))
}

fn comments(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|text| format!("# {}\n", indented(&text))).collect()
}

/// One line, with the spaces at its beginning.
fn indented(text: &str) -> String {
    let rest = text.trim_start();
    format!("{}{}", &text[..text.len() - rest.len()], line(rest))
}
