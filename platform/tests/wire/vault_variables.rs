//! `docs/connections.md`, walked: each variable of the command lines that is honoured changes something, and each that is left
//! out has its line.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::Path};

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_platform::{Connections, Environment, Vault, VaultSettings, vault::variables::LEFT_OUT};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::support::{TOKEN, answer, environment, healthy, parts};

const PAGE: &str = include_str!("../../../docs/connections.md");
const ADDRESS: (&str, &str) = ("VAULT_ADDR", "https://vault.example.com:8200");

/// What is honoured, with a value that has to show in the settings.
const HONOURED: &[(&str, &str, &str)] = &[
    ("ADDR", "https://other.example.com", "other.example.com"),
    ("AGENT_ADDR", "http://agent.example.com:8100", "agent.example.com"),
    ("CACERT", "/ca.pem", "ca_file: Some(\"/ca.pem\")"),
    ("CACERT_BYTES", "a bundle", "ca_pem: Some(\"a bundle\")"),
    ("CAPATH", "/cas", "ca_directory: Some(\"/cas\")"),
    ("CLIENT_CERT", "/c.pem", "client_certificate: Some((File(\"/c.pem\")"),
    ("CLIENT_CERT_BYTES", "a certificate", "client_certificate: Some((Text("),
    ("CLIENT_KEY", "/k.pem", "File(\"/k.pem\")))"),
    ("CLIENT_KEY_BYTES", "a key", "Text(SecretBox<str>([REDACTED]))))"),
    ("CLIENT_TIMEOUT", "77s", "total: 77s"),
    ("CONFIG_PATH", "/own.hcl", "cli_configs: [\"/own.hcl\"]"),
    ("HEADERS", "{\"X-Way\": \"in\"}", "\"X-Way\""),
    ("HTTP_PROXY", "http://proxy:1", "proxy: Some("),
    ("NAMESPACE", "team/a", "namespace: Some(\"team/a\")"),
    ("PROXY_ADDR", "http://proxy:1", "proxy: Some("),
    ("SKIP_VERIFY", "true", "verify: false"),
    ("TLS_SERVER_NAME", "vault.internal", "server_name: Some(\"vault.internal\")"),
    ("TOKEN", "s.x", "token: Some("),
    ("TOKEN_PATH", "/t", "token_file: Some(\"/t\")"),
];

/// The rows of the page: names, and what is done here.
fn rows() -> BTreeMap<&'static str, &'static str> {
    let vault = PAGE.split("\n## ").find(|section| section.starts_with("Vault\n")).expect("Vault's section");
    let cells = vault.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(name, rest)| (name, rest.trim_end_matches(" |").rsplit(" | ").next().unwrap())).collect()
}

/// The settings with a variable, and with what it cannot be without.
fn with(name: &str, value: &str) -> VaultSettings {
    let partner = match name.trim_start_matches("VAULT_").trim_start_matches("BAO_") {
        "CLIENT_CERT" | "CLIENT_CERT_BYTES" => Some(("VAULT_CLIENT_KEY", "/k")),
        "CLIENT_KEY" | "CLIENT_KEY_BYTES" => Some(("VAULT_CLIENT_CERT", "/c")),
        "ADDR" => None,
        _ => Some(ADDRESS),
    };
    let address = (!name.ends_with("_ADDR") || name.contains("PROXY") || name.contains("AGENT")).then_some(ADDRESS);
    let variables: Vec<_> = address.into_iter().chain(partner).chain([(name, value)]).collect();
    VaultSettings::from(&environment(&variables), &Connections::default()).unwrap()
}

#[test]
fn each_row_of_the_page_is_honoured_or_has_its_line() {
    let mut rows = rows();
    let plain = with("UNKNOWN", "x");
    for prefix in ["VAULT_", "BAO_"] {
        for (name, value, seen) in HONOURED {
            let settings = with(&format!("{prefix}{name}"), value);
            assert!(format!("{settings:?}").contains(seen), "{prefix}{name}: {settings:?}");
            assert!(!format!("{plain:?}").contains(seen), "{name} is seen without it");
        }
        for (name, ..) in LEFT_OUT {
            let variable = format!("{prefix}{name}");
            let lines = with(&variable, "json").warnings;
            assert!(lines.len() == 1 && lines[0].starts_with(&format!("{variable} is not used here: ")), "{lines:?}");
        }
    }
    for (name, ..) in HONOURED {
        assert!(rows.remove(name).is_some_and(|here| here.starts_with("honoured")), "{name}");
    }
    for (name, ..) in LEFT_OUT {
        assert!(rows.remove(name).is_some_and(|here| here.starts_with("left out: ")), "{name}");
    }
    assert!(rows.is_empty(), "rows without a case: {rows:?}");
}

