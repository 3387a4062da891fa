//! A real OpenBao, started from a configuration file as in production: it can be sealed, be
//! restarted with its data, and speak TLS, none of which dev mode does.

mod certificates;
mod client;
mod config;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use tempfile::TempDir;

pub use self::certificates::Tls;
use self::{certificates::Certificates, client::Client};
use crate::{
    Error, Result, binary,
    process::{self, Process},
    state::{self, temporary_directory},
};

/// It takes less than 1 s where nothing else runs.
const READY: Duration = Duration::from_secs(60);
/// How many free ports are tried: between picking one and binding it, another process can take it.
const PORTS: usize = 5;

/// How an [`OpenBao`] is to be. By default: in memory, unsealed, without TLS.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// TLS, or plain HTTP.
    pub tls: Option<Tls>,
    /// Keeps its data over [`OpenBao::restart`]. Takes a second longer to start.
    pub on_disk: bool,
    /// Leaves it initialised and sealed.
    pub sealed: bool,
}

/// A running OpenBao of its own. Nothing is mounted but what every OpenBao has, and `sys/raw` is on.
pub struct OpenBao {
    process: Process,
    program: PathBuf,
    port: u16,
    client: Client,
    root_token: SecretString,
    unseal_key: SecretString,
    // Last: it is removed after the process has ended.
    dir: TempDir,
}

impl OpenBao {
    /// Installs it if need be, and starts it on a free port, in memory, initialised and unsealed.
    ///
    /// # Errors
    /// There is no binary and none can be had, or it does not get ready.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Installs it if need be, and starts it on a free port as the options say.
    ///
    /// # Errors
    /// As for [`OpenBao::start`]; a certificate cannot be made for a name of `options.tls`.
    pub async fn start_with(options: Options) -> Result<Self> {
        let program = state::in_background(|| binary::openbao(&|_| ())).await?;
        let dir = temporary_directory("openbao")?;
        let certificates = options.tls.as_ref().map(|tls| Certificates::write(dir.path(), tls)).transpose()?;
        let (process, port) = start_on(&program, dir.path(), certificates.as_ref(), options.on_disk, free_port).await?;
        let client = Client::new(program.clone(), dir.path(), port, certificates);
        let (unseal_key, root_token) = client.initialise().await?;
        let server = Self { process, program, port, client, root_token, unseal_key, dir };
        if !options.sealed {
            server.unseal().await?;
        }
        Ok(server)
    }

    /// Unseals it, and waits until it answers requests. Does no harm where it is unsealed already.
    ///
    /// # Errors
    /// It refuses, or does not become active.
    pub async fn unseal(&self) -> Result<()> {
        self.client.unseal(&self.unseal_key).await?;
        self.client.wait_active(&self.root_token, READY).await
    }

    /// Ends the process and starts it again at the same address.
    ///
    /// An OpenBao [on disk](Options::on_disk) comes back sealed and with its data; one in memory
    /// comes back empty and not initialised.
    ///
    /// # Errors
    /// It does not get ready, for one because another process has taken its port in between.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.stop();
        self.process = spawn(&self.program, self.dir.path()).await?;
        Ok(())
    }

    /// `http://127.0.0.1:PORT`, or `https` with TLS.
    #[must_use]
    pub fn address(&self) -> &str {
        self.client.address()
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// May do everything.
    #[must_use]
    pub fn root_token(&self) -> &SecretString {
        &self.root_token
    }

    /// The PEM file of the CA that signed the server's certificate, with TLS.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        self.client.certificates().map(|certificates| certificates.ca.as_path())
    }

    /// The PEM files of a client's certificate and key that it lets in, with TLS.
    #[must_use]
    pub fn client_identity(&self) -> Option<(&Path, &Path)> {
        let certificates = self.client.certificates()?;
        Some((&certificates.client.certificate, &certificates.client.key))
    }

    /// The server's process id. It changes with [`OpenBao::restart`].
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

async fn start_on(
    program: &Path,
    dir: &Path,
    certificates: Option<&Certificates>,
    on_disk: bool,
    pick: impl Fn() -> Result<u16>,
) -> Result<(Process, u16)> {
    let mut tries = 1;
    loop {
        let port = pick()?;
        config::write(dir, port, certificates, on_disk)?;
        match spawn(program, dir).await {
            // Whatever the reason, it is rarely the same five times unless it is a real one.
            Err(Error::Ended { .. }) if tries < PORTS => tries += 1,
            started => return Ok((started?, port)),
        }
    }
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("find a free port"))
}

async fn spawn(program: &Path, dir: &Path) -> Result<Process> {
    let mut command = process::ending_with_stdin(program);
    command.arg("server").arg("-config").arg(config::path(dir)).env("HOME", dir);
    let mut process = Process::spawn("OpenBao", &mut command, dir.join("log"))?;
    process.logged("==> OpenBao server started!", READY).await?;
    Ok(process)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_port_that_was_taken_is_given_up_for_another() {
        let program = state::in_background(|| binary::openbao(&|_| ())).await.unwrap();
        let dir = temporary_directory("openbao").unwrap();
        let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let taken = other.local_addr().unwrap().port();
        let picked = Cell::new(0);
        let pick = || match picked.replace(picked.get() + 1) {
            0 => Ok(taken),
            _ => free_port(),
        };
        let (_process, port) = start_on(&program, dir.path(), None, false, pick).await.unwrap();
        assert_ne!(port, taken);
    }

    #[tokio::test]
    async fn what_fails_on_every_port_is_an_error_that_says_why() {
        let program = state::in_background(|| binary::openbao(&|_| ())).await.unwrap();
        let dir = temporary_directory("openbao").unwrap();
        let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let taken = other.local_addr().unwrap().port();
        let started = start_on(&program, dir.path(), None, false, || Ok(taken)).await;
        let error = started.err().expect("the port is taken");
        assert!(matches!(&error, Error::Ended { output, .. } if output.contains("address already in use")), "{error}");
    }
}
