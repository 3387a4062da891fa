//! A login for real: what it takes is data, and whatever it makes is taken back, however it ends.

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use trustpath_core::{Class, Context, Evidence, Probe, Result, Right, Shown};

use super::{
    MountAt, SecretRef,
    at::shown,
    session::{self, OwnUse, in_and_out, is_answer},
};
use crate::{
    Cluster, PolicyName, ServiceAccountRef, Vault,
    error::Error,
    kubernetes::{rights, shown_token_request},
    policy::Capability::{Read, Update},
    text::{clean, listed},
    vault::LoggedIn,
};

/// How long a ServiceAccount's token lives, in seconds: the least that API servers give.
const LIFETIME: i64 = 600;

/// What a login takes, and what it should give.
#[derive(Debug, Clone)]
pub struct LoginProof {
    path: String,
    inputs: Vec<(&'static str, Input)>,
    policies: Vec<String>,
}

#[derive(Debug, Clone)]
enum Input {
    /// This.
    Plain(Value),
    /// The value by this name of what is read at this path below the mount.
    Fetched(String),
    /// A token of the ServiceAccount for these audiences.
    TokenOf(ServiceAccountRef, Vec<String>),
    /// What this refers to.
    Secret(SecretRef),
}

impl LoginProof {
    /// A login at this path below the mount.
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), inputs: Vec::new(), policies: Vec::new() }
    }

    /// With a value that is known.
    #[must_use]
    pub fn set(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with(name, Input::Plain(value.into()))
    }

    /// With what is read at a path below the mount.
    #[must_use]
    pub fn fetch(self, name: &'static str, path: String) -> Self {
        self.with(name, Input::Fetched(path))
    }

    /// With a token that the API server makes for a ServiceAccount.
    #[must_use]
    pub fn token_of(self, name: &'static str, account: ServiceAccountRef, audiences: Vec<String>) -> Self {
        self.with(name, Input::TokenOf(account, audiences))
    }

    /// With a secret. One that is minted for it is the value by this name of what the write answers.
    #[must_use]
    pub fn secret(self, name: &'static str, secret: SecretRef) -> Self {
        self.with(name, Input::Secret(secret))
    }

    /// The token should have these policies.
    #[must_use]
    pub fn expect_policies(mut self, policies: &[PolicyName]) -> Self {
        self.policies.extend(PolicyName::names(policies).into_iter().map(str::to_lowercase));
        self
    }

    fn with(mut self, name: &'static str, input: Input) -> Self {
        self.inputs.push((name, input));
        self
    }

    pub(super) fn on(self, at: MountAt, own: OwnUse, step: &str) -> LoginProbe {
        LoginProbe { proof: self, at, own, step: step.to_owned() }
    }
}

/// The same, at a mount.
#[derive(Debug, Clone)]
pub(super) struct LoginProbe {
    proof: LoginProof,
    at: MountAt,
    own: OwnUse,
    step: String,
}

#[async_trait]
impl Probe for LoginProbe {
    /// The login itself needs none.
    fn rights(&self) -> Vec<Right> {
        let inputs = self.proof.inputs.iter().flat_map(|(_, input)| self.rights_of(input));
        inputs.chain(self.own.rights(self.at.namespace())).collect()
    }

    fn shown(&self) -> Vec<Shown> {
        let mut body = Map::new();
        let mut all = Vec::new();
        for (name, input) in &self.proof.inputs {
            body.insert((*name).to_owned(), placeholder(name, input));
            match input {
                Input::TokenOf(account, audiences) => all.push(shown_token_request(account, audiences, LIFETIME)),
                Input::Secret(SecretRef::Minted { request, .. }) => {
                    all.push(shown("POST", self.below(request), json!({})));
                }
                Input::Plain(_) | Input::Fetched(_) | Input::Secret(_) => {}
            }
        }
        all.push(shown("POST", self.below(&self.proof.path), Value::Object(body)));
        all
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let vault = self.at.vault(cx).await?;
        let known = match self.known(cx, &vault).await {
            Ok(known) => known,
            Err(failure) if matches!(failure.class(), Class::Denied | Class::Config) => {
                let why = format!("what it takes cannot be had: {failure}");
                return Ok(Evidence::new().unchecked(self.what(), why));
            }
            Err(failure) if failure.class() == Class::Missing => {
                return Ok(Evidence::new().failed(self.what(), failure.to_string(), "apply the step that makes it"));
            }
            Err(failure) => return Err(failure),
        };
        let probe = self.clone();
        // It goes on to giving back what was made when this proof is given up.
        cx.to_its_end(async move { probe.log_in_and_out(&vault, known).await }).await.map_err(session::cut_off)?
    }
}

impl LoginProbe {
    fn below(&self, path: &str) -> String {
        self.at.below(path.split('/'))
    }

    fn what(&self) -> String {
        format!("login at `auth/{}`", clean(self.at.path()))
    }

