//! The store as it should be. Pure.

use serde_json::{Value, json};
use trustpath_core::{Class, Problem};
use trustpath_platform::{Login, ServiceAccountRef, VaultServer, kubernetes::owned::Fields};
use url::Url;

use crate::{
    ca,
    config::{ClusterSecretStore, KvVersion},
};

/// What the step takes from others: who logs in, to which role, and where Vault is.
pub(crate) type Taken = (Option<ServiceAccountRef>, Login, Option<VaultServer>);

impl ClusterSecretStore {
    /// The fields that the step wants, with `ca` as the authorities in PEM, where the configuration has any.
    ///
    /// # Errors
    /// The configuration contradicts itself, or lacks the server.
    pub(crate) fn body(&self, taken: &Taken, ca: Option<&str>) -> Result<Fields, Problem> {
        self.check()?;
        let ca = ca.map(ca::encoded).transpose()?;
        Ok(self.fields(taken, self.server(taken)?, ca.as_deref(), self.auth(taken)?))
    }

    /// Where the fields are that the step wants. What they should hold need not be known for that: an undo finds its
    /// way without the server's address and the file with the authorities.
    pub(crate) fn places(&self, taken: &Taken) -> Fields {
        self.fields(taken, "", self.ca_bundle.as_ref().map(|_| ""), self.auth(taken).unwrap_or_default())
    }

    fn fields(&self, taken: &Taken, server: &str, ca: Option<&str>, auth: Value) -> Fields {
        let mut vault = said(json!({
            "server": server,
            "path": self.path,
            "version": self.version,
            "namespace": self.namespace(taken),
            "caBundle": ca,
            "caProvider": self.ca_provider,
            "tls": self.tls,
            "headers": self.headers,
            "readYourWrites": self.read_your_writes,
            "forwardInconsistent": self.forward_inconsistent,
        }));
        vault.insert("auth".to_owned(), auth);
        let spec = said(json!({
            "provider": {"vault": vault},
            "conditions": self.conditions,
            "controller": self.controller,
            "refreshInterval": self.refresh_interval,
            "retrySettings": self.retry_settings,
        }));
        said(json!({"metadata": {"name": self.name}, "spec": spec}))
    }

    fn check(&self) -> Result<(), Problem> {
        if self.ca_bundle.is_some() && self.ca_provider.is_some() {
            let message =
                "both `ca_bundle` and `ca_provider` are set: the operator would use the bundle and say nothing";
            return Err(
                wrong("trustpath::cluster_secret_store::two_authorities", message).help("leave one of them out")
            );
        }
        let mount = self.path.as_ref().and_then(|path| path.as_str().strip_suffix("/data"));
        if let (KvVersion::V2, Some(mount)) = (self.version, mount) {
            let message =
                format!("`path` is the mount and not the path of its API: `{mount}/data` has a `/data` too much");
            return Err(
                wrong("trustpath::cluster_secret_store::data_in_path", message).help(format!("path = \"{mount}\""))
            );
        }
        Ok(())
    }

    pub(crate) fn server<'a>(&'a self, taken: &'a Taken) -> Result<&'a str, Problem> {
        let ambient = taken.2.as_ref().and_then(|vault| vault.url.as_ref());
        let Some(server) = self.server.as_ref().or(ambient) else {
            let message = "it is not said at which URL the operator reaches Vault";
            return Err(wrong("trustpath::cluster_secret_store::no_server", message)
                .help("set `server` in `[connections.vault]`, such as \"http://vault.vault.svc:8200\""));
        };
        let plain = |url: &Url| url.has_host() && url.username().is_empty() && url.password().is_none();
        let usable = |url: &Url| matches!(url.scheme(), "http" | "https") && plain(url);
        if !Url::parse(server).is_ok_and(|url| usable(&url)) {
            // Not the text itself: there may be a password in it.
            let message = "`server` is not the URL of a Vault, without a user and a password";
            return Err(wrong("trustpath::cluster_secret_store::server", message)
                .help("it looks like \"https://vault.example.com:8200\""));
        }
        Ok(server)
    }

