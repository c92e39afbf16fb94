//! Nights and naps, by date.

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ALL, Fitbit, SCOPES, error, ines, ines_with_all};
use crate::support::{INES, JONAS, options};
use phr_sandbox::{DataType, Emptiness, Options, People, Sandbox, Source, WebApiMood};

const DAY: &str = "2026-11-20";

async fn night(fitbit: &Fitbit, date: &str) -> Value {
    let body = fitbit.json(&format!("sleep/date/{date}")).await;
    let logs = body["sleep"].as_array().unwrap();
    logs.iter().find(|log| log["isMainSleep"] == true).unwrap().clone()
}

#[tokio::test]
async fn a_night_adds_up_and_has_a_summary() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let body = fitbit.json(&format!("sleep/date/{DAY}")).await;
    let night = &body["sleep"][0];
    let number = |name: &str| night[name].as_i64().unwrap();
    assert_eq!(number("minutesAsleep") + number("minutesAwake"), number("timeInBed"));
    assert_eq!(number("duration"), number("timeInBed") * 60_000);
    assert_eq!((&night["dateOfSleep"], &night["type"]), (&DAY.into(), &"stages".into()));
    assert!(night["logId"].as_u64().unwrap() > 1 << 53);
    let of = |name: &str| night["levels"]["summary"][name]["minutes"].clone();
    assert_eq!(
        body["summary"],
        json!({
            "stages": {
                "deep": of("deep"), "light": of("light"), "rem": of("rem"), "wake": of("wake"),
            },
            "totalMinutesAsleep": night["minutesAsleep"],
            "totalSleepRecords": 1,
            "totalTimeInBed": night["timeInBed"],
        })
    );
    let range = fitbit.json(&format!("sleep/date/{DAY}/{DAY}")).await;
    assert!(range.get("summary").is_none());
}

#[tokio::test]
async fn a_nap_is_a_session_of_its_own_without_stages() {
    let (sandbox, fitbit) = ines_with_all().await;
    let at = "2026-11-20T14:00:00Z".parse().unwrap();
    sandbox.world().add_sample(INES, DataType::Sleep, at, 50.0, Source::Derived).unwrap();
    let body = fitbit.json(&format!("sleep/date/{DAY}")).await;
    let [nap, night] = &body["sleep"].as_array().unwrap()[..] else { panic!("{body}") };
    assert_eq!((&nap["type"], &nap["infoCode"]), (&"classic".into(), &2.into()));
    assert_eq!((&nap["isMainSleep"], &night["isMainSleep"]), (&false.into(), &true.into()));
    assert!(nap["levels"].get("shortData").is_none());
    let minutes = |name: &str| nap["levels"]["summary"][name]["minutes"].clone();
    assert_eq!(["asleep", "awake", "restless"].map(minutes), [50, 10, 0].map(Value::from));
    assert_eq!(body["summary"]["totalSleepRecords"], 2);
    let asleep = night["minutesAsleep"].as_i64().unwrap() + 50;
    assert_eq!(body["summary"]["totalMinutesAsleep"], asleep);
}

#[tokio::test]
async fn a_night_in_which_clocks_change_keeps_the_clock_of_its_start() {
    let people = People::Synthetic { count: 2, days_of_history: 60 };
    let sandbox = Sandbox::start(Options { people, ..options() }).await.unwrap();
    let fitbit = Fitbit::of(&sandbox, JONAS, ALL).await;
    // Berlin left summer time on 25 October 2026.
    let night = night(&fitbit, "2026-10-25").await;
    let time = |name: &str| night[name].as_str().unwrap().parse::<jiff::civil::DateTime>().unwrap();
    let length = time("endTime").duration_since(time("startTime"));
    assert_eq!(length.as_millis(), i128::from(night["duration"].as_i64().unwrap()));
    let truth = sandbox.world().points(
        JONAS,
        DataType::Sleep,
        "2026-10-24T12:00:00Z".parse().unwrap(),
        "2026-10-25T06:00:00Z".parse().unwrap(),
    );
    let truth = truth.unwrap()[0];
    assert_eq!(truth.utc_offset, 7_200);
    let shown = jiff::tz::Offset::constant(2).to_datetime(truth.end);
    assert_eq!(time("endTime"), shown);
}

