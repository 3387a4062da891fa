//! What can be stored: the built-in resource types, and those that a CustomResourceDefinition adds.

use crate::{crd, resource_type::ResourceType, storage::Store};

const CLUSTER: u8 = 0;
const NAMESPACED: u8 = 1;
const STATUS: u8 = 2;
const VIRTUAL: u8 = 4;

const RBAC: &str = "rbac.authorization.k8s.io";

type Row = (&'static str, &'static str, &'static str, &'static str, u8);

const BUILT_IN: &[Row] = &[
    ("", "Namespace", "namespaces", "ns", STATUS),
    ("", "ServiceAccount", "serviceaccounts", "sa", NAMESPACED),
    ("", "Secret", "secrets", "", NAMESPACED),
    ("", "ConfigMap", "configmaps", "cm", NAMESPACED),
    ("", "Service", "services", "svc", NAMESPACED | STATUS),
    ("", "Endpoints", "endpoints", "ep", NAMESPACED),
    ("", "Pod", "pods", "po", NAMESPACED | STATUS),
    ("", "Event", "events", "ev", NAMESPACED),
    ("apps", "Deployment", "deployments", "deploy", NAMESPACED | STATUS),
    (RBAC, "ClusterRole", "clusterroles", "", CLUSTER),
    (RBAC, "ClusterRoleBinding", "clusterrolebindings", "", CLUSTER),
    (RBAC, "Role", "roles", "", NAMESPACED),
    (RBAC, "RoleBinding", "rolebindings", "", NAMESPACED),
    (crd::GROUP, crd::KIND, crd::PLURAL, "crd", STATUS),
    ("coordination.k8s.io", "Lease", "leases", "", NAMESPACED),
    ("authentication.k8s.io", "TokenReview", "tokenreviews", "", VIRTUAL),
    ("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", "", VIRTUAL),
    ("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", "", VIRTUAL),
    ("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "", VIRTUAL),
];

/// Every resource type that the server has at this moment.
pub(crate) fn all(store: &Store) -> Vec<ResourceType> {
    BUILT_IN.iter().map(built_in).chain(crd::resource_types(store)).collect()
}

/// The resource type at a path, when the server has it.
pub(crate) fn find(store: &Store, group: &str, version: &str, plural: &str) -> Option<ResourceType> {
    let row = BUILT_IN.iter().find(|row| row.0 == group && row.2 == plural && version == "v1");
    row.map(built_in)
        .or_else(|| crd::resource_types(store).find(|t| t.group == group && t.plural == plural && t.version == version))
}

/// Whether the group version is one of the server's own, and not a CustomResourceDefinition's.
pub(crate) fn is_built_in(group: &str, version: &str) -> bool {
    version == "v1" && BUILT_IN.iter().any(|row| row.0 == group)
}

fn built_in(&(group, kind, plural, short, flags): &Row) -> ResourceType {
    ResourceType {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        singular: kind.to_lowercase(),
        short_names: if short.is_empty() { vec![] } else { vec![short.to_owned()] },
        namespaced: flags & NAMESPACED != 0,
        status: flags & STATUS != 0,
        virtual_: flags & VIRTUAL != 0,
        crd: None,
    }
}
