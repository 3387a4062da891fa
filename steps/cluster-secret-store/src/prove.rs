//! Proving: it is as the graph file says, nothing else decides how the operator logs in, and the operator could.

use std::time::Duration;

use async_trait::async_trait;
use futures::join;
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event, Pod},
};
use kube::discovery::ApiResource;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Context, Evidence, Probe, Result, Right};
use trustpath_platform::{
    AuthMount, Cluster, OperatorLogin, ServiceAccountRef,
    error::Error,
    kubernetes::{
        Address, Selectors,
        owned::{Fields, Owned},
        rights::on,
    },
    text::{clean, listed},
};

use crate::{
    body::Taken,
    config::{ClusterSecretStore, ReadyTimeout},
    decide,
    ready::{Readiness, verdict, was_looked_at},
    request::address,
};

/// What the operator's Deployment and Pods are labelled with.
pub(crate) const OPERATOR: &str = "app.kubernetes.io/name=external-secrets";
/// The first pause between two looks at the store; each is twice as long as the one before it.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many events are looked at.
const EVENTS: u32 = 50;

impl ClusterSecretStore {
    /// How the operator logs in by the store, where a ServiceAccount does so at a Kubernetes auth mount: as its fields say.
    pub(crate) fn login(&self, taken: &Taken) -> Option<OperatorLogin> {
        let spec = self.places(taken).remove("spec")?;
        let vault = &spec["provider"]["vault"];
        let section = &vault["auth"]["kubernetes"];
        let account = &section["serviceAccountRef"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let audiences = account["audiences"].as_array().into_iter().flatten().filter_map(text);
        // Without one it logs in where it reads; an empty one is the root namespace.
        let namespace = text(&vault["auth"]["namespace"]).or_else(|| text(&vault["namespace"]));
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        Some(OperatorLogin {
            mount: AuthMount { path: text(&section["mountPath"])?, namespace },
            role: text(&section["role"])?,
            account: ServiceAccountRef { namespace: text(&account["namespace"])?, name: text(&account["name"])? },
            audiences: audiences.collect(),
        })
    }

    /// From what was read: it is as the graph file says, and nothing else decides the login.
    pub(crate) fn evidence(&self, step: &str, body: &Fields, owned: &Owned, live: &Value) -> Evidence {
        let evidence = Evidence::new().passed("ClusterSecretStore exists", self.name.to_string());
        let evidence = evidence.and(owned.compared("fields", body, step));
        evidence.and(self.nothing_else(live, &Value::Object(body.clone())))
    }

    fn nothing_else(&self, live: &Value, body: &Value) -> Evidence {
        let what = "nothing else decides the login";
        let others: Vec<_> = decide::more_than(body, live).iter().map(|field| clean(field)).collect();
        if others.is_empty() {
            return Evidence::new().passed(what, "the graph file alone does");
        }
        let why = format!("the graph file does not set {}, which is there too", listed(&others));
        Evidence::new().failed(what, why, format!("kubectl edit clustersecretstore {}", self.name))
    }
}

/// Waits until the operator finds the store ready, where one runs.
#[derive(Debug)]
pub(crate) struct ReadyProbe {
    pub(crate) name: String,
    /// The store, as it was read.
    pub(crate) live: Value,
    pub(crate) timeout: ReadyTimeout,
}

#[async_trait]
impl Probe for ReadyProbe {
    /// Whether the operator runs, and what it says of the store.
    fn rights(&self) -> Vec<Right> {
        let operator = [on("apps", "deployments"), on("", "pods")].map(|on| on.may(&["list"]));
        [operator.concat(), on("", "events").may(&["list"])].concat()
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let what = "operator finds it ready";
        let cluster = cx.handle::<Cluster>().await?;
        let at = address(&cluster, &self.name, cx).await?;
        if !was_looked_at(&self.live)
            && let Some(why) = no_operator(&cluster).await
        {
            return Ok(Evidence::new().unchecked(what, why));
        }
        Ok(self.said(what, self.wait(&cluster, &at).await?))
    }
}

impl ReadyProbe {
    fn said(&self, what: &str, verdict: Readiness) -> Evidence {
        let describe = format!("kubectl describe clustersecretstore {}", self.name);
        let waited = format!("{:?}", self.timeout.0);
        let evidence = Evidence::new();
        match verdict {
            Readiness::Ready => evidence.passed(what, "Ready: it could log in (which does not prove that it can read)"),
            Readiness::Stale => {
                let why = format!("it was ready before the last change, and has not looked again within {waited}");
                evidence.unchecked(what, why)
            }
            Readiness::Unvalidated(message) => {
                evidence.unchecked(what, format!("the operator did not try to log in: {message}"))
            }
            Readiness::Failing(message) => evidence.failed(what, message, describe),
            Readiness::Silent => {
                let why = format!("the operator has not looked at it within {waited}");
                evidence.failed(what, why, format!("{describe}; kubectl get pods -A -l {OPERATOR}"))
            }
        }
    }

