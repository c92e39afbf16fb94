//! The read facade: searching.

use axum::http::Method;
use phr_model::Metric;
use serde_json::Value;

use super::fhir::{ada_with_a_day, asked, bundle, entries, outcome, patient};
use crate::support::{Actor, TestApp, sample};

async fn search(ada: &Actor<'_>, query: &str) -> Value {
    bundle(&ada.get(&format!("/fhir/Observation?{query}")).await)
}

fn total(bundle: &Value) -> u64 {
    bundle["total"].as_u64().unwrap()
}

#[tokio::test]
async fn parameters_narrow_as_fhir_says() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let own = patient(&ada).await;
    let device = format!("http://127.0.0.1:8000/fhir/Patient/{own}");
    let category = "http://terminology.hl7.org/CodeSystem/observation-category";
    for (query, expected) in [
        (String::new(), 26),
        (format!("patient={own}"), 26),
        (format!("patient=Patient/{own}"), 26),
        (format!("subject={device}"), 26),
        (format!("subject:Patient={own}"), 26),
        ("patient=Patient/somebody".to_owned(), 0),
        (format!("patient=somebody,{own}"), 26),
        ("code=8867-4".to_owned(), 24),
        ("code=http://loinc.org%7C8867-4".to_owned(), 24),
        ("code=8867-4,41950-7".to_owned(), 25),
        ("code=8867-4&code=41950-7".to_owned(), 0),
        ("code=%7C8867-4".to_owned(), 0),
        ("category=vital-signs".to_owned(), 25),
        (format!("category={category}%7Cactivity"), 1),
        ("category=laboratory".to_owned(), 0),
        ("category=vital-signs&code=29463-7".to_owned(), 1),
        ("status=final".to_owned(), 26),
        ("status=preliminary,corrected".to_owned(), 0),
        ("date=2026-11-19".to_owned(), 26),
        ("date=2026-11".to_owned(), 26),
        ("date=2026-11-18".to_owned(), 0),
        ("date=2026-11-18,2026-11-19".to_owned(), 26),
        ("date=ne2026-11-19".to_owned(), 0),
        ("date=ge2026-11-19&date=lt2026-11-20".to_owned(), 26),
        ("date=gt2026-11-19".to_owned(), 0),
        ("date=sa2026-11-19T22:00:00%2B01:00".to_owned(), 1),
        ("date=ge2026-11-19T22:00:00%2B01:00".to_owned(), 3),
        ("date=ge2026-11-19T22:00:00".to_owned(), 3),
        ("date=eb2026-11-19T01:00".to_owned(), 1),
        ("date=ap2026-11-19".to_owned(), 26),
        ("code=29463-7&date=2026-11-19T07:00:00%2B01:00".to_owned(), 1),
        ("code=29463-7&date=2026-11-19T06:00:00Z".to_owned(), 1),
        ("_lastUpdated=ge2026-11-20T11:00:00Z".to_owned(), 26),
        ("_lastUpdated=gt2026-11-20T11:00:00Z".to_owned(), 0),
        ("_lastUpdated=2026-11-20".to_owned(), 26),
        ("_id=not-an-id".to_owned(), 0),
        ("identifier=8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10".to_owned(), 0),
        ("code=".to_owned(), 26),
    ] {
        let found = search(&ada, &query).await;
        assert_eq!(total(&found), expected, "{query}");
        assert_eq!(entries(&found).len() as u64, expected, "{query}");
        assert_eq!(total(&search(&ada, &format!("{query}&_summary=count")).await), expected);
    }
}

#[tokio::test]
async fn an_observation_is_found_by_its_identifier() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let found = search(&ada, "code=41950-7").await;
    let identifier = &entries(&found)[0]["resource"]["identifier"][0];
    let (system, value) = (identifier["system"].as_str().unwrap(), &identifier["value"]);
    let value = value.as_str().unwrap();
    assert_eq!(total(&search(&ada, &format!("identifier={system}%7C{value}")).await), 1);
    assert_eq!(total(&search(&ada, &format!("identifier={value}")).await), 1);
    assert_eq!(total(&search(&ada, &format!("identifier=urn:other%7C{value}")).await), 0);
    assert_eq!(total(&search(&ada, &format!("_id={value}")).await), 1);
}

#[tokio::test]
async fn today_has_interval_codes_until_it_is_over() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let steps = vec![sample("2026-11-20", 36_000, 500, 60)];
    app.hold_open(ada.id().await, Metric::Steps, "2026-11-20", steps.clone()).await;
    assert_eq!(total(&search(&ada, "code=55423-8").await), 1);
    assert_eq!(total(&search(&ada, "code=41950-7").await), 0);
    app.hold(ada.id().await, Metric::Steps, "2026-11-20", steps).await;
    assert_eq!(total(&search(&ada, "code=55423-8").await), 0);
    assert_eq!(total(&search(&ada, "code=41950-7").await), 1);
}

