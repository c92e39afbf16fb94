//! Consent, tokens, revocation.

use jiff::{SignedDuration, civil::date};
use phr_model::{Metric, StoppedClock};
use phr_sandbox::{Fault, FaultKind, Options, Sandbox};
use phr_vendors::{
    AuthorizationRequest, Budget, Limits, Vendor, VendorError,
    fitbit::google_health::{GoogleHealth, Settings},
    http_client,
};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};

use crate::support::{
    CHALLENGE, INES, JONAS, NOW, PLENTY, Upstream, VERIFIER, consent, day, exchange, options,
    parameter, settings,
};

fn client(settings: &Settings) -> GoogleHealth {
    let clock = std::sync::Arc::new(StoppedClock::at(NOW.parse().unwrap()));
    let budget = std::sync::Arc::new(Budget::new(Limits::GOOGLE_HEALTH, clock.clone()));
    GoogleHealth::new(settings, http_client().unwrap(), budget, clock)
}

async fn emulator(options: Options) -> (Sandbox, GoogleHealth) {
    let sandbox = Sandbox::start(options).await.unwrap();
    let vendor = client(&settings(&sandbox));
    (sandbox, vendor)
}

fn activity_only(scope: &str) -> bool {
    scope.contains("activity_and_fitness")
}

#[test]
fn oa_12_the_consent_page_is_asked_for_what_we_need_and_no_more() {
    let redirect = "https://phr.example/integrations/fitbit/callback".parse().unwrap();
    let settings = Settings::google("client-id".into(), "client-secret".into(), redirect);
    let state = SecretString::from("state-1");
    let url = client(&settings)
        .authorization_url(&AuthorizationRequest { state: &state, challenge: CHALLENGE });
    let pairs = url.query_pairs().map(|(key, value)| format!("{key} = {value}"));
    let lines: Vec<_> = [url.origin().ascii_serialization()].into_iter().chain(pairs).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    https://accounts.google.com
    response_type = code
    client_id = client-id
    state = state-1
    redirect_uri = https://phr.example/integrations/fitbit/callback
    scope = https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly https://www.googleapis.com/auth/googlehealth.settings.readonly https://www.googleapis.com/auth/googlehealth.profile.readonly
    access_type = offline
    prompt = consent
    code_challenge = E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
    code_challenge_method = S256
    ");
}

#[tokio::test]
async fn consent_gives_tokens_and_the_callback_names_the_issuer() {
    let (_sandbox, vendor) = emulator(options()).await;
    let callback = consent(&vendor, INES, |_| true).await;
    assert_eq!(parameter(&callback, "state"), "one-time-state");
    assert!(vendor.issued_by(&parameter(&callback, "iss")));
    assert!(!vendor.issued_by("https://accounts.example.com"));
    let grant = exchange(&vendor, &callback).await.unwrap();
    assert!(grant.refresh.is_some());
    assert_eq!(grant.access_lifetime, SignedDuration::from_secs(3_599));
    assert_eq!(grant.grant_lifetime, None);
    for metric in Metric::USUAL {
        assert!(vendor.permits(&grant.scopes, metric), "{metric}");
    }
}

#[tokio::test]
async fn a_project_in_testing_gives_grants_of_seven_days() {
    let (_sandbox, vendor) = emulator(Options { testing_mode: true, ..options() }).await;
    let grant = exchange(&vendor, &consent(&vendor, INES, |_| true).await).await.unwrap();
    let week = grant.grant_lifetime.unwrap();
    assert!((604_790..=604_800).contains(&week.as_secs()), "{week:?}");
}

#[tokio::test]
async fn oa_06_a_wrong_verifier_is_refused() {
    let (_sandbox, vendor) = emulator(options()).await;
    let callback = consent(&vendor, INES, |_| true).await;
    let wrong = "another-verifier-another-verifier-another-verifier";
    let refused = vendor.exchange(&parameter(&callback, "code").into(), &wrong.into()).await;
    assert_eq!(refused.unwrap_err(), VendorError::GrantWithdrawn);
}

#[tokio::test]
async fn oa_14_a_code_works_once() {
    let (_sandbox, vendor) = emulator(options()).await;
    let callback = consent(&vendor, INES, |_| true).await;
    exchange(&vendor, &callback).await.unwrap();
    let again = exchange(&vendor, &callback).await;
    assert_eq!(again.unwrap_err(), VendorError::GrantWithdrawn);
}

