//! What is decided, and how it can be taken back.

mod alone;
mod clusters;
mod model;
mod reviewers;
mod rights;
mod undo;

use std::sync::Arc;

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use trustpath_core::{Answer, At, Context, Decision, Handles, Note, Problem, contract::StepConsent};
use trustpath_platform::{
    ReviewerSecret, ServiceAccountRef, VaultServer, digest::Digest, kubernetes::ApiServer, vault::Family,
};

use crate::{
    Taken,
    api_service::ApiService,
    config::{JwtLocation, KubernetesAuth},
    jwt::{Claims, JwtSeen, JwtSource},
    making::{Here, Making},
    place::VaultLocation,
    state::State,
};

const GRAPH: &str = "ours";
const CLUSTER: &str = "this-cluster";

pub(crate) fn cx() -> Context {
    Context::new(GRAPH, "auth", Arc::default(), Arc::new(Handles::new()), StepConsent::default())
}

pub(crate) fn config(with: Value) -> KubernetesAuth {
    serde_json::from_value(with).expect("a configuration")
}

pub(crate) fn facts(reviewer: Option<ReviewerSecret>) -> Taken {
    (VaultServer { url: Some("http://vault.vault.svc:8200".into()), namespace: None }, reviewer)
}

/// The Secret that a step makes for the reviewer.
fn made() -> ReviewerSecret {
    let service_account = ServiceAccountRef { namespace: "eso".into(), name: "reviewer".into() };
    ReviewerSecret { namespace: "eso".into(), name: "reviewer-token".into(), service_account }
}

/// A CA that is valid for as long as anybody runs this.
pub(crate) fn ca() -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(4000, 1, 1);
    params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").pem()
}

pub(crate) fn inside() -> Making {
    Making {
        cluster: CLUSTER.to_owned(),
        here: here(Family::Vault, None),
        unencrypted: None,
        place: VaultLocation::Inside,
        api_service: ApiService::default(),
        ca: None,
        pem_keys: None,
        source: None,
        jwt: None,
        previous: None,
        roles: Vec::new(),
    }
}

/// A JWT of a ServiceAccount, as it was seen.
fn jwt(text: &str) -> JwtSeen {
    JwtSeen { digest: Digest::of(text), claims: Claims::default() }
}

/// Around a Vault of this cluster, with a reviewer JWT that comes from a file; `None` where that is yet to be made.
fn sourced(jwt: Option<JwtSeen>) -> Making {
    Making { source: Some(JwtSource::from(&JwtLocation::File("reviewer.jwt".into()))), jwt, ..inside() }
}

/// What a destroy leaves of it, where these are its roles.
fn removed(at: &Context, roles: Answer, now: &State) -> Decision<State> {
    let answers = [("cluster", Answer::Found(CLUSTER.into())), ("roles", roles)].into_iter().collect();
    let at = At { cx: at, facts: &facts(None) };
    config(json!({})).removal(at, &answers, now).expect("a decision")
}

fn here(family: Family, ca_pem: Option<String>) -> Here {
    let url = "https://api.example.com:6443".to_owned();
    let api_server = ApiServer { url, ca_pem, server_name: None, by_proxy: false };
    Here { now: Timestamp::UNIX_EPOCH, family, vault: String::new(), api_server: Some(api_server) }
}

pub(crate) fn outside(ca_pem: Option<String>) -> Making {
    let seen = "https://vault.example.com is no Service of this cluster".to_owned();
    Making { place: VaultLocation::Outside(seen), here: here(Family::Vault, ca_pem), ..inside() }
}

/// What an apply makes.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) state: State,
    provisional: bool,
    ours: bool,
    notes: Vec<Note>,
}

impl From<Decision<State>> for Wanted {
    fn from(Decision { to, provisional, ours, notes, .. }: Decision<State>) -> Self {
        Self { state: to.expect("something is made"), provisional, ours, notes }
    }
}

pub(crate) fn decide(with: Value, around: &Making, now: Option<&State>) -> Result<Wanted, Problem> {
    config(with).wants((&cx(), false), around, now).map(Wanted::from)
}

fn refused(with: Value, around: &Making, now: Option<&State>) -> trustpath_core::failure::Report {
    let problem = decide(with, around, now).expect_err("it was decided");
    trustpath_core::Failure::from(problem).report()
}
