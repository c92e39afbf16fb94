//! Which metrics are fetched.

use phr_model::Metric;

use super::Reader;

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
