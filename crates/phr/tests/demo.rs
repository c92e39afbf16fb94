//! The first thing that anybody sees, run as they would run it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Output, Stdio},
};

use common::Demo;
use serde_json::Value;

fn phr(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phr")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn once_shows_a_table_of_every_metric_and_ends_well() {
    let output = phr(&["demo", "--once", "--port", "0"]);
    let shown = stdout(&output);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for metric in phr_model::Metric::USUAL {
        assert!(shown.contains(metric.facts().api.display), "{metric} is missing:\n{shown}");
    }
    assert!(commands(&shown).is_empty(), "nobody would answer");
    let delivered = shown.lines().find_map(|line| line.strip_prefix("delivered to FHIR: "));
    let words: Vec<_> = delivered.unwrap().split(' ').collect();
    assert_eq!((words[0], words[1]), (words[2], "of"), "everything was delivered");
}

#[test]
fn once_and_json_print_exactly_one_line_for_scripts() {
    let output = phr(&["demo", "--once", "--json", "--port", "0"]);
    assert!(output.status.success());
    let shown = stdout(&output);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let line: Value = serde_json::from_str(&shown).unwrap();
    let person = &line["people"][0];
    for field in ["name", "email", "password", "access_token", "patient_id"] {
        assert!(person[field].is_string(), "{field}");
    }
    for metric in phr_model::Metric::USUAL {
        let counts = &person["metrics"][metric.key()];
        assert!(counts["days"].as_u64().unwrap() > 0, "{metric}: {counts}");
        assert!(counts["observations"].as_u64().unwrap() > 0, "{metric}: {counts}");
        assert!(counts["samples"].is_u64(), "{metric}: {counts}");
    }
}

#[test]
fn the_other_upstream_shows_the_same_observations() {
    let counts = |upstream: &str| {
        let output = phr(&["demo", "--once", "--json", "--port", "0", "--upstream", upstream]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let metrics = line["people"][0]["metrics"].clone();
        phr_model::Metric::ALL.map(|metric| metrics[metric.key()]["observations"].clone())
    };
    assert_eq!(counts("web-api"), counts("google-health"));
}

/// `(URL, token)` of each printed command.
fn commands(shown: &str) -> Vec<(String, String)> {
    let quoted = |line: &str| -> Vec<String> {
        line.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
    };
    shown
        .lines()
        .filter(|line| line.contains("curl "))
        .map(|line| {
            let parts = quoted(line);
            let token = parts[1].trim_start_matches("Authorization: Bearer ").to_owned();
            (parts[0].clone(), token)
        })
        .collect()
}

#[tokio::test]
async fn the_printed_commands_work_as_printed() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_phr"))
        .args(["demo", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    while !shown.contains("Ctrl-C") && lines.read_line(&mut shown).unwrap() > 0 {}
    let commands = commands(&shown);
    assert_eq!(commands.len(), 3);
    let http = reqwest::Client::new();
    for (url, token) in commands {
        let reply = http.get(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{url}");
        assert!(reply.text().await.unwrap().len() > 100, "{url} says next to nothing");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = phr(&["demo", "--once", "--port", &port]);
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains(&port) && complaint.contains("--port"), "{complaint}");
}

#[test]
fn a_folder_without_recordings_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let output = phr(&["demo", "--once", "--port", "0", "--recordings", path]);
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("csv"), "{complaint}");
}

#[tokio::test]
async fn a_kept_folder_holds_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--data-dir", folder.path().to_str().unwrap()]).await;
    let person = &demo.people[0];
    let me = demo.get(person, "/auth/me").await;
    assert!(me["patient_id"].is_string());
    assert!(folder.path().join("phr.sqlite").exists());
}

#[test]
fn serving_without_secrets_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_phr"))
        .arg("serve")
        .current_dir(folder.path())
        .env_remove("ENCRYPTION_KEY")
        .env_remove("JWT_SECRET")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(!child.wait().unwrap().success());
    insta::assert_snapshot!(complaint, @r"
    phr: the configuration cannot be used:
      ENCRYPTION_KEY: is missing; make one with `phr keys generate`
      JWT_SECRET: is missing; make one with `phr keys generate`
    ");
}

#[cfg(unix)]
#[test]
fn vk_05_a_file_of_secrets_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, stdout(&phr(&["keys", "generate"]))).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_phr"))
        .arg("serve")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("chmod 600 .env"), "{complaint}");
}

#[test]
fn vk_07_fresh_keys_are_accepted() {
    let keys = stdout(&phr(&["keys", "generate"]));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), &keys).unwrap();
    let migrate = |expected: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_phr"))
            .arg("migrate")
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(stdout(&output), expected);
    };
    migrate("The database is up to date.\n");
    migrate("The database is up to date.\n");
    assert!(folder.path().join("phr.sqlite").exists());
}

#[test]
fn help_teaches_the_first_step() {
    insta::assert_snapshot!(stdout(&phr(&["--help"])), @r"
    Readings of Fitbit trackers and Pixel watches, complete and in clinical form, on a server of your
    own.

    Start with `phr demo`: it shows the whole system on this machine without any credential. For real
    use, copy .env.example to .env, fill it with `phr keys generate`, and run `phr serve`.

    Usage: phr <COMMAND>

    Commands:
      demo      Show the whole system on this machine, without any credential
      serve     Run the server (configured by environment variables or .env; see .env.example)
      sandbox   Run only the emulated Google, for developing against it
      migrate   Bring the database's schema up to date (`serve` does so by itself)
      doctor    Examine the configuration and every connection: what is wrong, who must act, and what to
                do
      keys      Make the secrets that a server needs
      config    The server's settings
      user      Accounts
      apps      Other people's apps (SMART App Launch; see docs/fhir.md)
      verify    Prove that the record is whole: by itself, and with --vendor against the vendor's data
      webhooks  Have Google notify this server of new data (once per Google Cloud project)
      notices   List notices that wait to be delivered or were given up
      fhir      Delivery to FHIR servers (FHIR_BASE_URL; see docs/delivery.md)
      export    Write a person's Patient and Observations as FHIR R4, one resource a line (NDJSON)
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}
