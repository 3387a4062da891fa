//! The connection to Vault as its command lines make it, by the real program: variables, an agent, headers, and what answers
//! in Vault's place.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use trustpath_platform::vault::variables::LEFT_OUT;
use trustpath_tests::{
    pair::Pair,
    program::Program,
    proxy::{Fault, Rule},
};

const HEADER: &str = "gateway-s3cret-value";

pub(crate) async fn variables_are_honoured_or_named(pair: Arc<Pair>) {
    let set = |program: Program, prefix| {
        LEFT_OUT.iter().fold(program, |program, (name, ..)| program.with(&format!("{prefix}{name}"), "json"))
    };
    for prefix in ["VAULT_", "BAO_"] {
        let ran = set(Program::on(&pair), prefix).ok(&["plan", "policy"]).await;
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, ..) in LEFT_OUT {
            assert!(said.contains(&format!("{prefix}{name} is not used here: ")), "{prefix}{name}: {}", ran.stderr);
        }
    }
    let ca = std::fs::read_to_string(pair.proxy_ca_file()).expect("a certificate");
    let program = Program::on(&pair).without("VAULT_CACERT").without("VAULT_TOKEN").without("VAULT_ADDR");
    let token = program.file("token", pair.root_token().expose_secret()).display().to_string();
    let program = program
        .with("VAULT_ADDR", "https://127.0.0.1:1")
        .with("BAO_AGENT_ADDR", &pair.vault_address())
        .with("VAULT_CACERT_BYTES", &ca)
        .with("BAO_TOKEN_PATH", &token);
    program.ok(&["plan", "policy"]).await;
    program.without("BAO_TOKEN_PATH").fails(3, &["plan", "policy"]).await;
}

pub(crate) async fn headers_go_with_every_request(pair: Arc<Pair>) {
    let program = Program::on(&pair).with("GATEWAY", HEADER);
    let headers = "[connections.vault.headers]\nX-Gateway = { env = \"GATEWAY\" }\n";
    let headers = program.file("headers.toml", headers);
    let program = program.with_files(&[trustpath_tests::program::standard_file(), pair.overlay_file(), headers]);
    pair.forget();
    let ran = program.ok(&["apply", "--yes"]).await;
    pair.quiet().await;
    let seen = pair.vault_proxy.seen();
    let own: Vec<_> = seen.iter().filter(|seen| seen.agent.starts_with("trustpath")).collect();
    assert!(own.iter().any(|seen| seen.path.ends_with("/login")), "no login among {}", own.len());
    for seen in own {
        assert_eq!(
            seen.headers.0.get("X-Gateway").and_then(|value| value.to_str().ok()),
            Some(HEADER),
            "{}",
            seen.line()
        );
    }
    pair.vault_proxy.fault(Rule { method: "GET", path: "sys/auth".into(), times: 9, fault: Fault::Echo(400) });
    let echoed = program.run(&["plan", "--output", "json"]).await;
    pair.lift();
    let journal = std::fs::read_to_string(program.journal()).expect("a journal");
    for text in [&ran.stdout, &ran.stderr, &echoed.stdout, &echoed.stderr, &journal] {
        assert!(!text.contains(HEADER), "{text}");
    }
    program.ok(&["destroy", "--yes"]).await;
}

pub(crate) async fn a_page_is_no_answer_of_vaults(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let program = program.with("VAULT_CLIENT_TIMEOUT", "2");
    for status in [200, 403, 404, 502] {
        pair.vault_proxy.fault(Rule {
            method: "GET",
            path: "sys/auth".into(),
            times: 99,
            fault: Fault::EchoPage(status),
        });
        let ran = program.run(&["plan", "kubernetes-auth"]).await;
        pair.lift();
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_ne!(ran.code, 0, "{status}: {}", ran.stdout);
        assert!(said.contains("something before Vault answered"), "{status}: {}", ran.stderr);
        assert!(!said.contains("denies") && !said.contains("<pre>"), "{status}: {}", ran.stderr);
    }
}
