use phr_model::{
    CoverageState, DateRange, Effective, FITBIT, Metric, Moment, PersonId, Reason, Sample, Status,
};
use phr_store::{
    StoreError,
    connection::Lease,
    reading::{Changes, DayWrite},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_person, a_writer, at, day, heart_rates, steps, weigh_in},
};

const MARCH: &str = "2026-03-01";

fn range(first: &str, last: &str) -> DateRange {
    DateRange { first: day(first), last: day(last) }
}

async fn held(writer: &Writer<'_>, metric: Metric, date: &str) -> Vec<Sample> {
    writer.store.samples(writer.person, metric, day(date)).await.unwrap()
}

pub(crate) async fn a_day_comes_back_as_it_was_written(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let samples = heart_rates(MARCH, 5_000, 5);
    let written = writer.closed(Metric::HeartRate, MARCH, samples.clone());
    let changes = writer.write(vec![written.clone()]).await;
    let expected = Changes { days: 1, samples: 5_000, created: 7, ..Changes::default() };
    assert_eq!(changes, expected);
    assert_eq!(held(&writer, Metric::HeartRate, MARCH).await, samples);
    let known = bed.store().coverage(writer.person, None, range(MARCH, MARCH)).await.unwrap();
    assert_eq!(known, [written.coverage]);
    let mut standing = writer.standing().await;
    standing.reverse();
    let says: Vec<_> = standing.iter().map(|observation| observation.says.clone()).collect();
    assert_eq!(says, written.drafts);
    for observation in standing {
        assert_eq!((observation.status, observation.version), (Status::Final, 1));
        assert_eq!(observation.issued, at(60));
        let one = bed.store().observation(writer.person, observation.says.id).await.unwrap();
        assert_eq!(one, Some(observation));
    }
}

pub(crate) async fn writing_the_same_again_changes_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let days = || {
        let mut days = vec![
            writer.closed(Metric::Steps, MARCH, steps(MARCH, 900)),
            writer.closed(Metric::BodyWeight, MARCH, vec![weigh_in("2026-03-01T07:00:00Z", 70)]),
            writer.closed(Metric::HeartRate, "2026-03-02", heart_rates("2026-03-02", 100, 60)),
        ];
        days.push(writer.read(Metric::Steps, "2026-03-03", steps("2026-03-03", 10), false));
        days
    };
    writer.write(days()).await;
    let before = bed.store().digest(writer.person).await.unwrap();
    for run in 1..=5 {
        let mut again = days();
        for day in &mut again {
            day.coverage.read_at = Some(at(60 + run));
        }
        let changes = writer.write_at(again, at(60 + run)).await;
        assert_eq!(changes, Changes { samples: 1_011, ..Changes::default() });
        assert_eq!(bed.store().digest(writer.person).await.unwrap(), before);
    }
    let known = bed.store().coverage(writer.person, None, range(MARCH, MARCH)).await.unwrap();
    assert!(known.iter().all(|known| known.read_at == Some(at(60))));
}

pub(crate) async fn another_order_of_the_same_samples_is_the_same_day(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let mut samples = heart_rates(MARCH, 50, 0);
    writer.write(vec![writer.closed(Metric::HeartRate, MARCH, samples.clone())]).await;
    samples.reverse();
    let again = writer.closed(Metric::HeartRate, MARCH, samples);
    assert_eq!(writer.write(vec![again]).await.days, 0);
}

pub(crate) async fn a_changed_sample_is_a_corrected_observation(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let time = "2026-03-01T07:00:00Z";
    writer.write(vec![writer.closed(Metric::BodyWeight, MARCH, vec![weigh_in(time, 70)])]).await;
    let heavier = writer.closed(Metric::BodyWeight, MARCH, vec![weigh_in(time, 71)]);
    let changes = writer.write_at(vec![heavier], at(99)).await;
    assert_eq!(changes, Changes { days: 1, samples: 1, revised: 1, ..Changes::default() });
    let standing = writer.standing().await;
    let [now] = standing.as_slice() else { panic!("{standing:?}") };
    assert_eq!((now.version, now.status, now.issued), (2, Status::Corrected, at(99)));
    assert_eq!(now.says.value, 71_000_000);
}

