//! The graphs that are tried end to end, each with the program that knows its kinds, and with what others have at its places.

use std::path::{Path, PathBuf};

use crate::{
    pair::Pair,
    program::{Program, build, standard_file, trustpath},
    somebody,
};

/// A graph of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// The standard one.
    Standard,
    /// A machine outside of the cluster, by kinds of one's own.
    AppRole,
    /// The operator with its own token, by kinds of one's own.
    Jwt,
}

impl Chain {
    /// Its steps, needed ones first.
    pub fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Standard => &["service-account", "kubernetes-auth", "policy", "role", "secret-store"],
            Self::AppRole => &["policy", "approle"],
            Self::Jwt => &["service-account", "policy", "jwt", "jwt-role", "secret-store"],
        }
    }

    /// Whether it has to do with a cluster.
    pub fn is_of_a_cluster(self) -> bool {
        self != Self::AppRole
    }

    /// Whether a request is about what this graph alone has: all else is as in the standard one.
    pub fn is_own(self, what: &str) -> bool {
        match self {
            Self::Standard => true,
            Self::AppRole => what.contains("/approle"),
            Self::Jwt => what.contains("/jwt"),
        }
    }

    /// Whether others' config has a reviewer there.
    pub fn has_reviewer(self) -> bool {
        self == Self::Standard
    }

    /// The program on a pair, with this graph.
    pub fn program(self, pair: &Pair) -> Program {
        let binary = match self {
            Self::Standard => trustpath().to_owned(),
            Self::AppRole | Self::Jwt => build("trustpath-own-step", "trustpath-own-step"),
        };
        let program = Program::of(binary).connected(pair);
        let files = self.files(pair, &program);
        program.with_files(&files)
    }

    /// Its graph files.
    pub fn files(self, pair: &Pair, program: &Program) -> Vec<PathBuf> {
        let own = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("own-step").join(name);
        match self {
            Self::Standard => vec![standard_file(), pair.overlay_file()],
            Self::AppRole => vec![own("approle.toml")],
            Self::Jwt => {
                // What the file does not know: with which keys the cluster signs.
                let keys = format!("[steps.jwt.with]\nkeys = [{:?}]\n", pair.token_key());
                vec![own("jwt.toml"), program.file("keys.toml", &keys)]
            }
        }
    }

    /// Everything of it is there, made by another client, with other values.
    pub async fn made_by_somebody(self, pair: &Pair) {
        if self.is_of_a_cluster() {
            somebody::account(pair).await;
            somebody::policy(pair, "apps-read").await;
        }
        match self {
            Self::Standard => {
                let (host, ca) = pair.kubernetes_direct();
                somebody::auth(pair, host, ca).await;
                somebody::role(pair).await;
                somebody::store(pair).await;
            }
            Self::AppRole => {
                somebody::policy(pair, "ci-read").await;
                somebody::app_role(pair).await;
            }
            Self::Jwt => {
                somebody::jwt(pair).await;
                somebody::jwt_role(pair).await;
                somebody::jwt_store(pair).await;
            }
        }
    }
}
