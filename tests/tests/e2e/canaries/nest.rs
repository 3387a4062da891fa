//! A run with canaries in every place where it holds a secret, and all that it says.

use std::{path::PathBuf, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use trustpath_tests::{
    canary::Canaries,
    pair::Pair,
    program::{Program, Ran, standard_file},
    proxy::Seen,
};

/// What the harness itself writes secrets into, below the home of the program: the one place that is not searched.
const GIVEN: &str = "given";

pub(super) struct Nest {
    pub(super) pair: Arc<Pair>,
    pub(super) program: Program,
    pub(super) canaries: Canaries,
    /// The Vault token, which is this nest's own.
    pub(super) token: SecretString,
    accessor: String,
    /// Everything that was said, by whom.
    said: Vec<(String, Vec<u8>)>,
    /// Everything that was asked of the servers.
    pub(super) seen: Vec<Seen>,
}

impl Nest {
    /// With a token of its own; all that could be told is told.
    pub(super) async fn new(pair: Arc<Pair>) -> Self {
        let made = pair.vault.post("auth/token/create", &json!({"policies": ["root"], "ttl": "1h"})).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let token = SecretString::from(text(&made["auth"]["client_token"]));
        let program = Program::on(&pair)
            .with("VAULT_TOKEN", token.expose_secret())
            .with("RUST_LOG", "trace")
            .with("RUST_BACKTRACE", "full");
        let mut nest = Self {
            program,
            canaries: Canaries::default(),
            token,
            accessor: text(&made["auth"]["accessor"]),
            said: Vec::new(),
            seen: Vec::new(),
            pair,
        };
        for directory in [GIVEN, "tmp"] {
            std::fs::create_dir(nest.program.home().join(directory)).expect("a directory of its own");
        }
        let temporary = nest.program.home().join("tmp").display().to_string();
        nest.with("TMPDIR", &temporary);
        nest.canaries.watch("the Vault token", nest.token.expose_secret());
        nest.canaries.watch("the token of the cluster", nest.pair.admin_token().expose_secret());
        let jwt = std::fs::read_to_string(nest.pair.reviewer_jwt()).expect("the reviewer's JWT");
        nest.canaries.watch("the reviewer's JWT", &jwt);
        nest.canaries.watch("a value in KV", "hello from the sandbox");
        nest.pair.forget();
        nest
    }

    /// With a variable.
    pub(super) fn with(&mut self, name: &str, value: &str) {
        let program = std::mem::replace(&mut self.program, Program::bare());
        self.program = program.with(name, value);
    }

    /// Without a variable.
    pub(super) fn without(&mut self, name: &str) {
        let program = std::mem::replace(&mut self.program, Program::bare());
        self.program = program.without(name);
    }

    /// With these files after the standard one and the pair's.
    pub(super) fn with_overlay(&mut self, text: &str) {
        let overlay = self.program.file("overlay.toml", text);
        let files = [standard_file(), self.pair.overlay_file(), overlay];
        self.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"));
    }

    /// Where a file lies that may hold secrets.
    pub(super) fn given(&self, name: &str) -> PathBuf {
        self.program.home().join(GIVEN).join(name)
    }

    /// Writes a file that may hold secrets.
    pub(super) fn give(&self, name: &str, text: &str) -> PathBuf {
        self.program.file(&format!("{GIVEN}/{name}"), text)
    }

    /// Runs the program with the highest level of traces, and keeps what it says.
    pub(super) async fn run(&mut self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.program.fails(code, &[arguments, &["-v"]].concat()).await;
        self.keep(&arguments.join(" "), &ran);
        ran
    }

    /// Keeps what a run said.
    pub(super) fn keep(&mut self, who: &str, ran: &Ran) {
        self.said.push((format!("the stdout of {who}"), ran.stdout.clone().into_bytes()));
        self.said.push((format!("the stderr of {who}"), ran.stderr.clone().into_bytes()));
    }

    /// Keeps other words that must hold no secret.
    pub(super) fn also(&mut self, what: &str, bytes: impl Into<Vec<u8>>) {
        self.said.push((what.to_owned(), bytes.into()));
    }

    /// Watches what was made on the way, and notes what the servers have seen, before they forget it.
    pub(super) fn look(&mut self) {
        let seen = [self.pair.vault_proxy.seen(), self.pair.kubernetes_proxy.seen()].concat();
        for (number, seen) in seen.iter().enumerate() {
            let answer: Value = serde_json::from_slice(&seen.answer.0).unwrap_or_default();
            let minted = answer["status"]["token"].as_str().filter(|_| seen.path.ends_with("/token"));
            let issued = answer["auth"]["client_token"].as_str();
            for (what, secret) in [("a minted JWT", minted), ("the token of a login", issued)] {
                if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
                    self.canaries.watch(&format!("{what} ({number})"), secret);
                }
            }
        }
        self.canaries.saw(&seen);
        self.seen.extend(seen);
        self.pair.forget();
    }

    /// Looks for every canary in all that was said and written, proves that each was held, and takes the token back.
    ///
    /// `but` are those that the program must never have had.
    pub(super) async fn search(mut self, but: &[&str]) {
        self.look();
        assert_eq!(self.canaries.unproven(), but, "nothing shows that the program had them");
        assert!(self.said.len() > 1, "nothing was said");
        for (who, bytes) in &self.said {
            self.canaries.assert_absent(who, bytes);
        }
        let given = self.program.home().join(GIVEN);
        self.canaries.assert_absent_below(self.program.home(), &[given]);
        self.pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": self.accessor})).await;
    }

    /// How many files lie in the state directory: where there are none, nothing was looked for.
    pub(super) fn state_files(&self) -> usize {
        self.canaries.assert_absent_below(&self.program.home().join("state"), &[])
    }
}
