//! From which addresses this machine reaches Vault.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{UdpSocket, lookup_host};
use url::Url;

use super::Vault;
use crate::proxy;

impl Vault {
    /// This machine's addresses towards Vault, where none is in one of these networks, as `token_bound_cidrs` has them. `None` where
    /// one is, or that cannot be told. Behind NAT or a proxy Vault sees another address.
    pub async fn addresses_outside(&self, networks: &[String]) -> Option<Vec<IpAddr>> {
        let own = self.own_addresses().await?;
        is_outside(&own, networks).then_some(own)
    }

    /// By the routes of this machine; nothing is sent.
    async fn own_addresses(&self) -> Option<Vec<IpAddr>> {
        let url = Url::parse(self.address()).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']);
        let mut own = Vec::new();
        for server in lookup_host((host, url.port_or_known_default()?)).await.ok()? {
            own.extend(towards(server).await);
        }
        Some(own)
    }
}

async fn towards(server: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(server).await.ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

/// What is no network is not told apart from one that has the address.
fn is_outside(own: &[IpAddr], networks: &[String]) -> bool {
    let is_out = |network: &String, ip: IpAddr| {
        let one = if network.contains(':') { "128" } else { "32" };
        let (network, bits) = network.split_once('/').unwrap_or((network, one));
        proxy::contains(network, bits, Some(ip)) == Some(false)
    };
    !own.is_empty() && networks.iter().all(|network| own.iter().all(|ip| is_out(network, *ip)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["127.0.0.1"], &["192.0.2.0/24"], true)]
    #[case(&["127.0.0.1"], &["192.0.2.0/24", "2001:db8::/32"], true)]
    #[case(&["127.0.0.1"], &["192.0.2.0/24", "127.0.0.0/8"], false)]
    #[case(&["10.1.2.3"], &["10.1.2.3"], false)]
    #[case(&["10.1.2.3"], &["10.1.2.4"], true)]
    #[case(&["10.1.2.3", "fd00::1"], &["fd00::/8"], false)]
    #[case(&["10.1.2.3"], &["no network"], false)]
    #[case(&[], &["192.0.2.0/24"], false)]
    fn addresses_are_held_against_networks(#[case] own: &[&str], #[case] networks: &[&str], #[case] outside: bool) {
        let own: Vec<IpAddr> = own.iter().map(|ip| ip.parse().expect("an address")).collect();
        let networks: Vec<_> = networks.iter().map(|network| (*network).to_owned()).collect();
        assert_eq!(is_outside(&own, &networks), outside);
    }
}
