//! Addresses that codes may be sent to.

use url::{Host, Url};

/// Longest address.
const LONGEST: usize = 2_000;

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectRefusal {
    /// No address at all, or too long.
    #[error("a redirect address is a whole URL of at most 2000 characters")]
    NoUrl,
    /// Parts that have no place there.
    #[error("a redirect address has no fragment (#...), user name or wildcard")]
    Parts,
    /// Readable on the way.
    #[error("a redirect address is https, or http on 127.0.0.1, [::1] or localhost")]
    Insecure,
    /// A scheme that others may use too (RFC 8252 section 7.1).
    #[error("the scheme of an app's own is a domain name in reverse, as com.example.app:/callback")]
    Scheme,
}

/// Whether an operator may register `address`: https, http on this machine for native apps and
/// developers, or a private-use scheme (RFC 8252 section 7).
///
/// # Errors
/// Why not.
pub fn check(address: &str) -> Result<(), RedirectRefusal> {
    let url = Url::parse(address).ok().filter(|_| address.len() <= LONGEST);
    let url = url.ok_or(RedirectRefusal::NoUrl)?;
    let named = !url.username().is_empty() || url.password().is_some();
    if url.fragment().is_some() || named || address.contains(['*', ' ']) {
        return Err(RedirectRefusal::Parts);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) || url.host_str() == Some("localhost") => Ok(()),
        "http" => Err(RedirectRefusal::Insecure),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err(RedirectRefusal::Scheme),
    }
}

/// Whether a code may go to `asked`: it is, character by character, `registered` (RFC 9700 section
/// 2.1); a native app on a loopback address takes whatever port is free (RFC 8252 section 7.3).
pub(super) fn matches(registered: &str, asked: &str) -> bool {
    let portless = |address: &str| {
        let mut url = Url::parse(address).ok()?;
        let native = url.scheme() == "http" && is_loopback(&url);
        (native && url.set_port(None).is_ok()).then_some(url)
    };
    registered == asked
        || portless(registered)
            .is_some_and(|registered| check(asked).is_ok() && Some(registered) == portless(asked))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example.com/callback?tenant=1", Ok(()))]
    #[case("http://127.0.0.1/callback", Ok(()))]
    #[case("http://[::1]:5005/callback", Ok(()))]
    #[case("http://localhost:5005/callback", Ok(()))]
    #[case("com.example.app:/callback", Ok(()))]
    #[case("http://app.example.com/callback", Err(RedirectRefusal::Insecure))]
    #[case("http://localhost.example.com/", Err(RedirectRefusal::Insecure))]
    #[case("https://app.example.com/#here", Err(RedirectRefusal::Parts))]
    #[case("https://you@app.example.com/", Err(RedirectRefusal::Parts))]
    #[case("https://*.example.com/", Err(RedirectRefusal::Parts))]
    #[case("javascript:alert(1)", Err(RedirectRefusal::Scheme))]
    #[case("myapp://callback", Err(RedirectRefusal::Scheme))]
    #[case("/callback", Err(RedirectRefusal::NoUrl))]
    #[case("", Err(RedirectRefusal::NoUrl))]
    fn only_addresses_that_are_the_apps_own_are_registered(
        #[case] address: &str,
        #[case] verdict: Result<(), RedirectRefusal>,
    ) {
        assert_eq!(check(address), verdict);
    }

    #[rstest]
    #[case("https://app.example.com/cb", "https://app.example.com/cb", true)]
    #[case("https://app.example.com/cb", "https://app.example.com/cb/", false)]
    #[case("https://app.example.com/cb", "https://app.example.com:443/cb", false)]
    #[case("https://app.example.com/cb", "https://app.example.com/cb?next=evil", false)]
    #[case("https://app.example.com/cb", "https://app.example.com.evil.example/cb", false)]
    #[case("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true)]
    #[case("http://[::1]/cb", "http://[::1]:49152/cb", true)]
    #[case("http://127.0.0.1/cb", "http://127.0.0.1:49152/other", false)]
    #[case("http://127.0.0.1/cb", "http://you@127.0.0.1:49152/cb", false)]
    #[case("http://127.0.0.1/cb", "https://127.0.0.1/cb", false)]
    #[case("http://localhost:5005/cb", "http://localhost:5006/cb", false)]
    #[case("com.example.app:/cb", "com.example.app:/cb", true)]
    fn a_code_goes_to_the_registered_address_only(
        #[case] registered: &str,
        #[case] asked: &str,
        #[case] goes: bool,
    ) {
        assert_eq!(matches(registered, asked), goes);
    }
}
