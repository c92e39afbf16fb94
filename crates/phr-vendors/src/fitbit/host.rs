//! Addresses of the vendor's hosts.

use url::Url;

/// A documented address.
#[expect(clippy::expect_used, reason = "the constants of both upstreams are URLs; tests read them")]
pub(super) fn fixed(url: &str) -> Url {
    url.parse().expect("a constant URL")
}

/// `path` at the host of `base`, whose own path is ignored.
pub(super) fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
