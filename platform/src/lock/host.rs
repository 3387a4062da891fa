//! This process, and whether another one of this machine is still there.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

/// A process, told from every other one of every machine. Whatever the system does not say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The host's name.
    pub host: String,
    /// Which start of which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Pids mean something within their namespace alone: containers of one machine have one each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_namespace: Option<String>,
    /// Its number.
    pub pid: u32,
    /// When it was started, in the kernel's ticks: numbers are given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
}

/// What `/proc` says about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    state: char,
    started: u64,
}

impl Process {
    /// This process; `host` is its host's name where the kernel does not say.
    pub fn this(host: Option<&str>) -> Self {
        let proc = Path::new("/proc");
        let host = read(&proc.join("sys/kernel/hostname")).or_else(|| host.map(str::to_owned));
        let pid = std::process::id();
        Self {
            host: host.unwrap_or_else(|| "a host without a name".to_owned()),
            boot: read(&proc.join("sys/kernel/random/boot_id")),
            pid_namespace: fs::read_link(proc.join("self/ns/pid")).ok().map(|link| link.display().to_string()),
            pid,
            started: stat(pid).map(|stat| stat.started),
        }
    }

    /// Whether it ran on this machine and has certainly ended. What cannot be told counts as not ended.
    pub(crate) fn is_gone(&self, here: &Self) -> bool {
        self.shares_pids_with(here) && self.ended(stat(self.pid))
    }

    fn shares_pids_with(&self, here: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        same(&self.boot, &here.boot) && same(&self.pid_namespace, &here.pid_namespace) && self.host == here.host
    }

    /// Pure: `found` is what has its number now. A zombie writes nothing any more.
    fn ended(&self, found: Option<Stat>) -> bool {
        match found {
            None => true,
            Some(stat) => matches!(stat.state, 'Z' | 'X') || self.started.is_some_and(|then| then != stat.started),
        }
    }
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `proc_pid_stat(5)`: the name, in parentheses, may hold anything, parentheses too; the state is the third field, the
/// start time the twenty-second.
fn parse(stat: &str) -> Option<Stat> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some(Stat { state, started: fields.nth(18)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(started: Option<u64>) -> Process {
        let some = |text: &str| Some(text.to_owned());
        Process { host: "a".into(), boot: some("b"), pid_namespace: some("pid:[1]"), pid: 7, started }
    }

    #[test]
    fn this_process_is_here() {
        let this = Process::this(Some("somewhere"));
        assert!(!this.host.is_empty());
        assert!(!this.is_gone(&this));
        if cfg!(target_os = "linux") {
            assert!(this.boot.is_some() && this.pid_namespace.is_some() && this.started.is_some(), "{this:?}");
            assert!(Process { started: this.started.map(|ticks| ticks + 1), ..this.clone() }.is_gone(&this));
        }
    }

    #[test]
    fn only_what_is_certain_counts_as_ended() {
        let there = |state, started| Some(Stat { state, started });
        assert!(process(Some(5)).ended(None));
        assert!(process(Some(5)).ended(there('R', 6)), "the number was given again");
        assert!(process(Some(5)).ended(there('Z', 5)));
        assert!(!process(Some(5)).ended(there('T', 5)), "a stopped one may be woken");
        assert!(!process(None).ended(there('S', 6)));
    }

    #[test]
    fn other_machines_and_containers_are_not_judged() {
        let here = process(Some(5));
        let other = |text: &str| Some(text.to_owned());
        assert!(here.shares_pids_with(&here));
        assert!(!Process { host: "x".into(), ..here.clone() }.shares_pids_with(&here));
        assert!(!Process { boot: other("x"), ..here.clone() }.shares_pids_with(&here));
        assert!(!Process { pid_namespace: other("x"), ..here.clone() }.shares_pids_with(&here));
        let unsaid = Process { boot: None, ..here.clone() };
        assert!(!unsaid.shares_pids_with(&unsaid));
    }

    #[test]
    fn a_name_may_hold_anything() {
        let line = format!("7 (a) b (c) S {} 4711 0 0\n", vec!["0"; 18].join(" "));
        assert_eq!(parse(&line), Some(Stat { state: 'S', started: 4711 }));
        assert_eq!(parse("7 (a"), None);
    }
}
