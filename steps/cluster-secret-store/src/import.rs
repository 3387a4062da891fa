//! A store that is there, told as a step. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use trustpath_core::{Answers, Class, Import, ImportedStep, ObjectAddress, Problem, Reads, Result};
use trustpath_platform::{
    AuthMount, Login, ServiceAccountRef,
    kubernetes::{Live, ObjectRef},
    text::clean,
};

use crate::{config::is_header, request::STORE};

/// Tells it, with the role by which it logs in.
pub(crate) struct StoreImport;

/// The name of the read.
const LIVE: &str = "ClusterSecretStore";

/// The sections of `auth` that the operator prefers to `kubernetes` (External Secrets Operator 2.9.0).
const PREFERRED: [&str; 2] = ["tokenSecretRef", "appRole"];

/// The keys under `with` that are called as in the store but for their spelling.
const SAME: [&str; 13] = [
    "path",
    "version",
    "namespace",
    "auth_namespace",
    "ca_provider",
    "tls",
    "headers",
    "read_your_writes",
    "forward_inconsistent",
    "conditions",
    "controller",
    "refresh_interval",
    "retry_settings",
];

impl Import for StoreImport {
    fn reads(&self, at: &Value, _: &Answers) -> Reads {
        Reads::none().and(LIVE, Live(ObjectRef::served(STORE, at.as_str().unwrap_or_default())))
    }

    fn step(&self, at: &Value, answers: &Answers) -> Result<ImportedStep> {
        let name = at.as_str().unwrap_or_default();
        let live: Value = answers.get(LIVE)?.ok_or_else(|| no_store(name))?;
        let Value::Object(mut spec) = snake_case(&live["spec"]) else { return Err(no_store(name).into()) };
        let Some(Value::Object(mut vault)) = spec["provider"].get_mut("vault").map(Value::take) else {
            return Err(not_by_kubernetes(name, "its provider is not Vault").into());
        };
        let auth = vault.shift_remove("auth").unwrap_or_default();
        let login = login(name, &auth, vault.get("namespace"))?;
        spec.shift_remove("provider");
        spec.extend(vault);
        let mut step = ImportedStep { name: "secret-store", ..ImportedStep::default() };
        step.connections = json!({"vault": said(json!({
            "server": spec.shift_remove("server"), "namespace": login.role.0.mount.namespace,
        }))});
        let namespace = spec.shift_remove("namespace").unwrap_or_else(|| json!(""));
        if namespace.as_str() != Some(login.role.0.mount.namespace.as_deref().unwrap_or_default()) {
            spec.insert("namespace".to_owned(), namespace);
        }
        spec.extend(said(json!({"auth_namespace": auth.get("namespace")})));
        let hidden = without_credentials(&mut spec);
        let mut with = Map::from_iter([("name".to_owned(), json!(name)), ("audiences".to_owned(), login.audiences)]);
        with.extend(SAME.iter().filter_map(|key| Some(((*key).to_owned(), spec.shift_remove(*key)?))));
        if let Some(bundle) = spec.shift_remove("ca_bundle") {
            with.insert("ca_bundle".to_owned(), decoded(&bundle).unwrap_or(bundle));
        }
        if login.role_as_written != login.role.0.role {
            with.insert("role".to_owned(), login.role_as_written.into());
        }
        let stays = spec.keys().map(|key| clean(key)).chain(hidden);
        step.notes = stays.map(|what| format!("the store's `{what}` stays as it is")).collect();
        step.needs = vec![ObjectAddress::of::<Login>(&login.role)];
        step.needs.extend(login.role.1.as_ref().map(ObjectAddress::of::<ServiceAccountRef>));
        Ok(ImportedStep { with: Some(said(Value::Object(with))), ..step })
    }
}

/// How a store logs in.
struct StoreLogin {
    /// By which role, and as whom.
    role: (Login, Option<ServiceAccountRef>),
    /// Servers lower-case it.
    role_as_written: String,
    audiences: Value,
}