    fn rights_of(&self, input: &Input) -> Vec<Right> {
        const WHY: &str = "it is that of what the login takes";
        match input {
            Input::Plain(_) => Vec::new(),
            Input::Fetched(path) => self.at.on(&self.below(path)).may(&[Read]),
            Input::TokenOf(ServiceAccountRef { namespace, name }, _) => {
                rights::on("", "serviceaccounts").within(namespace).named(name).below("token").may(&["create"])
            }
            Input::Secret(SecretRef::Minted { request, accessor, revoke }) => {
                let (made, revoked) = (self.below(request), self.below(revoke));
                let made = self.at.on(&made).may_send(&[Update], &Map::new(), &[]);
                [made, self.at.on(&revoked).may_send(&[Update], &Map::new(), &[(*accessor, WHY)])].concat()
            }
            Input::Secret(secret) => secret.rights(),
        }
    }

    /// What has not to be given back.
    async fn known(&self, cx: &Context, vault: &Vault) -> Result<Map<String, Value>> {
        let mut known = Map::new();
        for (name, input) in &self.proof.inputs {
            let value = match input {
                Input::Plain(value) => value.clone(),
                Input::Fetched(path) => {
                    let found: Option<Value> = vault.read(&self.below(path)).await?;
                    found.unwrap_or_default()[*name].take()
                }
                Input::TokenOf(account, audiences) => {
                    let cluster = cx.handle::<Cluster>().await?;
                    cluster.request_token(account, audiences, LIFETIME).await?.secret.expose_secret().into()
                }
                Input::Secret(secret) => match secret.fetch(cx).await? {
                    Some(secret) => secret.expose_secret().into(),
                    None => continue,
                },
            };
            known.insert((*name).to_owned(), value);
        }
        Ok(known)
    }

    async fn log_in_and_out(&self, vault: &Vault, mut body: Map<String, Value>) -> Result<Evidence> {
        let mut made = Vec::new();
        let minted = self.mint(vault, &mut body, &mut made).await;
        let login = match minted {
            Ok(()) => {
                let (path, body) = (self.below(&self.proof.path), Value::Object(body));
                in_and_out(vault, &path, &body, self.own, async |login| self.judge(vault, login).await).await
            }
            Err(error) => Err(error),
        };
        // First all is given back, then it is told what came of it.
        let given_back = self.give_back(vault, made).await;
        let evidence = match login {
            Ok((judged, revoked)) => judged??.and(revoked),
            Err(error) if is_answer(&error) => {
                Evidence::new().failed(self.what(), error.to_string(), format!("trustpath apply {}", self.step))
            }
            Err(error) => return Err(error.into()),
        };
        Ok(evidence.and(given_back))
    }

    async fn mint(
        &self,
        vault: &Vault,
        body: &mut Map<String, Value>,
        made: &mut Vec<(String, Value)>,
    ) -> Result<(), Error> {
        for (name, input) in &self.proof.inputs {
            let Input::Secret(SecretRef::Minted { request, accessor, revoke }) = input else { continue };
            let mut answer = vault.write_once(&self.below(request), &json!({})).await?.data;
            made.push((self.below(revoke), json!({ *accessor: answer[*accessor] })));
            body.insert((*name).to_owned(), answer[*name].take());
        }
        Ok(())
    }

    /// All of it, whatever becomes of each.
    async fn give_back(&self, vault: &Vault, made: Vec<(String, Value)>) -> Evidence {
        const WHAT: &str = "what the login took is given back";
        if made.is_empty() {
            return Evidence::new();
        }
        let mut left = Vec::new();
        for (path, accessor) in made {
            if let Err(error) = vault.give_back(&path, &accessor).await {
                left.push(error.to_string());
            }
        }
        if left.is_empty() {
            return Evidence::new().passed(WHAT, "and nothing of it is left");
        }
        Evidence::new().failed(
            WHAT,
            listed(&left),
            format!("trustpath verify {}: what is left ends with its role", self.step),
        )
    }

    /// The policies of the token, and one request that it makes.
    async fn judge(&self, vault: &Vault, login: &LoggedIn) -> Result<Evidence> {
        if self.own.asks {
            vault.with_token(&login.token).read::<Value>("auth/token/lookup-self").await?;
        }
        let missing: Vec<_> =
            self.proof.policies.iter().filter(|name| !login.policies.contains(name)).cloned().collect();
        Ok(if missing.is_empty() {
            Evidence::new().passed(self.what(), format!("with the policies {}", listed(&login.policies)))
        } else {
            let next = format!("trustpath apply {}", self.step);
            Evidence::new().failed(self.what(), format!("the token lacks {}", listed(&missing)), next)
        })
    }
}

fn placeholder(name: &str, input: &Input) -> Value {
    match input {
        Input::Plain(value) => value.clone(),
        Input::Fetched(_) => format!("<the {name} that is there>").into(),
        Input::TokenOf(account, _) => format!("<the token of {account}>").into(),
        Input::Secret(secret) => format!("<{secret}>").into(),
    }
}
