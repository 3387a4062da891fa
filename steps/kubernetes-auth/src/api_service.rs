//! At which addresses pods know the API server of their own cluster. Pure.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;
use trustpath_core::{Answers, Result};
use trustpath_platform::{
    Optional,
    kubernetes::{Live, ObjectRef},
};
use url::{Host, Url};

use crate::url::{is_api_server_name, same_host};

/// The Service `default/kubernetes`, which every cluster has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApiService {
    /// Its ClusterIPs; none where it was not looked at, or may not be.
    ips: Vec<IpAddr>,
}

impl ApiService {
    /// The name of its read.
    pub(crate) const READ: &str = "the Service default/kubernetes";

    /// Reads it, where that may tell whose address a host is.
    pub(crate) fn read(host: &str) -> Option<Optional<Live>> {
        let asked = ip(host).map(|_| Live(ObjectRef::namespaced::<Service>("default", "kubernetes")));
        asked.map(Optional)
    }

    pub(crate) fn answered(answers: &Answers) -> Result<Self> {
        let live: Value = answers.get(Self::READ)?.unwrap_or_default();
        let spec = &live["spec"];
        let all = spec["clusterIPs"].as_array().into_iter().flatten().chain([&spec["clusterIP"]]);
        Ok(Self { ips: all.filter_map(|ip| ip.as_str()?.parse().ok()).collect() })
    }

    /// Whether a URL is one of its addresses: any of its names, or one of its ClusterIPs.
    pub(crate) fn has(&self, host: &str) -> bool {
        is_api_server_name(host) || ip(host).is_some_and(|ip| self.ips.contains(&ip))
    }

    /// The host that is there, where both are addresses of it: it means the same.
    pub(crate) fn spelled(&self, wanted: String, there: Option<&str>) -> String {
        let is_same = |there: &&str| same_host(there, &wanted) || self.has(there) && self.has(&wanted);
        there.filter(is_same).map(str::to_owned).unwrap_or(wanted)
    }
}

/// The address that may be a ClusterIP: the Service's port is 443.
fn ip(host: &str) -> Option<IpAddr> {
    let url = Url::parse(host).ok().filter(|url| url.scheme() == "https")?;
    let ip = match url.host()? {
        Host::Ipv4(ip) => IpAddr::from(ip),
        Host::Ipv6(ip) => IpAddr::from(ip),
        Host::Domain(_) => return None,
    };
    (url.port_or_known_default() == Some(443) && !ip.is_loopback()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use trustpath_core::Answer;

    use super::*;

    fn service() -> ApiService {
        let live = json!({"spec": {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"]}});
        let answers = [(ApiService::READ, Answer::Found(live))].into_iter().collect();
        ApiService::answered(&answers).expect("a Service")
    }

    #[rstest]
    #[case("https://kubernetes", true)]
    #[case("https://kubernetes.default", true)]
    #[case("https://kubernetes.default.svc", true)]
    #[case("https://KUBERNETES.default.svc:443/", true)]
    #[case("https://kubernetes.default.svc.cluster.local.", true)]
    #[case("https://kubernetes.default.svc.corp.example", true)]
    #[case("https://10.96.0.1:443", true)]
    #[case("https://10.96.0.1", true)]
    #[case("https://[fd00::1]:443/", true)]
    #[case("https://10.96.0.2", false)]
    #[case("https://10.96.0.1:6443", false)]
    #[case("http://kubernetes.default.svc", false)]
    #[case("https://kubernetes.default.svc:6443", false)]
    #[case("https://kubernetes.example.com", false)]
    #[case("https://kubernetes.other.svc", false)]
    #[case("https://kubernetes.default/path", false)]
    #[case("10.96.0.1", false)]
    fn its_addresses(#[case] host: &str, #[case] is_one: bool) {
        assert_eq!(service().has(host), is_one);
    }

    #[test]
    fn only_an_address_that_may_be_its_own_is_looked_up() {
        assert!(ApiService::read("https://10.96.0.1:443").is_some());
        for host in
            ["https://10.0.0.1:6443", "https://127.0.0.1", "https://kubernetes.default", "https://api.example.com"]
        {
            assert!(ApiService::read(host).is_none(), "{host}");
        }
    }

    #[test]
    fn what_is_there_stays_spelled_as_it_is() {
        let spelled = |there| service().spelled("https://kubernetes.default.svc".to_owned(), Some(there));
        assert_eq!(spelled("https://10.96.0.1:443"), "https://10.96.0.1:443");
        assert_eq!(spelled("https://other:443"), "https://kubernetes.default.svc");
    }
}