fn login(name: &str, auth: &Value, namespace: Option<&Value>) -> Result<StoreLogin> {
    let kubernetes = &auth["kubernetes"];
    let preferred = PREFERRED.iter().map(|section| (section, &auth[snake(section)])).find(|(_, auth)| !auth.is_null());
    if let Some((section, _)) = preferred {
        return Err(not_by_kubernetes(name, &format!("it logs in by `{section}`")).into());
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Some(written) = text(&kubernetes["role"]) else {
        return Err(not_by_kubernetes(name, "it has no `auth.kubernetes` with a role").into());
    };
    let namespace = text(&auth["namespace"]).or_else(|| namespace.and_then(text));
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let path = text(&kubernetes["mount_path"]).unwrap_or_else(|| "kubernetes".to_owned());
    let account = &kubernetes["service_account_ref"];
    let named = text(&account["namespace"]).zip(text(&account["name"]));
    let mount = AuthMount { path: path.trim_matches('/').to_owned(), namespace };
    Ok(StoreLogin {
        role: (
            Login::new(mount, written.to_lowercase()),
            named.map(|(namespace, name)| ServiceAccountRef { namespace, name }),
        ),
        role_as_written: written,
        audiences: account.get("audiences").cloned().unwrap_or_else(|| json!([])),
    })
}

/// Takes the headers out that no graph file takes, for all a credential, and names them.
fn without_credentials(spec: &mut Map<String, Value>) -> Vec<String> {
    let Some(Value::Object(headers)) = spec.shift_remove("headers") else { return Vec::new() };
    let (taken, refused): (Map<_, _>, Map<_, _>) = headers.into_iter().partition(|(name, text)| is_header(name, text));
    spec.insert("headers".to_owned(), taken.into());
    refused.keys().map(|name| format!("headers.{}", clean(name))).collect()
}

/// PEM, where that is what the store carries in base64.
fn decoded(bundle: &Value) -> Option<Value> {
    let bytes = STANDARD.decode(bundle.as_str()?).ok()?;
    String::from_utf8(bytes).ok().map(Value::from)
}

/// The same with its keys as the graph file has them; labels are no keys.
fn snake_case(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let each = fields.iter().map(|(key, value)| {
                let is_plain = matches!(key.as_str(), "matchLabels" | "headers");
                (snake(key), if is_plain { value.clone() } else { snake_case(value) })
            });
            Value::Object(each.collect())
        }
        Value::Array(items) => items.iter().map(snake_case).collect(),
        other => other.clone(),
    }
}

fn snake(key: &str) -> String {
    key.chars()
        .flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()]))
        .collect()
}

fn said(fields: Value) -> Map<String, Value> {
    let Value::Object(mut fields) = fields else { return Map::new() };
    fields.retain(|_, value| !value.is_null());
    fields
}

fn no_store(name: &str) -> Problem {
    let message = format!("there is no ClusterSecretStore `{}`", clean(name));
    Problem::new(Class::Missing, "trustpath::cluster_secret_store::no_store", message)
        .help("`kubectl get clustersecretstores` lists those that there are")
}

