//! Asking the API server what the connection's own user may do.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use trustpath_core::{MissingRights, Right};

use super::{KubernetesGrant, on};
use crate::{
    error::{Error, ErrorKind},
    kubernetes::{Cluster, call::KubernetesCall},
};

/// How many questions are under way at the same time.
const AT_ONCE: usize = 16;

const MAY_NOT_ASK: &str = "Kubernetes does not let this user ask what it may do, as the ClusterRole system:basic-user would: its rights \
     there are not known.";

impl Cluster {
    pub(in crate::kubernetes) async fn lacks(&self, rights: &[Right]) -> Result<MissingRights, Error> {
        match self.lacks_of(rights).await {
            Err(error) if error.kind() == ErrorKind::Denied => {
                Ok(MissingRights { missing: Vec::new(), unasked: vec![MAY_NOT_ASK.to_owned()] })
            }
            lacking => lacking,
        }
    }

    async fn lacks_of(&self, rights: &[Right]) -> Result<MissingRights, Error> {
        // Who may do everything is asked one question instead of many.
        if rights.is_empty() || self.can_i(&on("*", "*").verb("*")).await? {
            return Ok(MissingRights::default());
        }
        let asked: Vec<_> =
            rights.iter().enumerate().filter_map(|(asked, right)| Some((asked, read(right)?))).collect();
        let mut spelled = Vec::new();
        for (asked, grant) in self.denied(asked).await? {
            let each = self.each(&grant).await?.into_iter().map(|grant| (asked, grant)).collect();
            spelled.extend(if grant.is_everything() { self.denied(each).await? } else { each });
        }
        let missing = spelled.iter().map(|(asked, grant)| (*asked, grant.right())).collect();
        Ok(MissingRights { missing, unasked: Vec::new() })
    }

    /// Those that the server says no to, in the order in which they are given.
    async fn denied(&self, asked: Vec<(usize, KubernetesGrant)>) -> Result<Vec<(usize, KubernetesGrant)>, Error> {
        let answers = asked.into_iter().map(|(asked, grant)| async move {
            let allowed = self.can_i(&grant).await?;
            Ok((!allowed).then_some((asked, grant)))
        });
        stream::iter(answers).buffered(AT_ONCE).try_filter_map(|denied| async { Ok(denied) }).try_collect().await
    }

    /// For each right the grants that it stands for, and whether their namespaces are there.
    pub(in crate::kubernetes) async fn spell_out(&self, rights: &[Right]) -> Result<Vec<Vec<Right>>, Error> {
        let grants: Vec<_> = rights.iter().map(read).collect();
        let namespaces: BTreeSet<_> = grants.iter().flatten().filter_map(|grant| grant.namespace.clone()).collect();
        let there = stream::iter(namespaces).map(|name| async move { Ok((name.clone(), self.is_there(&name).await?)) });
        let there: BTreeMap<String, bool> =
            there.buffered(AT_ONCE).try_collect::<Vec<_>>().await?.into_iter().collect();
        let absent =
            |grant: &KubernetesGrant| grant.namespace.as_ref().is_some_and(|name| there.get(name) == Some(&false));
        let mut spelled = Vec::new();
        for grant in grants {
            let each = match grant {
                Some(grant) => self.each(&grant).await?,
                None => Vec::new(),
            };
            let each = each.into_iter().map(|grant| KubernetesGrant { cluster_wide: absent(&grant), ..grant }.right());
            spelled.push(each.collect());
        }
        Ok(spelled)
    }

    async fn each(&self, grant: &KubernetesGrant) -> Result<Vec<KubernetesGrant>, Error> {
        if grant.if_served && !self.serves(&grant.group, &grant.resource).await? {
            return Ok(Vec::new());
        }
        if !grant.is_everything() {
            return Ok(vec![KubernetesGrant { if_served: false, ..grant.clone() }]);
        }
        // A group whose server is down: what it has cannot be listed then, whoever may.
        let types = self.namespaced_types().await?.types.into_iter();
        Ok(types.map(|found| KubernetesGrant { group: found.group, resource: found.plural, ..grant.clone() }).collect())
    }

    async fn serves(&self, group: &str, plural: &str) -> Result<bool, Error> {
        let call = KubernetesCall::get(&format!("/apis/{group}"))?;
        let Some(found) = self.found::<APIGroup>(&call).await? else { return Ok(false) };
        for version in found.versions {
            let served = self.resources(&version.group_version).await?;
            if served.iter().any(|resource| resource.name == plural) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Who may not look is taken at the word of the graph file.
    async fn is_there(&self, namespace: &str) -> Result<bool, Error> {
        match self.has_namespace(namespace).await {
            Err(error) if error.kind() == ErrorKind::Denied => Ok(true),
            there => there,
        }
    }
}

fn read(right: &Right) -> Option<KubernetesGrant> {
    serde_json::from_value(right.grant.clone()).ok()
}
