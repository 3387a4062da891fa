//! Whether the stored CA vouches for the API server.

use std::time::Duration;

use async_trait::async_trait;
use trustpath_core::{Context, Evidence, Probe, Result, Right};
use trustpath_platform::{
    handshake::{Handshake, handshake},
    text::clean,
};

use crate::{
    state::{self, Config, HOST},
    url,
};

/// How long the API server may take for each move of a handshake.
const LIMIT: Duration = Duration::from_secs(10);

const CA: &str = "the stored CA vouches for the API server";

/// Shakes hands with the API server as the config has it: an address read from a server gets no credentials.
#[derive(Debug)]
pub(super) struct StoredCa {
    host: String,
    ca: String,
}

impl StoredCa {
    pub(super) fn of(config: &Config) -> Self {
        Self { host: config.text(HOST).to_owned(), ca: config.text(state::CA).to_owned() }
    }

    /// Why it cannot be checked from here.
    fn unchecked(&self) -> Option<String> {
        let host = clean(&self.host);
        if self.ca.is_empty() {
            return Some("none is stored: Vault uses that of its own pod, or of its machine".to_owned());
        }
        if !self.host.starts_with("https://") {
            return Some(format!("{host} is not encrypted"));
        }
        url::is_inside(&self.host).then(|| format!("{host} is a name of the cluster's own, which is not known here"))
    }
}

#[async_trait]
impl Probe for StoredCa {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn run(&self, _: &Context) -> Result<Evidence> {
        let (evidence, host) = (Evidence::new(), clean(&self.host));
        if let Some(why) = self.unchecked() {
            return Ok(evidence.unchecked(CA, why));
        }
        Ok(match handshake(&self.host, &self.ca, LIMIT).await {
            Handshake::Trusted => evidence.passed(CA, format!("TLS handshake with {host}")),
            Handshake::Untrusted(why) => {
                let next =
                    "see whether `kubernetes_host` and `ca` are of the same cluster, and the CA was not renewed since";
                evidence.failed(CA, format!("{host}: {why}"), next)
            }
            Handshake::Unreached(why) => evidence.unchecked(CA, format!("{host} cannot be reached from here: {why}")),
        })
    }
}