    /// The Vault namespace that is read in; `None` is the root namespace.
    pub(crate) fn namespace<'a>(&'a self, (_, login, _): &'a Taken) -> Option<&'a str> {
        self.namespace.as_deref().or(login.mount.namespace.as_deref()).filter(|namespace| !namespace.is_empty())
    }

    /// The Vault namespace of the login, where it has to be said: without one the operator logs in where it reads.
    fn auth_namespace<'a>(&'a self, taken: &'a Taken) -> Option<&'a str> {
        let home = taken.1.mount.namespace.as_deref();
        let is_apart = self.namespace(taken).map(trimmed) != home.map(trimmed);
        self.auth_namespace.as_deref().or(is_apart.then(|| home.unwrap_or_default()))
    }

    /// Why the login would not reach the role's mount, where it goes to another Vault namespace.
    pub(crate) fn login_elsewhere(&self, (_, login, _): &Taken) -> Option<String> {
        let home = login.mount.namespace.as_deref().unwrap_or_default();
        let at = self.auth_namespace.as_deref().filter(|at| trimmed(at) != trimmed(home))?;
        let logs_in =
            format!("the operator logs in in the Vault namespace {at:?}, and the role that it needs is in {home:?}");
        Some(logs_in + ": leave `auth_namespace` out")
    }

    /// What the role's method says, and in which namespace.
    fn auth(&self, taken: &Taken) -> Result<Value, Problem> {
        let (account, login, _) = taken;
        let store = login.store.as_ref().ok_or_else(|| no_login(&login.role))?;
        let mut section = store.fields.clone();
        let mount_path = self.mount_path.as_ref().map(|path| path.as_str());
        section.extend(said(json!({store.mount_field.as_str(): mount_path, "role": self.role})));
        let mut section = Value::Object(section);
        if !store.service_account.is_empty() {
            let place = store.service_account.iter().fold(&mut section, |place, field| &mut place[field.as_str()]);
            *place = self.service_account(account.as_ref(), login)?.into();
        }
        Ok(Value::Object(said(json!({"namespace": self.auth_namespace(taken), store.section.as_str(): section}))))
    }

    /// Without its namespace the operator never logs in, and reports the store as ready.
    fn service_account(&self, needed: Option<&ServiceAccountRef>, login: &Login) -> Result<Fields, Problem> {
        let given = self.service_account.as_ref().map(|account| (account.name.as_str(), account.namespace.as_str()));
        let needed = needed.map(|account| (account.name.as_str(), account.namespace.as_str()));
        let (name, namespace) = given.or(needed).ok_or_else(no_service_account)?;
        let audiences = self.audiences.clone().or_else(|| login.audience.clone().map(|audience| vec![audience]));
        Ok(said(json!({"name": name, "namespace": namespace, "audiences": audiences})))
    }
}

fn no_login(role: &str) -> Problem {
    let message = format!("no store can log in by the role `{role}`");
    wrong("trustpath::cluster_secret_store::no_login", message)
        .help("let the step need a role whose auth method the operator knows, such as a `kubernetes-role`")
}

fn no_service_account() -> Problem {
    let message = "it is not said as which ServiceAccount the operator logs in";
    wrong("trustpath::cluster_secret_store::no_service_account", message)
        .help("add a `service-account` step to its needs, or set `service_account`")
}

/// The slashes around a Vault namespace mean nothing.
fn trimmed(namespace: &str) -> &str {
    namespace.trim_matches('/')
}

/// The fields that hold something.
fn said(fields: Value) -> Fields {
    let Value::Object(mut fields) = fields else { return Fields::new() };
    fields.retain(|_, value| ![json!(null), json!([]), json!({})].contains(value));
    fields
}

fn wrong(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::new(Class::Config, code, message)
}

#[cfg(test)]
mod tests;
