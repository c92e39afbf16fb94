//! How connecting ended, as it travels in the clean address of the result page: a status, a reason,
//! numbers of missing permissions and the number of a return address. Nothing else, so that the
//! address can neither leak nor be bent into leading elsewhere (OA-10, OA-11).

use phr_model::FITBIT;
use phr_sync::{ConnectError, Connector, Finished};
use phr_vendors::ScopeFacts;
use url::{Url, form_urlencoded};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Partial,
    Declined,
    Failed,
}

/// Why it failed, as far as the person can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Expired,
    Mismatch,
    Elsewhere,
    OtherAccount,
    NothingGranted,
    NotLasting,
    NotConfigured,
    NoProfile,
    Vendor,
    Here,
}

const STATUSES: [(&str, Status); 4] = [
    ("success", Status::Success),
    ("partial", Status::Partial),
    ("declined", Status::Declined),
    ("failed", Status::Failed),
];

const REASONS: [(&str, Reason); 10] = [
    ("expired", Reason::Expired),
    ("mismatch", Reason::Mismatch),
    ("elsewhere", Reason::Elsewhere),
    ("other-account", Reason::OtherAccount),
    ("nothing", Reason::NothingGranted),
    ("not-lasting", Reason::NotLasting),
    ("not-configured", Reason::NotConfigured),
    ("no-profile", Reason::NoProfile),
    ("vendor", Reason::Vendor),
    ("here", Reason::Here),
];

/// Everything the result page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) reason: Option<Reason>,
    /// Places of missing permissions in the vendor's list.
    pub(crate) missing: Vec<usize>,
    /// Place of the return address in the operator's list.
    pub(crate) return_to: Option<usize>,
}

impl Status {
    pub(crate) fn key(self) -> &'static str {
        STATUSES.iter().find(|(_, status)| *status == self).map_or("failed", |(key, _)| key)
    }
}

impl Outcome {
    /// A failure for a reason.
    pub(crate) fn failed(reason: Reason) -> Self {
        let status = Status::Failed;
        Self { status, reason: Some(reason), missing: Vec::new(), return_to: None }
    }

    /// How a flow ended; none if the person must be asked first.
    pub(crate) fn of(finished: &Finished, connector: &Connector) -> Option<Self> {
        let place = |target: &Option<Url>| {
            let target = target.as_ref()?;
            connector.return_targets.iter().position(|allowed| allowed == target)
        };
        match finished {
            Finished::Connected { missing, return_to, .. } => Some(Self {
                status: if missing.is_empty() { Status::Success } else { Status::Partial },
                reason: None,
                missing: places(missing, connector),
                return_to: place(return_to),
            }),
            Finished::Declined { by_person, return_to } => Some(Self {
                status: if *by_person { Status::Declined } else { Status::Failed },
                reason: (!by_person).then_some(Reason::Vendor),
                missing: Vec::new(),
                return_to: place(return_to),
            }),
            Finished::Ask { .. } => None,
        }
    }

    /// The address of the result page.
    pub(crate) fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("status", self.status.key());
        if let Some(reason) = self.reason {
            let key = REASONS.iter().find(|(_, other)| *other == reason).map_or("here", |r| r.0);
            query.append_pair("reason", key);
        }
        if !self.missing.is_empty() {
            let places: Vec<_> = self.missing.iter().map(ToString::to_string).collect();
            query.append_pair("missing", &places.join("-"));
        }
        if let Some(place) = self.return_to {
            query.append_pair("return", &place.to_string());
        }
        format!("/connected?{}", query.finish())
    }

    /// Reads the query of that address; none if anything in it is unknown.
    pub(crate) fn parse(query: &str) -> Option<Self> {
        let (mut status, mut reason, mut missing, mut return_to) = (None, None, Vec::new(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "status" => status = STATUSES.iter().find(|(key, _)| *key == value),
                "reason" => reason = Some(REASONS.iter().find(|(key, _)| *key == value)?.1),
                "missing" => {
                    missing = value.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
                }
                "return" => return_to = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(Self { status: status?.1, reason, missing, return_to })
    }

    /// The way back into the app: an address of the operator's list with the status added.
    pub(crate) fn return_link(&self, connector: &Connector) -> Option<Url> {
        let mut link = connector.return_targets.get(self.return_to?)?.clone();
        link.query_pairs_mut().append_pair("status", self.status.key());
        Some(link)
    }
}

impl From<&ConnectError> for Reason {
    fn from(error: &ConnectError) -> Self {
        use phr_vendors::VendorError;
        match error {
            ConnectError::Expired => Self::Expired,
            ConnectError::Mismatch
            | ConnectError::UnknownVendor
            | ConnectError::ReturnNotAllowed => Self::Mismatch,
            ConnectError::LinkedElsewhere => Self::Elsewhere,
            ConnectError::OtherAccount => Self::OtherAccount,
            ConnectError::NothingGranted => Self::NothingGranted,
            ConnectError::NotLasting => Self::NotLasting,
            ConnectError::NotConfigured => Self::NotConfigured,
            ConnectError::Vendor(VendorError::AccountNotLinked) => Self::NoProfile,
            ConnectError::Vendor(_) => Self::Vendor,
            ConnectError::Vault(_) | ConnectError::Store(_) => Self::Here,
        }
    }
}

fn places(missing: &[ScopeFacts], connector: &Connector) -> Vec<usize> {
    let asked = connector.vendors.get(FITBIT).map_or_else(Vec::new, |it| it.scopes().to_vec());
    let place = |facts: &ScopeFacts| asked.iter().position(|asked| asked.scope == facts.scope);
    missing.iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_its_address() {
        let outcome = Outcome {
            status: Status::Partial,
            reason: None,
            missing: vec![0, 2],
            return_to: Some(1),
        };
        let address = outcome.address();
        assert_eq!(address, "/connected?status=partial&missing=0-2&return=1");
        assert_eq!(Outcome::parse(address.split_once('?').unwrap().1), Some(outcome));
    }

    #[test]
    fn oa_11_nothing_but_known_words_and_numbers_is_read() {
        for query in [
            "",
            "status=great",
            "status=success&return=https://evil.example",
            "status=success&return=//evil.example",
            "status=success&return=-1",
            "status=failed&reason=%3Cscript%3E",
            "status=success&next=/",
            "status=partial&missing=0-x",
        ] {
            assert_eq!(Outcome::parse(query), None, "{query}");
        }
    }
}