#[rstest]
#[case("DISABLE_REDIRECTS", "true")]
#[case("SRV_LOOKUP", "0")]
fn what_asks_for_what_is_done_anyway_has_no_line(#[case] name: &str, #[case] value: &str) {
    assert_eq!(with(&format!("VAULT_{name}"), value).warnings, [""; 0]);
}

fn at_home(home: &Path, variables: &[(&str, &str)]) -> Environment {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::new(owned, Some(home.to_owned()))
}

async fn header_of_the_last(server: &MockServer, name: &str) -> Option<String> {
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    asked.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

async fn healthy_server() -> MockServer {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    answer("GET", "/v1/x", 200, json!({ "data": {} })).mount(&server).await;
    server
}

#[tokio::test]
async fn the_token_helper_is_asked_before_the_file() {
    let (server, home) = (healthy_server().await, tempfile::tempdir().unwrap());
    let helper = home.path().join("helper");
    let write = |text: &str| {
        std::fs::write(&helper, text).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o700)).unwrap();
    };
    write("#!/bin/sh\n[ \"$1\" = get ] && printf s.from-helper\n");
    std::fs::write(home.path().join(".vault-token"), "s.from-file").unwrap();
    let config = format!("token_helper = {:?}\n", helper.display().to_string());
    let address = server.uri();
    for (place, variables) in [(".vault", vec![]), (".bao", vec![]), ("own", vec![("BAO_CONFIG_PATH", "own")])] {
        let file = home.path().join(place);
        std::fs::write(&file, &config).unwrap();
        let named = file.display().to_string();
        let variables: Vec<_> = variables.into_iter().map(|(name, _)| (name, named.as_str())).collect();
        let environment = at_home(home.path(), &[variables, vec![("VAULT_ADDR", &address)]].concat());
        let vault = Vault::connect(&environment, &Connections::default()).await.unwrap();
        vault.read::<Value>("x").await.unwrap();
        assert_eq!(header_of_the_last(&server, "X-Vault-Token").await.as_deref(), Some("s.from-helper"), "{place}");
        std::fs::remove_file(&file).unwrap();
    }
    std::fs::write(home.path().join(".vault"), &config).unwrap();
    write("#!/bin/sh\necho no keyring, hvs.CAESIJ1yvUbWYr0vT9aPz3kQ1Xc2 >&2\nexit 3\n");
    let environment = at_home(home.path(), &[("VAULT_ADDR", &address)]);
    let (_, code, message, _) = parts(Vault::connect(&environment, &Connections::default()).await.unwrap_err());
    assert_eq!(code, "trustpath::vault::token_helper");
    assert!(message.contains("no keyring") && !message.contains("CAESIJ"), "{message}");
}

#[tokio::test]
async fn a_token_file_may_be_elsewhere() {
    let (server, home) = (healthy_server().await, tempfile::tempdir().unwrap());
    let file = home.path().join("elsewhere");
    std::fs::write(&file, "s.elsewhere\n").unwrap();
    let environment =
        at_home(home.path(), &[("VAULT_ADDR", &server.uri()), ("BAO_TOKEN_PATH", file.to_str().unwrap())]);
    Vault::connect(&environment, &Connections::default()).await.unwrap().read::<Value>("x").await.unwrap();
    assert_eq!(header_of_the_last(&server, "X-Vault-Token").await.as_deref(), Some("s.elsewhere"));
}

#[tokio::test]
async fn behind_an_agent_that_adds_its_own_no_token_is_needed() {
    let (server, home) = (healthy_server().await, tempfile::tempdir().unwrap());
    let looked_up = json!({ "data": { "ttl": 60 } });
    answer("GET", "/v1/auth/token/lookup-self", 200, looked_up).mount(&server).await;
    for name in ["VAULT_ADDR", "VAULT_AGENT_ADDR", "BAO_AGENT_ADDR"] {
        let environment = at_home(home.path(), &[("VAULT_ADDR", "http://127.0.0.1:1"), (name, &server.uri())]);
        let environment =
            if name == "VAULT_ADDR" { at_home(home.path(), &[(name, &server.uri())]) } else { environment };
        let vault = Vault::connect(&environment, &Connections::default()).await.unwrap();
        vault.read::<Value>("x").await.unwrap();
        assert_eq!(header_of_the_last(&server, "X-Vault-Token").await.unwrap_or_default(), "", "{name}");
    }
}

