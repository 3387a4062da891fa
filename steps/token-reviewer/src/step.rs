//! The step: observe, decide, write.

use async_trait::async_trait;
use trustpath_core::{Act, Around, At, Class, Evidence, Handle, Managed, Problem, Released, Result, Right, Wanted};
use trustpath_platform::{Cluster, ReviewerSecret, ServiceAccountRef, kubernetes::owned::Owned};

use crate::{
    State, TokenReviewer,
    config::{Names, no_namespace},
    decide, users,
};

/// What else was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surroundings {
    /// Before it is made: whether its namespace is there, or made by the step that this one needs.
    Making {
        /// It is.
        namespace: bool,
    },
    /// Before it is removed: who else needs the ServiceAccount.
    Removing(Vec<String>),
}

impl TokenReviewer {
    pub(crate) fn named(&self, at: At<'_, Option<ServiceAccountRef>>) -> Result<Names> {
        Ok(self.names(at.facts.as_ref()).ok_or_else(no_namespace)?)
    }

    async fn namespace(&self, at: At<'_, Option<ServiceAccountRef>>, names: &Names) -> Result<bool> {
        let namespace = &names.account.namespace;
        if at.facts.as_ref().is_some_and(|operator| operator.namespace == *namespace) {
            return Ok(true);
        }
        Ok(at.cx.handle::<Cluster>().await?.has_namespace(namespace).await?)
    }
}

#[async_trait]
impl Managed for TokenReviewer {
    type State = State;
    type Around = Surroundings;
    type Takes = Option<ServiceAccountRef>;
    type Gives = Option<ReviewerSecret>;

    fn systems(&self) -> &'static [&'static str] {
        &[Cluster::NAME]
    }

    fn gives(&self, operator: &Option<ServiceAccountRef>) -> Option<ReviewerSecret> {
        let Names { account, secret, .. } = self.names(operator.as_ref())?;
        Some(ReviewerSecret { namespace: account.namespace.clone(), name: secret, service_account: account })
    }

    async fn observe(&self, at: At<'_, Option<ServiceAccountRef>>) -> Result<Option<State>> {
        let (names, cluster) = (self.named(at)?, at.cx.handle::<Cluster>().await?);
        let addresses = (names.account_at(), names.secret_at(), names.binding_at());
        let (account, secret, binding) =
            futures::try_join!(cluster.live(&addresses.0), cluster.live(&addresses.1), cluster.live(&addresses.2))?;
        let state = State {
            account: account.map(|live| Owned::seen(&live, &names.account_body())),
            secret: secret.map(|live| Owned::seen(&live, &names.secret_body())),
            binding: binding.map(|live| Owned::seen(&live, &names.binding_body())),
        };
        Ok(state.there())
    }

    async fn survey(&self, at: At<'_, Option<ServiceAccountRef>>, around: Around) -> Result<Surroundings> {
        let names = self.named(at)?;
        match around {
            Around::Making => Ok(Surroundings::Making { namespace: self.namespace(at, &names).await? }),
            Around::Removing => {
                let cluster = at.cx.handle::<Cluster>().await?;
                Ok(Surroundings::Removing(users::of(&cluster, &names).await))
            }
        }
    }

    fn desired(
        &self,
        at: At<'_, Option<ServiceAccountRef>>,
        around: &Surroundings,
        now: Option<&State>,
    ) -> Result<Wanted<State>> {
        let names = self.named(at)?;
        if *around == (Surroundings::Making { namespace: false }) {
            return Err(no_such_namespace(&names.account.namespace).into());
        }
        Ok(decide::desired(&names, now, at.cx.graph())?.into())
    }

    fn ours(&self, at: At<'_, Option<ServiceAccountRef>>, around: &Surroundings, now: &State) -> bool {
        let graph = at.cx.graph();
        if matches!(around, Surroundings::Removing(_)) {
            return decide::partly_ours(now, graph);
        }
        let wanted = self.named(at).and_then(|names| decide::desired(&names, Some(now), graph));
        wanted.is_ok_and(|wanted| decide::ours(&wanted, now, graph))
    }

    fn released(
        &self,
        at: At<'_, Option<ServiceAccountRef>>,
        around: &Surroundings,
        now: &State,
    ) -> Result<Released<State>> {
        let users = if let Surroundings::Removing(users) = around { users.as_slice() } else { &[] };
        Ok(decide::released(&self.named(at)?, now, users, at.cx.graph()))
    }

    fn waypoints(&self, from: Option<&State>, to: Option<&State>) -> Result<Vec<Option<State>>> {
        Ok(decide::waypoints(from, to))
    }

    async fn rehearse(
        &self,
        at: At<'_, Option<ServiceAccountRef>>,
        _: Option<&State>,
        to: Option<&State>,
    ) -> Result<()> {
        let (names, force) = (self.named(at)?, at.cx.consent().force_conflicts);
        let Some(binding) = to.and_then(|to| to.binding.as_ref()) else { return Ok(()) };
        // The others live in a namespace that may be made only later; this one shows whether rights may be given at all.
        Ok(at.cx.handle::<Cluster>().await?.rehearse_owned(&names.binding_at(), binding, force).await?)
    }

    async fn write(
        &self,
        at: At<'_, Option<ServiceAccountRef>>,
        now: Option<&State>,
        to: Option<&State>,
    ) -> Result<()> {
        let (names, cluster) = (self.named(at)?, at.cx.handle::<Cluster>().await?);
        let (now, to) = (now.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
        let force = at.cx.consent().force_conflicts;
        if now.account != to.account {
            let account = names.account_at();
            cluster.write_owned(&account, now.account.as_ref(), to.account.as_ref(), force).await?;
        }
        if now.secret != to.secret {
            cluster.write_owned(&names.secret_at(), now.secret.as_ref(), to.secret.as_ref(), force).await?;
        }
        if now.binding != to.binding {
            cluster.write_owned(&names.binding_at(), now.binding.as_ref(), to.binding.as_ref(), force).await?;
        }
        Ok(())
    }

    async fn prove(&self, at: At<'_, Option<ServiceAccountRef>>, state: &State) -> Result<Evidence> {
        self.evidence(at, state).await
    }

    /// Without a namespace there is nothing to be allowed: every verb says so by itself.
    fn rights(&self, at: At<'_, Option<ServiceAccountRef>>, act: Act<'_, State>) -> Vec<Right> {
        let names = self.names(at.facts.as_ref());
        names.map(|names| names.needs(at.facts.as_ref(), act)).unwrap_or_default()
    }
}

fn no_such_namespace(namespace: &str) -> Problem {
    let message = format!("the namespace `{namespace}` of the reviewer does not exist");
    Problem::new(Class::Missing, "trustpath::token_reviewer::namespace_missing", message)
        .help(format!("kubectl create namespace {namespace}, or leave `namespace` out and need the step that makes it"))
}
