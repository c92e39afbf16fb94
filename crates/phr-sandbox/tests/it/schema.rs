//! Every kind of answer, held against Google's public description of the API.

use serde_json::Value;

use crate::support::{Client, INES, SCOPES, options};
use phr_sandbox::{DataType, Kind, Operation, Options, Source};

const DISCOVERY: &str = include_str!("../google-health-v4.discovery.json");

/// A strict reading of the discovery document's schemas.
struct Schemas(Value);

impl Schemas {
    fn load() -> Self {
        let discovery: Value = serde_json::from_str(DISCOVERY).unwrap();
        Self(discovery["schemas"].clone())
    }

    /// What is wrong with a value, by path.
    fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.object(&self.0[name], value, name, &mut faults);
        faults
    }

    fn object(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        let Some(members) = value.as_object() else {
            faults.push(format!("{path} is not an object: {value}"));
            return;
        };
        for (name, member) in members {
            let path = format!("{path}.{name}");
            match schema["properties"].get(name) {
                None => faults.push(format!("{path} is unknown")),
                Some(property) => self.value(property, member, &path, faults),
            }
        }
    }

    fn value(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.object(&self.0[name], value, path, faults);
        }
        if let (Some("array"), Some(items)) = (schema["type"].as_str(), value.as_array()) {
            if items.is_empty() {
                faults.push(format!("{path} is empty instead of absent"));
            }
            for (index, item) in items.iter().enumerate() {
                self.value(&schema["items"], item, &format!("{path}[{index}]"), faults);
            }
            return;
        }
        if !scalar_fits(schema, value) {
            faults.push(format!("{path} is {value}, wanted {}", without_text(schema)));
        }
    }
}

fn scalar_fits(schema: &Value, value: &Value) -> bool {
    let text = value.as_str();
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("int64")) => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        (Some("string"), Some("google-datetime")) => {
            text.is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok())
        }
        (Some("string"), Some("google-duration")) => text
            .and_then(|text| text.strip_suffix('s'))
            .is_some_and(|seconds| seconds.parse::<f64>().is_ok()),
        (Some("string"), _) => match schema["enum"].as_array() {
            Some(names) => names.contains(value),
            None => text.is_some(),
        },
        (Some("number"), _) => value.is_number() || text == Some("NaN"),
        (Some("integer"), _) => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        (Some("boolean"), _) => value.is_boolean(),
        _ => false,
    }
}

fn without_text(schema: &Value) -> String {
    format!("{} {}", schema["type"], schema["format"])
}

/// Google prints 98, not 98.0.
fn trailing_zero(text: &str) -> bool {
    [".0,", ".0}", ".0\n"].iter().any(|end| text.contains(end))
}

async fn answers(client: &Client, data_type: DataType, operation: Operation) -> Vec<String> {
    let id = data_type.id();
    match operation {
        Operation::List => vec![
            client.list(id, &[("pageSize", "700")]).await.text,
            client.list(id, &[("pageSize", "3"), ("prettyPrint", "false")]).await.text,
        ],
        Operation::Reconcile => vec![client.reconcile(id, &[("pageSize", "700")]).await.text],
        Operation::RollUp => {
            let (from, to) = ("2026-11-18T22:30:00Z", "2026-11-22T22:00:00Z");
            vec![
                client.roll_up(id, from, to, "3600s").await.text,
                client
                    .roll_up(id, "2019-01-01T00:00:00Z", "2019-01-02T00:00:00Z", "60s")
                    .await
                    .text,
            ]
        }
        Operation::DailyRollUp => vec![
            client.daily_roll_up(id, "2026-11-10", "2026-11-23").await.text,
            client.daily_roll_up(id, "2026-10-25", "2026-11-05").await.text,
        ],
        Operation::Get => {
            let page = client.list(id, &[("pageSize", "1")]).await.json();
            let name = page["dataPoints"][0]["name"].as_str().unwrap().to_owned();
            let last = name.rsplit('/').next().unwrap();
            vec![client.get(&format!("dataTypes/{id}/dataPoints/{last}"), &[]).await.text]
        }
    }
}

fn response_schema(operation: Operation) -> &'static str {
    match operation {
        Operation::List => "ListDataPointsResponse",
        Operation::Reconcile => "ReconcileDataPointsResponse",
        Operation::RollUp => "RollUpDataPointsResponse",
        Operation::DailyRollUp => "DailyRollUpDataPointsResponse",
        Operation::Get => "DataPoint",
    }
}

