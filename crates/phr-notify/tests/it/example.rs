//! The receiver that the documentation shows verifies what we send.

use std::{path::Path, process::Command};

use jiff::Timestamp;

use crate::stage::{NEW, secrets};

const BODY: &str = r#"{"type":"data.changed"}"#;
const SENT: i64 = 1_795_341_600;

/// The Python of docs/notices.md and an assertion after it; none where there is no Python.
fn holds(assertion: &str) -> Option<bool> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/notices.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```python\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let script = format!("{example}\nassert {assertion}\n");
    let ran = Command::new("python3").args(["-c", &script]).output().ok()?;
    Some(ran.status.success())
}

#[test]
fn the_documented_receiver_takes_five_minutes_and_no_forgery() {
    let sent = Timestamp::from_second(SENT).unwrap();
    let signature = secrets(NEW).sign("an-id", sent, BODY.as_bytes());
    let verify = |id: &str, now: i64| {
        format!(
            "verify({{'webhook-id': '{id}', 'webhook-timestamp': '{SENT}', \
             'webhook-signature': 'v1,AAAA {signature}'}}, b'{BODY}', {now})"
        )
    };
    if holds("True").is_none() {
        return;
    }
    for (id, now, accepted) in [
        ("an-id", SENT, true),
        ("an-id", SENT + 299, true),
        ("an-id", SENT - 299, true),
        ("an-id", SENT + 301, false),
        ("an-id", SENT - 301, false),
        ("another-id", SENT, false),
    ] {
        let says = format!("{} is {}", verify(id, now), if accepted { "True" } else { "False" });
        assert_eq!(holds(&says), Some(true), "{says}");
    }
}
