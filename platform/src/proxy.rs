//! Which proxy a request goes through, as the variables say it, by the rules of Go's `golang.org/x/net/http/httpproxy`
//! (v0.57.0), which kubectl and the command lines of Vault and OpenBao follow.

use std::net::IpAddr;

use secrecy::SecretString;
use trustpath_core::{Class, Problem};
use url::{Host, Url};

use crate::Environment;

/// The proxy for Vault: `VAULT_PROXY_ADDR` (or its older name) always, the common variables unless Vault is on this
/// host or excluded by `NO_PROXY`. A proxy's URL may hold a password.
pub(crate) fn of_vault(environment: &Environment, address: &Url) -> Result<Option<SecretString>, Problem> {
    let own = environment.vault("PROXY_ADDR")?.or(environment.vault("HTTP_PROXY")?).map(str::to_owned);
    let Some(proxy) = own.map_or_else(|| common(environment, address), |own| Ok(Some(own)))? else {
        return Ok(None);
    };
    match Url::parse(&proxy) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(SecretString::from(proxy))),
        _ => Err(Problem::new(Class::Config, "trustpath::vault::proxy", "the proxy for Vault is no http or https URL")
            .help("set VAULT_PROXY_ADDR or HTTPS_PROXY to a URL like http://proxy.example.com:3128")),
    }
}

/// The proxy that the variables common to all programs name for this address. What is no URL with `http://` before it either
/// is passed over.
pub(crate) fn common(environment: &Environment, address: &Url) -> Result<Option<String>, Problem> {
    let names = match address.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        "http" => ["HTTP_PROXY", "http_proxy"],
        _ => return Ok(None),
    };
    let said = names.into_iter().find_map(|name| environment.get(name));
    let Some(proxy) = said.map(|said| with_scheme(said, "http")).filter(|proxy| Url::parse(proxy).is_ok()) else {
        return Ok(None);
    };
    if address.scheme() == "http" && environment.get("REQUEST_METHOD").is_some() {
        return Err(of_a_client());
    }
    let no = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy")).unwrap_or_default();
    Ok((!stays_here(address) && !no.split(',').any(|entry| excludes(entry, address))).then_some(proxy))
}

/// A URL, or what becomes one with a scheme before it.
pub(crate) fn with_scheme(text: &str, scheme: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => text.to_owned(),
        _ => format!("{scheme}://{text}"),
    }
}

/// Whether an entry of `NO_PROXY` covers the address: `*`, a network, or a host with or without a port. A name covers its
/// subdomains, and one that begins with a dot, or with `*.`, those alone.
fn excludes(entry: &str, address: &Url) -> bool {
    let entry = entry.trim().to_lowercase();
    let ip = ip(address);
    if entry == "*" {
        return true;
    }
    if let Some(covered) = entry.split_once('/').and_then(|(network, bits)| contains(network, bits, ip)) {
        return covered;
    }
    let (host, port) = host_and_port(&entry);
    if !port.is_empty() && port.parse().ok() != address.port_or_known_default() {
        return false;
    }
    match (host.parse::<IpAddr>(), ip, address.host_str()) {
        (Ok(host), Some(ip), _) => host.to_canonical() == ip,
        (Err(_), None, Some(name)) => is_below(name, host),
        _ => false,
    }
}

/// `host`, `host:port`, `[address]:port` or an address with colons.
fn host_and_port(entry: &str) -> (&str, &str) {
    match entry.strip_prefix('[').and_then(|rest| rest.split_once("]:")).or_else(|| entry.split_once(':')) {
        Some((host, port)) if !port.contains(':') => (host, port),
        _ => (entry, ""),
    }
}

fn is_below(name: &str, host: &str) -> bool {
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let bare = host.strip_prefix('.').unwrap_or(host);
    let bare = Host::parse(bare).map_or_else(|_| bare.to_owned(), |host| host.to_string());
    let parent = name.strip_suffix(&bare).filter(|_| !bare.is_empty());
    parent.is_some_and(|parent| parent.ends_with('.') || (parent.is_empty() && !host.starts_with('.')))
}

/// Whether a network has an address in it; `None` where it is no network.
pub(crate) fn contains(network: &str, bits: &str, ip: Option<IpAddr>) -> Option<bool> {
    let ((width, network), bits) = (number(network.parse().ok()?), bits.parse::<u32>().ok()?);
    let rest = width.checked_sub(bits)?;
    let covers = |(same, ip): (u32, u128)| same == width && (bits == 0 || ip >> rest == network >> rest);
    Some(ip.map(number).is_some_and(covers))
}

/// How many bits an address has, and which ones.
fn number(ip: IpAddr) -> (u32, u128) {
    match ip {
        IpAddr::V4(ip) => (32, ip.to_bits().into()),
        IpAddr::V6(ip) => (128, ip.to_bits()),
    }
}

fn ip(address: &Url) -> Option<IpAddr> {
    match address.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(IpAddr::from(ip).to_canonical()),
    }
}

/// What no proxy is used for, whatever the variables say.
fn stays_here(address: &Url) -> bool {
    address.host_str() == Some("localhost") || ip(address).is_some_and(|ip| ip.is_loopback())
}

/// A web server hands on what its client sent in a header `Proxy` as `HTTP_PROXY`.
fn of_a_client() -> Problem {
    let message = "HTTP_PROXY is not used while REQUEST_METHOD is set, as a web server's client may have made it";
    Problem::new(Class::Config, "trustpath::environment::proxy", message).help("unset REQUEST_METHOD, or HTTP_PROXY")
}

