//! The step: observe, decide, write, prove.

use async_trait::async_trait;
use trustpath_core::{
    Act, Around, At, Class, Evidence, Handle, Managed, Problem, Released, Result, Right, Undo, Wanted,
};
use trustpath_platform::{
    Cluster,
    error::{Error, Kind},
    kubernetes::owned::Owned,
};

use crate::{ClusterSecretStore, Surroundings, body::Taken, decide, state::State};

#[async_trait]
impl Managed for ClusterSecretStore {
    type State = State;
    type Around = Surroundings;
    type Takes = Taken;
    type Gives = ();

    fn systems(&self) -> &'static [&'static str] {
        &[Cluster::NAME]
    }

    fn gives(&self, _: &Taken) {}

    async fn observe(&self, at: At<'_, Taken>) -> Result<Option<State>> {
        let cluster = at.cx.handle::<Cluster>().await?;
        let places = self.places(at.facts);
        // Where the operator is not installed there is no store; what wants to make one says so.
        let Some(address) = self.find(&cluster).await? else { return Ok(None) };
        let live = cluster.live(&address).await?;
        Ok(live.map(|live| State { owned: Owned::seen(&live, &places), live }))
    }

    async fn survey(&self, at: At<'_, Taken>, around: Around) -> Result<Surroundings> {
        Ok(match around {
            Around::Making => Surroundings::Making(self.authorities().await?),
            Around::Removing => Surroundings::Removing(self.users(&*at.cx.handle::<Cluster>().await?).await),
        })
    }

    fn desired(&self, at: At<'_, Taken>, around: &Surroundings, now: Option<&State>) -> Result<Wanted<State>> {
        self.decide(at.cx.graph(), at.facts, around, now)
    }

    fn ours(&self, at: At<'_, Taken>, _: &Surroundings, now: &State) -> bool {
        now.owned.is_marked(at.cx.graph())
    }

    fn released(&self, _: At<'_, Taken>, around: &Surroundings, now: &State) -> Result<Released<State>> {
        Ok(self.release(around, now))
    }

    fn undoable(&self, from: Option<&State>, to: Option<&State>) -> Undo {
        decide::undoable(from, to)
    }

    fn waypoints(&self, from: Option<&State>, to: Option<&State>) -> Result<Vec<Option<State>>> {
        Ok(match (from, to) {
            (Some(from), Some(to)) if from.owned == to.owned => Vec::new(),
            (Some(from), Some(to)) => {
                from.owned.waypoints(&to.owned).into_iter().map(|owned| Some(owned.into())).collect()
            }
            (None, None) => Vec::new(),
            (_, to) => vec![to.cloned()],
        })
    }

    async fn rehearse(&self, at: At<'_, Taken>, _: Option<&State>, to: Option<&State>) -> Result<()> {
        let Some(to) = to else { return Ok(()) };
        let cluster = at.cx.handle::<Cluster>().await?;
        let address = self.address(&cluster, at.cx.step()).await?;
        let answer = cluster.rehearse_owned(&address, &to.owned, at.cx.consent().force_conflicts).await;
        Ok(answer.map_err(|error| undeclared(error, &address.resource().api_version))?)
    }

    async fn write(&self, at: At<'_, Taken>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        let cluster = at.cx.handle::<Cluster>().await?;
        let address = match (self.find(&cluster).await?, to) {
            (Some(address), _) => address,
            // The stores went with the CRD.
            (None, None) => return Ok(()),
            (None, Some(_)) => self.address(&cluster, at.cx.step()).await?,
        };
        let (now, to) = (now.map(|now| &now.owned), to.map(|to| &to.owned));
        cluster.write_owned(&address, now, to, at.cx.consent().force_conflicts).await
    }

    async fn prove(&self, at: At<'_, Taken>, state: &State) -> Result<Evidence> {
        self.evidence(at, state).await
    }

    fn rights(&self, _: At<'_, Taken>, act: Act<'_, State>) -> Vec<Right> {
        self.needs(act)
    }
}

impl ClusterSecretStore {
    /// The authorities in PEM, where the configuration has any.
    pub(crate) async fn authorities(&self) -> Result<Option<String>> {
        match &self.ca_bundle {
            Some(bundle) => Ok(Some(bundle.read().await?)),
            None => Ok(None),
        }
    }
}

/// An apply with a field that the CRD does not declare ends in a bare 500 (kube-apiserver 1.37), with nothing but its
/// text to tell it by.
fn undeclared(error: Error, api_version: &str) -> trustpath_core::Failure {
    if error.kind() != Kind::Failed || !error.says("field not declared in schema") {
        return error.into();
    }
    let message = format!("the operator's CRD does not know every field of this store in {api_version}");
    Problem::new(Class::Rejected, "trustpath::cluster_secret_store::undeclared", message)
        .help("leave the field out of the graph file, or install a newer release of the operator")
        .because(error)
        .into()
}
