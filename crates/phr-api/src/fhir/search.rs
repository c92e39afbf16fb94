//! What a search for Observations asks for.

use phr_model::Status;
use phr_store::search::{ObservationSearch, Order, Series};

use super::{
    access::Access,
    dates,
    params::{self, Params},
    scopes::Right,
    tokens,
};
use crate::{error::ApiError, state::ApiState};

/// Matches on a page at most, and if nothing is said.
const MOST: u32 = 1_000;
const USUAL: u32 = 50;

/// The name under which the place of the next page travels.
pub(super) const CURSOR: &str = "_cursor";

/// Elements that FHIR marks as belonging to a summary, as far as we have them.
const SUMMARY: &str = "identifier,status,code,subject,effective,issued,performer,value,component";

/// A search, ready to be carried out.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter that is there or not")]
pub(super) struct Asked {
    pub(super) search: ObservationSearch,
    /// Whether nothing can match: it is about somebody else.
    pub(super) nothing: bool,
    pub(super) count: u32,
    /// Only how many there are.
    pub(super) count_only: bool,
    /// Whether to say how many there are.
    pub(super) total: bool,
    pub(super) with_device: bool,
    pub(super) with_patient: bool,
    pub(super) with_provenance: bool,
    /// Only these elements and those that must be there.
    pub(super) elements: Option<Vec<String>>,
    pub(super) cursor: Option<String>,
    /// The parameters that were understood.
    pub(super) used: Params,
}

/// What reading needs to know.
pub(super) struct Reader<'a> {
    pub(super) access: &'a Access,
    pub(super) state: &'a ApiState,
    /// Whether unknown parameters are mistakes.
    pub(super) strict: bool,
    /// Names that the caller reads by itself.
    pub(super) own: &'static [&'static str],
}

impl Reader<'_> {
    /// Reads `params`.
    pub(super) fn read(&self, params: &Params) -> Result<Asked, ApiError> {
        let mut asked = Asked {
            search: ObservationSearch::ALL,
            nothing: false,
            count: USUAL,
            count_only: false,
            total: true,
            with_device: false,
            with_patient: false,
            with_provenance: false,
            elements: None,
            cursor: None,
            used: Params::default(),
        };
        for (name, value) in params.iter() {
            // An empty value stands for no value (a form with a field left out).
            if value.is_empty() {
                continue;
            }
            if self.take_in(&mut asked, name, value)? {
                asked.used.push(name, value);
            } else if self.strict {
                let name: String = name.chars().take(40).collect();
                let says = format!("{name}={}: not known here", shortened(value));
                return Err(ApiError::BadSearch(says));
            }
        }
        if let Some(categories) = self.access.scopes.categories(Right::Search) {
            asked.narrow(tokens::of_categories(&categories));
        }
        Ok(asked)
    }

    /// Takes in one parameter; false if it is not known.
    fn take_in(&self, asked: &mut Asked, name: &str, value: &str) -> Result<bool, ApiError> {
        let (name, modifier) = match name.split_once(':') {
            Some((name, modifier)) => (name, Some(modifier)),
            None => (name, None),
        };
        if self.own.contains(&name) {
            return Ok(true);
        }
        let known = asked.take_in_filter(self, name, modifier, value)?
            || asked.take_in_result(name, value)?;
        let of_patient = matches!(name, "patient" | "subject") && modifier == Some("Patient");
        let of_include = matches!(name, "_include" | "_revinclude");
        if known && modifier.is_some() && !of_patient && !of_include {
            let says = format!("{name}: no modifier is known here");
            return Err(ApiError::BadSearch(says));
        }
        Ok(known)
    }
}

fn shortened(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(40).collect()
}

