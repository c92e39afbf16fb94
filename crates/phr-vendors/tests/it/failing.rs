//! Every verdict, and how often something is tried before it is given.

use std::time::Duration;

use jiff::SignedDuration;
use phr_model::Metric;
use phr_sandbox::{DataType, Fault, FaultKind};
use phr_vendors::{Limits, Vendor, VendorError, Verdict};
use rstest::rstest;

use crate::support::{JONAS, PLENTY, Upstream, day, options, range};

const DATE: &str = "2026-11-19";

fn throttled(seconds: u64) -> VendorError {
    VendorError::Throttled { wait: Some(Duration::from_secs(seconds)) }
}

#[rstest]
#[case::expired(
    Fault::new(FaultKind::ExpiredToken),
    VendorError::AccessRefused,
    Verdict::RefreshAccess
)]
#[case::revoked(Fault::new(FaultKind::Revoked), VendorError::AccessRefused, Verdict::RefreshAccess)]
#[case::scope(Fault::new(FaultKind::MissingScope), VendorError::ScopeMissing, Verdict::SkipMetric)]
#[case::unlinked(
    Fault::new(FaultKind::Unlinked),
    VendorError::AccountNotLinked,
    Verdict::TellPerson
)]
#[case::profile(
    Fault::new(FaultKind::NoProfile),
    VendorError::AccountNotLinked,
    Verdict::TellPerson
)]
#[case::denied(
    Fault::new(FaultKind::PermissionDenied),
    VendorError::Refused,
    Verdict::Wait(Duration::from_hours(4))
)]
#[case::bad_request(
    Fault::new(FaultKind::Status).with_status(400),
    VendorError::Rejected,
    Verdict::SkipMetric
)]
#[tokio::test]
async fn what_trying_again_cannot_cure_is_tried_once(
    #[case] fault: Fault,
    #[case] error: VendorError,
    #[case] verdict: Verdict,
) {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(fault);
    assert_eq!(upstream.read_day(Metric::Steps, day(DATE)).await, Err(error.clone()));
    assert_eq!(error.verdict(), verdict);
    assert_eq!(upstream.requests("reconcile"), 1);
    assert_eq!(upstream.pace.pauses(), []);
}

#[rstest]
#[case::down(Fault::new(FaultKind::Status).with_status(503), VendorError::Unavailable)]
#[case::html(Fault::new(FaultKind::HtmlError), VendorError::Unavailable)]
#[case::garbage(Fault::new(FaultKind::GarbageBody), VendorError::Unreadable)]
// The emulator closes before the head of the answer is out: nothing has come.
#[case::cut(Fault::new(FaultKind::CutBody), VendorError::Unavailable)]
#[tokio::test]
async fn in_09_what_may_pass_is_tried_three_times(
    #[case] fault: Fault,
    #[case] error: VendorError,
) {
    let upstream = Upstream::of(JONAS).await;
    let date = day(DATE);
    upstream.world().inject(fault.clone());
    assert_eq!(upstream.read_day(Metric::Steps, date).await, Err(error.clone()));
    assert_eq!(error.verdict(), Verdict::Retry);
    assert_eq!(upstream.requests("reconcile"), 3);
    assert_eq!(upstream.pace.pauses(), [Duration::from_secs(1), Duration::from_secs(2)]);
    upstream.world().clear_faults();
    upstream.world().inject(fault.times(2));
    let samples = upstream.read_day(Metric::Steps, date).await.unwrap();
    assert_eq!(samples, upstream.truth(DataType::Steps, 1, date));
}

#[tokio::test]
async fn roll_ups_are_tried_again_even_after_a_504() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::Status).with_status(504).times(2));
    let days = range(DATE, DATE);
    let figures = upstream.vendor.daily_figures(&upstream.access, Metric::Steps, days).await;
    assert_eq!(figures.unwrap().len(), 1);
}

#[tokio::test]
async fn a_short_wait_is_waited_out() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::RateLimit).with_retry_after(2).times(1));
    assert!(upstream.read_day(Metric::Steps, day(DATE)).await.is_ok());
    assert_eq!(upstream.pace.pauses(), [Duration::from_secs(3)], "the wait and jitter");
}

#[tokio::test]
async fn after_a_long_wait_the_person_is_left_alone_until_it_is_over() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::RateLimit).with_retry_after(120).times(1));
    let date = day(DATE);
    assert_eq!(upstream.read_day(Metric::Steps, date).await, Err(throttled(120)));
    let wait = Duration::from_mins(2);
    let rested = upstream.read_day(Metric::Distance, date).await;
    assert_eq!(rested, Err(VendorError::BudgetSpent { wait }));
    assert_eq!(upstream.requests("reconcile"), 1, "nothing is sent meanwhile");
    upstream.clock.advance(SignedDuration::from_mins(2));
    assert!(upstream.read_day(Metric::Distance, date).await.is_ok());
}

#[tokio::test]
async fn a_limit_without_a_wait_rests_for_half_a_minute() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::RateLimit).times(1));
    let date = day(DATE);
    let limited = upstream.read_day(Metric::Steps, date).await.unwrap_err();
    assert_eq!(limited, VendorError::Throttled { wait: None });
    assert_eq!(limited.verdict(), Verdict::Wait(Duration::from_secs(30)));
    let wait = Duration::from_secs(30);
    let rested = upstream.read_day(Metric::Steps, date).await;
    assert_eq!(rested, Err(VendorError::BudgetSpent { wait }));
}

#[tokio::test]
async fn a_spent_budget_stops_before_the_vendor_does() {
    let limits = Limits { per_person_per_minute: 5, ..PLENTY };
    let upstream = Upstream::with(options(), limits, JONAS, |_| true).await;
    let read = upstream.read_day(Metric::HeartRate, day(DATE)).await;
    let spent = read.unwrap_err();
    assert_eq!(spent, VendorError::BudgetSpent { wait: Duration::from_secs(61) });
    assert_eq!(spent.verdict(), Verdict::Wait(Duration::from_secs(61)));
    assert_eq!(upstream.requests("reconcile"), 5);
}

#[tokio::test]
async fn a_vendor_that_is_down_for_long_is_not_hammered() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::Status).with_status(503));
    for _ in 0..100 {
        let read = upstream.read_day(Metric::Steps, day(DATE)).await;
        assert_eq!(read, Err(VendorError::Unavailable));
    }
    let retries = upstream.requests("reconcile") - 100;
    assert!(retries <= 10 + 12, "{retries} retries of 100 requests");
}

#[tokio::test]
async fn a_vendor_that_is_gone_is_unavailable() {
    let upstream = Upstream::of(JONAS).await;
    let Upstream { sandbox, vendor, access, .. } = upstream;
    sandbox.stop().await;
    let days = range(DATE, DATE);
    let figures = vendor.daily_figures(&access, Metric::Steps, days).await;
    assert_eq!(figures, Err(VendorError::Unavailable));
}
