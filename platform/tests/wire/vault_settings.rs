//! What the variables of Vault's command line mean.

use rstest::rstest;
use trustpath_core::Class;
use trustpath_platform::{Connections, VaultServer, VaultSettings};

use crate::support::{environment, parts};

const ADDRESS: (&str, &str) = ("VAULT_ADDR", "https://vault.example.com:8200");

fn settings(variables: &[(&str, &str)]) -> Result<VaultSettings, trustpath_core::Failure> {
    VaultSettings::from(&environment(variables), &Connections::default())
}

#[rstest]
#[case(&[], "trustpath::vault::no_address")]
#[case(&[("VAULT_ADDR", "")], "trustpath::vault::no_address")]
#[case(&[("VAULT_ADDR", "vault.example.com")], "trustpath::vault::address")]
#[case(&[("VAULT_ADDR", "unix://run/vault.sock")], "trustpath::vault::address")]
#[case(&[("VAULT_ADDR", "https://u:hidden@vault.example.com")], "trustpath::vault::address")]
#[case(&[ADDRESS, ("BAO_ADDR", "https://other.example.com:8200")], "trustpath::environment::twins")]
#[case(&[ADDRESS, ("VAULT_TOKEN", "s.hidden"), ("BAO_TOKEN", "s.other")], "trustpath::environment::twins")]
#[case(&[ADDRESS, ("VAULT_TOKEN", "s.hid\nden")], "trustpath::vault::token")]
#[case(&[ADDRESS, ("VAULT_TOKEN", "s.hid\u{7f}den")], "trustpath::vault::token")]
#[case(&[ADDRESS, ("VAULT_NAMESPACE", "a\nb")], "trustpath::vault::setting")]
#[case(&[ADDRESS, ("VAULT_SKIP_VERIFY", "perhaps")], "trustpath::vault::setting")]
#[case(&[ADDRESS, ("VAULT_CLIENT_TIMEOUT", "soon")], "trustpath::vault::setting")]
#[case(&[ADDRESS, ("VAULT_CLIENT_TIMEOUT", "0")], "trustpath::vault::setting")]
#[case(&[ADDRESS, ("VAULT_CLIENT_CERT", "c.pem")], "trustpath::vault::client_certificate")]
#[case(&[ADDRESS, ("VAULT_CLIENT_KEY", "k.pem")], "trustpath::vault::client_certificate")]
#[case(&[ADDRESS, ("VAULT_PROXY_ADDR", "socks5://p:1080")], "trustpath::vault::proxy")]
fn what_cannot_be_used(#[case] variables: &[(&str, &str)], #[case] code: &str) {
    let (class, found, message, help) = parts(settings(variables).unwrap_err());
    assert_eq!((class, found.as_str()), (Class::Config, code));
    assert!(!message.contains("hid") && !help.contains("hid"), "{message} {help}");
}

#[test]
fn twins_that_agree_are_one() {
    settings(&[ADDRESS, ("BAO_ADDR", ADDRESS.1), ("VAULT_TOKEN", "s.a"), ("BAO_TOKEN", "s.a")]).unwrap();
    settings(&[("BAO_ADDR", ADDRESS.1), ("BAO_TOKEN", " s.a\n")]).unwrap();
}

#[rstest]
#[case("90", 90_000)]
#[case("90s", 90_000)]
#[case("1500ms", 1500)]
#[case("2m", 120_000)]
fn the_time_limit(#[case] text: &str, #[case] millis: u128) {
    let settings = settings(&[ADDRESS, ("VAULT_CLIENT_TIMEOUT", text)]).unwrap();
    assert_eq!(settings.limits.total.as_millis(), millis);
}

#[test]
fn what_is_unsafe_is_said() {
    assert!(settings(&[ADDRESS]).unwrap().warnings.is_empty());
    let warnings = settings(&[ADDRESS, ("VAULT_SKIP_VERIFY", "1")]).unwrap().warnings;
    assert!(warnings[0].contains("VAULT_SKIP_VERIFY"), "{warnings:?}");
    let warnings = settings(&[("VAULT_ADDR", "http://vault.example.com:8200")]).unwrap().warnings;
    assert!(warnings[0].contains("unencrypted"), "{warnings:?}");
    for local in ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"] {
        assert!(settings(&[("VAULT_ADDR", local)]).unwrap().warnings.is_empty(), "{local}");
    }
}

#[rstest]
#[case(None, None, Ok(None))]
#[case(Some("/team/a/"), None, Ok(Some("team/a")))]
#[case(None, Some("team/a"), Ok(Some("team/a")))]
#[case(Some("team/a/"), Some("team/a"), Ok(Some("team/a")))]
#[case(Some("root"), None, Ok(None))]
#[case(Some("team/b"), Some("team/a"), Err(()))]
#[case(Some("team/b"), Some("root"), Err(()))]
fn the_namespace(#[case] set: Option<&str>, #[case] pinned: Option<&str>, #[case] expected: Result<Option<&str>, ()>) {
    let variables: Vec<_> = set.map(|value| ("VAULT_NAMESPACE", value)).into_iter().collect();
    let mut connections = Connections::default();
    connections.vault.namespace = pinned.map(str::to_owned);
    connections.vault.server = Some("http://vault.vault.svc:8200".to_owned());
    match (VaultServer::new(&environment(&variables), &connections), expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found.namespace.as_deref(), expected);
            assert_eq!(found.url.as_deref(), Some("http://vault.vault.svc:8200"));
        }
        (Err(failure), Err(())) => {
            let (class, code, message, _) = parts(failure);
            assert_eq!((class, code.as_str()), (Class::Refused, "trustpath::vault::pinned"));
            assert!(message.contains("team/b") && message.contains(pinned.unwrap()), "{message}");
        }
        (found, expected) => panic!("{found:?} is not {expected:?}"),
    }
}

#[test]
fn the_connections_table_knows_its_keys() {
    let parse = |text: &str| serde_json::from_str::<Connections>(text);
    let all = parse(
        r#"{ "vault": { "server": "s", "namespace": "n", "cluster_id": "c" },
             "kubernetes": { "context": "x", "uid": "u" } }"#,
    );
    let all = all.unwrap();
    assert_eq!(all.kubernetes.uid.as_deref(), Some("u"));
    assert_eq!(serde_json::to_value(&all).unwrap()["vault"]["cluster_id"], "c");
    assert_eq!(parse("{}").unwrap(), Connections::default());
    assert!(parse(r#"{ "vault": { "token": "s.x" } }"#).is_err(), "no file says a token");
}