#[tokio::test]
async fn a_socket_is_an_address() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("agent.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        let length = stream.read(&mut asked).await.unwrap();
        let body = healthy().to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    let address = format!("unix://{}", socket.display());
    let settings =
        VaultSettings::from(&environment(&[("VAULT_ADDR", &address), ("VAULT_TOKEN", TOKEN)]), &Connections::default());
    Vault::open(settings.unwrap()).await.unwrap();
    assert!(served.await.unwrap().starts_with("GET /v1/sys/health?"));
}

#[tokio::test]
async fn headers_go_with_every_request_and_are_shown_nowhere() {
    let (server, home) = (MockServer::start().await, tempfile::tempdir().unwrap());
    let file = home.path().join("secret");
    std::fs::write(&file, "from-the-file-s3cret\n").unwrap();
    let headers = json!({ "X-Id": { "env": "THE_ID" }, "X-Secret": { "file": file }, "X-Both": { "env": "THE_ID" } });
    let connections: Connections = serde_json::from_value(json!({ "vault": { "headers": headers } })).unwrap();
    let variables = |address| {
        [
            ("VAULT_ADDR", address),
            ("VAULT_TOKEN", TOKEN),
            ("THE_ID", "from-the-environment"),
            ("VAULT_HEADERS", r#"{"X-Both": "lost", "X-More": "from-the-variable"}"#),
        ]
    };
    let sent = |verb, at| {
        Mock::given(matchers::method(verb))
            .and(matchers::path(at))
            .and(matchers::header("X-Id", "from-the-environment"))
            .and(matchers::header("X-Secret", "from-the-file-s3cret"))
            .and(matchers::header("X-Both", "from-the-environment"))
            .and(matchers::header("X-More", "from-the-variable"))
    };
    let words = json!({ "errors": ["you sent from-the-file-s3cret and from-the-environment"] });
    sent("GET", "/v1/sys/health")
        .respond_with(ResponseTemplate::new(200).set_body_json(healthy()))
        .expect(1)
        .mount(&server)
        .await;
    sent("POST", "/v1/x").respond_with(ResponseTemplate::new(400).set_body_json(words)).expect(2).mount(&server).await;
    let uri = server.uri();
    let settings = VaultSettings::from(&environment(&variables(&uri)), &connections).unwrap();
    assert!(!format!("{settings:?}").contains("from-the-environment"));
    let vault = Vault::open(settings).await.unwrap();
    for error in [vault.write("x", &json!({})).await.map(drop), vault.login("x", &json!({})).await.map(drop)] {
        let (_, _, message, _) = parts(error.unwrap_err());
        assert!(message.contains("you sent [hidden] and [hidden]"), "{message}");
    }
}

#[rstest]
#[case(json!({ "X-Id": { "env": "NOT_SET" } }), "NOT_SET")]
#[case(json!({ "X-Id": { "file": "/no/such/file" } }), "/no/such/file")]
#[case(json!({ "X-Id": { "env": "BROKEN" } }), "line break")]
#[tokio::test]
async fn a_header_that_has_no_value_is_named(#[case] headers: Value, #[case] named: &str) {
    let connections: Connections = serde_json::from_value(json!({ "vault": { "headers": headers } })).unwrap();
    let environment = environment(&[ADDRESS, ("VAULT_TOKEN", TOKEN), ("BROKEN", "s3cret\nline")]);
    let (_, code, message, _) = parts(Vault::connect(&environment, &connections).await.unwrap_err());
    assert!(
        code.starts_with("trustpath::vault::") && message.contains(named) && !message.contains("s3cret"),
        "{code} {message}"
    );
}

#[rstest]
#[case("no json")]
#[case(r#"{"X-Vault-Token": "s3cret"}"#)]
#[case(r#"{"X-Id": 3}"#)]
fn headers_in_the_variable_are_checked(#[case] value: &str) {
    let failure = VaultSettings::from(&environment(&[ADDRESS, ("VAULT_HEADERS", value)]), &Connections::default());
    let (_, code, message, help) = parts(failure.unwrap_err());
    assert_eq!(code, "trustpath::vault::setting");
    assert!(!message.contains("s3cret") && !help.contains("s3cret"));
}
