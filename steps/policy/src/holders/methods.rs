//! Where each auth method keeps the policies that it gives.

use std::collections::BTreeMap;

use trustpath_platform::policy::Capability;

/// A sort of things on a mount that hold policies.
#[derive(Debug)]
pub(super) struct Sort {
    /// Where their names are listed, below the mount; `None` where there is only one.
    pub(super) list: Option<&'static str>,
    /// Where one of them is read, below the mount and before its name.
    pub(super) read: &'static str,
    /// Where in it policies are.
    pub(super) keys: &'static [&'static str],
}

const POLICIES: &[&str] = &["token_policies", "policies"];

const fn listed(list: &'static str, read: &'static str) -> Sort {
    Sort { list: Some(list), read, keys: POLICIES }
}

const fn config(read: &'static str) -> Sort {
    Sort { list: None, read, keys: POLICIES }
}

/// Identity entities and groups, below `identity`.
pub(super) const IDENTITY: &[Sort] = &[listed("entity/id", "entity/id"), listed("group/id", "group/id")];

/// By the type of the mount.
const METHODS: &[(&[&str], &[Sort])] = &[
    (&["kubernetes", "approle", "jwt", "oidc", "azure", "alicloud", "oci"], &[listed("role", "role")]),
    (&["aws", "gcp"], &[listed("roles", "role")]),
    (&["cf", "pcf"], &[listed("roles", "roles")]),
    (&["cert"], &[listed("certs", "certs")]),
    (&["userpass"], &[listed("users", "users")]),
    (&["ldap", "okta"], &[listed("groups", "groups"), listed("users", "users"), config("config")]),
    (&["radius"], &[listed("users", "users"), config("config")]),
    (&["kerberos"], &[listed("groups", "groups"), config("config/ldap")]),
    (&["github"], &[mapped("map/teams"), mapped("map/users"), config("config")]),
    (&["token", "ns_token"], &[Sort { list: Some("roles"), read: "roles", keys: &["allowed_policies"] }]),
];

const fn mapped(list: &'static str) -> Sort {
    Sort { list: Some(list), read: list, keys: &["value"] }
}

impl Sort {
    /// Where it is looked for below a mount, and what that takes.
    pub(super) fn places(&self) -> Vec<(Capability, String)> {
        match self.list {
            Some(list) => vec![(Capability::List, list.to_owned()), (Capability::Read, format!("{}/+", self.read))],
            None => vec![(Capability::Read, self.read.to_owned())],
        }
    }
}

/// Every place below a mount where something is looked for in this way, by the type of the mount.
pub(super) fn places(capability: Capability) -> BTreeMap<String, Vec<String>> {
    let below = |holders: &[Sort]| {
        let places = holders.iter().flat_map(Sort::places).filter(|(with, _)| *with == capability);
        places.map(|(_, place)| place).collect::<Vec<_>>()
    };
    let types =
        METHODS.iter().flat_map(|(kinds, holders)| kinds.iter().map(|kind| ((*kind).to_owned(), below(holders))));
    types.collect()
}

/// What can hold policies on a mount of this type; `None` for a type that is not known here.
pub(super) fn of(kind: &str) -> Option<&'static [Sort]> {
    METHODS.iter().find(|(kinds, _)| kinds.contains(&kind)).map(|(_, holders)| *holders)
}