impl Asked {
    /// What narrows the matches.
    fn take_in_filter(
        &mut self,
        reader: &Reader<'_>,
        name: &str,
        _modifier: Option<&str>,
        value: &str,
    ) -> Result<bool, ApiError> {
        let base = reader.state.settings.base();
        let now = reader.state.clock.now();
        let values = || params::values(name, value);
        match name {
            "patient" | "subject" => {
                let own = reader.access.patient().to_string();
                self.nothing |= !values()?.iter().any(|it| refers_to(it, &own, base));
            }
            "code" => self.narrow(tokens::with_codes(&values()?, base)),
            "category" => self.narrow(tokens::in_categories(&values()?)),
            "date" => self.search.times.push(dates::effective(&values()?, now)?),
            "_lastUpdated" => self.search.times.push(dates::updated(&values()?, now)?),
            "status" => self.only_with(&tokens::statuses(&values()?)),
            "_id" => {
                let ids = values()?.iter().filter_map(|id| id.parse().ok()).collect();
                self.only(ids);
                // Who knows its id may see that it was withdrawn.
                self.search.statuses.get_or_insert_with(|| Status::ALL.to_vec());
            }
            "identifier" => {
                let system = reader.access.chart(reader.state);
                let system = system.observation_identifier_system();
                self.only(tokens::ids(&values()?, system)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What shapes the answer.
    fn take_in_result(&mut self, name: &str, value: &str) -> Result<bool, ApiError> {
        match name {
            "_count" => self.count(value)?,
            "_sort" => self.search.order = order(value)?,
            "_summary" => return self.summary(value),
            "_elements" => self.elements = Some(params::values(name, value)?),
            "_total" => match value {
                "none" => self.total = false,
                "accurate" | "estimate" => self.total = true,
                _ => return Err(bad("_total", "none, estimate or accurate")),
            },
            "_include" => match value {
                "*" => (self.with_device, self.with_patient) = (true, true),
                "Observation:device" | "Observation:device:Device" => self.with_device = true,
                "Observation:patient"
                | "Observation:patient:Patient"
                | "Observation:subject"
                | "Observation:subject:Patient" => self.with_patient = true,
                _ => return Ok(false),
            },
            "_revinclude" => match value {
                "Provenance:target" | "Provenance:target:Observation" => {
                    self.with_provenance = true;
                }
                _ => return Ok(false),
            },
            CURSOR => {
                self.cursor = Some(value.to_owned());
            }
            "_format" | "_pretty" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// 0 asks for the number only; more than we give in one go is as much as we give.
    fn count(&mut self, value: &str) -> Result<(), ApiError> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || value.len() > 18 {
            return Err(bad("_count", "a whole number from 0"));
        }
        let count: u64 = value.parse().map_err(|_| bad("_count", "a whole number from 0"))?;
        self.count_only |= count == 0;
        self.count = u32::try_from(count).unwrap_or(MOST).min(MOST);
        Ok(())
    }

    fn summary(&mut self, value: &str) -> Result<bool, ApiError> {
        match value {
            "count" => self.count_only = true,
            "true" => self.elements = Some(SUMMARY.split(',').map(str::to_owned).collect()),
            "text" => self.elements = Some(Vec::new()),
            "data" | "false" => {}
            _ => return Err(bad("_summary", "true, text, data, count or false")),
        }
        Ok(true)
    }

    fn narrow(&mut self, series: Vec<Series>) {
        self.search.series = Some(match self.search.series.take() {
            None => series,
            Some(held) => tokens::both(held, &series),
        });
    }

    fn only(&mut self, ids: Vec<uuid::Uuid>) {
        match &mut self.search.ids {
            None => self.search.ids = Some(ids),
            Some(held) => held.retain(|id| ids.contains(id)),
        }
    }

    /// A status asked for after an id narrows that, and the other way round.
    fn only_with(&mut self, statuses: &[Status]) {
        match &mut self.search.statuses {
            None => self.search.statuses = Some(statuses.to_vec()),
            Some(held) => held.retain(|status| statuses.contains(status)),
        }
    }
}

fn bad(name: &str, allowed: &str) -> ApiError {
    ApiError::BadSearch(format!("{name}: {allowed}"))
}

fn order(value: &str) -> Result<Order, ApiError> {
    match value {
        "date" => Ok(Order::Date { descending: false }),
        "-date" => Ok(Order::Date { descending: true }),
        "_lastUpdated" => Ok(Order::Changed { descending: false }),
        "-_lastUpdated" => Ok(Order::Changed { descending: true }),
        _ => Err(bad("_sort", "date, -date, _lastUpdated or -_lastUpdated")),
    }
}

/// Whether a reference is to our own Patient: `id`, `Patient/id`, or absolute.
pub(super) fn refers_to(reference: &str, patient: &str, base: &str) -> bool {
    let reference = reference.strip_prefix(base).unwrap_or(reference);
    let reference = reference.strip_prefix("/fhir/").unwrap_or(reference);
    reference.strip_prefix("Patient/").unwrap_or(reference) == patient
}