async fn check_data_points(client: &Client) {
    let schemas = Schemas::load();
    for data_type in DataType::ALL {
        for operation in data_type.operations() {
            let mut said_something = false;
            for text in answers(client, data_type, *operation).await {
                let value: Value = serde_json::from_str(&text).unwrap();
                let faults = schemas.faults(response_schema(*operation), &value);
                assert!(faults.is_empty(), "{operation:?} {data_type}: {:?}", &faults[..1]);
                assert!(!trailing_zero(&text), "{operation:?} {data_type}");
                said_something |= text.len() > 10;
            }
            assert!(said_something, "{operation:?} {data_type} never held data");
        }
    }
}

async fn permitted_everything() -> Client {
    let sleep = "https://www.googleapis.com/auth/googlehealth.sleep.readonly";
    Client::connect(options(), INES, &format!("{SCOPES} {sleep}")).await
}

#[tokio::test]
async fn every_data_point_and_roll_up_fits_its_schema() {
    check_data_points(&permitted_everything().await).await;
}

#[tokio::test]
async fn edited_and_revised_data_fits_its_schema_too() {
    let client = permitted_everything().await;
    let world = client.world();
    let at = "2026-11-22T08:00:00.25Z".parse().unwrap();
    for data_type in DataType::ALL.into_iter().filter(|it| it.kind() != Kind::Daily) {
        world.add_sample(INES, data_type, at, 97.0, Source::HealthConnect).unwrap();
        world.add_sample(INES, data_type, at, 0.0, Source::Manual).unwrap();
    }
    let date = "2026-11-21".parse().unwrap();
    world.override_daily(INES, DataType::DailyOxygenSaturation, date, 94.5).unwrap();
    world.override_daily(INES, DataType::DailyRestingHeartRate, date, 61.0).unwrap();
    world.override_daily(INES, DataType::Steps, date, 0.0).unwrap();
    check_data_points(&client).await;
}

#[tokio::test]
async fn a_double_that_cannot_be_computed_is_the_text_nan() {
    let client = Client::ines().await;
    let date = "2026-01-01".parse().unwrap();
    client.world().override_daily(INES, DataType::DailyOxygenSaturation, date, 94.5).unwrap();
    let later = "2026-01-02".parse().unwrap();
    let nan = client.world().override_daily(INES, DataType::DailyOxygenSaturation, later, f64::NAN);
    nan.unwrap();
    assert!(client.world().override_daily(INES, DataType::Steps, later, f64::NAN).is_err());
    let filter = "daily_oxygen_saturation.date < \"2026-01-03\"";
    let page = client.list("daily-oxygen-saturation", &[("filter", filter)]).await.json();
    assert_eq!(page["dataPoints"][0]["dailyOxygenSaturation"]["averagePercentage"], "NaN");
    let value = &page["dataPoints"][1]["dailyOxygenSaturation"];
    assert_eq!(value["standardDeviationPercentage"], "NaN");
    assert_eq!(value["averagePercentage"], 94.5);
}

#[tokio::test]
async fn the_user_resources_fit_their_schemas() {
    let client = Client::connect(Options { seed: 7, ..options() }, INES, SCOPES).await;
    let schemas = Schemas::load();
    let devices = client.get("pairedDevices", &[]).await.json();
    let device = devices["pairedDevices"][0]["name"].as_str().unwrap().to_owned();
    let device = format!("pairedDevices/{}", device.rsplit('/').next().unwrap());
    for (path, schema) in [
        ("identity", "Identity"),
        ("profile", "Profile"),
        ("settings", "Settings"),
        ("pairedDevices", "ListPairedDevicesResponse"),
        (&device, "PairedDevice"),
    ] {
        let answer = client.get(path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(schemas.faults(schema, &answer.json()), [""; 0], "{path}");
    }
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let schemas = Schemas::load();
    for (text, fault) in [
        (r#"{"dataPoints":[{"steps":{"count":5}}]}"#, "count is 5"),
        (r#"{"dataPoints":[{"stepz":{}}]}"#, "stepz is unknown"),
        (r#"{"dataPoints":[]}"#, "empty instead of absent"),
        (r#"{"dataPoints":[{"weight":{"weightGrams":"1"}}]}"#, "weightGrams is"),
        (r#"{"dataPoints":[{"dataSource":{"platform":"CASIO"}}]}"#, "platform is"),
        (r#"{"dataPoints":[{"weight":null}]}"#, "not an object"),
    ] {
        let value = serde_json::from_str(text).unwrap();
        let faults = schemas.faults("ListDataPointsResponse", &value).join("; ");
        assert!(faults.contains(fault), "{text}: {faults}");
    }
}