pub(crate) async fn a_deleted_sample_leaves_a_tombstone(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let both = vec![weigh_in("2026-03-01T07:00:00Z", 70), weigh_in("2026-03-01T19:00:00Z", 71)];
    let first = writer.closed(Metric::BodyWeight, MARCH, both.clone());
    let gone = first.drafts[1].id;
    writer.write(vec![first]).await;
    let left = writer.closed(Metric::BodyWeight, MARCH, vec![both[0]]);
    assert_eq!(writer.write(vec![left]).await.withdrawn, 1);
    assert_eq!(writer.standing().await.len(), 1);
    let tombstone = bed.store().observation(writer.person, gone).await.unwrap().unwrap();
    assert_eq!((tombstone.version, tombstone.status), (2, Status::EnteredInError));
    let totals = bed.store().totals(writer.person).await.unwrap();
    assert_eq!((totals[0].observations, totals[0].samples), (1, 1));
    let days = range(MARCH, MARCH);
    let left = bed.store().observations_between(writer.person, Metric::BodyWeight, days).await;
    assert_eq!(left.unwrap().len(), 1);
}

pub(crate) async fn a_tombstone_rises_again(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let weighed =
        || writer.closed(Metric::BodyWeight, MARCH, vec![weigh_in("2026-03-01T07:00:00Z", 70)]);
    writer.write(vec![weighed()]).await;
    writer.write(vec![writer.closed(Metric::BodyWeight, MARCH, vec![])]).await;
    assert_eq!(writer.standing().await, []);
    assert_eq!(held(&writer, Metric::BodyWeight, MARCH).await, []);
    writer.write(vec![weighed()]).await;
    let standing = writer.standing().await;
    assert_eq!((standing[0].version, standing[0].status), (3, Status::Corrected));
}

pub(crate) async fn an_open_day_becomes_final(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    writer.write(vec![writer.read(Metric::Steps, MARCH, steps(MARCH, 600), false)]).await;
    assert_eq!(writer.standing().await[0].status, Status::Preliminary);
    writer.write(vec![writer.read(Metric::Steps, MARCH, steps(MARCH, 600), true)]).await;
    let day = writer.standing().await.remove(0);
    assert_eq!((day.status, day.version), (Status::Final, 2));
}

pub(crate) async fn twins_stay_two(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let time = "2026-03-01T07:00:00Z";
    let twins = vec![weigh_in(time, 70), weigh_in(time, 71)];
    writer.write(vec![writer.closed(Metric::BodyWeight, MARCH, twins.clone())]).await;
    assert_eq!(held(&writer, Metric::BodyWeight, MARCH).await, twins);
    assert_eq!(writer.standing().await.len(), 2);
}

/// A weigh-in at 23:30 in London and the same at 00:30 in Zurich.
fn moved(writer: &Writer<'_>) -> (Vec<DayWrite>, Vec<DayWrite>) {
    let there = weigh_in("2026-03-01T23:30:00Z", 70);
    let here = Sample { offset_seconds: 3_600, ..there };
    let before = vec![writer.closed(Metric::BodyWeight, "2026-03-01", vec![there])];
    let after = vec![
        writer.closed(Metric::BodyWeight, "2026-03-01", vec![]),
        writer.closed(Metric::BodyWeight, "2026-03-02", vec![here]),
    ];
    (before, after)
}

pub(crate) async fn a_sample_may_move_to_another_day_in_any_order(bed: &dyn Bed) {
    for newest_first in [false, true] {
        let writer = a_writer(bed.store()).await;
        let (before, mut after) = moved(&writer);
        writer.write(before).await;
        if newest_first {
            after.reverse();
        }
        for day in after.clone() {
            writer.write(vec![day]).await;
        }
        let standing = writer.standing().await;
        let [moved] = standing.as_slice() else { panic!("{standing:?}") };
        assert_eq!((moved.says.date, moved.status), (day("2026-03-02"), Status::Final));
        let settled = bed.store().digest(writer.person).await.unwrap();
        assert_eq!(writer.write(after).await, Changes { samples: 1, ..Changes::default() });
        assert_eq!(bed.store().digest(writer.person).await.unwrap(), settled);
    }
}

pub(crate) async fn a_sample_may_move_within_one_call(bed: &dyn Bed) {
    for newest_first in [false, true] {
        let writer = a_writer(bed.store()).await;
        let (before, mut after) = moved(&writer);
        writer.write(before).await;
        if newest_first {
            after.reverse();
        }
        let changes = writer.write(after).await;
        // A statement about another day is another statement; the former leaves its tombstone.
        let expected = Changes { days: 2, samples: 1, created: 1, withdrawn: 1, revised: 0 };
        assert_eq!(changes, expected);
        let standing = writer.standing().await;
        assert_eq!((standing.len(), standing[0].version), (1, 1));
    }
}