/// All pages, by their next links.
async fn walk(ada: &Actor<'_>, query: &str) -> Vec<Value> {
    let mut url = format!("/fhir/Observation?{query}");
    let (mut all, mut totals) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        let page = bundle(&ada.get(&url).await);
        totals.push(total(&page));
        all.extend(entries(&page).iter().map(|entry| entry["resource"].clone()));
        let links = page["link"].as_array().unwrap();
        match links.iter().find(|link| link["relation"] == "next") {
            None => {
                assert!(totals.iter().all(|total| *total == all.len() as u64), "{totals:?}");
                return all;
            }
            Some(next) => {
                let next = next["url"].as_str().unwrap();
                next.strip_prefix("http://127.0.0.1:8000").unwrap().clone_into(&mut url);
            }
        }
    }
    panic!("the next links lead in circles");
}

#[tokio::test]
async fn pages_of_any_length_and_order_hold_everything_once() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    for sort in ["date", "-date", "_lastUpdated", "-_lastUpdated"] {
        let whole = walk(&ada, &format!("_sort={sort}")).await;
        assert_eq!(whole.len(), 26);
        for count in [1, 7, 25, 26] {
            assert_eq!(walk(&ada, &format!("_sort={sort}&_count={count}")).await, whole);
        }
    }
    let narrowed = walk(&ada, "code=8867-4&date=2026-11-19&_count=5").await;
    assert_eq!(narrowed.len(), 24);
}

#[tokio::test]
async fn what_arrives_between_pages_shifts_nothing() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let first = search(&ada, "code=8867-4&_count=10").await;
    let newer = vec![sample("2026-11-20", 3_600, 700, 0)];
    app.hold(ada.id().await, Metric::HeartRate, "2026-11-20", newer).await;
    let next = first["link"][1]["url"].as_str().unwrap();
    let second = bundle(&ada.get(next.strip_prefix("http://127.0.0.1:8000").unwrap()).await);
    let last = &entries(&first)[9]["resource"]["effectivePeriod"]["start"];
    let begin = &entries(&second)[0]["resource"]["effectivePeriod"]["start"];
    assert_eq!(last, "2026-11-19T14:00:00+01:00");
    assert_eq!(begin, "2026-11-19T13:00:00+01:00");
}

#[tokio::test]
async fn links_say_what_was_used() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let page = search(&ada, "code=8867-4&unheard=of&_count=2").await;
    let links = page["link"].as_array().unwrap();
    assert_eq!(links[0]["relation"], "self");
    let base = "http://127.0.0.1:8000/fhir/Observation?code=8867-4&_count=2";
    assert_eq!(links[0]["url"], base);
    let next = links[1]["url"].as_str().unwrap();
    assert!(next.starts_with(&format!("{base}&_cursor=")), "{next}");
    let forged = format!("{}x", next.strip_prefix("http://127.0.0.1:8000").unwrap());
    outcome(&ada.get(&forged).await, 400);
    let other = next.replace("8867-4", "41950-7");
    outcome(&ada.get(other.strip_prefix("http://127.0.0.1:8000").unwrap()).await, 400);
}

#[tokio::test]
async fn a_mistake_is_told_and_an_unknown_parameter_only_to_who_wants_to_know() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let strict = [("prefer", "return=minimal; handling=strict")];
    for query in ["unheard=of", "_include=Observation:encounter", "_revinclude=Group:member"] {
        let path = format!("/fhir/Observation?{query}");
        bundle(&ada.get(&path).await);
        outcome(&asked(&ada, Method::GET, &path, &strict, "").await, 400);
    }
    for query in [
        "date=2026-13",
        "date=xx2026",
        "date=,",
        "_lastUpdated=soon",
        "_count=-1",
        "_count=many",
        "_sort=value",
        "_total=most",
        "_summary=some",
        "code:not=8867-4",
        "subject:Group=1",
        "identifier=urn:x%7C",
        "_cursor=anything",
        "code=8867-4,",
    ] {
        outcome(&ada.get(&format!("/fhir/Observation?{query}")).await, 400);
    }
}

#[tokio::test]
async fn a_form_finds_what_an_address_finds() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let query = "code=8867-4&date=2026-11-19&_count=3";
    let by_address = search(&ada, query).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/fhir/Observation/_search";
    let by_form = bundle(&asked(&ada, Method::POST, path, &form, query).await);
    assert_eq!(by_form, by_address);
    let both = format!("{path}?code=8867-4");
    let by_both = asked(&ada, Method::POST, &both, &form, "date=2026-11-19&_count=3").await;
    assert_eq!(bundle(&by_both), by_address);
    bundle(&asked(&ada, Method::POST, path, &[], "").await);
}