fn not_by_kubernetes(name: &str, why: &str) -> Problem {
    let message = format!("the ClusterSecretStore `{}` is no end of such a chain: {why}", clean(name));
    Problem::new(Class::Rejected, "trustpath::cluster_secret_store::not_by_kubernetes", message)
        .help("name a store that logs in to Vault by the Kubernetes auth method")
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Answer, Failure};

    use super::*;
    use crate::config::ClusterSecretStore;

    fn told(vault: Value, more: Value) -> Result<ImportedStep> {
        let mut spec = json!({"provider": {"vault": vault}});
        spec.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        let answers = [(LIVE, Answer::Found(json!({ "spec": spec })))].into_iter().collect();
        StoreImport.step(&json!("vault-backend"), &answers)
    }

    fn vault(auth: Value, more: Value) -> Value {
        let mut vault = json!({"server": "https://vault:8200", "path": "kv", "version": "v2", "auth": auth});
        vault.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        vault
    }

    fn by_role(role: &str) -> Value {
        json!({"kubernetes": {"mountPath": "k8s", "role": role, "serviceAccountRef": {"name": "eso", "namespace": "ns", "audiences": ["vault"]}}})
    }

    #[test]
    fn a_store_is_told_with_its_role_and_what_the_connections_say() {
        let conditions = json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}]);
        let more = json!({"conditions": conditions, "refreshInterval": 300});
        let bundle = STANDARD.encode("-----BEGIN CERTIFICATE-----\n");
        let told = told(vault(by_role("eso"), json!({"namespace": "team", "caBundle": bundle})), more).expect("a step");
        let with = told.with.expect("a configuration");
        assert_eq!(with["conditions"][0]["namespace_selector"]["match_labels"]["kubernetes.io/metadata.name"], "a");
        assert_eq!(
            (&with["ca_bundle"], &with["audiences"]),
            (&json!("-----BEGIN CERTIFICATE-----\n"), &json!(["vault"]))
        );
        assert!(!with.contains_key("namespace") && !with.contains_key("role") && told.notes.is_empty(), "{with:?}");
        assert_eq!(told.connections, json!({"vault": {"server": "https://vault:8200", "namespace": "team"}}));
        let mount = AuthMount { path: "k8s".into(), namespace: Some("team".into()) };
        let account = ServiceAccountRef { namespace: "ns".into(), name: "eso".into() };
        let role = (Login::new(mount, "eso"), Some(account.clone()));
        assert_eq!(told.needs, [ObjectAddress::of::<Login>(role), ObjectAddress::of::<ServiceAccountRef>(account)]);
        serde_json::from_value::<ClusterSecretStore>(with.into()).expect("what the kind takes");
    }

    #[test]
    fn every_key_that_the_operator_knows_is_carried_over() {
        let secret = |key: &str| json!({"name": "client", "namespace": "eso", "key": key});
        let more = json!({
            "tls": {"certSecretRef": secret("tls.crt"), "keySecretRef": secret("tls.key")}, "readYourWrites": true,
            "forwardInconsistent": false, "headers": {"X-Team": "payments"}, "namespace": "team/kv",
        });
        let mut auth = by_role("eso");
        auth["namespace"] = json!("team");
        let told = told(vault(auth, more), json!({})).expect("a step");
        let with = told.with.expect("a configuration");
        assert_eq!((&with["namespace"], &with["auth_namespace"]), (&json!("team/kv"), &json!("team")));
        assert_eq!(with["tls"]["key_secret_ref"], secret("tls.key"));
        assert_eq!(with["headers"], json!({"X-Team": "payments"}));
        assert_eq!((&with["read_your_writes"], &with["forward_inconsistent"]), (&json!(true), &json!(false)));
        assert_eq!(told.connections["vault"]["namespace"], "team");
        assert_eq!(told.notes, Vec::<String>::new());
        serde_json::from_value::<ClusterSecretStore>(with.into()).expect("what the kind takes");
    }

    #[test]
    fn a_login_in_a_namespace_that_reads_in_the_root_says_so() {
        let mut auth = by_role("eso");
        auth["namespace"] = json!("team");
        let with = told(vault(auth, json!({})), json!({})).expect("a step").with.expect("a configuration");
        assert_eq!((&with["namespace"], &with["auth_namespace"]), (&json!(""), &json!("team")));
    }

    #[test]
    fn a_header_with_a_credential_stays_on_the_store_alone() {
        let secret = "hvs.CAESIJ1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuV";
        let headers = json!({"headers": {"X-Team": "payments", "X-Key": secret, "X-Vault-Request": "true"}});
        let told = told(vault(by_role("eso"), headers), json!({})).expect("a step");
        assert_eq!(told.with.expect("a configuration")["headers"], json!({"X-Team": "payments"}));
        assert_eq!(
            told.notes,
            ["X-Key", "X-Vault-Request"].map(|name| format!("the store's `headers.{name}` stays as it is"))
        );
    }

    #[test]
    fn a_role_in_capitals_is_the_one_in_lower_case() {
        let told = told(vault(by_role("ESO"), json!({})), json!({})).expect("a step");
        assert_eq!(told.with.expect("a configuration")["role"], "ESO");
        assert_eq!(told.needs[0].at[0]["role"], "eso");
    }

    #[test]
    fn what_the_file_cannot_say_is_in_the_notes() {
        let told = told(vault(by_role("eso"), json!({"someNewField": {"a": 1}})), json!({})).expect("a step");
        assert_eq!(told.notes, ["the store's `some_new_field` stays as it is"]);
    }

    #[test]
    fn a_store_that_logs_in_by_something_else_is_refused() {
        let both = json!({"appRole": {"path": "approle"}, "kubernetes": by_role("eso")["kubernetes"]});
        for (auth, why) in [(both, "logs in by `appRole`"), (json!({"jwt": {}}), "no `auth.kubernetes`")] {
            let refused = told(vault(auth, json!({})), json!({})).expect_err("it was told");
            assert!(refused.to_string().contains(why), "{refused}");
        }
        let other = StoreImport.step(&json!("x"), &Answers::default()).expect_err("it was told");
        let code = Failure::report(&other).code;
        assert_eq!(code.as_deref(), Some("trustpath::cluster_secret_store::no_store"));
    }
}
