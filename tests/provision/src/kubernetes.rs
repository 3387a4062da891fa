use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Error, Result, binary,
    process::{self, Process},
    state::{self, temporary_directory},
};

/// It takes some 5 s where nothing else runs.
const READY: Duration = Duration::from_secs(180);

/// A real kube-apiserver with an etcd of its own, and the controllers that fill token Secrets, remove
/// namespaces, and give each new one its `default` ServiceAccount and `kube-root-ca.crt`.
///
/// No kubelet, no scheduler: a pod can be created, and stays pending.
pub struct KubeApiserver {
    process: Process,
    kubeconfig: PathBuf,
    address: String,
    storage: String,
    // Last: it is removed after the process has ended.
    _dir: TempDir,
}

impl KubeApiserver {
    /// Builds it if need be, and starts it on a free port with an empty cluster. Ready when this returns.
    ///
    /// # Errors
    /// There is no binary and none can be built, or it does not get ready.
    pub async fn start() -> Result<Self> {
        let program = state::in_background(|| binary::kube_apiserver(&|_| ())).await?;
        let dir = temporary_directory("kube-apiserver")?;
        let mut command = process::command(&program);
        command.arg("--dir").arg(dir.path());
        // The file that it logs to by itself as well.
        let log = dir.path().join("log");
        let mut process = Process::spawn("kube-apiserver", &mut command, log)?;
        let address = process.logged("ready ", READY).await?;
        let url = dir.path().join("storage-url");
        let storage = std::fs::read_to_string(&url).map_err(Error::file("read", &url))?;
        Ok(Self { process, kubeconfig: dir.path().join("kubeconfig"), address, storage, _dir: dir })
    }

    /// Where all that its etcd holds can be read, as one JSON object from path to value: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn storage(&self) -> &str {
        &self.storage
    }

    /// A kubeconfig of a member of `system:masters`; it needs no other file.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The key that signs ServiceAccount tokens: RSA, of 2048 bits, in PEM (PKCS #1).
    #[must_use]
    pub fn token_key(&self) -> PathBuf {
        self.kubeconfig.with_file_name("service-account.key")
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
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
