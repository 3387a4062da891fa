//! Whose a mount is: that of this graph and this cluster, or another's. Pure.

use trustpath_core::{Class, Context, Note, Problem, graph::word};
use trustpath_platform::{mark::Owner, text::clean, vault::backend::MountState};

use crate::{
    making::Making,
    pem,
    state::{CA, Config, HOST, State},
    url::same_host,
};

pub(crate) fn of(graph: &str, cluster: Option<&str>, mount: &MountState) -> Owner {
    Owner::of(mount.mark.as_ref(), graph, cluster)
}

/// Lets the step have the mount, with what the user should know of it, or refuses it; `adopts` is what the user has agreed to.
///
/// # Errors
/// The mount serves another cluster: by its mark, or where that does not say, by its config.
pub(crate) fn check(
    path: &str,
    (cx, adopts): (&Context, bool),
    around: &Making,
    now: &State,
    wanted: &Config,
) -> Result<Option<Note>, Problem> {
    let cluster = &around.cluster;
    match judged(cx.graph(), around, now, wanted) {
        (Owner::Ours, _) | (Owner::Unnamed | Owner::Other, None) => Ok(None),
        (Owner::Other, Some(how)) => Err(not_this_graphs(path, &how)),
        (Owner::OtherCluster(_) | Owner::Unnamed, _) if adopts => Ok(Some(taken_over(cluster, now, wanted))),
        (Owner::OtherCluster(_) | Owner::Unnamed, _) => Err(of_another(path, cx.step(), cluster, now, wanted)),
    }
}

/// Whether a mount is this graph's and this cluster's. Where its mark names no cluster, its config decides.
pub(crate) fn is_ours(graph: &str, around: &Making, now: &State, wanted: &Config) -> bool {
    matches!(judged(graph, around, now, wanted), (Owner::Ours, _) | (Owner::Unnamed, None))
}

/// Whose it is by its mark, and how its config differs from one of this cluster.
fn judged(graph: &str, around: &Making, now: &State, wanted: &Config) -> (Owner, Option<String>) {
    let config = now.config.as_ref();
    (of(graph, Some(&around.cluster), &now.mount), config.and_then(|config| other_cluster(around, config, wanted)))
}

/// Whether a config is about this cluster, as far as host and CA show; if not, how it differs.
fn other_cluster(around: &Making, now: &Config, wanted: &Config) -> Option<String> {
    let (host, ca) = (now.text(HOST), now.text(CA));
    if !same_host(host, wanted.text(HOST)) && !is_this_cluster(around, host, ca) {
        let host = clean(host);
        return Some(format!("asks the API server at {host}, and this graph's is {}", wanted.text(HOST)));
    }
    let differs = !ca.is_empty() && !wanted.text(CA).is_empty() && pem::disjoint(ca, wanted.text(CA));
    differs.then(|| "trusts another CA than this graph's".to_owned())
}

/// Whether the API server of a config is this cluster's at another of its addresses. The names that pods use are alike in
/// all clusters: it takes a CA in common with the kubeconfig.
fn is_this_cluster(around: &Making, host: &str, ca: &str) -> bool {
    let Some(api_server) = &around.here.api_server else { return false };
    let is_known = api_server.ca_pem.as_deref().is_some_and(|known| !ca.is_empty() && !pem::disjoint(ca, known));
    is_known && (around.api_service.has(host) || same_host(host, &api_server.url))
}

/// Both clusters, by their uid and their API server.
fn both(cluster: &str, now: &State, wanted: &Config) -> (String, String) {
    let uid = now.mount.mark.as_ref().and_then(|mark| mark.cluster.as_deref()).unwrap_or("not known");
    let host = now.config.as_ref().map_or("not known", |config| config.text(HOST));
    let shown = |uid: &str, host: &str| format!("kube-system {}, API server {}", clean(uid), clean(host));
    (shown(uid, host), shown(cluster, wanted.text(HOST)))
}

fn taken_over(cluster: &str, now: &State, wanted: &Config) -> Note {
    let (old, new) = both(cluster, now, wanted);
    Note::Warning(format!(
        "the mount serves another cluster ({old}), and will serve this one ({new}): no login of that cluster works from then on"
    ))
}

fn of_another(path: &str, step: &str, cluster: &str, now: &State, wanted: &Config) -> Problem {
    let (old, new) = both(cluster, now, wanted);
    let message = format!("the auth mount `{path}` serves another cluster of this graph ({old}), not this one ({new})");
    Problem::new(Class::Conflict, CODE, message).help(format!(
        "{}; if that cluster is gone, and this one was built in its place: --adopt {}",
        own_mount(path),
        word(step),
    ))
}

fn not_this_graphs(path: &str, differs: &str) -> Problem {
    let message = format!("the auth mount `{path}` serves another cluster: it {differs}");
    Problem::new(Class::Conflict, CODE, message).help(format!(
        "{}; if it is the same cluster after all, set `kubernetes_host` and `ca` to what the mount has",
        own_mount(path)
    ))
}

/// The code of what is refused because the mount serves another cluster.
pub(crate) const CODE: &str = "trustpath::kubernetes_auth::other_cluster";

/// The way on that harms no other cluster.
pub(crate) fn own_mount(path: &str) -> String {
    format!("give this cluster a mount of its own, with `mount = \"{path}-b\"` in its graph file")
}
