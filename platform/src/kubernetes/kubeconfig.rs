//! The kubeconfig files as plain data, merged as kubectl merges them (client-go v0.37.2, `tools/clientcmd/loader.go`): of
//! each name the first entry wins as a whole, a file that is not there is skipped, a path is seen from its own file.

use std::{borrow::Cow, io, path::Path};

use kube::config::{AuthInfo, Cluster};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_saphyr::DuplicateKeyPolicy;
use trustpath_core::{Class, Problem, nearest};

use super::KubernetesSettings;
use crate::text::clean;

/// The lists of a kubeconfig, and where each of their entries says what it is.
const LISTS: [(&str, &str); 3] = [("contexts", "context"), ("clusters", "cluster"), ("users", "user")];
/// What names a file.
const PATHS: [&str; 4] = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/// What the files say together.
#[derive(Default)]
pub(super) struct MergedKubeconfig {
    entries: Vec<NamedEntry>,
    current: Option<String>,
    /// What the user should be told.
    pub(super) warnings: Vec<String>,
}

/// An entry of one of the lists.
struct NamedEntry {
    list: &'static str,
    name: String,
    file: String,
    /// Where it is in its file, such as `users[0].user`.
    key: String,
    value: Value,
}

/// The one context that is used.
pub(super) struct ChosenContext {
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
    pub(super) warnings: Vec<String>,
}

