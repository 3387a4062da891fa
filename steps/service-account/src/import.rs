//! A ServiceAccount that is there, told as a step. Pure.

use serde_json::Value;
use trustpath_core::{Answers, Import, ImportedStep, Reads, Result};

/// Tells it by its address: its labels and annotations are other clients'.
pub(crate) struct AccountImport;

impl Import for AccountImport {
    fn reads(&self, _: &Value, _: &Answers) -> Reads {
        Reads::none()
    }

    fn step(&self, at: &Value, _: &Answers) -> Result<ImportedStep> {
        Ok(ImportedStep { name: "service-account", with: at.as_object().cloned(), ..ImportedStep::default() })
    }
}