/// A minute after the end of Inés's night of 20 November, by the emulated clock.
async fn just_awake(mood: WebApiMood) -> (Sandbox, Fitbit) {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let world = sandbox.world();
    let from = "2026-11-19T18:00:00Z".parse().unwrap();
    let to = "2026-11-20T06:00:00Z".parse().unwrap();
    let end = world.points(INES, DataType::Sleep, from, to).unwrap()[0].end;
    world.clock().set(end.saturating_add(SignedDuration::from_mins(1)).unwrap());
    world.set_web_api_mood(mood);
    let fitbit = Fitbit::of(&sandbox, INES, ALL).await;
    (sandbox, fitbit)
}

#[tokio::test]
async fn a_night_is_not_there_before_it_is_summed_up() {
    let (sandbox, fitbit) = just_awake(WebApiMood::default()).await;
    let path = "sleep/date/2026-11-20";
    assert_eq!(fitbit.json(path).await["sleep"], json!([]));
    sandbox.world().advance(SignedDuration::from_mins(15));
    assert_eq!(fitbit.json(path).await["sleep"][0]["isMainSleep"], true);
}

#[tokio::test]
async fn or_the_whole_answer_is_pending_meanwhile() {
    let mood = WebApiMood { sleep_pending: true, ..WebApiMood::default() };
    let (sandbox, fitbit) = just_awake(mood).await;
    let pending = json!({ "meta": { "retryDuration": 3000, "state": "pending" } });
    assert_eq!(fitbit.json("sleep/date/2026-11-20").await, pending);
    assert_eq!(fitbit.json("sleep/date/2026-11-15/2026-11-20").await, pending);
    assert!(fitbit.json("sleep/date/2026-11-19").await["sleep"].is_array());
    sandbox.world().advance(SignedDuration::from_mins(15));
    assert!(fitbit.json("sleep/date/2026-11-20").await["sleep"].is_array());
}

#[tokio::test]
async fn an_edited_night_gets_another_id_and_a_deleted_one_vanishes() {
    let (sandbox, fitbit) = ines_with_all().await;
    let world = sandbox.world();
    let before = night(&fitbit, DAY).await;
    let from = "2026-11-19T18:00:00Z".parse().unwrap();
    let to = "2026-11-20T06:00:00Z".parse().unwrap();
    let start = world.points(INES, DataType::Sleep, from, to).unwrap()[0].start;
    world.change_sample(INES, DataType::Sleep, start, 300.0).unwrap();
    let after = night(&fitbit, DAY).await;
    assert_eq!((&after["minutesAsleep"], &after["startTime"]), (&300.into(), &before["startTime"]));
    assert_ne!(after["logId"], before["logId"]);
    world.delete_samples(INES, DataType::Sleep, from, to).unwrap();
    assert_eq!(fitbit.json(&format!("sleep/date/{DAY}")).await["sleep"], json!([]));
}

#[rstest]
#[case(
    Emptiness::Usual,
    r#"{"sleep":[],"summary":{"totalMinutesAsleep":0,"totalSleepRecords":0,"totalTimeInBed":0}}"#
)]
#[case(Emptiness::EmptyRoot, r#"{"sleep":[]}"#)]
#[case(Emptiness::Object, "{}")]
#[case(Emptiness::Nothing, "")]
#[case(Emptiness::Newline, "\n")]
#[tokio::test]
async fn a_date_without_sleep_has_many_forms(#[case] form: Emptiness, #[case] text: &str) {
    let (sandbox, fitbit) = ines_with_all().await;
    let empty_at = [("sleep".to_owned(), form)].into();
    sandbox.world().set_web_api_mood(WebApiMood { empty_at, ..WebApiMood::default() });
    let answer = fitbit.get("sleep/date/2026-05-02").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, text));
}

#[rstest]
#[case("sleep/date/2026-08-01/2026-11-08", 200)]
#[case("sleep/date/2026-08-01/2026-11-09", 400)]
#[case("sleep/date/2024-08-01/2026-11-09", 422)]
#[tokio::test]
async fn a_request_covers_a_hundred_nights(#[case] path: &str, #[case] status: u16) {
    let (_sandbox, fitbit) = ines_with_all().await;
    assert_eq!(fitbit.get(path).await.status, status);
}

#[tokio::test]
async fn sleep_has_a_scope_of_its_own() {
    let (_sandbox, fitbit) = ines().await;
    assert!(!SCOPES.contains("sleep"));
    let refused = fitbit.get("sleep/date/today").await;
    assert_eq!(error(&refused), (403, "insufficient_scope".to_owned()));
    assert!(refused.text.contains("permission to access sleep data"));
}
