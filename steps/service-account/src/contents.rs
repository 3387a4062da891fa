//! What a namespace holds besides what Kubernetes itself puts into each.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use kube::discovery::ApiResource;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::Context;
use trustpath_platform::{
    Cluster,
    error::{Error, ErrorKind},
    kubernetes::{NamespacedTypes, Selectors},
    mark,
    text::{clean, few, listed},
};

/// How many types are listed at the same time.
const AT_ONCE: usize = 8;
/// How many objects of one type are looked at; a namespace with more is not empty.
const MOST: u32 = 100;
/// How long one request of a look may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What becomes of the objects of this graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ours {
    /// They are going to be removed: they keep no namespace. In a plan, what cannot be seen is waited for.
    Go,
    /// They are on their way out: they are waited for, and keep it as long as they are there.
    AreGoing,
}

/// Why a namespace has to stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stays {
    /// There is something in it.
    Full(String),
    /// It cannot be seen whether there is.
    Unseen(String),
}

impl Stays {
    pub(crate) fn why(self) -> String {
        match self {
            Self::Full(why) | Self::Unseen(why) => why,
        }
    }
}

/// What a namespace holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Objects that bear the mark of this graph.
    pub(crate) ours: Vec<String>,
    /// All else.
    pub(crate) foreign: Vec<String>,
    /// What cannot be seen now, and why.
    pub(crate) unseen: Vec<String>,
    /// What the server does not show to this client, and why.
    pub(crate) refused: Vec<String>,
}

impl Contents {
    /// Why the namespace has to stay. Pure.
    pub(crate) fn why_it_stays(&self, namespace: &str) -> Option<Stays> {
        let there = [self.foreign.as_slice(), &self.ours].concat();
        let texts = |texts: &[String]| listed(&few(texts.to_vec()));
        let unseen = [self.unseen.as_slice(), &self.refused].concat();
        match (there.is_empty(), unseen.is_empty()) {
            (false, _) => Some(Stays::Full(format!("the namespace `{namespace}` is not empty: {}", texts(&there)))),
            (true, false) => {
                let unseen = texts(&unseen);
                Some(Stays::Unseen(format!("it cannot be seen whether the namespace `{namespace}` is empty: {unseen}")))
            }
            (true, true) => None,
        }
    }

    /// Whether it may be otherwise in a moment: what others put there is not going to go by itself, and a right that is
    /// lacking does not come by itself.
    fn may_pass(&self, ours: Ours) -> bool {
        let waits = match ours {
            Ours::Go => &self.unseen,
            Ours::AreGoing => &self.ours,
        };
        self.foreign.is_empty() && self.refused.is_empty() && !waits.is_empty()
    }

    fn and(mut self, more: Self) -> Self {
        self.ours.extend(more.ours);
        self.foreign.extend(more.foreign);
        self.unseen.extend(more.unseen);
        self.refused.extend(more.refused);
        self
    }
}

/// Looks until waiting can change nothing, for a quarter of the step's time: an aggregated API that is down may come up, and
/// what other steps are taking back goes.
pub(crate) async fn settled(cluster: &Cluster, namespace: &str, cx: &Context, ours: Ours) -> Result<Contents, Error> {
    let deadline = Instant::now() + cx.time() / 4;
    // One that hangs keeps no step from its end.
    let cluster = cluster.with_patience(PATIENCE.min(cx.time() / 4));
    loop {
        let mut contents = look(&cluster, namespace, cx.graph()).await?;
        if ours == Ours::Go {
            contents.ours.clear();
        }
        if !contents.may_pass(ours) || Instant::now() + PAUSE > deadline {
            return Ok(contents);
        }
        sleep(PAUSE).await;
    }
}