/// Whether the address stays on this host.
pub(crate) fn loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
    }

    fn proxy(variables: &[(&str, &str)], address: &str) -> Option<String> {
        common(&environment(variables), &Url::parse(address).unwrap()).unwrap()
    }

    /// The cases of `proxyForURLTests`, for the scheme that most have.
    #[rstest]
    #[case("127.0.0.1:8080", Some("http://127.0.0.1:8080"))]
    #[case("cache.example.com:1234", Some("http://cache.example.com:1234"))]
    #[case("cache.example.com", Some("http://cache.example.com"))]
    #[case("localhost", Some("http://localhost"))]
    #[case("https://cache.example.com", Some("https://cache.example.com"))]
    #[case("http://127.0.0.1:8080", Some("http://127.0.0.1:8080"))]
    #[case("socks5://127.0.0.1", Some("socks5://127.0.0.1"))]
    #[case("foo://host", Some("foo://host"))]
    #[case("a b", None)]
    #[case("", None)]
    fn what_a_variable_may_hold(#[case] value: &str, #[case] expected: Option<&str>) {
        assert_eq!(proxy(&[("HTTPS_PROXY", value)], "https://example.com").as_deref(), expected);
    }

    #[rstest]
    #[case(&[("HTTP_PROXY", "p"), ("HTTPS_PROXY", "s")], "http://a.test", Some("http://p"))]
    #[case(&[("HTTP_PROXY", "p"), ("HTTPS_PROXY", "s")], "https://a.test", Some("http://s"))]
    #[case(&[("HTTP_PROXY", "p")], "https://a.test", None)]
    #[case(&[("HTTP_PROXY", "p")], "ftp://a.test", None)]
    #[case(&[("https_proxy", "low"), ("HTTPS_PROXY", "up")], "https://a.test", Some("http://up"))]
    #[case(&[("https_proxy", "low"), ("HTTPS_PROXY", "")], "https://a.test", Some("http://low"))]
    #[case(&[("HTTPS_PROXY", "s"), ("REQUEST_METHOD", "PUT")], "https://a.test", Some("http://s"))]
    #[case(&[("HTTPS_PROXY", "s"), ("NO_PROXY", "b.test"), ("no_proxy", "a.test")], "https://a.test", Some("http://s"))]
    fn which_variable(#[case] variables: &[(&str, &str)], #[case] address: &str, #[case] expected: Option<&str>) {
        assert_eq!(proxy(variables, address).as_deref(), expected);
    }

    #[test]
    fn what_a_client_of_a_web_server_may_have_set_is_refused() {
        let variables = environment(&[("http_proxy", "p"), ("REQUEST_METHOD", "PUT")]);
        let error = common(&variables, &Url::parse("http://a.test").unwrap()).unwrap_err();
        assert!(error.to_string().contains("REQUEST_METHOD"), "{error}");
    }

    const NO: &str = "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, \
                      2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64, CASE.test, :1, \
                      with.port:80, other.port:81, 1.2.3.4/99, .b\u{fc}cher.example";

    /// The cases of `UseProxyTests` and some more.
    #[rstest]
    #[case("localhost", false)]
    #[case("127.0.0.1", false)]
    #[case("127.0.0.2", false)]
    #[case("[::1]", false)]
    #[case("[::ffff:127.0.0.1]", false)]
    #[case("[::2]", true)]
    #[case("192.168.1.1", false)]
    #[case("[::ffff:192.168.1.1]", false)]
    #[case("192.168.1.2", true)]
    #[case("192.168.1.3", false)]
    #[case("192.168.1.4", true)]
    #[case("10.0.0.2", false)]
    #[case("10.0.0.4", true)]
    #[case("[2001:db8::52:0:1]", false)]
    #[case("[2001:db8::52:0:2]", true)]
    #[case("[2001:db8::52:0:3]", false)]
    #[case("[2002:db8:a::123]", false)]
    #[case("[fe80::424b:c8be:1643:a1b6]", true)]
    #[case("barbaz.net", true)]
    #[case("www.barbaz.net", false)]
    #[case("foobar.com", false)]
    #[case("www.foobar.com", false)]
    #[case("foofoobar.com", true)]
    #[case("baz.com", true)]
    #[case("localhost.net", true)]
    #[case("local.localhost", true)]
    #[case("barbarbaz.net", true)]
    #[case("wildcard.io", true)]
    #[case("nested.wildcard.io", false)]
    #[case("awildcard.io", true)]
    #[case("case.test", false)]
    #[case("with.port", false)]
    #[case("other.port", true)]
    #[case("www.b\u{fc}cher.example", false)]
    #[case("www.xn--bcher-kva.example", false)]
    fn which_hosts_are_left_out(#[case] host: &str, #[case] is_used: bool) {
        let found = |no| proxy(&[("HTTP_PROXY", "http://p"), ("NO_PROXY", no)], &format!("http://{host}/"));
        assert_eq!(found(NO).is_some(), is_used);
        assert_eq!(found("*"), None);
        assert_eq!(found("b.test,*"), None);
    }

    #[rstest]
    #[case("https://vault.example.com", &[], Some("http://s:1"))]
    #[case("https://vault.example.com", &[("NO_PROXY", "*")], None)]
    #[case("https://vault.example.com", &[("VAULT_PROXY_ADDR", "http://own:1"), ("NO_PROXY", "*")], Some("http://own:1"))]
    #[case("https://127.0.0.1:8200", &[("BAO_HTTP_PROXY", "http://old:1")], Some("http://old:1"))]
    fn the_proxy_of_vault(#[case] address: &str, #[case] more: &[(&str, &str)], #[case] expected: Option<&str>) {
        let variables = [&[("HTTPS_PROXY", "http://s:1")][..], more].concat();
        let proxy = of_vault(&environment(&variables), &Url::parse(address).unwrap()).unwrap();
        assert_eq!(proxy.as_ref().map(|proxy| proxy.expose_secret()), expected);
    }
}
