use std::{path::Path, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::{
    Result, binary,
    process::{self, Process},
    state::{self, temporary_directory},
};

/// It takes some 100 ms where nothing else runs.
const READY: Duration = Duration::from_secs(60);

/// A real HashiCorp Vault, initialised and unsealed, with everything in memory.
///
/// It has the auth methods `kubernetes`, `approle` and `jwt`, the secrets engine `kv`, the audit device
/// `file`, and `sys/raw`. Nothing is mounted but what every Vault has.
pub struct HashiCorpVault {
    process: Process,
    address: String,
    root_token: SecretString,
    // Last: it is removed after the process has ended.
    _dir: TempDir,
}

impl HashiCorpVault {
    /// Builds it if need be, and starts it on a free port. Ready when this returns.
    ///
    /// # Errors
    /// There is no binary and none can be built, or it does not get ready.
    pub async fn start() -> Result<Self> {
        let program = state::in_background(|| binary::hashicorp_vault(&|_| ())).await?;
        let dir = temporary_directory("vault")?;
        let root_token = state::random_token();
        let mut command = process::command(&program);
        command.env("TRUSTPATH_ROOT_TOKEN", root_token.expose_secret());
        let mut process = Process::spawn("vault", &mut command, dir.path().join("log"))?;
        let address = process.logged("ready ", READY).await?;
        Ok(Self { process, address, root_token, _dir: dir })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// May do everything.
    #[must_use]
    pub fn root_token(&self) -> &SecretString {
        &self.root_token
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the server printed; it goes with this value.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.process.log()
    }
}
