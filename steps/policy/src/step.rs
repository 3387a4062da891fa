//! The policy as a step.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{
    Act, Around, At, Class, Context, Evidence, Handle, Managed, Problem, Released, Result, Right, Wanted, note_left,
};
use trustpath_platform::{PolicyName, RoleRef, Vault, VaultServer};

use crate::{
    config::Policy,
    decide, prove,
    state::{Answer, PolicyState},
    survey::{Seen, Surroundings},
    users::{self, Users},
};

impl Policy {
    pub(crate) fn path(&self) -> String {
        Vault::path(["sys/policies/acl", self.name.as_str()])
    }

    /// Others may have come to use it since it was planned, or made: clusters with the same graph file share it. What they
    /// use is theirs to keep, and in no one's way.
    async fn remove(&self, at: At<'_, VaultServer>, vault: &Vault) -> Result<()> {
        match users::of(vault, self.name.as_str(), &own_roles(at.cx)).await? {
            used @ Users::These(_) => {
                let why = used.keep_because().unwrap_or_default();
                note_left(format!("the policy `{}` stays: {why}", self.name.as_str()));
                Ok(())
            }
            // Where that cannot be told, what a run has made is still its own to take back.
            Users::Nobody | Users::Untold(_) => Ok(vault.delete(&self.path()).await?),
        }
    }

    async fn vault(&self, at: At<'_, VaultServer>) -> Result<Vault> {
        Ok(at.cx.handle::<Vault>().await?.within(at.facts.namespace.as_deref()))
    }
}

#[async_trait]
impl Managed for Policy {
    type State = PolicyState;
    type Around = Surroundings;
    type Takes = VaultServer;
    type Gives = PolicyName;

    fn systems(&self) -> &'static [&'static str] {
        &[Vault::NAME]
    }

    fn gives(&self, server: &VaultServer) -> PolicyName {
        PolicyName { name: self.name.as_str().to_owned(), namespace: server.namespace.clone() }
    }

    async fn observe(&self, at: At<'_, Self::Takes>) -> Result<Option<PolicyState>> {
        let answer: Option<Answer> = self.vault(at).await?.read(&self.path()).await?;
        Ok(answer.map(PolicyState::from))
    }

    async fn survey(&self, at: At<'_, Self::Takes>, around: Around) -> Result<Surroundings> {
        self.look_around(&own_roles(at.cx), &self.vault(at).await?, around).await
    }

    fn desired(
        &self,
        at: At<'_, Self::Takes>,
        around: &Surroundings,
        now: Option<&PolicyState>,
    ) -> Result<Wanted<PolicyState>> {
        match &around.0 {
            Seen::Wish(wish) => Ok(decide::desired(wish, at.cx.graph(), now)),
            Seen::Users(_) => Err(mixed_up().into()),
        }
    }

    fn ours(&self, at: At<'_, Self::Takes>, _: &Surroundings, now: &PolicyState) -> bool {
        decide::ours(at.cx.graph(), now)
    }

    fn released(
        &self,
        _: At<'_, Self::Takes>,
        around: &Surroundings,
        now: &PolicyState,
    ) -> Result<Released<PolicyState>> {
        match &around.0 {
            Seen::Users(users) => Ok(decide::released(users, now)),
            Seen::Wish(_) => Err(mixed_up().into()),
        }
    }

    async fn write(&self, at: At<'_, Self::Takes>, now: Option<&PolicyState>, to: Option<&PolicyState>) -> Result<()> {
        let (vault, path) = (self.vault(at).await?, self.path());
        let Some(to) = to else {
            return self.remove(at, &vault).await;
        };
        let mut body = to.body();
        if to.cas_required || now.is_some_and(|now| now.cas_required) {
            let answer: Option<Answer> = vault.read(&path).await?;
            body.insert("cas".into(), Value::from(answer.map_or(0, |answer| answer.version)));
            // Sent twice, the second one would name a version that the first has replaced.
            vault.write_once(&path, &body).await?;
        } else {
            vault.write(&path, &body).await?;
        }
        Ok(())
    }

    async fn prove(&self, at: At<'_, Self::Takes>, state: &PolicyState) -> Result<Evidence> {
        Ok(prove::prove(&self.rules.text().await?, at.cx.step(), state))
    }

    fn rights(&self, at: At<'_, Self::Takes>, act: Act<'_, PolicyState>) -> Vec<Right> {
        self.needs(&own_roles(at.cx), at.facts.namespace.as_deref(), act)
    }

    fn goes_with(&self, at: At<'_, Self::Takes>) -> Vec<String> {
        at.cx.needing().with_givers::<RoleRef>().map(|(step, _)| step.to_owned()).collect()
    }
}

/// The roles that the steps which need this one make.
fn own_roles(cx: &Context) -> Vec<&RoleRef> {
    cx.needing().all().collect()
}

fn mixed_up() -> Problem {
    Problem::new(Class::Internal, "trustpath::policy::survey", "what was looked at is not what has to be decided")
}
