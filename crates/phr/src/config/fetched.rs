//! Which metrics are fetched.

use phr_model::Metric;
use phr_vendors::fitbit::web_api;

use super::{Config, Reader, Upstream};

impl Reader<'_> {
    /// Which metrics are fetched, in the catalogue's order.
    pub(super) fn fetched(&mut self) -> Vec<Metric> {
        match metrics_of(self.text("METRICS").as_deref()) {
            Ok(metrics) => metrics,
            Err(problem) => {
                self.mistake("METRICS", problem);
                Vec::new()
            }
        }
    }
}

impl Config {
    /// What to say of metrics that are chosen and that the upstream does not have; none if it has all.
    pub(crate) fn unavailable(&self) -> Option<String> {
        let upstream = self.fitbit.as_ref().map(|fitbit| fitbit.upstream);
        let lacking = match upstream {
            Some(Upstream::WebApi) => web_api::lacking(&self.fetched),
            Some(Upstream::GoogleHealth) | None => Vec::new(),
        };
        let names: Vec<&str> = lacking.into_iter().map(Metric::key).collect();
        let names = names.join(", ");
        (!names.is_empty()).then(|| {
            format!(
                "METRICS: FITBIT_UPSTREAM=web-api does not have {names}; never fetched through it"
            )
        })
    }
}

/// The metrics that a list of names, or `all`, chooses; the usual ones if nothing is said. Returned in
/// the catalogue's order, each once.
pub(crate) fn metrics_of(list: Option<&str>) -> Result<Vec<Metric>, String> {
    let Some(list) = list else { return Ok(Metric::USUAL.to_vec()) };
    if list == "all" {
        return Ok(Metric::ALL.to_vec());
    }
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_known = |name: &&str| Metric::parse(name).is_some();
    if names.is_empty() || !names.iter().all(is_known) {
        let known = Metric::ALL.map(Metric::key).join(", ");
        return Err(format!("must be all, or a list of {known}"));
    }
    Ok(Metric::ALL.into_iter().filter(|metric| names.contains(&metric.key())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(upstream: &str, metrics: &str) -> Option<String> {
        let text = |name: &str| {
            Some(match name {
                "ENCRYPTION_KEY" => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
                "JWT_SECRET" => "b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ",
                "FITBIT_CLIENT_ID" => "23TEST",
                "FITBIT_CLIENT_SECRET" => "not-a-real-secret",
                "FITBIT_UPSTREAM" => upstream,
                "METRICS" => metrics,
                _ => return None,
            })
        };
        let config = Config::read(&|name| text(name).map(str::to_owned));
        config.expect("a sound configuration").unavailable()
    }

    #[test]
    fn metrics_that_the_upstream_does_not_have_are_named_in_one_line() {
        let wanted =
            "METRICS: FITBIT_UPSTREAM=web-api does not have height; never fetched through it";
        assert_eq!(unavailable("web-api", "all").as_deref(), Some(wanted));
        assert_eq!(unavailable("web-api", "height,steps").as_deref(), Some(wanted));
        assert_eq!(unavailable("web-api", "steps,sleep"), None);
        assert_eq!(unavailable("google-health", "all"), None);
    }
}
