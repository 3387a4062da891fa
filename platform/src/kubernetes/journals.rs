//! The journals of a cluster's runs, in a Secret: for pods and runners whose disk dies with them.

mod kept;

use std::path::PathBuf;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Secret;
use tokio::sync::Mutex;
use trustpath_core::{Class, Classified as _, Problem, Result, Right, journal::Mirror};

use super::{Address, Cluster, call::KubernetesCall, rights::on};
use crate::error::{Error, ErrorKind};

use kept::{ENDING, Kept, LIMIT, NAME, with};

/// How often a write is tried that another client's came before. Under the lock of the cluster that is an earlier attempt
/// of our own, or somebody who changes something else in the Secret.
const ATTEMPTS: usize = 5;

/// The Secret in which a cluster keeps the journals of its runs.
///
/// A write is bound to the version of the Secret that was read, so what another client changes meanwhile is never written
/// over: the Secret is read again, and what is ours put beside it. What it has of a run has to be the beginning of what
/// that run writes; anything else means that another client has continued the run. Like every other write it stands
/// behind the lock of the run.
pub struct JournalSecret {
    cluster: Cluster,
    at: Address,
    namespace: String,
    /// As the server gave it last; nothing where that is not known.
    known: Mutex<Option<Secret>>,
}

impl JournalSecret {
    /// The one in a namespace: that of the lock.
    pub fn new(cluster: &Cluster, namespace: &str) -> Self {
        let at = Address::namespaced::<Secret>(namespace, NAME);
        Self { cluster: cluster.clone(), at, namespace: namespace.to_owned(), known: Mutex::default() }
    }

    /// What keeping journals in it needs. `create` cannot be bound to a name by the API server's RBAC.
    pub fn rights(namespace: &str) -> Vec<Right> {
        let secrets = on("", "secrets").within(namespace);
        [secrets.may(&["create"]), secrets.named(NAME).may(&["get", "update"])].concat()
    }

    /// Namespace and name, as in `default/trustpath-journals`.
    pub fn place(&self) -> String {
        format!("{}/{NAME}", self.namespace)
    }

    /// Where the journal of a run lies in it, for messages.
    pub fn place_of(&self, run: &str) -> PathBuf {
        format!("{run}{ENDING} in the Secret {}", self.place()).into()
    }

    /// The runs that it has journals of, and what it has of each.
    pub async fn read(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let found = self.cluster.get(&self.at).await?;
        let journals = kept::journals(found.as_ref());
        *self.known.lock().await = found;
        Ok(journals)
    }

    /// Writes a Secret that is new, or in the version that it says; whether it was written.
    async fn write(&self, secret: &Secret, known: &mut Option<Secret>) -> Result<bool, Error> {
        let call = KubernetesCall::put(&self.at, secret, known.take().is_some())?;
        match self.cluster.ask(&call).await {
            Ok(written) => {
                *known = Some(written);
                Ok(true)
            }
            // Another client was first; one that is to be replaced may be gone.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn unwritten(&self, run: &str, error: Error) -> Problem {
        self.problem(error.class(), "trustpath::journal::unmirrored", run, "cannot be written to")
            .help(
                "nothing is sent that is not there as well: fix what is said above; \
                 `trustpath permissions --journal cluster` prints the rights that it needs",
            )
            .because(error)
    }

    fn changed(&self, run: &str) -> Problem {
        let what = "does not go on from what another client has written meanwhile to";
        self.problem(Class::Conflict, "trustpath::journal::mirror_changed", run, what)
            .help("another client has continued this run: `trustpath runs --journal cluster` says what to do")
    }

    fn full(&self, run: &str, size: usize) -> Problem {
        let what = format!("does not fit, with {size} bytes of the {LIMIT} that there is room for, into");
        self.problem(Class::Refused, "trustpath::journal::mirror_full", run, &what)
            .help("bring the unfinished runs to their end: they stay in it until then; `trustpath runs --journal cluster` lists them")
    }

    fn problem(&self, class: Class, code: &'static str, run: &str, what: &str) -> Problem {
        Problem::new(class, code, format!("the journal of the run {run} {what} the Secret {}", self.place()))
    }
}

impl std::fmt::Debug for JournalSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalSecret").field("place", &self.place()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Mirror for JournalSecret {
    async fn keep(&self, run: &str, lines: &[u8]) -> Result<()> {
        let key = format!("{run}{ENDING}");
        let mut known = self.known.lock().await;
        for _ in 0..ATTEMPTS {
            if known.is_none() {
                *known = self.cluster.get(&self.at).await.map_err(|error| self.unwritten(run, error))?;
            }
            let secret = match with(known.as_ref(), &self.namespace, &key, lines) {
                Kept::Already => return Ok(()),
                Kept::As(secret) => secret,
                Kept::TooMuch(size) => return Err(self.full(run, size).into()),
                Kept::Changed => {
                    *known = None;
                    return Err(self.changed(run).into());
                }
            };
            if self.write(&secret, &mut known).await.map_err(|error| self.unwritten(run, error))? {
                return Ok(());
            }
        }
        let what = "could not be written, because another client keeps changing it, to";
        Err(self
            .problem(Class::Conflict, "trustpath::journal::unmirrored", run, what)
            .help("see who else writes to that Secret: its managedFields name them")
            .into())
    }
}
