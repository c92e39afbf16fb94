//! Getting parcels to a server, whatever it does to some of them.

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::parcel::{Parcel, bundle, place_of};
use crate::destination::{Abilities, Addressing, Answer, Class, Failure, Grouping, Server};

/// A server and how to address it.
pub(super) struct Way<'w> {
    pub(super) server: &'w Server,
    pub(super) abilities: Abilities,
    /// It was patient for long: what always conflicts or makes the server fail may be to blame
    /// itself.
    pub(super) suspicious: bool,
}

/// A parcel that was confirmed.
#[derive(Debug)]
pub(super) struct Confirmed {
    pub(super) parcel: Parcel,
    /// The server's own id, where it gives out its own.
    pub(super) place: Option<String>,
}

/// What became of parcels.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) confirmed: Vec<Confirmed>,
    pub(super) refused: Vec<(Parcel, Failure)>,
    /// What ended it early: whatever is in neither list was not confirmed.
    pub(super) failure: Option<Failure>,
}

type Results = Vec<Result<Option<String>, Failure>>;

#[derive(Deserialize)]
struct BundleAnswer<'a> {
    #[serde(borrow, default)]
    entry: Vec<EntryAnswer<'a>>,
}

#[derive(Deserialize)]
struct EntryAnswer<'a> {
    #[serde(borrow)]
    response: Option<ResponseAnswer<'a>>,
}

#[derive(Deserialize)]
struct ResponseAnswer<'a> {
    status: String,
    location: Option<String>,
    #[serde(borrow)]
    outcome: Option<&'a RawValue>,
}

impl Way<'_> {
    /// Sends parcels, and halves what is refused down to the parcel that is to blame. What the server
    /// fails over is blamed on a parcel only if its neighbours got through.
    pub(super) async fn deliver(&self, parcels: Vec<Parcel>) -> Sent {
        let (mut sent, mut suspects) = (Sent::default(), Vec::new());
        let mut parts = vec![parcels];
        while let Some(mut part) = parts.pop() {
            match self.send(&part).await {
                Ok(results) => self.sort(part, results, &mut sent),
                Err(failure) if !self.may_be_content(&failure) => sent.failure = Some(failure),
                Err(_) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
                Err(failure) if failure.class == Class::ServerError => {
                    suspects.extend(part.into_iter().map(|parcel| (parcel, failure.clone())));
                }
                Err(failure) => {
                    sent.refused.extend(part.into_iter().map(|parcel| (parcel, failure.clone())));
                }
            }
            if sent.failure.is_some() {
                return sent;
            }
        }
        match suspects.first() {
            Some((_, failure)) if sent.confirmed.is_empty() => sent.failure = Some(failure.clone()),
            _ => sent.refused.append(&mut suspects),
        }
        sent
    }

    /// Sends parcels without looking for whom to blame if the whole is refused.
    pub(super) async fn try_once(&self, parcels: &[Parcel]) -> Result<Sent, Failure> {
        let results = self.send(parcels).await?;
        let mut sent = Sent::default();
        self.sort(parcels.to_vec(), results, &mut sent);
        Ok(sent)
    }

    /// Whether sending less may do better.
    pub(super) fn may_be_content(&self, failure: &Failure) -> bool {
        match failure.class {
            Class::Refused => true,
            Class::Conflict | Class::ServerError => self.suspicious,
            _ => false,
        }
    }

    fn sort(&self, parcels: Vec<Parcel>, results: Results, sent: &mut Sent) {
        for (parcel, result) in parcels.into_iter().zip(results) {
            match result {
                Ok(place) => sent.confirmed.push(Confirmed { parcel, place }),
                Err(failure) if self.may_be_content(&failure) => {
                    sent.refused.push((parcel, failure));
                }
                Err(failure) => sent.failure = Some(failure),
            }
        }
    }

    /// Sends parcels in one request, or one after the other where the server takes no bundles; the
    /// results are in the order of the parcels.
    async fn send(&self, parcels: &[Parcel]) -> Result<Results, Failure> {
        let kind = match (parcels, self.abilities.grouping) {
            ([], _) => return Ok(Vec::new()),
            ([parcel], _) => return Ok(vec![Ok(Some(self.put(parcel).await?))]),
            (_, Grouping::Transaction) => "transaction",
            (_, Grouping::Batch) => "batch",
            (parcels, Grouping::Single) => return Ok(self.put_each(parcels).await),
        };
        let (base, addressing) = (self.server.address(""), self.abilities.addressing);
        let body = bundle(kind, parcels, (&base, addressing));
        let answer = self.server.send(Method::POST, "", Some(&body)).await;
        let answer = answer.map_err(|failure| self.understood(failure))?;
        self.results(parcels, &answer)
    }

    /// Nothing more is sent after a failure that is not the parcel's own.
    async fn put_each(&self, parcels: &[Parcel]) -> Results {
        let mut results = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            results.push(self.put(parcel).await.map(Some));
            if matches!(results.last(), Some(Err(failure)) if !self.may_be_content(failure)) {
                break;
            }
        }
        results
    }

    /// Puts one resource; the id under which the server has it.
    pub(super) async fn put(&self, parcel: &Parcel) -> Result<String, Failure> {
        let addressing = self.abilities.addressing;
        let (path, body) = (parcel.path(addressing), parcel.body(addressing));
        let answer = self.server.send(Method::PUT, &path, Some(&body)).await;
        let answer = answer.map_err(|failure| self.understood(failure))?;
        let own = || match addressing {
            Addressing::OwnIds => Some(parcel.id.clone()),
            Addressing::Conditional => parcel.place.clone(),
        };
        let told = answer.location.as_deref().and_then(|at| place_of(at, parcel.kind));
        own().or(told).ok_or_else(|| {
            Failure::new(Class::Unreadable, "the server does not tell where it put a resource")
        })
    }

    /// 412 to a condition means that several resources match: no later attempt will do better.
    fn understood(&self, failure: Failure) -> Failure {
        if failure.status == 412 && self.abilities.addressing == Addressing::Conditional {
            return Failure { class: Class::Refused, ..failure };
        }
        failure
    }

    fn results(&self, parcels: &[Parcel], answer: &Answer) -> Result<Results, Failure> {
        let unreadable = || Failure::new(Class::Unreadable, "the answer to a bundle is no bundle");
        let bundle: BundleAnswer<'_> =
            serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        if bundle.entry.len() != parcels.len() {
            return Err(unreadable());
        }
        let pairs = parcels.iter().zip(bundle.entry);
        pairs.map(|(parcel, entry)| self.result(parcel, entry).ok_or_else(unreadable)).collect()
    }

    /// What a bundle's answer says about one of its entries; none if it says nothing.
    fn result(
        &self,
        parcel: &Parcel,
        entry: EntryAnswer<'_>,
    ) -> Option<Result<Option<String>, Failure>> {
        let response = entry.response?;
        let status: u16 = response.status.get(..3)?.parse().ok()?;
        let status = StatusCode::from_u16(status).ok()?;
        if !status.is_success() {
            let outcome = response.outcome.map_or(&b""[..], |outcome| outcome.get().as_bytes());
            let never = jiff::Timestamp::UNIX_EPOCH;
            let failure = Failure::of(status, &HeaderMap::new(), outcome, never);
            return Some(Err(self.understood(failure)));
        }
        let told = response.location.as_deref().and_then(|at| place_of(at, parcel.kind));
        Some(Ok(parcel.place.clone().or(told)))
    }
}