async fn refused_write(bed: &dyn Bed, writer: Writer<'_>, lease: Lease, second: i64) {
    let before = bed.store().digest(writer.person).await.unwrap();
    let days = vec![writer.closed(Metric::Steps, MARCH, steps(MARCH, 10))];
    let written = bed.store().replace_days(lease, writer.person, FITBIT, days, at(second)).await;
    assert!(matches!(written, Err(StoreError::LeaseLost)), "{written:?}");
    assert_eq!(bed.store().digest(writer.person).await.unwrap(), before);
}

pub(crate) async fn a_lost_lease_writes_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let lost = Lease { token: Uuid::new_v4(), ..writer.lease };
    refused_write(bed, writer, lost, 60).await;
    bed.store().disconnect(writer.lease.connection, at(70)).await.unwrap();
    refused_write(bed, writer, writer.lease, 80).await;
}

pub(crate) async fn a_lapsed_lease_writes_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    refused_write(bed, writer, writer.lease, 3_600).await;
    let day = writer.closed(Metric::Steps, MARCH, steps(MARCH, 10));
    assert_eq!(writer.write_at(vec![day], at(3_599)).await.created, 1);
}

pub(crate) async fn a_lease_of_somebody_else_writes_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let other = a_writer(bed.store()).await;
    refused_write(bed, writer, other.lease, 60).await;
}

pub(crate) async fn a_day_without_samples_is_known_too(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let mut empty = writer.closed(Metric::Spo2, MARCH, vec![]);
    empty.coverage.state = CoverageState::NotWorn;
    assert_eq!(writer.write(vec![empty.clone()]).await, Changes::default());
    let known = bed.store().coverage(writer.person, Some(Metric::Spo2), range(MARCH, MARCH)).await;
    assert_eq!(known.unwrap(), [empty.coverage]);
    assert_eq!(bed.store().totals(writer.person).await.unwrap(), []);
}

pub(crate) async fn notes_leave_the_figures_alone(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let read = writer.closed(Metric::Steps, MARCH, steps(MARCH, 900));
    writer.write(vec![read.clone()]).await;
    let days = [day(MARCH), day("2026-03-02")];
    let (failed, why) = (CoverageState::VendorError, Reason::RateLimited);
    for _ in 0..2 {
        let noted =
            bed.store().note_days(writer.lease, writer.person, Metric::Steps, &days, failed, why);
        noted.await.unwrap();
    }
    let known =
        bed.store().coverage(writer.person, None, range(MARCH, "2026-03-31")).await.unwrap();
    let noted = phr_model::Coverage { state: failed, reason: Some(why), ..read.coverage };
    let unread = phr_model::Coverage::unread(Metric::Steps, days[1], failed, why);
    assert_eq!(known, [noted, unread]);
    assert_eq!(writer.standing().await.len(), 1);
}

pub(crate) async fn notes_need_the_lease(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let lost = Lease { token: Uuid::new_v4(), ..writer.lease };
    let (state, why) = (CoverageState::NotPermitted, Reason::ScopeMissing);
    let noted =
        bed.store().note_days(lost, writer.person, Metric::Steps, &[day(MARCH)], state, why).await;
    assert!(matches!(noted, Err(StoreError::LeaseLost)));
    let known = bed.store().coverage(writer.person, None, range(MARCH, MARCH)).await.unwrap();
    assert_eq!(known, []);
}

pub(crate) async fn the_next_day_with_samples_skips_empty_ones(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    for date in ["2026-03-01", "2026-03-05", "2026-03-09"] {
        writer.write(vec![writer.closed(Metric::Steps, date, steps(date, 3))]).await;
    }
    let mut days = range("2026-03-01", "2026-03-08");
    let mut found = Vec::new();
    while let Some((date, samples)) =
        bed.store().next_day_with_samples(writer.person, Metric::Steps, days).await.unwrap()
    {
        assert_eq!(samples, steps(&date.to_string(), 3));
        found.push(date);
        days.first = date.tomorrow().unwrap();
    }
    assert_eq!(found, [day("2026-03-01"), day("2026-03-05")]);
}

