use super::*;
use rstest::rstest;

fn services() -> Vec<Value> {
    vec![
        json!({"metadata": {"namespace": "default", "name": "kubernetes"}, "spec": {"clusterIP": "10.96.0.1"}}),
        json!({"metadata": {"namespace": "vault", "name": "vault"}, "spec": {"clusterIP": "10.96.12.7", "clusterIPs": ["10.96.12.7", "fd00::7"]}}),
        json!({
            "metadata": {"namespace": "vault", "name": "outside"}, "spec": {"clusterIP": "10.96.12.8"},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.168.1.240"}]}},
        }),
    ]
}

#[rstest]
#[case("10.96.12.7", "fine")]
#[case("fd00::7", "fine")]
#[case("192.168.1.240", "fine")]
#[case("10.96.12.9", "missing")]
#[case("10.97.0.1", "unknown")]
#[case("192.168.1.24", "unknown")]
#[case("fd00::8", "unknown")]
fn an_address_is_looked_for_among_those_of_services(#[case] ip: &str, #[case] expected: &str) {
    let found = match among(&services(), ip) {
        Answer::Nothing => "fine",
        Answer::Found(_) => "missing",
        _ => "unknown",
    };
    assert_eq!(found, expected);
}

#[test]
fn without_the_service_of_the_api_server_no_range_is_known() {
    assert!(matches!(among(&[], "10.96.12.9"), Answer::Refused(_)));
}
