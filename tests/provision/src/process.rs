use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{Error, Result};

/// How often a condition is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(20);
/// How long a server may take to end in order, before it is killed.
const END: Duration = Duration::from_secs(10);

/// A server's process. It ends when this value goes, and when this process does.
///
/// The server's stdin is a pipe that only this process can write to, so the system closes it however
/// this process ends, and the end of stdin is what each server here ends by (see [`ending_with_stdin`]).
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// Open as long as the server is to live.
    stdin: Option<ChildStdin>,
    log: PathBuf,
}

impl Process {
    /// Starts a server that ends with its stdin, logging to `log`.
    ///
    /// Of the environment it gets `PATH` and what the command sets. It is in a process group of its
    /// own: Ctrl-C in a terminal is for this process, which may still have work for the server.
    pub(crate) fn spawn(name: &'static str, command: &mut Command, log: PathBuf) -> Result<Self> {
        // Emptied first, so that `logged` sees this start alone; then appended to, because a server
        // may write to the same file by itself.
        File::create(&log).map_err(Error::file("create", &log))?;
        let output = File::options().append(true).open(&log).map_err(Error::file("open", &log))?;
        let errors = output.try_clone().map_err(Error::file("open", &log))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(Error::io(format!("start {name}")))?;
        let stdin = child.stdin.take();
        Ok(Self { name, child, stdin, log })
    }

    /// Waits until the server's own log has a line that begins with `start`, and returns the rest.
    ///
    /// The log, and not the port: a port may have been taken by another server, which answers too.
    pub(crate) async fn logged(&mut self, start: &str, deadline: Duration) -> Result<String> {
        let begin = Instant::now();
        loop {
            // Looked at before the log is read: what it printed last is then in what is read.
            let ended = self.child.try_wait().map_err(Error::io(format!("wait for {}", self.name)))?;
            let log = fs::read_to_string(&self.log).map_err(Error::file("read", &self.log))?;
            if let Some(rest) = log.lines().find_map(|line| line.strip_prefix(start)) {
                return Ok(rest.trim().to_owned());
            }
            if let Some(status) = ended {
                return Err(Error::Ended { what: self.name.to_owned(), status, output: tail(&log) });
            }
            if begin.elapsed() > deadline {
                return Err(Error::NotReady { server: self.name.to_owned(), after: deadline, output: tail(&log) });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The server's process id, which is its process group's as well.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Ends the server, in order if it can, and waits until it is gone.
    pub(crate) fn stop(&mut self) {
        drop(self.stdin.take());
        let begin = Instant::now();
        while begin.elapsed() < END {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(POLL),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // Both fail only for a process that is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A command with nothing of this process's environment but `PATH`: no `VAULT_*`, no `KUBECONFIG`.
pub(crate) fn command(program: &Path) -> Command {
    scrubbed(Command::new(program))
}

/// The same for a program that ignores its stdin: it gets SIGTERM when stdin ends.
///
/// A shell leaves a watcher behind and becomes the program. The watcher signals its process group,
/// in which there is nothing but the two: a process id could be another client's by then.
pub(crate) fn ending_with_stdin(program: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"exec 3<&0; { cat <&3 >/dev/null; kill 0; } & exec "$@" </dev/null 3<&-"#, "sh"]).arg(program);
    scrubbed(shell)
}

fn scrubbed(mut command: Command) -> Command {
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// How a command that was run to its end did: what it printed on stdout, or why not.
pub(crate) fn printed(what: &str, status: ExitStatus, stdout: Vec<u8>, stderr: &[u8]) -> Result<Vec<u8>> {
    if status.success() {
        return Ok(stdout);
    }
    Err(Error::Ended { what: what.to_owned(), status, output: tail(&String::from_utf8_lossy(stderr)) })
}

/// The last lines of a log: why something ended is at its end.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> (tempfile::TempDir, Process) {
        let dir = tempfile::TempDir::new().unwrap();
        let mut command = command(Path::new("sh"));
        command.args(["-c", script]);
        let process = Process::spawn("a script", &mut command, dir.path().join("log")).unwrap();
        (dir, process)
    }

    #[tokio::test]
    async fn the_line_waited_for_is_found_even_if_it_is_the_last() {
        let (_dir, mut process) = shell("echo starting; echo ready http://here");
        assert_eq!(process.logged("ready ", SOON).await.unwrap(), "http://here");
    }

    #[tokio::test]
    async fn an_early_end_says_how_and_why() {
        let (_dir, mut process) = shell("echo the port is taken >&2; exit 3");
        let error = process.logged("ready ", SOON).await.unwrap_err();
        assert!(
            matches!(&error, Error::Ended { status, output, .. }
            if status.code() == Some(3) && output == "the port is taken"),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn a_silent_server_is_given_up_on() {
        let (_dir, mut process) = shell("echo thinking; cat");
        let error = process.logged("ready ", Duration::from_millis(100)).await.unwrap_err();
        assert!(matches!(&error, Error::NotReady { output, .. } if output == "thinking"), "{error:?}");
    }

    #[tokio::test]
    async fn the_environment_of_the_caller_stays_out() {
        let (_dir, mut process) = shell("env | cut -d= -f1 | grep -vxE 'PATH|PWD|SHLVL|_|OLDPWD'; echo done");
        process.logged("done", SOON).await.unwrap();
        assert_eq!(fs::read_to_string(process.log()).unwrap(), "done\n");
    }

    #[test]
    fn a_tail_is_short_and_has_no_empty_lines() {
        let log: String = (0..100).map(|line| format!("{line}\n\n")).collect();
        assert_eq!(tail(&log).lines().count(), 20);
        assert!(tail(&log).ends_with("\n99"));
        assert_eq!(tail(""), "");
    }
}
