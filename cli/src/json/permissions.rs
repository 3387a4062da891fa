//! What a graph needs of the systems.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure, Handle as _, Purpose,
    failure::Report,
    graph::{Graph, StepIndex},
    run::{RequestedBy, RequiredRights},
};
use trustpath_platform::{Cluster, Vault, kubernetes::rights::Role, vault::rights};

use crate::args::SystemArg;

/// The rights that all verbs together need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PermissionsDocument {
    pub(crate) graph: String,
    /// Each right, with what needs it.
    pub(crate) rights: Vec<NeededRight>,
    /// What Vault's part of it is, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vault: Option<VaultPart>,
    /// What Kubernetes' part of it is, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kubernetes: Option<KubernetesPart>,
    /// Why some steps could not be planned: what they write is not known, and not pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unseen: Vec<Report>,
}

/// A right, with what needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NeededRight {
    pub(crate) system: String,
    /// The right, in words.
    pub(crate) right: String,
    #[serde(rename = "for")]
    pub(crate) by: Vec<NeededFor>,
}

/// Who needs a right, and for which verbs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NeededFor {
    /// The step; none where it is the run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    pub(crate) verbs: Vec<Purpose>,
}

/// A policy, with a name for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct VaultPart {
    pub(crate) name: String,
    /// The namespace that it belongs to; none is the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    pub(crate) policy: String,
}

/// Roles, all of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct KubernetesPart {
    pub(crate) name: String,
    /// The namespaces of the Roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) namespaces: Vec<String>,
    /// Namespaces in which a Role cannot stand, so that the ClusterRole gives there what it gives everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) everywhere_for: Vec<String>,
    /// In YAML.
    pub(crate) manifest: String,
}

impl PermissionsDocument {
    /// The document of these needs; `untold` are the systems that did not say what they have of a sort.
    pub(crate) fn of(
        graph: &Graph,
        needs: &RequiredRights,
        unseen: &[(StepIndex, Failure)],
        untold: &[Failure],
        only: Option<SystemArg>,
    ) -> Self {
        let asked = |system: SystemArg| only.is_none_or(|only| only == system);
        let name = format!("trustpath-{}", graph.id());
        let rights = needs.all().iter().filter(|need| only.is_none_or(|only| only.name() == need.right.system));
        let rights = rights.map(|need| NeededRight {
            system: need.right.system.to_owned(),
            right: need.right.what.clone(),
            by: needed_for(&need.by),
        });
        let mut told: Vec<Failure> = Vec::new();
        for failure in unseen.iter().map(|(_, failure)| failure).chain(untold) {
            if !told.iter().any(|other| other.same_cause(failure) && other.step() == failure.step()) {
                told.push(failure.clone());
            }
        }
        Self {
            graph: graph.id().to_owned(),
            rights: rights.collect(),
            vault: asked(SystemArg::Vault).then(|| VaultPart::of(&name, needs)).flatten(),
            kubernetes: asked(SystemArg::Kubernetes).then(|| KubernetesPart::of(&name, needs)).flatten(),
            unseen: told.iter().map(Failure::report).collect(),
        }
    }
}

impl VaultPart {
    fn of(name: &str, needs: &RequiredRights) -> Option<Self> {
        let stanzas = rights::Stanza::all(needs.of(Vault::NAME));
        let namespace = stanzas.first()?.namespace.clone();
        Some(Self { name: name.to_owned(), namespace, policy: rights::policy(&stanzas) })
    }
}

impl KubernetesPart {
    fn of(name: &str, needs: &RequiredRights) -> Option<Self> {
        let roles = Role::all(name, needs.of(Cluster::NAME));
        let everywhere_for = roles.first()?.instead_of.iter().cloned().collect();
        let namespaces = roles.iter().filter_map(|role| role.namespace.clone()).collect();
        let manifest = roles.iter().map(Role::yaml).collect::<Vec<_>>().join("---\n");
        Some(Self { name: name.to_owned(), namespaces, everywhere_for, manifest })
    }
}

fn needed_for(by: &RequestedBy) -> Vec<NeededFor> {
    let each = by.0.iter().map(|(who, purposes)| NeededFor {
        step: who.as_deref().map(str::to_owned),
        verbs: purposes.iter().copied().collect(),
    });
    each.collect()
}
