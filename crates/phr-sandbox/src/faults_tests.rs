use super::*;

const LIST: Occasion<'static> = Occasion {
    path: "/v4/users/me/dataTypes/steps/dataPoints",
    data_type: Some(DataType::Steps),
    person: Some("ines@example.com"),
};

fn pattern(fault: &str, occasion: &Occasion<'_>) -> String {
    let mut faults = Faults::new(1, vec![fault.parse().unwrap()]);
    (0..8).map(|_| if faults.befalling(occasion).is_empty() { '.' } else { 'x' }).collect()
}

#[test]
fn a_fault_string_survives_a_round_trip() {
    let text = "kind=rate-limit,retry-after=5,times=3,every=2,path=heart-rate,data-type=steps";
    let fault: Fault = text.parse().unwrap();
    assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault.clone()));
    let json = serde_json::to_string(&fault).unwrap();
    assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
}

#[test]
fn every_kind_has_one_spelling_in_strings_and_json() {
    for kind in FaultKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        assert_eq!(kind.name().parse(), Ok(Fault::new(kind)));
    }
}

#[test]
fn an_unknown_kind_is_answered_with_the_known_ones() {
    let error = "kind=explode".parse::<Fault>().unwrap_err().to_string();
    assert!(error.contains("\"explode\"") && error.contains("rate-limit"), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for text in ["status,status=200", "latency,ms=soon", "latency,probability=2", "latency,foo=1"] {
        assert!(text.parse::<Fault>().is_err(), "{text}");
    }
}

#[test]
fn times_after_and_every_choose_the_requests() {
    assert_eq!(pattern("status,times=2", &LIST), "xx......");
    assert_eq!(pattern("status,after=3,times=1", &LIST), "...x....");
    assert_eq!(pattern("status,every=3", &LIST), "x..x..x.");
}

#[test]
fn a_probability_follows_from_the_seed() {
    let first = pattern("status,probability=0.5", &LIST);
    assert_eq!(first, pattern("status,probability=0.5", &LIST));
    assert!(first.contains('x') && first.contains('.'), "{first}");
}

#[test]
fn a_fault_befalls_only_what_it_is_about() {
    let token = Occasion { path: "/token", data_type: None, person: None };
    for (fault, list, token_hit) in [
        ("status", true, false),
        ("status,path=/token", false, true),
        ("invalid-grant", false, true),
        ("status,data-type=weight", false, false),
        ("status,person=ines@example.com", true, false),
        ("status,person=jonas@example.com", false, false),
    ] {
        assert_eq!(pattern(fault, &LIST).contains('x'), list, "{fault}");
        assert_eq!(pattern(fault, &token).contains('x'), token_hit, "{fault}");
    }
}
