//! A text in PEM, from a file.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Class, Context, Problem, Read, Result, Right};

/// Reads the file.
#[derive(Debug)]
pub(super) struct TextFile(pub(super) PathBuf);

#[async_trait]
impl Read for TextFile {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        let text = tokio::fs::read_to_string(&self.0).await.map_err(|error| {
            let message = format!("the file {} cannot be read", self.0.display());
            Problem::new(Class::Config, "trustpath::kubernetes_auth::file", message)
                .help("it has to be a text in PEM; its path is seen from where you start the program")
                .because(error)
        })?;
        Ok(Answer::Found(json!(text)))
    }
}
