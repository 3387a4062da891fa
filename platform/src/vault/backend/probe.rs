//! A login for real: whatever it makes is taken back, however it ends.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use trustpath_core::{Class, Context, Evidence, Probe, Problem, Read as _, Result, Right, Shown, graph::word};

use super::{
    SecretRef,
    at::shown,
    proof::{Input, LoginCheck, LoginProof},
    session::{self, OwnUse, in_and_out, is_answer},
};
use crate::{
    AuthMount, Cluster, Vault,
    error::{Error, ErrorKind},
    kubernetes::AccountToken,
    policy::Capability::{Read, Update},
    text::{clean, listed},
    vault::{LoggedIn, Resend, refusal::LoginRefusal},
};

/// A login at a mount.
#[derive(Debug, Clone)]
struct LoginProbe {
    proof: LoginProof,
    at: AuthMount,
    own: OwnUse,
    step: String,
    check: Arc<dyn LoginCheck>,
}

impl LoginProof {
    /// The probe that logs in at a mount, for a step.
    pub fn on(self, at: AuthMount, own: OwnUse, step: &str) -> impl Probe + 'static {
        let has_policies = || HasPolicies {
            what: format!("login at `auth/{}`", clean(&at.path)),
            asks: own.asks,
            policies: self.policies.clone(),
            next: format!("trustpath apply {}", word(step)),
        };
        let check = self.check.clone().unwrap_or_else(|| Arc::new(has_policies()));
        LoginProbe { proof: self, at, own, step: step.to_owned(), check }
    }
}

#[async_trait]
impl Probe for LoginProbe {
    /// The login itself needs none.
    fn rights(&self) -> Vec<Right> {
        let inputs = self.proof.inputs.iter().flat_map(|(_, input)| self.rights_of(input));
        inputs.chain(self.check.rights()).chain(self.own.rights(self.at.namespace.as_deref())).collect()
    }

    fn shown(&self) -> Vec<Shown> {
        let mut body = Map::new();
        let mut all = Vec::new();
        for (name, input) in &self.proof.inputs {
            body.insert((*name).to_owned(), placeholder(name, input));
            match input {
                Input::TokenOf(token) => all.push(token.shown()),
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
                return Ok(Evidence::new().unchecked(self.check.what(), why));
            }
            Err(failure) if failure.class() == Class::Missing => {
                return Ok(Evidence::new().failed(
                    self.check.what(),
                    failure.to_string(),
                    "apply the step that makes it",
                ));
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
        self.at.below([path])
    }

    fn rights_of(&self, input: &Input) -> Vec<Right> {
        const WHY: &str = "it is that of what the login takes";
        match input {
            Input::Plain(_) => Vec::new(),
            Input::Fetched(path) => self.at.on(&self.below(path)).may(&[Read]),
            Input::TokenOf(token) => token.rights(),
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
                Input::TokenOf(token) => fetched(token, cx).await?,
                Input::Secret(SecretRef::Minted { .. }) => continue,
                Input::Secret(secret) => secret.fetch(cx).await?.expose_secret().into(),
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
                in_and_out(vault, &path, &body, self.own, async |login| self.check.look(vault, login).await).await
            }
            Err(error) => Err(error),
        };
        // First all is given back, then it is told what came of it.
        let given_back = self.give_back(vault, made).await;
        let evidence = match login {
            Ok((judged, revoked)) => judged??.and(revoked),
            Err(error) if is_answer(&error) || LoginRefusal::of(error.said()).is_some() => {
                self.check.refused(vault, &error).await
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
            let mut answer = vault.write_as(Resend::Once, &self.below(request), &json!({})).await?.0;
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
}

/// A token of the ServiceAccount, as a value of the body.
async fn fetched(token: &AccountToken, cx: &Context) -> Result<Value> {
    match token.get(&*cx.handle::<Cluster>().await?, cx).await {
        Ok(token) => Ok(token.secret.expose_secret().into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("there is no ServiceAccount {}", token.of);
            Err(Problem::new(Class::Missing, "trustpath::vault::no_account", message).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a token has policies, and can make a request.
#[derive(Debug)]
struct HasPolicies {
    what: String,
    asks: bool,
    policies: Vec<String>,
    next: String,
}

#[async_trait]
impl LoginCheck for HasPolicies {
    fn what(&self) -> String {
        self.what.clone()
    }

    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn look(&self, vault: &Vault, login: &LoggedIn) -> Result<Evidence> {
        if self.asks {
            vault.with_token(&login.token).read::<Value>("auth/token/lookup-self").await?;
        }
        let missing: Vec<_> = self.policies.iter().filter(|name| !login.policies.contains(name)).cloned().collect();
        if missing.is_empty() {
            return Ok(Evidence::new().passed(&self.what, format!("with the policies {}", listed(&login.policies))));
        }
        Ok(Evidence::new().failed(&self.what, format!("the token lacks {}", listed(&missing)), &self.next))
    }

    async fn refused(&self, _: &Vault, error: &Error) -> Evidence {
        Evidence::new().failed(&self.what, error.to_string(), &self.next)
    }
}

fn placeholder(name: &str, input: &Input) -> Value {
    match input {
        Input::Plain(value) => value.clone(),
        Input::Fetched(_) => format!("<the {name} that is there>").into(),
        Input::TokenOf(token) => format!("<the token of {}>", token.of).into(),
        Input::Secret(secret) => format!("<{secret}>").into(),
    }
}
