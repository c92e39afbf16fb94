//! Refresh tokens that work once, introspection, revocation.

use super::support::{Fitbit, ID, SCOPES, SECRET, error, ines, ines_in};
use crate::support::{Answer, INES, JONAS, answer};
use phr_sandbox::{Fault, FaultKind, Grace, WebApiMood};

fn member(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_brings_a_new_pair_and_spends_the_old_token() {
    let mood = WebApiMood { grace: Grace::None, ..WebApiMood::default() };
    let (_sandbox, mut fitbit) = ines_in(mood).await;
    let first = fitbit.refreshed(&fitbit.refresh).await;
    assert_eq!(first.status, 200);
    let again = fitbit.refreshed(&fitbit.refresh).await;
    assert_eq!(error(&again), (400, "invalid_grant".to_owned()));
    assert!(again.text.contains(&format!("Refresh token invalid: {}", fitbit.refresh)));
    assert_eq!(fitbit.get("profile").await.status, 200, "the old access token lives on");
    fitbit.token = member(&first, "access_token");
    assert_eq!(fitbit.get("profile").await.status, 200);
    assert_eq!(fitbit.refreshed(&member(&first, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_is_recovered_until_the_new_token_is_used() {
    let (sandbox, mut fitbit) = ines().await;
    sandbox.world().inject(Fault::new(FaultKind::LostToken).times(1));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", fitbit.refresh.as_str())];
    let url = format!("{}/oauth2/token", fitbit.base);
    let asked = fitbit.http.post(url).basic_auth(ID, Some(SECRET)).form(&fields).send();
    let lost = async { asked.await?.text().await };
    assert!(lost.await.is_err());
    let second = fitbit.refreshed(&fitbit.refresh).await;
    assert_eq!(second.status, 200);
    fitbit.token = member(&second, "access_token");
    assert_eq!(fitbit.get("profile").await.status, 200);
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 400);
}

#[tokio::test]
async fn refreshing_the_same_token_at_once_can_conflict() {
    let mood = WebApiMood { refresh_conflicts: true, ..WebApiMood::default() };
    let (sandbox, fitbit) = ines_in(mood).await;
    let slow = Fault { ms: Some(150), ..Fault::new(FaultKind::Latency).on("/oauth2/token") };
    sandbox.world().inject(slow);
    let (one, other) =
        tokio::join!(fitbit.refreshed(&fitbit.refresh), fitbit.refreshed(&fitbit.refresh));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 200, "later it is the grace");
}

#[tokio::test]
async fn a_new_consent_spends_the_refresh_token_of_the_former() {
    let (sandbox, former) = ines().await;
    let new = Fitbit::of(&sandbox, INES, SCOPES).await;
    assert_eq!(former.refreshed(&former.refresh).await.status, 400);
    assert_eq!(former.get("profile").await.status, 200);
    assert_eq!(new.refreshed(&new.refresh).await.status, 200);
}

async fn post(fitbit: &Fitbit, path: &str, token: &str, bearer: bool) -> Answer {
    let request = fitbit.http.post(format!("{}{path}", fitbit.base)).form(&[("token", token)]);
    let request = if bearer {
        request.bearer_auth(&fitbit.token)
    } else {
        request.basic_auth(ID, Some(SECRET))
    };
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn introspection_tells_what_a_token_opens() {
    let (sandbox, fitbit) = ines().await;
    let path = "/1.1/oauth2/introspect";
    let told = post(&fitbit, path, &fitbit.token, true).await.json();
    assert_eq!((&told["active"], &told["client_id"]), (&true.into(), &ID.into()));
    assert!(told["scope"].as_str().unwrap().contains("HEARTRATE=READ"));
    let other = post(&fitbit, path, "made up", true).await;
    assert_eq!(other.json(), serde_json::json!({ "active": false }));
    sandbox.world().expire_access_tokens();
    let refused = post(&fitbit, path, &fitbit.token, true).await;
    assert_eq!(error(&refused), (401, "expired_token".to_owned()));
}

#[tokio::test]
async fn revoking_either_token_ends_all() {
    for refresh in [true, false] {
        let (sandbox, fitbit) = ines().await;
        let jonas = Fitbit::of(&sandbox, JONAS, SCOPES).await;
        let token = if refresh { &fitbit.refresh } else { &fitbit.token };
        let revoked = post(&fitbit, "/oauth2/revoke", token, false).await;
        assert_eq!((revoked.status, revoked.text.as_str()), (200, ""));
        assert_eq!(error(&fitbit.get("profile").await), (401, "invalid_token".to_owned()));
        assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 400);
        assert_eq!(post(&fitbit, "/oauth2/revoke", token, false).await.status, 400);
        assert_eq!(jonas.get("profile").await.status, 200);
    }
}

#[tokio::test]
async fn removing_the_app_in_the_account_ends_both_upstreams() {
    let client = crate::support::Client::ines().await;
    let fitbit = Fitbit::of(&client.sandbox, INES, SCOPES).await;
    client.world().revoke_grant(INES).unwrap();
    assert_eq!(fitbit.get("profile").await.status, 401);
    assert_eq!(client.get("identity", &[]).await.status, 401);
}