#[tokio::test]
async fn oa_12_a_partial_consent_works_with_what_was_granted() {
    let upstream = Upstream::with(options(), PLENTY, JONAS, activity_only).await;
    let date = day("2026-11-20");
    let heart_rate = upstream.read_day(Metric::HeartRate, date).await;
    assert_eq!(heart_rate, Err(VendorError::ScopeMissing));
    assert!(!upstream.read_day(Metric::Steps, date).await.unwrap().is_empty());
    assert!(!upstream.read_day(Metric::Calories, date).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_granted_scopes_tell_which_metrics_may_be_read() {
    let (_sandbox, vendor) = emulator(options()).await;
    let grant = exchange(&vendor, &consent(&vendor, INES, activity_only).await).await.unwrap();
    assert_eq!(grant.scopes.len(), 1);
    assert!(vendor.permits(&grant.scopes, Metric::Distance));
    assert!(!vendor.permits(&grant.scopes, Metric::BodyWeight));
}

#[tokio::test]
async fn a_scope_taken_away_later_is_missing_too() {
    let upstream = Upstream::of(JONAS).await;
    let health = upstream.vendor.scopes()[1].scope;
    upstream.world().withdraw_scope(JONAS, health).unwrap();
    let weight = upstream.read_day(Metric::BodyWeight, day("2026-11-20")).await;
    assert_eq!(weight, Err(VendorError::ScopeMissing));
}

#[tokio::test]
async fn a_refresh_gives_a_new_token_and_the_old_refresh_token_stays() {
    let (_sandbox, vendor) = emulator(options()).await;
    let grant = exchange(&vendor, &consent(&vendor, INES, |_| true).await).await.unwrap();
    let refreshed = vendor.refresh(&grant.refresh.unwrap()).await.unwrap();
    assert_ne!(refreshed.access.expose_secret(), grant.access.expose_secret());
    assert!(refreshed.refresh.is_none());
    assert_eq!(refreshed.access_lifetime, SignedDuration::from_secs(3_599));
}

#[tokio::test]
async fn a_revoked_grant_cannot_be_refreshed_and_revoking_it_again_succeeds() {
    let (_sandbox, vendor) = emulator(options()).await;
    let grant = exchange(&vendor, &consent(&vendor, INES, |_| true).await).await.unwrap();
    let refresh = grant.refresh.unwrap();
    vendor.revoke(&refresh).await.unwrap();
    let refused = vendor.refresh(&refresh).await;
    assert_eq!(refused.unwrap_err(), VendorError::GrantWithdrawn);
    vendor.revoke(&refresh).await.unwrap();
}

#[tokio::test]
async fn a_wrong_client_secret_is_the_operators_business() {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let wrong = Settings { client_secret: "wrong".into(), ..settings(&sandbox) };
    let refused = client(&wrong).refresh(&"1//token".into()).await;
    assert!(matches!(refused.unwrap_err(), VendorError::Misconfigured(_)));
}

#[rstest]
#[case::html(Fault::new(FaultKind::HtmlError), VendorError::Unavailable)]
#[case::html_400(Fault::new(FaultKind::HtmlError).with_status(400), VendorError::Unreadable)]
#[case::down(Fault::new(FaultKind::Status).with_status(503), VendorError::Unavailable)]
#[case::garbage(Fault::new(FaultKind::GarbageBody), VendorError::Unreadable)]
// The emulator closes before the head of the answer is out: nothing has come.
#[case::cut(Fault::new(FaultKind::CutBody), VendorError::Unavailable)]
#[case::limited(
    Fault::new(FaultKind::RateLimit).with_retry_after(7),
    VendorError::Throttled { wait: Some(std::time::Duration::from_secs(7)) }
)]
#[tokio::test]
async fn oa_14_oa_17_trouble_at_the_token_endpoint_never_ends_a_connection(
    #[case] fault: Fault,
    #[case] error: VendorError,
) {
    let (sandbox, vendor) = emulator(options()).await;
    let callback = consent(&vendor, INES, |_| true).await;
    sandbox.world().inject(fault.on("/token"));
    let token = SecretString::from("1//token");
    assert_eq!(vendor.refresh(&token).await.unwrap_err(), error);
    assert_ne!(vendor.refresh(&token).await.unwrap_err(), VendorError::GrantWithdrawn);
    sandbox.world().clear_request_counts();
    assert_eq!(exchange(&vendor, &callback).await.unwrap_err(), error);
    assert_eq!(sandbox.world().request_counts()["token"], 1, "a code is sent once");
}

#[tokio::test]
async fn revoking_fails_while_google_is_down() {
    let (sandbox, vendor) = emulator(options()).await;
    sandbox.world().inject(Fault::new(FaultKind::Status).with_status(503).on("/revoke"));
    assert_eq!(vendor.revoke(&VERIFIER.into()).await, Err(VendorError::Unavailable));
}

#[tokio::test]
async fn an_authorization_server_that_is_gone_is_unavailable() {
    let (sandbox, vendor) = emulator(options()).await;
    sandbox.stop().await;
    assert_eq!(vendor.refresh(&"1//token".into()).await.unwrap_err(), VendorError::Unavailable);
}

#[tokio::test]
async fn the_account_has_an_id_a_former_id_and_a_zone() {
    let upstream = Upstream::of(JONAS).await;
    let account = upstream.vendor.account(&upstream.access).await.unwrap();
    let jonas = upstream.world().people().into_iter().find(|person| person.email == JONAS).unwrap();
    assert_eq!(account.user, jonas.health_user_id);
    assert_eq!(account.legacy_user, Some(jonas.legacy_user_id));
    assert_eq!(account.zone.as_deref(), Some("Europe/Berlin"));
}

#[tokio::test]
async fn without_the_settings_scope_the_zone_is_unknown() {
    let upstream = Upstream::with(options(), PLENTY, JONAS, activity_only).await;
    let account = upstream.vendor.account(&upstream.access).await.unwrap();
    assert_eq!(account.zone, None);
    assert!(!account.user.is_empty());
}

#[tokio::test]
async fn the_profile_says_since_when_the_account_exists() {
    let upstream = Upstream::of(JONAS).await;
    let since = upstream.vendor.member_since(&upstream.access).await.unwrap().unwrap();
    assert!(since < date(2026, 11, 1), "{since}");
    let upstream = Upstream::with(options(), PLENTY, JONAS, activity_only).await;
    assert_eq!(upstream.vendor.member_since(&upstream.access).await, Ok(None));
}