impl MergedKubeconfig {
    /// Reads the files in their order.
    pub(super) fn read(settings: &KubernetesSettings) -> Result<Self, Problem> {
        let mut merged = Self::default();
        for file in &settings.files {
            let place = file.display().to_string();
            match std::fs::read(file) {
                Ok(bytes) => merged.add(file, place, &bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound && settings.named => {
                    merged.warnings.push(format!("KUBECONFIG names {place}, which is not there"));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unusable(&place, "it cannot be read").because(error)),
            }
        }
        Ok(merged)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.current.is_none()
    }

    fn add(&mut self, file: &Path, place: String, bytes: &[u8]) -> Result<(), Problem> {
        let (first, is_last) = yaml(bytes).map_err(|at| unusable(&place, &format!("it is no kubeconfig{at}")))?;
        if !is_last {
            self.warnings.push(format!("{place} has several documents: the first is used, as kubectl does"));
        }
        let mut root = match first {
            Value::Object(root) => root,
            Value::Null => return Ok(()),
            _ => return Err(unusable(&place, "it is no kubeconfig")),
        };
        match root.remove("current-context") {
            Some(Value::String(name)) if !name.is_empty() => self.current = self.current.take().or(Some(name)),
            None | Some(Value::Null | Value::String(_)) => {}
            Some(_) => return Err(unusable(&place, "`current-context` is no text")),
        }
        for (list, inner) in LISTS {
            for (index, entry) in listed(&mut root, list, &place)?.into_iter().enumerate() {
                let mut entry = self.named(list, format!("{list}[{index}]"), &place, entry)?;
                entry.key = format!("{}.{inner}", entry.key);
                entry.value = entry.value[inner].take();
                tidy(&mut entry.value, file.parent());
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    fn named(&self, list: &'static str, key: String, file: &str, value: Value) -> Result<NamedEntry, Problem> {
        let name = match (&value, value.get("name")) {
            (_, Some(Value::String(name))) => name.clone(),
            (Value::Object(_), None | Some(Value::Null)) => String::new(),
            _ => return Err(unusable(file, &format!("`{key}` is none that has a name"))),
        };
        if self.entries.iter().any(|known| (known.list, &*known.file, &known.name) == (list, file, &name)) {
            return Err(unusable(file, &format!("`{key}` has a name that was there before: `{}`", clean(&name))));
        }
        Ok(NamedEntry { list, name, file: file.to_owned(), key, value })
    }

    /// The context of this name, or else the current one, with what it leads to.
    pub(super) fn choose(mut self, context: Option<&str>) -> Result<ChosenContext, Problem> {
        let mut warnings = std::mem::take(&mut self.warnings);
        let contexts = self.names("contexts");
        let name =
            context.or(self.current.as_deref()).ok_or_else(|| no_context("no current context", "", &contexts))?;
        let context = self.find("contexts", name).ok_or_else(|| no_such_context(name, &contexts))?;
        let leads_to = |key: &str| context.value[key].as_str().unwrap_or_default();
        let (at, user) = (leads_to("cluster"), leads_to("user"));
        let cluster: Cluster =
            self.typed("clusters", at)?.ok_or_else(|| no_cluster(context, at, &self.names("clusters")))?;
        warnings.extend(self.unknown("clusters", at, &cluster.other));
        let found: Option<AuthInfo> = self.typed("users", user)?;
        if found.is_none() && !user.is_empty() {
            warnings.push(format!("no kubeconfig has the user `{}`: requests go without credentials", clean(user)));
        }
        let found = found.unwrap_or_default();
        let exec = found.exec.iter().flat_map(|exec| &exec.other);
        warnings.extend(self.unknown("users", user, found.other.iter().chain(exec)));
        Ok(ChosenContext { cluster, user: found, warnings })
    }

    fn names(&self, list: &str) -> Vec<String> {
        self.entries.iter().filter(|entry| entry.list == list).map(|entry| entry.name.clone()).collect()
    }

    fn find(&self, list: &str, name: &str) -> Option<&NamedEntry> {
        self.entries.iter().find(|entry| entry.list == list && entry.name == name)
    }

    /// What an entry says. A parser's message quotes what it reads, secrets too: only the key is told.
    fn typed<T: DeserializeOwned + Default>(&self, list: &str, name: &str) -> Result<Option<T>, Problem> {
        let Some(NamedEntry { file, key, value, .. }) = self.find(list, name) else { return Ok(None) };
        if value.is_null() {
            return Ok(Some(T::default()));
        }
        serde_path_to_error::deserialize(value.clone()).map(Some).map_err(|error| {
            let inside = error.path().to_string();
            let key = [key, inside.trim_start_matches('.')].join(".");
            unusable(file, &format!("`{}` is not of the type that it has in a kubeconfig", key.trim_end_matches('.')))
        })
    }

    /// Keys that a kubeconfig does not have, and that kubectl passes over in silence.
    fn unknown<'a>(
        &self,
        list: &str,
        name: &str,
        keys: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) -> Vec<String> {
        let Some(NamedEntry { file, key: at, .. }) = self.find(list, name) else { return Vec::new() };
        let unused = |(key, _): (&String, _)| {
            format!("{file}: `{}` under `{at}` is no key of a kubeconfig, and has no effect", clean(key))
        };
        keys.into_iter().map(unused).collect()
    }
}

/// The first document, and whether it is the last one; what is wrong with it as the place, without a word of it.
pub(super) fn yaml(bytes: &[u8]) -> Result<(Value, bool), String> {
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let place = |error: serde_saphyr::Error| match error.location() {
        Some(at) => format!(": line {}, column {}", at.line(), at.column()),
        None => String::new(),
    };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(&decoded(bytes), options).map_err(place)?;
    let is_last = documents.len() < 2;
    Ok((documents.into_iter().next().unwrap_or_default(), is_last))
}

/// UTF-8, or UTF-16 with the mark at its beginning, as `>` of PowerShell writes it and Go's YAML reads it.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let utf_16 = |order: fn([u8; 2]) -> u16| {
        let units: Vec<_> = bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, ..] => utf_16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf_16(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn listed(root: &mut Map<String, Value>, list: &str, file: &str) -> Result<Vec<Value>, Problem> {
    match root.remove(list) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(unusable(file, &format!("`{list}` is no list"))),
    }
}

/// Takes out what is empty, which to kubectl is as good as nothing, and makes paths those that they are from here. A command
/// is a path where it has a slash, and else is looked for.
fn tidy(value: &mut Value, folder: Option<&Path>) {
    let Value::Object(keys) = value else { return };
    keys.retain(|_, value| !value.is_null() && value != "");
    let absolute = |path: &mut Value| {
        let joined = folder.zip(path.as_str()).map(|(folder, path)| folder.join(path).to_string_lossy().into_owned());
        *path = joined.map_or_else(|| path.take(), Value::String);
    };
    keys.iter_mut().filter(|(key, _)| PATHS.contains(&key.as_str())).for_each(|(_, path)| absolute(path));
    if let Some(exec) = keys.get_mut("exec") {
        tidy(exec, None);
        exec.get_mut("command")
            .filter(|command| command.as_str().is_some_and(|command| command.contains('/')))
            .map(absolute);
    }
}

pub(super) fn unusable(place: &str, why: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes::kubeconfig", format!("{place} cannot be used: {why}")).help(
        "see `kubectl config view`; --context, or `context` under [connections.kubernetes], picks another context",
    )
}

pub(super) fn no_such_context(context: &str, known: &[String]) -> Problem {
    no_context(&format!("no context `{}`", clean(context)), context, known)
}

fn no_context(lacks: &str, context: &str, known: &[String]) -> Problem {
    let message = format!("the kubeconfig has {lacks}");
    Problem::new(Class::Config, "trustpath::kubernetes::context", message).help(nearest::hint(context, known))
}

fn no_cluster(context: &NamedEntry, cluster: &str, known: &[String]) -> Problem {
    let why = format!("`{}` leads to the cluster `{}`, which no kubeconfig has", context.key, clean(cluster));
    unusable(&context.file, &why).help(nearest::hint(cluster, known))
}
