//! What a FHIR server would receive.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::{Timestamp, civil::date};
use phr_fhir::{observation, patient};
use phr_model::{
    Draft, Effective, Metric, Moment, Observation, PatientId, Status, metric::Category,
};
use uuid::Uuid;

const BASE: &str = "https://phr.example/";

fn patient_id() -> PatientId {
    PatientId(Uuid::from_u128(7))
}

fn hour() -> Effective {
    let at: Timestamp = "2026-11-20T07:00:00Z".parse().unwrap();
    let end: Timestamp = "2026-11-20T07:59:59Z".parse().unwrap();
    let offset_seconds = 3_600;
    Effective::Period(Moment { at, offset_seconds }, Moment { at: end, offset_seconds })
}

fn statement(metric: Metric, value: i64, bounds: Option<(i64, i64)>) -> Observation {
    let says = Draft {
        id: Uuid::from_u128(1),
        metric,
        date: date(2026, 11, 20),
        effective: hour(),
        value,
        low: bounds.map(|(low, _)| low),
        high: bounds.map(|(_, high)| high),
        preliminary: false,
    };
    let issued = "2026-11-20T09:00:00Z".parse().unwrap();
    Observation { says, status: Status::Final, version: 1, issued }
}

fn rendered(statement: &Observation) -> serde_json::Value {
    serde_json::to_value(observation(statement, patient_id(), "fitbit", BASE)).unwrap()
}

#[test]
fn an_hour_of_heart_rate_is_a_vital_sign_with_its_bounds() {
    let json = rendered(&statement(Metric::HeartRate, 725, Some((550, 1_480))));
    insta::assert_json_snapshot!(json, @r#"
    {
      "category": [
        {
          "coding": [
            {
              "code": "vital-signs",
              "display": "Vital Signs",
              "system": "http://terminology.hl7.org/CodeSystem/observation-category"
            }
          ]
        }
      ],
      "code": {
        "coding": [
          {
            "code": "8867-4",
            "display": "Heart rate",
            "system": "http://loinc.org"
          },
          {
            "code": "55425-3",
            "display": "Heart rate unspecified time mean by Pedometer",
            "system": "http://loinc.org"
          }
        ],
        "text": "Heart rate"
      },
      "component": [
        {
          "code": {
            "coding": [
              {
                "code": "heart-rate-min",
                "system": "https://phr.example/fhir/CodeSystem/wearable-metric"
              }
            ]
          },
          "valueQuantity": {
            "code": "/min",
            "system": "http://unitsofmeasure.org",
            "unit": "beats/min",
            "value": 55
          }
        },
        {
          "code": {
            "coding": [
              {
                "code": "55426-1",
                "display": "Heart rate unspecified time maximum by Pedometer",
                "system": "http://loinc.org"
              }
            ]
          },
          "valueQuantity": {
            "code": "/min",
            "system": "http://unitsofmeasure.org",
            "unit": "beats/min",
            "value": 148
          }
        }
      ],
      "effectivePeriod": {
        "end": "2026-11-20T08:59:59+01:00",
        "start": "2026-11-20T08:00:00+01:00"
      },
      "id": "00000000-0000-0000-0000-000000000001",
      "identifier": [
        {
          "system": "https://phr.example/fhir/sid/fitbit-observation",
          "value": "00000000-0000-0000-0000-000000000001"
        }
      ],
      "issued": "2026-11-20T09:00:00Z",
      "meta": {
        "profile": [
          "http://hl7.org/fhir/StructureDefinition/heartrate"
        ]
      },
      "performer": [
        {
          "reference": "Patient/00000000-0000-0000-0000-000000000007"
        }
      ],
      "resourceType": "Observation",
      "status": "final",
      "subject": {
        "reference": "Patient/00000000-0000-0000-0000-000000000007"
      },
      "valueQuantity": {
        "code": "/min",
        "system": "http://unitsofmeasure.org",
        "unit": "beats/min",
        "value": 72.5
      }
    }
    "#);
}

#[test]
fn every_metric_carries_the_magic_code_of_its_profile() {
    let magic = [("heartrate", "8867-4"), ("oxygensat", "2708-6"), ("bodyweight", "29463-7")];
    for metric in Metric::ALL {
        let json = rendered(&statement(metric, metric.facts().scale, Some((0, 0))));
        let codes: Vec<_> = json["code"]["coding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|coding| coding["code"].as_str().unwrap())
            .collect();
        let profile = metric.facts().profile.unwrap_or_default();
        for (name, code) in magic {
            assert!(!profile.ends_with(name) || codes.contains(&code), "{metric}: {codes:?}");
        }
    }
}

#[test]
fn activity_is_not_a_vital_sign() {
    for metric in Metric::ALL {
        let json = rendered(&statement(metric, 1, None));
        let is_vital = json["category"][0]["coding"][0]["code"] == "vital-signs";
        assert_eq!(is_vital, metric.facts().category == Category::VitalSigns, "{metric}");
    }
}

#[test]
fn a_single_sample_does_not_claim_to_be_a_mean() {
    let json = rendered(&statement(Metric::HeartRate, 640, None));
    assert_eq!(json["code"]["coding"].as_array().unwrap().len(), 1);
}

#[test]
fn a_weight_keeps_its_digits_and_gains_none() {
    for (milligrams, printed) in
        [(73_612_500, "73.6125"), (62_500_000, "62.5"), (80_000_000, "80"), (80_100_000, "80.1")]
    {
        let json = rendered(&statement(Metric::BodyWeight, milligrams, None));
        assert_eq!(json["valueQuantity"]["value"].to_string(), printed);
    }
}

#[test]
fn the_same_statement_is_the_same_bytes() {
    let statement = statement(Metric::Steps, 9_312, None);
    let render =
        || serde_json::to_string(&observation(&statement, patient_id(), "fitbit", BASE)).unwrap();
    assert_eq!(render(), render());
}

#[test]
fn a_patient_carries_no_name() {
    insta::assert_snapshot!(
        serde_json::to_string(&patient(patient_id())).unwrap(),
        @r#"{"resourceType":"Patient","id":"00000000-0000-0000-0000-000000000007","active":true}"#
    );
}
