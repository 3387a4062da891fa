//! Rights at Vault: a capability on a path, and the parameters that are sent there.
//!
//! Steps say what they need with [`on`]; [`Stanza`] is what a policy has to say, so that they have it. What the
//! connection's own token lacks is asked for by `Vault::lacking`.

mod grant;
mod lacking;
mod stanza;

use serde_json::{Map, Value};
use trustpath_core::{Handle as _, Right};

pub use grant::{EachAuthMount, SentValues, VaultGrant};
pub use stanza::{Stanza, policy};

use super::Vault;
use crate::{policy::Capability, text::clean};

/// A path at which something is needed.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    namespace: Option<&'a str>,
    path: &'a str,
}

/// A path in a namespace; `+` in the place of a segment is any one.
pub fn on<'a>(namespace: Option<&'a str>, path: &'a str) -> On<'a> {
    On { namespace, path }
}

impl On<'_> {
    /// What sends no parameters, or needs no word about them.
    pub fn may(self, capabilities: &[Capability]) -> Vec<Right> {
        capabilities.iter().map(|capability| self.grant(*capability).right()).collect()
    }

    /// Writing this body. Of the parameters in `unpinned` any value is needed, for the reason that is given with it.
    pub fn may_send(
        self,
        capabilities: &[Capability],
        body: &Map<String, Value>,
        unpinned: &[(&str, &str)],
    ) -> Vec<Right> {
        let mut sent: std::collections::BTreeMap<_, _> =
            body.iter().map(|(name, value)| (name.clone(), SentValues::of(value))).collect();
        sent.extend(unpinned.iter().map(|(name, why)| ((*name).to_owned(), SentValues::Any((*why).to_owned()))));
        let grant = |capability: &Capability| VaultGrant { sent: Some(sent.clone()), ..self.grant(*capability) };
        capabilities.iter().map(|capability| grant(capability).right()).collect()
    }

    fn grant(self, capability: Capability) -> VaultGrant {
        let namespace = self.namespace.map(str::to_owned);
        VaultGrant { namespace, path: self.path.to_owned(), capability, sent: None, each_auth_mount: None }
    }
}

/// Something below every auth mount but those that bear the mark of a graph.
pub fn on_each_auth_mount(namespace: Option<&str>, capability: Capability, each: EachAuthMount) -> Right {
    VaultGrant { each_auth_mount: Some(each), ..on(namespace, "sys/auth").grant(capability) }.right()
}

impl VaultGrant {
    /// The right as it is handed around.
    pub fn right(&self) -> Right {
        let grant = serde_json::to_value(self).unwrap_or_default();
        Right { system: Vault::NAME, what: self.what(), grant }
    }

    fn what(&self) -> String {
        let capability = self.capability.name();
        let place = match &self.each_auth_mount {
            Some(_) => "what holds policies on every other auth mount".to_owned(),
            None => format!("`{}`", clean(&self.path)),
        };
        let within = self.namespace.as_ref().map(|namespace| format!(" in the namespace `{}`", clean(namespace)));
        format!("`{capability}` on {place}{}", within.unwrap_or_default())
    }
}