#[tokio::test]
async fn a_count_says_how_many_and_shows_none() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    for query in ["_count=0", "_summary=count"] {
        let found = search(&ada, query).await;
        assert_eq!((total(&found), entries(&found).len()), (26, 0));
    }
    assert_eq!(entries(&search(&ada, "_count=5000").await).len(), 26);
    assert!(search(&ada, "_total=none").await.get("total").is_none());
    assert_eq!(total(&search(&ada, "_total=accurate&_count=1").await), 26);
}

#[tokio::test]
async fn what_belongs_to_the_matches_comes_along() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let query = "code=29463-7&_include=Observation:device&_include=Observation:subject\
                 &_revinclude=Provenance:target";
    let found = search(&ada, query).await;
    assert_eq!(total(&found), 1);
    let kinds: Vec<_> = entries(&found)
        .iter()
        .map(|entry| (entry["resource"]["resourceType"].clone(), entry["search"]["mode"].clone()))
        .map(|(kind, mode)| format!("{kind} {mode}").replace('"', ""))
        .collect();
    assert_eq!(
        kinds,
        ["Observation match", "Device include", "Patient include", "Provenance include"]
    );
    for entry in entries(&found) {
        let url = entry["fullUrl"].as_str().unwrap().strip_prefix("http://127.0.0.1:8000");
        assert_eq!(&ada.get(url.unwrap()).await.expect(200), &entry["resource"]);
    }
    let weight = entries(&found)[0]["resource"]["id"].as_str().unwrap();
    let target = format!("/fhir/Provenance?target=Observation/{weight}");
    assert_eq!(total(&bundle(&ada.get(&target).await)), 1);
    assert_eq!(entries(&search(&ada, "code=41979-6&_include=*").await).len(), 0);
}

#[tokio::test]
async fn elements_are_cut_to_what_is_asked_for() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let reply = ada.get("/fhir/Observation?code=29463-7&_elements=value,effective").await;
    let found = bundle(&reply);
    let part = entries(&found)[0]["resource"].as_object().unwrap();
    let names: Vec<_> = part.keys().map(String::as_str).collect();
    let expected =
        ["code", "effectiveDateTime", "id", "meta", "resourceType", "status", "valueQuantity"];
    assert_eq!(names, expected);
    assert_eq!(part["meta"]["tag"][1]["code"], "SUBSETTED");
    let summary = bundle(&ada.get("/fhir/Observation?code=29463-7&_summary=true").await);
    assert!(entries(&summary)[0]["resource"].get("category").is_none());
    assert!(entries(&summary)[0]["resource"].get("subject").is_some());
}

#[tokio::test]
async fn the_newest_of_each_kind_is_found() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    app.hold_steps(ada.id().await, "2026-11-18", 3).await;
    let last = async |query: &str| {
        let found = bundle(&ada.get(&format!("/fhir/Observation/$lastn?{query}")).await);
        let codes = entries(&found).iter().map(|entry| {
            let resource = &entry["resource"];
            resource["code"]["coding"][0]["code"].as_str().unwrap().to_owned()
        });
        codes.collect::<Vec<_>>()
    };
    assert_eq!(last("").await, ["8867-4", "29463-7", "41950-7"]);
    assert_eq!(last("category=activity&max=2").await, ["41950-7", "41950-7"]);
    assert_eq!(last("patient=somebody").await, [""; 0]);
    outcome(&ada.get("/fhir/Observation/$lastn?max=0").await, 400);
}

#[tokio::test]
async fn everything_is_the_patient_the_device_and_all_observations() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let path = format!("/fhir/Patient/{}/$everything", patient(&ada).await);
    let mut url = format!("{path}?_count=10");
    let mut kinds = Vec::new();
    loop {
        let page = bundle(&ada.get(&url).await);
        assert_eq!(total(&page), 28);
        let of = |entry: &Value| entry["resource"]["resourceType"].as_str().unwrap().to_owned();
        kinds.extend(entries(&page).iter().map(of));
        let Some(next) = page["link"].get(1) else { break };
        let next = next["url"].as_str().unwrap();
        next.strip_prefix("http://127.0.0.1:8000").unwrap().clone_into(&mut url);
    }
    assert_eq!(kinds.len(), 28);
    assert_eq!(kinds[..3], ["Patient", "Device", "Observation"]);
    for (query, expected) in [
        ("start=2026-11-20", 2),
        ("end=2026-11-19&start=2026-11-19", 28),
        ("_type=Device", 1),
        ("_type=Observation", 26),
        ("_type=Observation&_since=2026-11-20T11:00:01Z", 0),
    ] {
        let found = bundle(&ada.get(&format!("{path}?{query}")).await);
        assert_eq!(total(&found), expected, "{query}");
    }
}
