//! The step: observe, decide, write, prove.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::{Namespace as NamespaceObject, ServiceAccount as AccountObject};
use serde_json::Value;
use trustpath_core::{Act, Around, At, Evidence, Handle, Managed, Released, Result, Right, Undo, Wanted};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    kubernetes::{
        Address,
        owned::{Owned, other_managers},
    },
};

use crate::{Namespace, ServiceAccount, State, Surroundings, decide, state::Beside, survey};

impl ServiceAccount {
    pub(crate) fn at(&self) -> Address<AccountObject> {
        Address::namespaced(self.namespace.as_str(), self.name.as_str())
    }

    pub(crate) fn namespace_at(&self) -> Address<NamespaceObject> {
        Address::cluster(self.namespace.as_str())
    }
}

/// Whether the namespace comes first.
pub(crate) fn makes_namespace(now: &State, to: &State) -> bool {
    now.namespace.is_none() && to.namespace.is_some()
}

/// What the server has of both objects.
struct Live {
    account: Option<Value>,
    namespace: Option<Value>,
}

impl ServiceAccount {
    async fn read(&self, at: At<'_, ()>) -> Result<Live> {
        let cluster = at.cx.handle::<Cluster>().await?;
        let addresses = (self.at(), self.namespace_at());
        let (account, namespace) = futures::try_join!(cluster.live(&addresses.0), cluster.live(&addresses.1))?;
        Ok(Live { account, namespace })
    }

    fn state(&self, graph: &str, live: &Live) -> Option<State> {
        let ours = live.namespace.as_ref().filter(|live| survey::is_marked(live, graph));
        let others = |live: Option<&Value>| live.map(other_managers).unwrap_or_default();
        let beside = Beside { namespace: others(ours), account: others(live.account.as_ref()) };
        let account = live.account.as_ref().map(|live| Owned::seen(live, &self.body()));
        let namespace = ours.map(|live| Owned::seen(live, &self.namespace_body()));
        State { namespace, account, beside }.there()
    }
}

#[async_trait]
impl Managed for ServiceAccount {
    type State = State;
    type Around = Surroundings;
    type Takes = ();
    type Gives = ServiceAccountRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Cluster::NAME]
    }

    fn gives(&self, (): &()) -> ServiceAccountRef {
        self.address()
    }

    async fn observe(&self, at: At<'_, ()>) -> Result<Option<State>> {
        Ok(self.state(at.cx.graph(), &self.read(at).await?))
    }

    async fn survey(&self, at: At<'_, ()>, around: Around) -> Result<Surroundings> {
        let cluster = at.cx.handle::<Cluster>().await?;
        Ok(match around {
            Around::Making => Surroundings::Making(survey::namespace(&cluster, &self.namespace_at()).await?),
            Around::Removing => Surroundings::Removing(survey::users(&cluster, self, at.cx).await?),
        })
    }

    async fn look(&self, at: At<'_, ()>, around: Around) -> Result<(Option<State>, Surroundings)> {
        if around == Around::Removing {
            return futures::try_join!(self.observe(at), self.survey(at, around));
        }
        let live = self.read(at).await?;
        let found = live.namespace.as_ref().map_or(Namespace::Missing, survey::phase);
        Ok((self.state(at.cx.graph(), &live), Surroundings::Making(found)))
    }

    fn desired(&self, at: At<'_, ()>, around: &Surroundings, now: Option<&State>) -> Result<Wanted<State>> {
        self.decide(at.cx.graph(), around, now)
    }

    fn ours(&self, at: At<'_, ()>, _: &Surroundings, now: &State) -> bool {
        Self::is_ours(at.cx.graph(), now)
    }

    fn released(&self, _: At<'_, ()>, around: &Surroundings, now: &State) -> Result<Released<State>> {
        Ok(self.release(around, now))
    }

    /// A namespace that is left is not in use by this step.
    fn retains(&self, _: At<'_, ()>, _: &Surroundings, left: &State) -> bool {
        left.account.is_some()
    }

    fn undoable(&self, from: Option<&State>, to: Option<&State>) -> Undo {
        decide::undoable(from, to)
    }

    fn waypoints(&self, from: Option<&State>, to: Option<&State>) -> Result<Vec<Option<State>>> {
        Ok(decide::waypoints(from, to))
    }

    /// In a namespace that is not there yet, nothing but the namespace itself can be tried.
    async fn rehearse(&self, at: At<'_, ()>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        let cluster = at.cx.handle::<Cluster>().await?;
        let (now, to) = (now.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
        let force = at.cx.consent().force_conflicts;
        if let Some(namespace) = to.namespace.as_ref().filter(|_| now.namespace != to.namespace) {
            cluster.rehearse_owned(&self.namespace_at(), namespace, force).await?;
        }
        if let Some(account) = to.account.as_ref().filter(|_| !makes_namespace(&now, &to)) {
            cluster.rehearse_owned(&self.at(), account, force).await?;
        }
        Ok(())
    }

    async fn write(&self, at: At<'_, ()>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        self.go(at, now.cloned().unwrap_or_default(), to.cloned().unwrap_or_default()).await
    }

    async fn prove(&self, at: At<'_, ()>, state: &State) -> Result<Evidence> {
        self.evidence(at, state).await
    }

    fn rights(&self, _: At<'_, ()>, act: Act<'_, State>) -> Vec<Right> {
        self.needs(act)
    }
}
