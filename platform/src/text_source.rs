//! Texts of the graph file that may be in files of their own.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, value::MapAccessDeserializer},
};
use trustpath_core::{Answer, Class, Context, Problem, Read, Result, Right};

/// A text, or `{ file = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum TextSource {
    /// In the graph file.
    Text(String),
    /// In a file of its own.
    File(NamedFile),
}

/// A file with a text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// The file, seen from where the program is started.
    pub file: PathBuf,
}

// Written out, as an untagged enum would lose the place of a mistake in the file.
impl<'de> Deserialize<'de> for TextSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_any(TextOrFile)
    }
}

struct TextOrFile;

impl<'de> de::Visitor<'de> for TextOrFile {
    type Value = TextSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or { file = \"…\" }")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<TextSource, E> {
        Ok(TextSource::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<TextSource, A::Error> {
        NamedFile::deserialize(MapAccessDeserializer::new(map)).map(TextSource::File)
    }
}

#[async_trait]
impl Read for TextSource {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        Ok(Answer::Found(match self {
            Self::Text(text) => text.as_str().into(),
            Self::File(NamedFile { file }) => read_text(file).await?.into(),
        }))
    }
}

/// The text of a file that the graph file names.
///
/// # Errors
/// When it cannot be read, or is no text.
pub async fn read_text(file: &Path) -> Result<String, Problem> {
    tokio::fs::read_to_string(file).await.map_err(|error| {
        let message = format!("the file {} cannot be read", file.display());
        Problem::new(Class::Config, "trustpath::file::unreadable", message)
            .help("a relative path is seen from where the program is started")
            .because(error)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_text_or_a_file() {
        let read = |value: Value| serde_json::from_value::<TextSource>(value).map_err(|error| error.to_string());
        assert_eq!(read(json!("x")), Ok(TextSource::Text("x".into())));
        assert_eq!(read(json!({"file": "x"})), Ok(TextSource::File(NamedFile { file: "x".into() })));
        assert!(read(json!({"fiel": "x"})).is_err_and(|error| error.contains("unknown field `fiel`, expected `file`")));
        assert!(read(json!(3)).is_err_and(|error| error.contains("a text, or { file")));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let error = read_text(Path::new("no/such.pem")).await.expect_err("it is read");
        assert!(error.to_string().contains("no/such.pem"));
    }
}