pub(crate) async fn coverage_is_listed_by_day_and_metric(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    for date in ["2026-03-02", "2026-03-01", "2026-02-28"] {
        let days =
            [Metric::Steps, Metric::HeartRate].map(|metric| writer.closed(metric, date, vec![]));
        writer.write(days.to_vec()).await;
    }
    let known =
        bed.store().coverage(writer.person, None, range(MARCH, "2026-03-02")).await.unwrap();
    let known: Vec<_> = known.iter().map(|known| (known.date.day(), known.metric.key())).collect();
    assert_eq!(known, [(1, "heart_rate"), (1, "steps"), (2, "heart_rate"), (2, "steps")]);
}

pub(crate) async fn totals_count_what_stands(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    writer
        .write(vec![
            writer.closed(Metric::BodyWeight, MARCH, vec![weigh_in("2026-03-01T07:00:00Z", 70)]),
            writer.closed(
                Metric::BodyWeight,
                "2026-03-04",
                vec![weigh_in("2026-03-04T07:00:00Z", 69)],
            ),
            writer.closed(Metric::HeartRate, MARCH, heart_rates(MARCH, 720, 10)),
            writer.closed(Metric::Steps, MARCH, vec![]),
        ])
        .await;
    let totals = bed.store().totals(writer.person).await.unwrap();
    let short: Vec<_> =
        totals.iter().map(|t| (t.metric, t.days, t.samples, t.observations)).collect();
    assert_eq!(short, [(Metric::HeartRate, 1, 720, 2), (Metric::BodyWeight, 2, 2, 2)]);
    let latest = totals[1].latest.as_ref().unwrap();
    assert_eq!((latest.says.date, latest.says.value), (day("2026-03-04"), 69_000_000));
}

pub(crate) async fn observations_of_a_range_come_oldest_first(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    for date in ["2026-03-03", "2026-03-01", "2026-03-02"] {
        let samples = vec![
            weigh_in(&format!("{date}T19:00:00Z"), 70),
            weigh_in(&format!("{date}T07:00:00Z"), 71),
        ];
        writer.write(vec![writer.closed(Metric::BodyWeight, date, samples)]).await;
    }
    let days = range("2026-03-01", "2026-03-02");
    let found =
        bed.store().observations_between(writer.person, Metric::BodyWeight, days).await.unwrap();
    let starts: Vec<_> = found.iter().map(|one| one.says.effective.start().at).collect();
    assert_eq!(starts.len(), 4);
    assert!(starts.is_sorted());
    let offset_seconds = 0;
    let at = "2026-03-01T07:00:00Z".parse().unwrap();
    assert_eq!(found[0].says.effective, Effective::Instant(Moment { at, offset_seconds }));
}

pub(crate) async fn a_person_sees_nothing_of_another(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let written = writer.closed(Metric::Steps, MARCH, steps(MARCH, 900));
    let id = written.drafts[0].id;
    writer.write(vec![written]).await;
    let (store, stranger) = (bed.store(), a_person(bed.store()).await);
    let all = range("2020-01-01", "2030-01-01");
    assert_eq!(store.observation(stranger, id).await.unwrap(), None);
    assert_eq!(store.samples(stranger, Metric::Steps, day(MARCH)).await.unwrap(), []);
    assert_eq!(store.next_day_with_samples(stranger, Metric::Steps, all).await.unwrap(), None);
    assert_eq!(store.coverage(stranger, None, all).await.unwrap(), []);
    assert_eq!(store.observations_between(stranger, Metric::Steps, all).await.unwrap(), []);
    assert_eq!(store.totals(stranger).await.unwrap(), []);
    let nobody = PersonId(Uuid::new_v4());
    assert_eq!(store.digest(stranger).await.unwrap(), store.digest(nobody).await.unwrap());
}

async fn a_day(bed: &dyn Bed) -> Writer<'_> {
    let writer = a_writer(bed.store()).await;
    writer.write(vec![writer.closed(Metric::HeartRate, MARCH, heart_rates(MARCH, 500, 7))]).await;
    writer
}

pub(crate) async fn a_spoiled_blob_is_named(bed: &dyn Bed) {
    let writer = a_day(bed).await;
    bed.spoil("update sample_day set data = x'01f403ff'").await;
    let failed = bed.store().samples(writer.person, Metric::HeartRate, day(MARCH)).await;
    let place = StoreError::Corrupt { table: "sample_day", column: "data" };
    assert_eq!(failed.unwrap_err().to_string(), place.to_string());
    assert!(bed.store().digest(writer.person).await.is_err());
    // The next sync puts it right, because what differs is what is compared.
    bed.spoil("update sample_day set digest = x'00'").await;
    let again = writer.closed(Metric::HeartRate, MARCH, heart_rates(MARCH, 500, 7));
    assert_eq!(writer.write(vec![again]).await.days, 1);
    assert_eq!(held(&writer, Metric::HeartRate, MARCH).await, heart_rates(MARCH, 500, 7));
}

