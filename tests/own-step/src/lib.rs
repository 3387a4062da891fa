//! A kind of one's own: the AppRole auth method, its mount and one role. All that a kind needs, and nothing else.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trustpath_core::{
    Act, Around, At, Class, Evidence, Handle, Kind, Managed, Problem, Released, Result, Right, Wanted,
};
use trustpath_platform::{
    AuthMount, PolicyName, RoleRef, Vault,
    policy::Capability::{Create, Delete, List, Read, Sudo, Update},
    vault::rights::on,
};

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
    fn mount_path(&self) -> String {
        Vault::path(["sys/auth", &self.mount])
    }

    fn role_path(&self) -> String {
        Vault::path(["auth", &self.mount, "role", &self.role])
    }

    /// Logs in with a secret id of its own, and takes both back.
    async fn log_in(&self, vault: &Vault) -> Result<Vec<String>> {
        let role_id: Option<Value> = vault.read(&format!("{}/role-id", self.role_path())).await?;
        let secret = vault.write_once(&format!("{}/secret-id", self.role_path()), &json!({})).await?.data;
        let body = json!({"role_id": role_id.unwrap_or_default()["role_id"], "secret_id": secret["secret_id"]});
        let login = vault.login(&Vault::path(["auth", &self.mount, "login"]), &body).await;
        let accessor = json!({"secret_id_accessor": secret["secret_id_accessor"]});
        vault.write(&format!("{}/secret-id-accessor/destroy", self.role_path()), &accessor).await?;
        let login = login?;
        vault.revoke(&login.accessor).await?;
        Ok(login.policies)
    }
}