/// Everything in a namespace, over every type that the server can list and delete.
async fn look(cluster: &Cluster, namespace: &str, graph: &str) -> Result<Contents, Error> {
    let NamespacedTypes { types, unknown } = match cluster.namespaced_types().await {
        Ok(found) => found,
        Err(error) => return unseen("its types", error),
    };
    let unknown = unknown.into_iter().map(|(version, error)| unseen(&format!("the types of `{version}`"), error));
    let unknown = unknown.collect::<Result<Vec<_>, _>>()?.into_iter().fold(Contents::default(), Contents::and);
    let listed = types.into_iter().map(|resource| contents_of(cluster, resource, namespace, graph));
    let fold = |all: Contents, more| async move { Ok(all.and(more)) };
    stream::iter(listed).buffered(AT_ONCE).try_fold(unknown, fold).await
}

async fn contents_of(
    cluster: &Cluster,
    resource: ApiResource,
    namespace: &str,
    graph: &str,
) -> Result<Contents, Error> {
    let which = Selectors { namespace: Some(namespace), most: MOST, ..Selectors::default() };
    let found: Vec<Value> = match cluster.select_metadata(&resource, which).await {
        Ok(found) => found,
        Err(error) => return unseen(&resource.plural, error),
    };
    let kind = resource.kind.as_str();
    let mut contents = Contents::default();
    for object in found.iter().filter(|object| !is_in_every_namespace(kind, object)) {
        let marked = object["metadata"]["annotations"][mark::ANNOTATION] == graph;
        let list = if marked { &mut contents.ours } else { &mut contents.foreign };
        list.push(format!("the {kind} `{}`", name(object).unwrap_or_default()));
    }
    Ok(contents)
}

/// What Kubernetes itself puts into every namespace.
fn is_in_every_namespace(kind: &str, object: &Value) -> bool {
    matches!(
        (kind, name(object).as_deref()),
        ("ServiceAccount", Some("default")) | ("ConfigMap", Some("kube-root-ca.crt"))
    )
}

/// What cannot be listed may be there. Where nothing at all can be asked, nothing is known of the namespace either.
fn unseen(what: &str, error: Error) -> Result<Contents, Error> {
    if error.is_of_every_request() {
        return Err(error);
    }
    let why = vec![format!("{what} cannot be listed: {error}")];
    Ok(match error.kind() {
        ErrorKind::Denied | ErrorKind::Rejected => Contents { refused: why, ..Contents::default() },
        _ => Contents { unseen: why, ..Contents::default() },
    })
}

pub(crate) fn name(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(clean)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn contents(ours: &[&str], foreign: &[&str], unseen: &[&str]) -> Contents {
        let [ours, foreign, unseen] =
            [ours, foreign, unseen].map(|texts| texts.iter().map(|&text| text.into()).collect());
        Contents { ours, foreign, unseen, refused: Vec::new() }
    }

    fn refused(contents: Contents) -> Contents {
        Contents { refused: vec!["d".into()], ..contents }
    }

    #[rstest]
    #[case(contents(&[], &[], &[]), None)]
    #[case(contents(&[], &["a"], &[]), Some("the namespace `eso` is not empty: a"))]
    #[case(contents(&["b"], &["a"], &["c"]), Some("the namespace `eso` is not empty: a and b"))]
    #[case(contents(&["b"], &[], &[]), Some("the namespace `eso` is not empty: b"))]
    #[case(contents(&[], &[], &["c"]), Some("it cannot be seen whether the namespace `eso` is empty: c"))]
    #[case(refused(contents(&[], &[], &["c"])), Some("it cannot be seen whether the namespace `eso` is empty: c and d"))]
    fn anything_keeps_a_namespace(#[case] contents: Contents, #[case] why: Option<&str>) {
        assert_eq!(contents.why_it_stays("eso").map(Stays::why).as_deref(), why);
    }

    #[rstest]
    #[case(contents(&[], &[], &[]), false, false)]
    #[case(contents(&["a"], &[], &[]), false, true)]
    #[case(contents(&[], &[], &["a"]), true, false)]
    #[case(contents(&["a"], &["b"], &["c"]), false, false)]
    #[case(refused(contents(&["a"], &[], &["c"])), false, false)]
    fn what_others_put_there_is_not_waited_for(#[case] contents: Contents, #[case] plan: bool, #[case] removal: bool) {
        assert_eq!((contents.may_pass(Ours::Go), contents.may_pass(Ours::AreGoing)), (plan, removal));
    }
}
