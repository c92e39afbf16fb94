//! Where webhooks may go: public addresses only, so that no name can be turned on the services of
//! this machine, its network or its cloud (SSRF; SS-03). Names are resolved once, every address is
//! checked, and the connection goes to the checked ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The name or address leads to a place that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public")]
pub struct NotPublic;

/// A resolver that knows public addresses only. One private address among several refuses the name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            if found.iter().all(|address| is_public(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(NotPublic.into())
            }
        })
    }
}

/// Whether `url` names an address that is not public. Addresses do not go through the resolver;
/// names do, and are judged there.
pub(crate) fn names_private_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        Some(Host::Domain(_)) => false,
        None => true,
    }
}

/// Whether an address belongs to the public internet (IANA special-purpose address registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let special = matches!(
        (a, b, c, d),
        // This network, private, loopback, multicast, reserved and broadcast.
        (0 | 10 | 127 | 224..=255, ..)
            // Shared by carriers; it holds Alibaba's metadata service, too.
            | (100, 64..=127, ..)
            // Link-local, with the metadata services of most clouds.
            | (169, 254, ..)
            | (172, 16..=31, ..)
            // Protocol assignments, documentation, former 6to4 relays, private.
            | (192, 0, 0 | 2, _) | (192, 88, 99, _) | (192, 168, ..)
            // Benchmarks, documentation.
            | (198, 18 | 19, ..) | (198, 51, 100, _) | (203, 0, 113, _)
            // Azure's wire server, a public address that leads inside.
            | (168, 63, 129, 16)
    );
    !special
}

/// Global unicast only, and of that nothing that carries an IPv4 address or leads elsewhere.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let special = matches!(
        (first, second),
        // Teredo, benchmarks, ORCHID and other protocol assignments (2001::/23), documentation.
        (0x2001, 0..=0x01ff | 0x0db8)
            // 6to4, documentation.
            | (0x2002, _) | (0x3fff, 0..=0x0fff)
    );
    (0x2000..=0x3fff).contains(&first) && !special
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1/")]
    #[case("http://127.1/")]
    #[case("http://2130706433/")]
    #[case("http://0x7f000001/")]
    #[case("http://0x7f.1/")]
    #[case("http://017700000001/")]
    #[case("http://0177.0.0.1/")]
    #[case("http://127.0.0.1./")]
    #[case("http://127.255.255.254/")]
    #[case("http://0/")]
    #[case("http://0.0.0.0/")]
    #[case("http://0.1.2.3/")]
    #[case("http://10.0.0.1/")]
    #[case("http://10.255.255.255/")]
    #[case("http://0xa.0.0.1/")]
    #[case("http://167772161/")]
    #[case("http://100.64.0.1/")]
    #[case("http://100.100.100.200/")]
    #[case("http://100.127.255.255/")]
    #[case("http://169.254.0.1/")]
    #[case("http://169.254.169.254/latest/meta-data/")]
    #[case("http://169.254.169.253/")]
    #[case("http://169.254.170.2/")]
    #[case("http://2852039166/")]
    #[case("http://0xa9fea9fe/")]
    #[case("http://0251.0376.0251.0376/")]
    #[case("http://168.63.129.16/")]
    #[case("http://172.16.0.1/")]
    #[case("http://172.31.255.255/")]
    #[case("http://192.0.0.1/")]
    #[case("http://192.0.0.192/")]
    #[case("http://192.0.2.1/")]
    #[case("http://192.88.99.1/")]
    #[case("http://192.168.0.1/")]
    #[case("http://192.168.65535/")]
    #[case("http://198.18.0.1/")]
    #[case("http://198.19.255.255/")]
    #[case("http://198.51.100.7/")]
    #[case("http://203.0.113.7/")]
    #[case("http://224.0.0.1/")]
    #[case("http://239.255.255.250/")]
    #[case("http://240.0.0.1/")]
    #[case("http://255.255.255.255/")]
    #[case("http://[::]/")]
    #[case("http://[::1]/")]
    #[case("http://[0:0:0:0:0:0:0:1]/")]
    #[case("http://[::ffff:127.0.0.1]/")]
    #[case("http://[::ffff:7f00:1]/")]
    #[case("http://[::ffff:169.254.169.254]/")]
    #[case("http://[::ffff:8.8.8.8]/")]
    #[case("http://[::127.0.0.1]/")]
    #[case("http://[64:ff9b::7f00:1]/")]
    #[case("http://[64:ff9b:1::1]/")]
    #[case("http://[100::1]/")]
    #[case("http://[2001::1]/")]
    #[case("http://[2001:db8::1]/")]
    #[case("http://[2002:7f00:1::]/")]
    #[case("http://[3fff::1]/")]
    #[case("http://[fc00::1]/")]
    #[case("http://[fd00:ec2::254]/")]
    #[case("http://[fe80::1]/")]
    #[case("http://[fec0::1]/")]
    #[case("http://[ff02::1]/")]
    fn an_address_that_is_not_public_is_refused_however_it_is_written(#[case] url: &str) {
        assert!(names_private_address(&url.parse().unwrap()), "{url}");
    }

    #[rstest]
    #[case("https://1.1.1.1/")]
    #[case("https://8.8.8.8/")]
    #[case("https://172.32.0.1/")]
    #[case("https://100.128.0.1/")]
    #[case("https://[2606:4700:4700::1111]/")]
    #[case("https://[2a00:1450:4001::1]/")]
    #[case("https://hooks.example.com/")]
    fn a_public_address_and_a_name_pass(#[case] url: &str) {
        assert!(!names_private_address(&url.parse().unwrap()), "{url}");
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused() {
        let client = reqwest::Client::builder().dns_resolver(std::sync::Arc::new(PublicOnly));
        let client = client.no_proxy().build().unwrap();
        let error = client.get("http://localhost:9/").send().await.unwrap_err();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        let mut refused = false;
        while let Some(error) = cause {
            refused |= error.to_string().contains("not public");
            cause = error.source();
        }
        assert!(refused, "{error:?}");
    }
}
