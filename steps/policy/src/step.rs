//! The policy as a step.

use trustpath_core::{Answer, Answers, At, Decision, Handle, Intent, Leg, Managed, Proof, Reads, Result, Seen};
use trustpath_platform::{
    Login, PolicyName, Vault, VaultServer,
    vault::{Family, Get, Mounts, ServerFamily, VaultRequest},
};

use crate::{
    config::Policy,
    decide,
    holders::Holders,
    kv, prove,
    rules::RulesSource,
    source::{File, NoPolicy, PolicyVersion},
    state::PolicyState,
    text::Text,
    users::{PolicyRemoval, users},
    wildcards,
};

impl Policy {
    fn path(&self) -> String {
        Vault::path(["sys/policies/acl", self.name.as_str()])
    }

    /// The rules; `None` where they are in a file that was not read.
    fn text(&self, answers: &Answers) -> Result<Option<Text>> {
        match &self.rules {
            RulesSource::Given(text) => Ok(Some(text.clone())),
            RulesSource::File(_) => Ok(answers.get::<String>("rules")?.and_then(|text| Text::given(&text).ok())),
        }
    }

    /// Refuses what this server would refuse.
    fn check(&self, text: &Text, answers: &Answers) -> Result<()> {
        let Some(family) = answers.get::<Family>("family")? else { return Ok(()) };
        let Some(misread) = text.refusal(family) else { return Ok(()) };
        let file = match &self.rules {
            RulesSource::File(path) => answers.get("rules")?.map(|text| (path.display().to_string(), text)),
            RulesSource::Given(_) => None,
        };
        Err(NoPolicy::of(family, file, misread).into())
    }

    /// Sent twice, a write with a version would name one that the first has replaced.
    fn write(&self, namespace: Option<&str>, from: Option<&PolicyState>, to: &PolicyState) -> VaultRequest {
        if !to.cas_required && !from.is_some_and(|from| from.cas_required) {
            return VaultRequest::update(namespace, self.path(), to.body());
        }
        let version = PolicyVersion { path: self.path(), namespace: namespace.map(str::to_owned) };
        VaultRequest::update(namespace, self.path(), to.body().with_late("cas", version)).once()
    }

    fn removal(&self, at: At<'_, VaultServer>) -> PolicyRemoval {
        let namespace = at.facts.namespace.as_deref();
        PolicyRemoval {
            policy: self.name.as_str().to_owned(),
            holders: Holders::but_own(namespace, at.cx),
            delete: VaultRequest::delete(namespace, self.path()),
        }
    }

    /// The mounts, only where a path is in doubt. Who may not see them goes without a warning.
    fn doubts(&self, namespace: Option<&str>, answers: &Answers) -> Option<Get> {
        let text = self.text(answers).ok().flatten()?;
        kv::is_doubtful(&text.meaning).then(|| Mounts::visible(namespace))
    }
}

impl Managed for Policy {
    const SYSTEMS: &'static [&'static str] = &[Vault::NAME];
    type State = PolicyState;
    type Takes = VaultServer;
    type Gives = PolicyName;

    fn gives(&self, server: &VaultServer) -> PolicyName {
        PolicyName { name: self.name.as_str().to_owned(), namespace: server.namespace.clone() }
    }

    fn reads(&self, at: At<'_, VaultServer>, intent: Intent, seen: Option<&Seen<PolicyState>>) -> Reads {
        let namespace = at.facts.namespace.as_deref();
        let mut reads = Reads::none().and("policy", Get::new(namespace, self.path()));
        if intent == Intent::Remove {
            reads = reads.and("holders", Holders::but_own(namespace, at.cx));
        }
        if let (Intent::Make | Intent::Verify, RulesSource::File(path)) = (intent, &self.rules) {
            reads = reads.and("rules", File(path.clone()));
        }
        if intent == Intent::Make {
            reads = reads.and("family", ServerFamily);
        }
        let answers = seen.map(|seen| &seen.answers);
        match self.doubts(namespace, answers.unwrap_or(&Answers::default())) {
            Some(mounts) if intent == Intent::Make => reads.and("mounts", mounts),
            _ => reads,
        }
    }

    fn state(&self, _: At<'_, VaultServer>, answers: &Answers) -> Result<Option<PolicyState>> {
        answers.get("policy")
    }

    fn decide(
        &self,
        at: At<'_, VaultServer>,
        intent: Intent,
        seen: &Seen<PolicyState>,
    ) -> Result<Decision<PolicyState>> {
        let (graph, now) = (at.cx.graph(), seen.state.as_ref());
        if intent == Intent::Remove {
            let holders = seen.answers.answer("holders").unwrap_or(&Answer::Nothing);
            let users = users(self.name.as_str(), holders)?;
            let goes_with = at.cx.dependent_facts().with_givers::<Login>().map(|(step, _)| step.to_owned()).collect();
            return Ok(Decision { goes_with, ..decide::removal(&users, graph, now) });
        }
        let text = self.text(&seen.answers)?.unwrap_or_default();
        self.check(&text, &seen.answers)?;
        let mounts: Option<Mounts> = seen.answers.get("mounts")?;
        let mut warnings = wildcards::warnings(&text.meaning);
        warnings.extend(mounts.map(|mounts| kv::warnings(&text.meaning, &mounts)).unwrap_or_default());
        Ok(decide::desired(&text, warnings, (graph, at.cx.consent().adopt), now))
    }

    fn route(
        &self,
        at: At<'_, VaultServer>,
        from: Option<&PolicyState>,
        to: Option<&PolicyState>,
    ) -> Result<Vec<Leg<PolicyState>>> {
        let leg = match to {
            Some(wanted) => Leg::new(to.cloned(), self.write(at.facts.namespace.as_deref(), from, wanted)),
            None => Leg::new(None, self.removal(at)),
        };
        Ok(vec![leg])
    }

    fn proof(&self, at: At<'_, VaultServer>, seen: &Seen<PolicyState>) -> Result<Proof> {
        let (Some(text), Some(state)) = (self.text(&seen.answers)?, &seen.state) else { return Ok(Proof::default()) };
        Ok(Proof::seen(prove::prove(&text, at.cx.step(), state)))
    }
}
