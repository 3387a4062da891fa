//! An auth mount that is there, told as a step. Pure.

use serde_json::{Map, Value, json};
use trustpath_core::{Answers, Import, ImportedStep, Reads, Result};
use trustpath_platform::{
    AuthMount,
    vault::{
        Get,
        backend::{Content, MountState},
    },
};

use crate::{
    document::observed,
    state::{CA, Config, HOST},
};

/// Tells it with `reviewer = "keep"`: Vault does not give its JWT back.
pub(crate) struct MountImport;

const MOUNTS: &str = "mounts";
const CONFIG: &str = "config";

fn address(at: &Value) -> Option<AuthMount> {
    serde_json::from_value(at.clone()).ok()
}

impl Import for MountImport {
    fn reads(&self, at: &Value, _: &Answers) -> Reads {
        let Some(mount) = address(at) else { return Reads::none() };
        let get = |path: String| Get::new(mount.namespace.as_deref(), path).optional();
        Reads::none().and(MOUNTS, get("sys/auth".to_owned())).and(CONFIG, get(mount.below(["config"])))
    }

    fn step(&self, at: &Value, answers: &Answers) -> Result<ImportedStep> {
        let mut step = ImportedStep { name: "kubernetes-auth", ..ImportedStep::default() };
        let Some(AuthMount { path, .. }) = address(at) else { return Ok(step) };
        let mount = MountState::answered(answers, MOUNTS, &path)?;
        if mount.is_none() && answers.refused(MOUNTS).is_none() {
            step.notes.push(format!("there is no auth mount `{path}`"));
        }
        let mut with = Map::from_iter([("mount".to_owned(), json!(path))]);
        match observed(mount.unwrap_or_default(), answers.get(CONFIG)?, None).config {
            Some(config) => with.extend(said(config)),
            None => step.notes.push(format!("what `{path}` is configured with could not be read: say who reviews")),
        }
        Ok(ImportedStep { with: Some(with), ..step })
    }
}

/// What it holds, as the graph file says it; without a CA, Vault takes that of its own pod.
fn said(config: Config) -> Content {
    let mut held = config.held;
    let mut said = Content::from_iter([("reviewer".to_owned(), json!("keep"))]);
    said.extend(held.shift_remove(HOST).map(|host| ("kubernetes_host".to_owned(), host)));
    let ca = held.shift_remove(CA).filter(|ca| ca.as_str().is_some_and(|ca| !ca.is_empty()));
    said.extend(ca.map(|pem| ("ca".to_owned(), json!({ "pem": pem }))));
    said.extend(held);
    said
}
