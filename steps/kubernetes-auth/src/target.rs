//! What the config should hold: what the configuration says, and `auto` decided. Pure.

use serde_json::json;
use trustpath_core::{Class, Note, Problem};
use trustpath_platform::vault::{Family, backend::SecretRef};

use crate::{
    config::{Ca, Host, KubernetesAuth, ReviewerChoice as Choice},
    kubeconfig_server,
    making::Making,
    pem,
    place::VaultLocation,
    state::{CA, Config, HOST, Reviewer},
};

/// Where every pod finds the API server of its own cluster.
const INSIDE: &str = "https://kubernetes.default.svc";

impl KubernetesAuth {
    /// What the config should hold, given the one that is there, with what the user should know of it; of one that is kept all
    /// stays of which the file says nothing.
    ///
    /// # Errors
    /// When something has to be chosen, cannot be used, or contradicts something else.
    pub(crate) fn target(
        &self,
        around: &Making,
        now: Option<&Config>,
        kept: Option<&Config>,
    ) -> Result<(Config, Vec<Note>), Problem> {
        let mut notes = Vec::new();
        self.check_family(around.here.family)?;
        let unseen = now.filter(|_| around.is_unseen());
        if unseen.is_some() && (self.kubernetes_host == Host::Auto || self.ca == Ca::Auto) {
            notes.push(Note::Info("the cluster is not looked at: what is `auto` is taken as Vault has it".to_owned()));
        }
        let host = match kept.filter(|_| self.reviewer == Choice::Keep).or(unseen) {
            // Where the reviewer is kept by name, or nothing else can be known, `auto` is whatever the mount has.
            Some(there) if self.kubernetes_host == Host::Auto => there.text(HOST).to_owned(),
            _ => around.api_service.spelled(self.host(around, &mut notes)?, now.map(|now| now.text(HOST))),
        };
        let ca = match kept.or(unseen) {
            Some(there) if self.ca == Ca::Auto => there.text(CA).to_owned(),
            _ => self.certificates(around, &mut notes)?,
        };
        let (reviewer, disables_local) = match kept {
            Some(kept) => (kept.reviewer.clone(), self.disable_local_ca_jwt),
            None => (self.reviewer(around, &mut notes)?, self.disable_local(&ca, around, &mut notes)?),
        };
        let said = json!({"pem_keys": around.pem_keys, "disable_local_ca_jwt": disables_local});
        Ok((self.config(now, reviewer, [&host, &ca], said), notes))
    }

    fn check_family(&self, family: Family) -> Result<(), Problem> {
        if self.use_annotations_as_alias_metadata == Some(true) && family == Family::OpenBao {
            let message = "`use_annotations_as_alias_metadata` is set, and OpenBao does not know it";
            return Err(Problem::new(Class::Config, "trustpath::kubernetes_auth::unknown_to_openbao", message)
                .help("leave it out: OpenBao would take it and do nothing"));
        }
        Ok(())
    }

    fn host(&self, around: &Making, notes: &mut Vec<Note>) -> Result<String, Problem> {
        let host = match (&self.kubernetes_host, &around.place) {
            (Host::Url(url), _) => url.clone(),
            (Host::Auto, VaultLocation::Inside) => INSIDE.to_owned(),
            (Host::Auto, VaultLocation::Outside(_) | VaultLocation::Unasked) => {
                let server = around.here.api_server.as_ref().ok_or_else(unseen_host)?;
                notes.extend(kubeconfig_server::unusable(server));
                server.url.clone()
            }
        };
        if host.starts_with("http://") {
            notes.push(Note::Warning(format!(
                "{host} is not encrypted: every JWT that logs in crosses it in the clear"
            )));
        }
        Ok(host)
    }

    fn certificates(&self, around: &Making, notes: &mut Vec<Note>) -> Result<String, Problem> {
        let (text, origin) = match (&self.ca, &around.place) {
            (Ca::None, _) | (Ca::Auto, VaultLocation::Inside) => return Ok(String::new()),
            (Ca::Pem(text), _) => (text.clone(), "`ca.pem`".to_owned()),
            (Ca::File(file), _) => (around.ca.clone().unwrap_or_default(), format!("the file {}", file.display())),
            (Ca::Auto, VaultLocation::Outside(_) | VaultLocation::Unasked) => {
                let of_kubeconfig = match &around.here.api_server {
                    Some(server) => server.ca_pem.clone().ok_or_else(|| no_ca_known(around.here.family))?,
                    None => return Err(no_ca("`ca` is that of a cluster that is not looked at", "")),
                };
                (of_kubeconfig, "the kubeconfig's certificate-authority".to_owned())
            }
        };
        notes.extend(pem::certificates(&text, &origin, around.here.now)?.into_iter().map(Note::Warning));
        Ok(text)
    }

