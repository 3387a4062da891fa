//! Proving: it is there, it is as the graph file says, and tokens can be made for it.

use serde_json::Value;
use trustpath_core::{At, Evidence, Result};
use trustpath_platform::{
    Cluster,
    error::Kind,
    kubernetes::owned::{Fields, Owned},
    text::{clean, listed},
};

use crate::{ServiceAccount, State};

/// The shortest life that the API server gives a token, in seconds.
const TOKEN_SECONDS: i64 = 600;

impl ServiceAccount {
    pub(crate) async fn evidence(&self, at: At<'_, ()>, state: &State) -> Result<Evidence> {
        let exists = "ServiceAccount exists";
        let Some(account) = &state.account else {
            let why = format!("there is no ServiceAccount {}", self.address());
            return Ok(Evidence::new().failed(exists, why, format!("trustpath apply {}", at.cx.step())));
        };
        let evidence = Evidence::new().passed(exists, self.address().to_string());
        let own = fields(at.cx.step(), "labels and annotations", account, &self.body());
        let home = state.namespace.as_ref().filter(|_| self.says_how_the_namespace_is());
        let what = "labels and annotations of the namespace";
        let home = home.map(|home| fields(at.cx.step(), what, home, &self.namespace_body())).unwrap_or_default();
        let own = if self.labels.is_empty() && self.annotations.is_empty() { Evidence::new() } else { own };
        let evidence = evidence.and(own).and(home);
        Ok(evidence.and(self.token(&*at.cx.handle::<Cluster>().await?).await))
    }

    /// The token is thrown away: it dies by itself.
    async fn token(&self, cluster: &Cluster) -> Evidence {
        let what = "TokenRequest";
        match cluster.request_token(&self.address(), &[], TOKEN_SECONDS).await {
            Ok(token) => Evidence::new().passed(what, format!("a token until {}, thrown away", token.expires)),
            Err(error) if matches!(error.kind(), Kind::Denied) => {
                Evidence::new().unchecked(what, format!("your own user may not make tokens for it: {error}"))
            }
            Err(error) => Evidence::new().failed(
                what,
                error.to_string(),
                format!("kubectl create token {} -n {}", self.name, self.namespace),
            ),
        }
    }
}

/// Whether an object is as the graph file says.
fn fields(step: &str, what: &str, object: &Owned, body: &Fields) -> Evidence {
    let unlike = object.unlike(body);
    if unlike.is_empty() {
        return Evidence::new().passed(what, "as the graph file says");
    }
    let each = |(path, value): &(String, Option<&Value>)| match value {
        Some(value) => format!("{path} is {}", clean(&value.to_string())),
        None => format!("{path} is missing"),
    };
    let why = format!("not as the graph file says: {}", listed(&unlike.iter().map(each).collect::<Vec<_>>()));
    Evidence::new().failed(what, why, format!("trustpath apply {step}"))
}
