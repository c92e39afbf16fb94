use futures_util::future::join_all;
use phr_store::budget::{Allotment, Granted};

use crate::{bed::Bed, given::at};

async fn spend(bed: &dyn Bed, ask: u32, limit: u32, second: i64) -> u32 {
    bed.store().spend("project", ask, Allotment::minutely(limit), at(second)).await.unwrap().amount
}

pub(crate) async fn a_budget_is_shared_by_processes_and_minutes(bed: &dyn Bed) {
    let other = bed.another().await;
    assert_eq!(spend(bed, 20, 50, 0).await, 20);
    assert_eq!(
        other.spend("project", 20, Allotment::minutely(50), at(30)).await.unwrap().amount,
        20
    );
    assert_eq!(spend(bed, 20, 50, 31).await, 10);
    // At 66 there is room for 20: too little to come back for.
    let spent = Granted { amount: 0, retry_at: Some(at(96)), spent: 50 };
    assert_eq!(other.spend("project", 20, Allotment::minutely(50), at(65)).await.unwrap(), spent);
    assert_eq!(
        bed.store().spend("another", 20, Allotment::minutely(50), at(65)).await.unwrap().amount,
        20
    );
    assert_eq!(spend(bed, 90, 50, 66).await, 20, "what was granted first has left the minute");
}

pub(crate) async fn of_many_spenders_at_once_none_gets_too_much(bed: &dyn Bed) {
    let other = bed.another().await;
    let spenders = (0..40).map(|n| {
        let store = if n % 2 == 0 { bed.shared() } else { other.clone() };
        tokio::spawn(async move {
            store.spend("project", 7, Allotment::minutely(100), at(0)).await.unwrap().amount
        })
    });
    let granted = join_all(spenders).await.into_iter().map(Result::unwrap).sum::<u32>();
    assert_eq!(granted, 100);
}

pub(crate) async fn less_urgent_work_leaves_room(bed: &dyn Bed) {
    assert_eq!(spend(bed, 100, 50, 0).await, 50);
    assert_eq!(spend(bed, 1, 50, 1).await, 0);
    assert_eq!(spend(bed, 100, 100, 1).await, 50);
    let history = bed.store().spend("project", 1, Allotment::minutely(50), at(2)).await.unwrap();
    assert_eq!(history.retry_at, Some(at(67)), "when both have left the minute");
}

pub(crate) async fn a_closed_budget_grants_nothing(bed: &dyn Bed) {
    bed.store().close_budget("project", at(90), at(0)).await.unwrap();
    bed.another().await.close_budget("project", at(30), at(1)).await.unwrap();
    let closed = Granted { amount: 0, retry_at: Some(at(90)), spent: 0 };
    assert_eq!(
        bed.store().spend("project", 1, Allotment::minutely(10), at(89)).await.unwrap(),
        closed
    );
    assert_eq!(spend(bed, 1, 10, 90).await, 1);
}

pub(crate) async fn budgets_that_nobody_uses_are_forgotten(bed: &dyn Bed) {
    assert_eq!(spend(bed, 10, 10, 0).await, 10);
    bed.store().forget_budgets(at(0)).await.unwrap();
    assert_eq!(spend(bed, 10, 10, 1).await, 0);
    bed.store().forget_budgets(at(2)).await.unwrap();
    assert_eq!(spend(bed, 10, 10, 3).await, 10);
}

pub(crate) async fn an_hours_requests_are_counted_over_any_hour(bed: &dyn Bed) {
    let hourly = Allotment { limit: 3, seconds: 3_600 };
    let other = bed.another().await;
    assert_eq!(bed.store().spend("person", 2, hourly, at(0)).await.unwrap().amount, 2);
    assert_eq!(other.spend("person", 2, hourly, at(1_800)).await.unwrap().amount, 1);
    let refused = other.spend("person", 1, hourly, at(3_605)).await.unwrap();
    assert_eq!(refused, Granted { amount: 0, retry_at: Some(at(3_606)), spent: 3 });
    assert_eq!(bed.store().spend("person", 5, hourly, at(3_606)).await.unwrap().amount, 2);
}
