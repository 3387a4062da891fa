//! A kind of one's own: the AppRole auth method, its mount and one role. All that a kind needs, and nothing else.

mod login;
mod mount;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_core::{
    Answers, At, Class, Decision, Handle, Intent, Kind, Leg, Managed, Note, Problem, Proof, Reads, Result, Seen,
};
use trustpath_platform::{
    AuthMount, PolicyName, RoleRef, Vault,
    vault::{Body, Get, List, VaultRequest},
};

use login::AppRoleLogin;
use mount::{Disable, Enable};

inventory::submit! { Kind::managed::<AppRole>("approle", "A machine outside of the cluster: the AppRole mount and a role") }

/// An AppRole mount with one role. Its policies are those of the steps that it needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppRole {
    /// Where the auth method is mounted, below `auth/`.
    mount: String,
    /// The role's name.
    role: String,
    /// How long a token lives, in seconds.
    token_ttl: u64,
}

/// What the step owns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    description: String,
    role: Option<Role>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Role {
    token_policies: Vec<String>,
    token_ttl: u64,
}

impl AppRole {
    fn role_path(&self) -> String {
        Vault::path(["auth", &self.mount, "role", &self.role])
    }

    fn roles(&self) -> String {
        Vault::path(["auth", &self.mount, "role"])
    }

    fn wanted(&self, at: At<'_, Vec<PolicyName>>, now: Option<&State>) -> State {
        let token_policies = at.facts.iter().map(|policy| policy.name.clone()).collect();
        let role = Some(Role { token_policies, token_ttl: self.token_ttl });
        State { description: now.map_or_else(|| mark(at.cx.graph()), |now| now.description.clone()), role }
    }

    /// A mount that others have roles on stays without this one, and needs no policy then.
    fn removal(&self, now: &State, roles: &[String], ours: bool) -> Decision<State> {
        let others: Vec<_> = roles.iter().filter(|role| **role != self.role).map(String::as_str).collect();
        if others.is_empty() {
            return Decision::to(None, ours);
        }
        let left = Note::Left(format!("the mount has other roles: {}", others.join(", ")));
        let mount = State { role: None, ..now.clone() };
        Decision { retains: false, ..Decision::to(Some(mount), ours).noting([left]) }
    }

    fn leg(&self, from: Option<&State>, to: Option<State>) -> Leg<State> {
        match (from, &to) {
            (_, None) => {
                Leg::new(to, Disable { mount: self.mount.clone(), role: self.role.clone(), roles: self.roles() })
            }
            (None, Some(wanted)) => {
                let enable = Enable { mount: self.mount.clone(), description: wanted.description.clone() };
                Leg::new(to, enable)
            }
            (Some(_), Some(State { role: None, .. })) => Leg::new(to, VaultRequest::delete(None, self.role_path())),
            (Some(now), Some(State { role: Some(role), .. })) => {
                let body = Body::default().with("token_policies", role.token_policies.clone());
                let body = body.with("token_ttl", role.token_ttl);
                let request = match now.role {
                    Some(_) => VaultRequest::update(None, self.role_path(), body).settling(),
                    None => VaultRequest::create(None, self.role_path(), body),
                };
                Leg::new(to, request)
            }
        }
    }
}

impl Managed for AppRole {
    const SYSTEMS: &'static [&'static str] = &[Vault::NAME];
    type State = State;
    type Takes = Vec<PolicyName>;
    type Gives = RoleRef;

    /// A policy that it needs tells this role from those of others by it.
    fn gives(&self, _: &Vec<PolicyName>) -> RoleRef {
        let mount = AuthMount { path: self.mount.clone(), namespace: None };
        RoleRef { mount, name: self.role.clone(), audience: None }
    }

    fn reads(&self, _: At<'_, Vec<PolicyName>>, intent: Intent, seen: Option<&Seen<State>>) -> Reads {
        let mut reads = Reads::none().and("mounts", Get::new(None, "sys/auth"));
        if intent == Intent::Remove {
            reads = reads.and("roles", List::new(None, self.roles()));
        }
        match seen.and_then(|seen| seen.state.as_ref()) {
            Some(_) => reads.and("role", Get::new(None, self.role_path())),
            None => reads,
        }
    }

    fn state(&self, _: At<'_, Vec<PolicyName>>, answers: &Answers) -> Result<Option<State>> {
        let mounts: Value = answers.get("mounts")?.unwrap_or_default();
        let mount = &mounts[format!("{}/", self.mount)];
        match mount["type"].as_str() {
            None => return Ok(None),
            Some("approle") => {}
            Some(other) => return Err(another_type(&self.mount, other).into()),
        }
        let description = mount["description"].as_str().unwrap_or_default().to_owned();
        Ok(Some(State { description, role: answers.get("role")? }))
    }

    fn decide(&self, at: At<'_, Vec<PolicyName>>, intent: Intent, seen: &Seen<State>) -> Result<Decision<State>> {
        let ours = seen.state.as_ref().is_some_and(|now| now.description == mark(at.cx.graph()));
        match (intent, &seen.state) {
            (Intent::Remove, Some(now)) => {
                let roles: Vec<String> = seen.answers.get("roles")?.unwrap_or_default();
                Ok(self.removal(now, &roles, ours))
            }
            (_, now) => Ok(Decision::to(Some(self.wanted(at, now.as_ref())), ours)),
        }
    }

    fn route(&self, _: At<'_, Vec<PolicyName>>, from: Option<&State>, to: Option<&State>) -> Result<Vec<Leg<State>>> {
        let Some(made) = to.filter(|to| from.is_none() && to.role.is_some()) else {
            return Ok(vec![self.leg(from, to.cloned())]);
        };
        let mount = State { role: None, ..made.clone() };
        let second = self.leg(Some(&mount), to.cloned());
        Ok(vec![self.leg(None, Some(mount)), second])
    }

    fn proof(&self, at: At<'_, Vec<PolicyName>>, _: &Seen<State>) -> Result<Proof> {
        let policies = at.facts.iter().map(|policy| policy.name.clone()).collect();
        let login = AppRoleLogin { mount: self.mount.clone(), role: self.role_path(), policies };
        Ok(Proof::default().and(login))
    }
}

fn mark(graph: &str) -> String {
    format!("trustpath graph={graph}")
}

fn another_type(mount: &str, other: &str) -> Problem {
    Problem::new(Class::Conflict, "own_step::approle::another_type", format!("`{mount}` is a mount of type {other}"))
        .help("choose another mount")
}