pub(crate) async fn a_spoiled_word_is_named(bed: &dyn Bed) {
    let writer = a_day(bed).await;
    bed.spoil("update observation set status = 'maybe'; update coverage set vendor = '{'").await;
    let days = range(MARCH, MARCH);
    let failed = bed.store().observations_between(writer.person, Metric::HeartRate, days).await;
    assert!(failed.unwrap_err().to_string().ends_with("observation.status"));
    let failed = bed.store().coverage(writer.person, None, days).await;
    assert!(failed.unwrap_err().to_string().ends_with("coverage.vendor"));
}

pub(crate) async fn a_swapped_blob_is_found_by_the_digest(bed: &dyn Bed) {
    let writer = a_day(bed).await;
    let mut other = heart_rates("2026-03-02", 500, 7);
    other[0].value = 999;
    writer.write(vec![writer.closed(Metric::HeartRate, "2026-03-02", other)]).await;
    bed.spoil(
        "update sample_day set data = (select data from sample_day where civil_date = '2026-03-01')",
    )
    .await;
    let failed = bed.store().digest(writer.person).await.unwrap_err();
    assert!(failed.to_string().ends_with("sample_day.digest"));
    assert!(!failed.is_transient());
}

pub(crate) async fn the_digest_sees_every_change(bed: &dyn Bed) {
    let writer = a_day(bed).await;
    let mut seen = vec![bed.store().digest(writer.person).await.unwrap()];
    for change in [
        "update observation set version = version + 1",
        "update observation set issued = issued + 1",
        "update observation set status = 'entered-in-error'",
        "update observation set low = null",
        "update coverage set state = 'partial'",
        "update coverage set read_at = read_at + 1",
        "update coverage set observations = observations + 1",
        "update sample_day set source = 'other'",
    ] {
        bed.spoil(change).await;
        let digest = bed.store().digest(writer.person).await.unwrap();
        assert!(!seen.contains(&digest), "{change}");
        seen.push(digest);
    }
}

pub(crate) async fn a_dropped_caller_does_not_cut_a_write(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let dates: Vec<_> = range("2026-03-01", "2026-03-20").days().map(|d| d.to_string()).collect();
    for (n, date) in dates.iter().enumerate() {
        let days = vec![writer.closed(Metric::Steps, date, steps(date, 100))];
        let write = bed.store().replace_days(writer.lease, writer.person, FITBIT, days, at(60));
        let patience = std::time::Duration::from_micros(200 * n as u64);
        let _ = tokio::time::timeout(patience, write).await;
    }
    // Whatever was cut, the store still writes, and each day is there wholly or not at all.
    let last = writer.closed(Metric::HeartRate, MARCH, heart_rates(MARCH, 10, 1));
    assert_eq!(writer.write(vec![last]).await.created, 1);
    let another = bed.another().await;
    let totals = another.totals(writer.person).await.unwrap();
    assert_eq!(totals[0].metric, Metric::HeartRate);
    // Some may still be under way: all is looked at in one moment.
    let days = range("2026-03-01", "2026-03-20");
    let held = another.inspect(writer.person, Metric::Steps, days).await.unwrap();
    for day in held.days {
        let samples: Vec<_> = day.samples.iter().map(|row| row.samples.len()).collect();
        assert_eq!((samples, day.observations.len()), (vec![100], 1));
        assert!(day.coverage.is_some());
    }
}

pub(crate) async fn readings_survive_a_crash(bed: &dyn Bed) {
    let writer = a_day(bed).await;
    let before = bed.store().digest(writer.person).await.unwrap();
    // The first store is neither closed nor told.
    let after = bed.another().await;
    assert_eq!(after.digest(writer.person).await.unwrap(), before);
    let days = vec![writer.closed(Metric::Steps, MARCH, steps(MARCH, 10))];
    after.replace_days(writer.lease, writer.person, FITBIT, days, at(70)).await.unwrap();
    assert_ne!(bed.store().digest(writer.person).await.unwrap(), before);
}
