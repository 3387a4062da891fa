//! Where each auth method keeps the policies that it gives.

/// Something on a mount that can hold policies.
#[derive(Debug)]
pub(super) struct Holder {
    /// Where their names are listed, below the mount; `None` where there is only one.
    pub(super) list: Option<&'static str>,
    /// Where one of them is read, below the mount and before its name.
    pub(super) read: &'static str,
    /// Where in it policies are.
    pub(super) keys: &'static [&'static str],
}

const POLICIES: &[&str] = &["token_policies", "policies"];

const fn listed(list: &'static str, read: &'static str) -> Holder {
    Holder { list: Some(list), read, keys: POLICIES }
}

const fn config(read: &'static str) -> Holder {
    Holder { list: None, read, keys: POLICIES }
}

/// Identity entities and groups, below `identity`.
pub(super) const IDENTITY: &[Holder] = &[listed("entity/id", "entity/id"), listed("group/id", "group/id")];

/// By the type of the mount.
const METHODS: &[(&[&str], &[Holder])] = &[
    (&["kubernetes", "approle", "jwt", "oidc", "azure", "alicloud", "oci"], &[listed("role", "role")]),
    (&["aws", "gcp"], &[listed("roles", "role")]),
    (&["cf", "pcf"], &[listed("roles", "roles")]),
    (&["cert"], &[listed("certs", "certs")]),
    (&["userpass"], &[listed("users", "users")]),
    (&["ldap", "okta"], &[listed("groups", "groups"), listed("users", "users"), config("config")]),
    (&["radius"], &[listed("users", "users"), config("config")]),
    (&["kerberos"], &[listed("groups", "groups"), config("config/ldap")]),
    (&["github"], &[mapped("map/teams"), mapped("map/users"), config("config")]),
    (&["token", "ns_token"], &[Holder { list: Some("roles"), read: "roles", keys: &["allowed_policies"] }]),
];

const fn mapped(list: &'static str) -> Holder {
    Holder { list: Some(list), read: list, keys: &["value"] }
}

/// What can hold policies on a mount of this type; `None` for a type that is not known here.
pub(super) fn of(kind: &str) -> Option<&'static [Holder]> {
    METHODS.iter().find(|(kinds, _)| kinds.contains(&kind)).map(|(_, holders)| *holders)
}