    /// What the operator says in the end: at once when it could log in, else when the time is over.
    async fn wait(&self, cluster: &Cluster, at: &Address) -> Result<Readiness> {
        let deadline = Instant::now() + self.timeout.0;
        let mut pause = PAUSE;
        let mut live = self.live.clone();
        loop {
            let mut said = verdict(&live, &[], Timestamp::now());
            if matches!(said, Readiness::Stale | Readiness::Failing(_)) {
                // Events are where the operator says why, and that it looked again.
                match (self.events(cluster).await, &mut said) {
                    (Ok(events), _) => said = verdict(&live, &events, Timestamp::now()),
                    (Err(error), Readiness::Failing(why)) => {
                        why.push_str(&format!(" (its events, which say why, cannot be read: {error})"));
                    }
                    (Err(_), _) => {}
                }
            }
            if matches!(said, Readiness::Ready | Readiness::Unvalidated(_)) || Instant::now() + pause > deadline {
                return Ok(said);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            live = cluster.live(at).await?.unwrap_or_default();
        }
    }

    async fn events(&self, cluster: &Cluster) -> Result<Vec<Value>, Error> {
        let fields = format!("involvedObject.kind=ClusterSecretStore,involvedObject.name={}", self.name);
        let which = Selectors { fields: Some(&fields), most: EVENTS, ..Selectors::default() };
        cluster.select(&ApiResource::erase::<Event>(&()), which).await
    }
}

/// Why no one can be waited for: no operator is seen, or it cannot be seen.
async fn no_operator(cluster: &Cluster) -> Option<String> {
    let (deployments, pods) =
        join!(cluster.has_any::<Deployment>(None, OPERATOR), cluster.has_any::<Pod>(None, OPERATOR));
    for found in [deployments, pods] {
        match found {
            Ok(true) => return None,
            Ok(false) => {}
            Err(error) => return Some(format!("it cannot be seen whether the operator runs: {error}")),
        }
    }
    Some(format!("no operator runs in this cluster, as far as can be seen: nothing is labelled {OPERATOR}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trustpath_platform::{Login, StoreAuth};

    use super::*;

    #[test]
    fn the_login_is_that_of_the_fields() {
        let store = |with: Value| {
            let mut all = json!({"name": "s", "path": "kv"});
            all.as_object_mut().expect("fields").extend(with.as_object().expect("fields").clone());
            serde_json::from_value::<ClusterSecretStore>(all).expect("a configuration")
        };
        let account = ServiceAccountRef { namespace: "eso".into(), name: "eso".into() };
        let mount = AuthMount { path: "kubernetes".into(), namespace: Some("team".into()) };
        let auth = StoreAuth::by_service_account("kubernetes", ("mountPath", &mount), "role", &["serviceAccountRef"]);
        let role =
            Login { mount: mount.clone(), role: "role".into(), audience: Some("vault".into()), store: Some(auth) };
        let taken = (Some(account.clone()), role, None);
        let standard = OperatorLogin { mount, role: "role".into(), account, audiences: vec!["vault".into()] };
        assert_eq!(store(json!({})).login(&taken), Some(standard.clone()));
        let own =
            store(json!({"audiences": ["vault", "api"], "role": "other", "mount_path": "m", "auth_namespace": "n",
            "service_account": {"name": "a", "namespace": "b"}}));
        let expected = OperatorLogin {
            mount: AuthMount { path: "m".into(), namespace: Some("n".into()) },
            role: "other".into(),
            account: ServiceAccountRef { namespace: "b".into(), name: "a".into() },
            audiences: vec!["vault".into(), "api".into()],
        };
        assert_eq!(own.login(&taken), Some(expected));
        for (with, home, expected) in
            [(json!({"namespace": "n"}), "team", Some("team")), (json!({"namespace": "n"}), "", None)]
        {
            let mut taken = taken.clone();
            taken.1.mount.namespace = Some(home.to_owned()).filter(|home| !home.is_empty());
            assert_eq!(store(with).login(&taken).expect("a login").mount.namespace.as_deref(), expected);
        }
        let no_account = (None, taken.1, None);
        assert_eq!(store(json!({})).login(&no_account), None);
    }
}