#[async_trait]
impl Managed for AppRole {
    type State = State;
    /// The roles on the mount.
    type Around = Vec<String>;
    type Takes = Vec<PolicyName>;
    type Gives = RoleRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Vault::NAME]
    }

    /// A policy that it needs tells this role from those of others by it.
    fn gives(&self, _: &Vec<PolicyName>) -> RoleRef {
        let mount = AuthMount { path: self.mount.clone(), namespace: None };
        RoleRef { mount, name: self.role.clone(), audience: None }
    }

    async fn observe(&self, at: At<'_, Vec<PolicyName>>) -> Result<Option<State>> {
        let vault = at.cx.handle::<Vault>().await?;
        let mounts: Value = vault.read("sys/auth").await?.unwrap_or_default();
        let mount = &mounts[format!("{}/", self.mount)];
        match mount["type"].as_str() {
            None => return Ok(None),
            Some("approle") => {}
            Some(other) => return Err(another_type(&self.mount, other).into()),
        }
        let description = mount["description"].as_str().unwrap_or_default().to_owned();
        Ok(Some(State { description, role: vault.read(&self.role_path()).await? }))
    }

    async fn survey(&self, at: At<'_, Vec<PolicyName>>, around: Around) -> Result<Vec<String>> {
        match around {
            Around::Making => Ok(Vec::new()),
            Around::Removing => {
                let vault = at.cx.handle::<Vault>().await?;
                Ok(vault.list(&Vault::path(["auth", &self.mount, "role"])).await?)
            }
        }
    }

    fn desired(&self, at: At<'_, Vec<PolicyName>>, _: &Vec<String>, now: Option<&State>) -> Result<Wanted<State>> {
        let token_policies = at.facts.iter().map(|policy| policy.name.clone()).collect();
        let role = Some(Role { token_policies, token_ttl: self.token_ttl });
        let description = now.map_or_else(|| mark(at.cx.graph()), |now| now.description.clone());
        Ok(State { description, role }.into())
    }

    fn ours(&self, at: At<'_, Vec<PolicyName>>, _: &Vec<String>, now: &State) -> bool {
        now.description == mark(at.cx.graph())
    }

    fn released(&self, _: At<'_, Vec<PolicyName>>, roles: &Vec<String>, now: &State) -> Result<Released<State>> {
        let others: Vec<_> = roles.iter().filter(|role| **role != self.role).map(String::as_str).collect();
        if others.is_empty() {
            return Ok(Released::all());
        }
        let mount = State { role: None, ..now.clone() };
        Ok(Released::kept(mount, format!("the mount has other roles: {}", others.join(", "))))
    }

    /// A mount without the role needs no policy.
    fn retains(&self, _: At<'_, Vec<PolicyName>>, _: &Vec<String>, left: &State) -> bool {
        left.role.is_some()
    }

    fn waypoints(&self, from: Option<&State>, to: Option<&State>) -> Result<Vec<Option<State>>> {
        let mount = to.filter(|_| from.is_none()).map(|to| Some(State { role: None, ..to.clone() }));
        Ok(mount.into_iter().chain([to.cloned()]).collect())
    }

    async fn write(&self, at: At<'_, Vec<PolicyName>>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        let vault = at.cx.handle::<Vault>().await?;
        match (now, to) {
            (_, None) => vault.delete(&self.mount_path()).await?,
            (None, Some(to)) => {
                // Enabling twice is refused, so a second run looks first.
                if self.observe(at).await?.is_none() {
                    vault.write_once(&self.mount_path(), &enabling(to)).await?;
                }
            }
            (Some(_), Some(State { role: Some(role), .. })) => {
                vault.write_settling(&self.role_path(), role).await?;
            }
            (Some(_), Some(State { role: None, .. })) => vault.delete(&self.role_path()).await?,
        }
        Ok(())
    }

    async fn prove(&self, at: At<'_, Vec<PolicyName>>, _: &State) -> Result<Evidence> {
        let vault = at.cx.handle::<Vault>().await?;
        let policies = self.log_in(&vault).await?;
        let missing = at.facts.iter().find(|policy| !policies.contains(&policy.name));
        let what = format!("login as {}", self.role);
        Ok(match missing {
            None => Evidence::new().passed(what, format!("with the policies {}", policies.join(", "))),
            Some(missing) => {
                let next = format!("trustpath apply {}", at.cx.step());
                Evidence::new().failed(what, format!("the token lacks the policy {}", missing.name), next)
            }
        })
    }

    fn rights(&self, _: At<'_, Vec<PolicyName>>, act: Act<'_, State>) -> Vec<Right> {
        let (mount, role) = (self.mount_path(), self.role_path());
        let below = |path: &str| format!("{role}/{path}");
        match act {
            Act::Observe => [on(None, "sys/auth").may(&[Read]), on(None, &role).may(&[Read])].concat(),
            Act::Survey(Around::Removing, _) => on(None, &Vault::path(["auth", &self.mount, "role"])).may(&[List]),
            Act::Survey(Around::Making, _) | Act::Rehearse(..) => Vec::new(),
            Act::Write(_, None) => on(None, &mount).may(&[Delete, Sudo]),
            Act::Write(None, Some(to)) => on(None, &mount).may_send(&[Update, Sudo], &enabling(to), &[]),
            Act::Write(Some(_), Some(State { role: None, .. })) => on(None, &role).may(&[Delete]),
            Act::Write(Some(now), Some(State { role: Some(_), .. })) if now.role.is_some() => {
                on(None, &role).may(&[Update])
            }
            Act::Write(..) => on(None, &role).may(&[Create, Update]),
            Act::WriteUnseen => {
                let role = on(None, &role).may(&[Create, Update, Delete]);
                [on(None, &mount).may(&[Update, Delete, Sudo]), role].concat()
            }
            Act::Prove(_) => {
                let secret =
                    ["secret-id", "secret-id-accessor/destroy"].map(|path| on(None, &below(path)).may(&[Update]));
                [
                    on(None, &below("role-id")).may(&[Read]),
                    secret.concat(),
                    on(None, "auth/token/revoke-accessor").may(&[Update]),
                ]
                .concat()
            }
        }
    }
}

/// What enables the mount, as a policy can be held to it.
fn enabling(to: &State) -> Map<String, Value> {
    [("type", "approle"), ("description", &to.description)]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}

fn mark(graph: &str) -> String {
    format!("trustpath graph={graph}")
}

fn another_type(mount: &str, other: &str) -> Problem {
    Problem::new(Class::Conflict, "own_step::approle::another_type", format!("`{mount}` is a mount of type {other}"))
        .help("choose another mount")
}
