//! Sends the one request between two waypoints.

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use trustpath_core::{At, Class, Problem, Result};
use trustpath_platform::{Vault, text::listed};

use crate::{
    Taken,
    config::KubernetesAuth,
    observe,
    source::{self, Jwt, JwtSource},
    state::{Config, Digest, Mount, MountMark, Reviewer, State},
    way::{self, Request},
};

impl KubernetesAuth {
    pub(crate) async fn send(&self, at: At<'_, Taken>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        let vault = at.cx.handle::<Vault>().await?;
        match way::request(now, to) {
            Request::Nothing => Ok(()),
            Request::Enable(to) => self.enable(&vault, to).await,
            Request::Disable => self.disable(&vault).await,
            Request::Tune(body) => self.tune(&vault, &body).await,
            Request::Config(to, config) => match self.jwt(at, &config.reviewer).await {
                Ok(jwt) => self.configure(&vault, config, jwt.as_ref()).await,
                Err(failure) => match self.made_anew(at, now).await? {
                    Some(jwt) => self.configure_anew(&vault, to, config, &jwt).await,
                    None => Err(failure),
                },
            },
        }
    }

    async fn enable(&self, vault: &Vault, to: &State) -> Result<()> {
        match vault.write_once(&Vault::path(["sys/auth", self.mount.as_str()]), &way::enabling(to)).await {
            Ok(_) => Ok(()),
            // In use: by the very mount that was to be made, where this is done for the second time.
            Err(error) if error.status() == Some(400) => {
                let there = self.mount(vault).await?.map(|raw| observe::state(raw, None, None));
                if there.is_some_and(|there| there.mount == to.mount) { Ok(()) } else { Err(error.into()) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the mount, unless there are roles on it: whose they are, this step does not know.
    async fn disable(&self, vault: &Vault) -> Result<()> {
        let roles = vault.list(&self.path("role")).await?;
        if !roles.is_empty() {
            return Err(in_use(self.mount.as_str(), &roles).into());
        }
        vault.delete(&Vault::path(["sys/auth", self.mount.as_str()])).await?;
        Ok(())
    }

    async fn tune(&self, vault: &Vault, body: &Map<String, Value>) -> Result<()> {
        vault.write(&self.tuned(), body).await?;
        Ok(())
    }

    async fn configure(&self, vault: &Vault, config: &Config, jwt: Option<&Jwt>) -> Result<()> {
        let mut body = config.body();
        if let Some(jwt) = jwt {
            body.insert("token_reviewer_jwt".to_owned(), Value::from(jwt.token.expose_secret()));
        }
        vault.write_settling(&self.path("config"), &body).await?;
        Ok(())
    }

    /// The JWT of the step before this one, for a config that was never written.
    ///
    /// When both steps were removed and are brought back, the step before this one makes a new token: the one that was
    /// there is gone for good, and the new one takes its place.
    async fn made_anew(&self, at: At<'_, Taken>, now: Option<&State>) -> Result<Option<Jwt>> {
        match self.source(at.facts) {
            Some(source) if source.is_made() && now.is_some_and(|now| now.config.is_none()) => {
                source::read(at.cx, &source).await
            }
            _ => Ok(None),
        }
    }

    async fn configure_anew(&self, vault: &Vault, to: &State, config: &Config, jwt: &Jwt) -> Result<()> {
        self.configure(vault, config, Some(jwt)).await?;
        let mark = to.mount.mark.clone().map(|mark| MountMark { reviewer: Some(jwt.digest.clone()), ..mark });
        let config = Config { reviewer: Reviewer::Jwt(jwt.digest.clone()), ..config.clone() };
        let to = State { mount: Mount { mark, ..to.mount.clone() }, config: Some(config), ..to.clone() };
        self.tune(vault, &way::tuning(&to, &to)).await
    }

    /// The JWT that a config is to hold, from whichever source has it.
    async fn jwt(&self, at: At<'_, Taken>, reviewer: &Reviewer) -> Result<Option<Jwt>> {
        let digest = match reviewer {
            Reviewer::None => return Ok(None),
            Reviewer::Jwt(digest) => digest,
            Reviewer::Unknown | Reviewer::NotYet => return Err(unknown(self.mount.as_str()).into()),
        };
        let previous = self.previous_reviewer.as_ref().map(JwtSource::from);
        let mut failed = None;
        for source in self.source(at.facts).into_iter().chain(previous) {
            match source::read(at.cx, &source).await {
                Ok(Some(jwt)) if jwt.digest == *digest => return Ok(Some(jwt)),
                Ok(_) => {}
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        Err(failed.unwrap_or_else(|| changed(self.mount.as_str(), digest).into()))
    }
}

fn in_use(mount: &str, roles: &[String]) -> Problem {
    let message = format!("the auth mount `{mount}` has the roles {}, and was left as it is", listed(roles));
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::in_use", message)
        .help(format!("remove them if nobody needs them: vault delete auth/{mount}/role/NAME"))
}

fn changed(mount: &str, digest: &Digest) -> Problem {
    let message = format!("no source that is given holds the reviewer JWT {digest}, which `{mount}` should have");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_changed", message).help(
        "it was changed in the meantime: look at the plan again; on the way back, put the former JWT into its source",
    )
}

fn unknown(mount: &str) -> Problem {
    let message = format!("the reviewer JWT that `{mount}` had is not known, and Vault does not give it back");
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::reviewer_unknown", message)
        .help("write the config by hand, with the JWT that its owner has; nothing of it was changed now")
}