    fn reviewer(&self, around: &Making, notes: &mut Vec<Note>) -> Result<Reviewer, Problem> {
        if let Some(source) = &around.source {
            if around.is_unseen() && around.jwt.is_none() {
                return Err(choose_reviewer(&format!("{} is in a cluster that is not looked at", source.at)));
            }
            let Some(jwt) = &around.jwt else { return Ok(Reviewer::NotYet) };
            let end = jwt.claims.end(around.here.now).map_err(|at| expired(&source.at, &at.to_string()))?;
            notes.extend(end.map(|when| ends(&source.at, &when)));
            return Ok(Reviewer::Jwt(jwt.digest.clone()));
        }
        match (&self.reviewer, &around.place) {
            (Choice::Client, _) => {
                if let Some(address) = &around.unencrypted {
                    return Err(client_in_the_clear(address));
                }
                notes.push(Note::Info(
                    "with `reviewer = \"client\"` every JWT that logs in reviews itself: its ServiceAccount needs the \
                     ClusterRole system:auth-delegator, and Vault holds a JWT that is good at the API server"
                        .to_owned(),
                ));
                Ok(Reviewer::None)
            }
            (Choice::Vault, _) | (Choice::Auto, VaultLocation::Inside) => Ok(Reviewer::None),
            (_, VaultLocation::Outside(seen)) => Err(choose_reviewer(seen)),
            _ if around.is_unseen() => Err(choose_reviewer("the cluster is not looked at")),
            _ => Err(choose_reviewer("nothing was looked up from which that could be decided")),
        }
    }

    /// Whether Vault uses its own pod's token decides who reviews where no JWT is given.
    fn disable_local(&self, ca: &str, around: &Making, notes: &mut Vec<Note>) -> Result<Option<bool>, Problem> {
        let needed = match (&self.reviewer, &around.source) {
            (Choice::Client, _) => Some((true, "`reviewer = \"client\"`")),
            (Choice::Vault, _) | (Choice::Auto, None) => Some((false, "that Vault's own pod reviews tokens")),
            _ if ca.is_empty() && self.ca == Ca::Auto => Some((false, "that Vault uses its own pod's CA")),
            _ => None,
        };
        if let (Some((needed, why)), Some(said)) = (needed, self.disable_local_ca_jwt)
            && needed != said
        {
            let message = format!("`disable_local_ca_jwt = {said}` contradicts {why}");
            return Err(Problem::new(Class::Config, "trustpath::kubernetes_auth::contradiction", message)
                .help(format!("leave it out, or set it to {needed}")));
        }
        // Elsewhere there is no CA of a pod, or that of another cluster.
        let elsewhere = (ca.is_empty() && matches!(around.place, VaultLocation::Outside(_))).then_some(true);
        let value = needed.map(|(needed, _)| needed).or(self.disable_local_ca_jwt).or(elsewhere);
        if value == Some(true) && ca.is_empty() {
            if around.here.family == Family::OpenBao {
                return Err(no_ca("there is no CA, Vault's own is switched off, and OpenBao does not take that", ""));
            }
            notes.push(Note::Info(
                "without a CA, Vault checks the API server by its machine's own authorities".to_owned(),
            ));
        }
        Ok(value)
    }
}

fn ends(source: &SecretRef, when: &str) -> Note {
    Note::Warning(format!(
        "the reviewer JWT of {source} does not last: {when}, every login will start to fail with a bare `permission \
         denied`; a `token-reviewer` step makes one that lasts"
    ))
}

fn expired(source: &SecretRef, at: &str) -> Problem {
    let message = format!("the reviewer JWT of {source} has expired at {at}");
    Problem::new(Class::Config, "trustpath::kubernetes_auth::reviewer_expired", message)
        .help("with it every login would fail; give one that lasts: a `token-reviewer` step makes it")
}

fn client_in_the_clear(address: &str) -> Problem {
    let message =
        format!("`reviewer = \"client\"` sends JWTs that are good at the API server to {address} unencrypted");
    Problem::new(Class::Refused, "trustpath::kubernetes_auth::client_over_http", message)
        .help("reach Vault by https, or choose another reviewer: a `token-reviewer` step makes one")
}

fn unseen_host() -> Problem {
    let message = "`kubernetes_host` is that of a cluster that is not looked at";
    Problem::new(Class::Config, "trustpath::kubernetes_auth::no_host", message)
        .help("set `kubernetes_host` to the API server's address as Vault reaches it")
}

fn no_ca_known(family: Family) -> Problem {
    let or = match family {
        Family::Vault | Family::VaultEnterprise => ", or `ca = \"none\"` where that is one of the public authorities",
        Family::OpenBao => ", a public one too: OpenBao takes none for granted",
    };
    no_ca("the kubeconfig names no certificate-authority, and Vault does not run in this cluster", or)
}

fn no_ca(message: &str, or: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes_auth::no_ca", message).help(format!(
        "set `ca = {{ file = \"ca.pem\" }}` to the authority that signed the API server's certificate{or}"
    ))
}

fn choose_reviewer(seen: &str) -> Problem {
    let message = format!("who reviews tokens has to be chosen, as {seen}");
    Problem::new(Class::Config, "trustpath::kubernetes_auth::choose_reviewer", message).help(CHOICES)
}

const CHOICES: &str = "one of these, under `with` of this step:
  reviewer = { file = \"reviewer.jwt\" }   # a lasting JWT of a ServiceAccount with system:auth-delegator
  reviewer = { secret = { namespace = \"…\", name = \"…\" } }   # the same, in a Secret of the cluster
  reviewer = \"client\"   # whoever logs in reviews its own JWT; by https only
  reviewer = \"vault\"    # the token of Vault's own pod, if it has one after all
  reviewer = \"keep\"     # whatever the mount has, which stays
or a step that makes such a ServiceAccount, which this one needs:
  steps.token-reviewer = { uses = \"token-reviewer\", with = { namespace = \"…\", name = \"…\" } }";
