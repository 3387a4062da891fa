//! A graph file that says what is there.

use serde_json::{Map, Value, json};

use super::head::GraphId;
use crate::{
    failure::{Class, Problem, Result},
    run::NamedImport,
};

/// The text of a graph file with these steps: what no step says is in comments. The graph's id is what of `name` an id may
/// hold.
///
/// # Errors
/// When a configuration cannot be written as TOML.
pub fn written(name: &str, steps: &[NamedImport]) -> Result<String> {
    let mut connections = Value::Null;
    steps.iter().for_each(|step| join(&mut connections, &step.step.connections));
    let head = json!({ "graph": id(name) });
    let mut parts = vec![toml(&head)?];
    if !connections.is_null() {
        parts.push(toml(&json!({ "connections": connections }))?);
    }
    for step in steps {
        parts.push(section(step)?);
    }
    Ok(parts.join("\n"))
}

fn section(NamedImport { name, kind, needs, step }: &NamedImport) -> Result<String> {
    let comments: String = step.notes.iter().flat_map(|note| note.lines()).map(|line| format!("# {line}\n")).collect();
    let Some(with) = &step.with else { return Ok(format!("# {name}, of the kind {}:\n{comments}", kind.name())) };
    let mut said = Map::from_iter([("uses".to_owned(), json!(kind.name()))]);
    if !needs.is_empty() {
        said.insert("needs".to_owned(), json!(needs));
    }
    said.insert("with".to_owned(), json!(with));
    Ok(comments + &toml(&json!({"steps": {name.as_str(): said}}))?)
}

fn toml(value: &Value) -> Result<String> {
    let unwritten = |error| {
        Problem::new(Class::Internal, "trustpath::import::toml", "what is there cannot be written as TOML")
            .help("this is a defect of a kind; please report it")
            .because(error)
    };
    Ok(toml::to_string_pretty(value).map_err(unwritten)?)
}

/// What is said already stays.
fn join(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                join(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) if into.is_null() => *into = more.clone(),
        _ => {}
    }
}

fn id(name: &str) -> String {
    let fitting = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let id: String = name.chars().map(fitting).take(40).collect();
    GraphId::try_from(id).map_or_else(|_| GraphId::default().0, |id| id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_of_a_name_an_id_may_hold() {
        assert_eq!(id("vault.Backend_1"), "vault-backend-1");
        assert_eq!(id(&"a".repeat(60)).len(), 40);
        assert_eq!(id(""), "trustpath");
    }

    #[test]
    fn what_is_said_first_stays() {
        let mut said = Value::Null;
        join(&mut said, &Value::Null);
        assert!(said.is_null());
        join(&mut said, &json!({"vault": {"server": "https://a"}}));
        join(&mut said, &json!({"vault": {"server": "https://b", "namespace": "team"}}));
        assert_eq!(said, json!({"vault": {"server": "https://a", "namespace": "team"}}));
    }
}
