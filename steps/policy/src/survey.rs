//! What has to be known besides the policy itself.

use trustpath_core::{Around, Result};
use trustpath_platform::{RoleRef, Vault, error::Kind, policy::Meaning};

use crate::{
    config::Policy,
    error::{NoPolicy, unreadable},
    kv,
    rules::{Rules, Source},
    text::Text,
    users::{self, Users},
};

/// What has to be known besides the policy itself.
#[derive(Debug)]
pub struct Surroundings(pub(crate) Seen);

#[derive(Debug)]
pub(crate) enum Seen {
    /// To make it.
    Wish(Wish),
    /// To remove it.
    Users(Users),
}

/// What the graph file wants.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The text.
    pub(crate) text: Text,
    /// What is likely to hurt.
    pub(crate) warnings: Vec<String>,
}

impl Policy {
    pub(crate) async fn look_around(&self, own: &[&RoleRef], vault: &Vault, around: Around) -> Result<Surroundings> {
        let seen = match around {
            Around::Removing => Seen::Users(users::of(vault, self.name.as_str(), own).await?),
            Around::Making => {
                let text = self.rules.text().await?;
                let warnings = warnings(vault, &text.meaning).await?;
                Seen::Wish(Wish { text, warnings })
            }
        };
        Ok(Surroundings(seen))
    }
}

/// Asks for the mounts only when a path is in doubt. Who may not see them goes without a warning.
async fn warnings(vault: &Vault, meaning: &Meaning) -> Result<Vec<String>> {
    if !kv::is_doubtful(meaning) {
        return Ok(Vec::new());
    }
    match vault.mounts().await {
        Ok(mounts) => Ok(kv::warnings(meaning, &mounts)),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound | Kind::Rejected) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

impl Rules {
    /// The rules, read from their file where they are in one.
    pub(crate) async fn text(&self) -> Result<Text> {
        let path = match &self.0 {
            Source::Given(text) => return Ok(text.clone()),
            Source::File(path) => path,
        };
        let shown = path.display().to_string();
        let text = tokio::fs::read_to_string(path).await.map_err(|error| unreadable(&shown, error))?;
        Ok(Text::given(&text).map_err(|misread| NoPolicy::new(shown, text, misread))?)
    }
}
