use std::collections::{BTreeMap, BTreeSet};

use super::*;

const FERNET: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const JWT: &str = "b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ";

fn sound() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([("ENCRYPTION_KEY", FERNET), ("JWT_SECRET", JWT)])
}

const HOOK: &str = "Bearer b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ";

fn read(variables: &BTreeMap<&str, &str>) -> Result<Config, Vec<Mistake>> {
    Config::read(&|name| variables.get(name).map(|text| (*text).to_owned()))
}

fn mistakes(changes: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut variables = sound();
    variables.extend(changes.iter().copied());
    let mistakes = read(&variables).expect_err("a mistake goes unnoticed");
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn two_secrets_are_enough_to_start() {
    let config = read(&sound()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.look_back_days, 14);
    assert_eq!(config.registration, Registration::Invite);
    assert!(config.fitbit.is_none());
    assert!(!config.docs);
}

#[test]
fn st_01_missing_secrets_are_named_with_the_remedy() {
    let all = read(&BTreeMap::new()).expect_err("started without secrets");
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ENCRYPTION_KEY: is missing; make one with `phr keys generate`
    JWT_SECRET: is missing; make one with `phr keys generate`
    ");
}

#[test]
fn st_01_every_bad_setting_is_refused_by_name_and_never_quoted() {
    let table: [(&str, &str); 46] = [
        ("ENCRYPTION_KEY", "your_encryption_key_here"),
        ("ENCRYPTION_KEY", "too-short"),
        ("ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("JWT_SECRET", "your_jwt_secret_here"),
        ("JWT_SECRET", "tooshort"),
        ("JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("JWT_SECRET", FERNET),
        ("LISTEN", "everywhere"),
        ("PUBLIC_URL", "http://phr.somewhere.org"),
        ("PUBLIC_URL", "not a url"),
        ("DATABASE_URL", "mysql://somewhere"),
        ("DATABASE_URL", "sqlite:"),
        ("DATABASE_URL", "postgres://phr:hunter2@db:port/phr"),
        ("DATABASE_URL", "postgres://phr@db/phr?passwort=hunter2"),
        ("DATABASE_CONNECTIONS", "0"),
        ("DATABASE_CONNECTIONS", "many"),
        ("FITBIT_CLIENT_ID", "your_fitbit_client_id_here"),
        ("FITBIT_UPSTREAM", "carrier-pigeon"),
        ("FITBIT_BASE_URL", "http://10.1.2.3:9000"),
        ("FITBIT_WEBHOOK_AUTHORIZATION", "b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ"),
        ("FITBIT_WEBHOOK_AUTHORIZATION", "Bearer tooshort"),
        ("FITBIT_WEBHOOK_AUTHORIZATION", "Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("FITBIT_WEBHOOK_CHECK", "never"),
        ("FITBIT_SUBSCRIBER_CODE", "tooshort"),
        ("FITBIT_SUBSCRIBER_CODE", "your_subscriber_code_here"),
        ("FITBIT_SUBSCRIBER_CODE", "two words of sixteen"),
        ("REGISTRATION", "everybody"),
        ("OBSERVATIONS_HEART_RATE", "sometimes"),
        ("METRICS", "steps,telepathy"),
        ("METRICS", ","),
        ("SYNC_INTERVAL", "1s"),
        ("SYNC_LEASE", "0s"),
        ("SYNC_LOOK_BACK_DAYS", "0"),
        ("SYNC_WORKERS", "0"),
        ("HISTORY_DAYS", "3651"),
        ("HISTORY_DAYS", "13"),
        ("REQUESTS_PER_MINUTE_PER_PERSON", "0"),
        ("CORS_ORIGINS", "*"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("RETURN_URLS", "://nowhere"),
        ("METRICS_LISTEN", "everywhere"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("LOG_FORMAT", "morse"),
        ("MAX_CONNECTIONS", "1"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "none"),
    ];
    let credentials =
        [("FITBIT_CLIENT_SECRET", "GOCSPX-abc"), ("FITBIT_CLIENT_ID", "1.apps.example")];
    for (variable, value) in table {
        let webhook = variable.starts_with("FITBIT_WEBHOOK");
        let around = if webhook { &credentials[..] } else { &[] };
        let mistakes = mistakes(&[around, &[(variable, value)]].concat());
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(variable)), "{mistakes:?}");
        let quoted = value.len() > 3 && mistakes.iter().any(|mistake| mistake.contains(value));
        assert!(!quoted || variable == "DATABASE_URL", "{variable} is quoted: {mistakes:?}");
    }
}

#[test]
fn history_is_none_or_longer_than_the_look_back() {
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut variables = sound();
        variables.extend(changes.iter().copied());
        read(&variables).unwrap().history_days
    };
    assert_eq!(with(&[]), 90);
    assert_eq!(with(&[("HISTORY_DAYS", "0")]), 0);
    assert_eq!(with(&[("HISTORY_DAYS", "14")]), 14);
    assert_eq!(with(&[("HISTORY_DAYS", "30"), ("SYNC_LOOK_BACK_DAYS", "30")]), 30);
    let mistakes = mistakes(&[("HISTORY_DAYS", "20"), ("SYNC_LOOK_BACK_DAYS", "30")]);
    assert!(mistakes[0].starts_with("HISTORY_DAYS: must be 0, or at least"), "{mistakes:?}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes = mistakes(&[("LISTEN", "x"), ("REGISTRATION", "x"), ("API_DOCS", "x")]);
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
}

/// Where metrics are served with these variables, and whether a token is asked for.
fn metrics(changes: &[(&'static str, &'static str)]) -> Option<(Option<String>, bool)> {
    let mut variables = sound();
    variables.extend(changes.iter().copied());
    let metrics = read(&variables).unwrap().metrics?;
    Some((metrics.listen.map(|address| address.to_string()), metrics.token.is_some()))
}

#[test]
fn metrics_are_served_only_where_the_operator_says() {
    let (token, port) = (("METRICS_TOKEN", JWT), ("METRICS_LISTEN", "9464"));
    let apart = Some("127.0.0.1:9464".to_owned());
    assert_eq!(metrics(&[]), None);
    assert_eq!(metrics(&[token]), Some((None, true)));
    assert_eq!(metrics(&[port]), Some((apart.clone(), false)));
    assert_eq!(metrics(&[port, token]), Some((apart, true)));
}

#[test]
fn metrics_for_other_machines_need_a_token() {
    let mistakes = mistakes(&[("METRICS_LISTEN", "0.0.0.0:9464")]);
    assert!(mistakes[0].starts_with("METRICS_TOKEN: is needed"), "{mistakes:?}");
}

#[test]
fn a_client_id_without_its_secret_is_a_mistake() {
    let mistakes = mistakes(&[("FITBIT_CLIENT_ID", "1234.apps.googleusercontent.com")]);
    assert!(mistakes[0].starts_with("FITBIT_CLIENT_SECRET: is missing"), "{mistakes:?}");
}

#[test]
fn the_redirect_uri_follows_the_public_url() {
    let mut variables = sound();
    variables.extend([
        ("FITBIT_CLIENT_ID", "1234.apps.googleusercontent.com"),
        ("FITBIT_CLIENT_SECRET", "GOCSPX-abc"),
        ("PUBLIC_URL", "https://phr.somewhere.org"),
    ]);
    let fitbit = read(&variables).unwrap().fitbit.unwrap();
    assert_eq!(
        fitbit.redirect_uri.as_str(),
        "https://phr.somewhere.org/integrations/fitbit/callback"
    );
}

#[test]
fn wh_02_two_values_may_be_in_force_and_the_first_is_registered() {
    let ring = format!("{HOOK},{HOOK}2");
    let variables = BTreeMap::from([
        ("FITBIT_WEBHOOK_AUTHORIZATION", ring.as_str()),
        ("FITBIT_PROJECT_NUMBER", "123456789012"),
        ("FITBIT_ADMIN_TOKEN", "ya29.token"),
    ]);
    let admin = Webhooks::read(&|name| variables.get(name).map(|text| (*text).to_owned()));
    let Webhooks::Project(admin) = admin.unwrap() else { panic!("it is Google's") };
    assert_eq!(secrecy::ExposeSecret::expose_secret(&admin.authorization), HOOK);
    assert!(!format!("{admin:?}").contains(HOOK));
}

#[test]
fn managing_webhooks_says_everything_that_is_missing() {
    let mistakes = Webhooks::read(&|_| None).expect_err("nothing is set");
    let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(mistakes.join("\n"), @r"
    FITBIT_ADMIN_TOKEN: is missing; see docs/webhooks.md
    FITBIT_PROJECT_NUMBER: must be the number of the Google Cloud project, not its id
    FITBIT_WEBHOOK_AUTHORIZATION: is missing; choose a value such as `Bearer ` and 32 random characters
    ");
}

#[test]
fn notifications_of_the_web_api_take_a_code_and_no_project() {
    const CODE: &str = "5b0c9e6f3a7d41e2b8f60193c7ad5e40";
    let web_api = ("FITBIT_UPSTREAM", "web-api");
    for (code, is_set) in [(None, false), (Some(("FITBIT_SUBSCRIBER_CODE", CODE)), true)] {
        let variables: BTreeMap<_, _> = code.into_iter().chain([web_api]).collect();
        let read = Webhooks::read(&|name| variables.get(name).map(|text| (*text).to_owned()));
        let Webhooks::PerPerson { has_code, public_url } = read.unwrap() else {
            panic!("it is not Google's")
        };
        assert_eq!((has_code, public_url.as_str()), (is_set, "http://localhost:8000/"));
    }
    let mut variables = sound();
    variables.extend([
        web_api,
        ("FITBIT_CLIENT_ID", "23ABCD"),
        ("FITBIT_CLIENT_SECRET", "hush"),
        ("FITBIT_SUBSCRIBER_CODE", CODE),
    ]);
    let config = read(&variables).unwrap();
    assert!(config.fitbit.as_ref().is_some_and(|fitbit| fitbit.subscriber.is_some()));
    assert!(!format!("{config:?}").contains(CODE));
}

#[test]
fn a_key_ring_is_accepted_and_shown_to_nobody() {
    let mut variables = sound();
    let ring = format!("{FERNET},{FERNET}");
    variables.insert("ENCRYPTION_KEY", &ring);
    let shown = format!("{:?}", read(&variables).unwrap());
    assert!(!shown.contains(FERNET) && !shown.contains(JWT), "{shown}");
}

#[test]
fn the_sample_file_names_every_variable_and_no_other() {
    let sample = include_str!("../../../../.env.example");
    let named: BTreeSet<&str> = sample
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    assert_eq!(named, BTreeSet::from(VARIABLES));
}

#[test]
fn the_sample_file_itself_is_refused() {
    let sample = include_str!("../../../../.env.example");
    let lines = sample.lines().filter(|line| !line.starts_with('#'));
    let variables: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once('=')).collect();
    let mistakes = read(&variables).expect_err("started with the sample's secrets");
    assert_eq!(mistakes.len(), 4, "{mistakes:?}");
}

#[test]
fn st_01_a_misspelt_setting_is_not_ignored_in_silence() {
    let names = ["FITBIT_CLIENT_IDD", "FITBIT_CLIENT_ID", "PATH", "SYNC_INTERVALL"];
    let mistakes = misspelt(names.into_iter().map(str::to_owned));
    let found: Vec<_> = mistakes.iter().map(|mistake| mistake.variable.as_str()).collect();
    assert_eq!(found, ["FITBIT_CLIENT_IDD", "SYNC_INTERVALL"]);
}

#[test]
fn notices_go_nowhere_unless_configured_and_the_halves_belong_together() {
    assert!(read(&sound()).is_ok());
    insta::assert_snapshot!(mistakes(&[("SMTP_URL", "smtps://mail.example")]).join("\n"), @"MAIL_FROM: is missing; SMTP_URL is set and needs it");
    insta::assert_snapshot!(mistakes(&[("NOTIFY_URL", "https://hooks.example")]).join("\n"), @"NOTIFY_SECRET: is missing; NOTIFY_URL is set and needs it");
}

#[test]
fn receivers_of_notices_are_checked_and_secrets_never_quoted() {
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const SENDER: &str = "PHR <phr@phr.example>";
    let webhook = |url, secret| [("NOTIFY_URL", url), ("NOTIFY_SECRET", secret)];
    let mail = |server, from| [("SMTP_URL", server), ("MAIL_FROM", from)];
    let table = [
        (webhook("http://hooks.example", SECRET), "NOTIFY_URL"),
        (webhook("https://169.254.169.254/", SECRET), "NOTIFY_URL"),
        (webhook("nonsense", SECRET), "NOTIFY_URL"),
        (webhook("https://hooks.example", "whsec_hunter2"), "NOTIFY_SECRET"),
        (mail("smtp://me:hunter2@mail.example", SENDER), "SMTP_URL"),
        (mail("smtps://me:hunter2@mail.example", "hunter2"), "MAIL_FROM"),
    ];
    for (settings, variable) in table {
        let mistakes = mistakes(&settings);
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(variable)), "{mistakes:?}");
        assert!(!mistakes.join(" ").contains("hunter2"), "{mistakes:?}");
    }
    let mut private = sound();
    private.extend(webhook("http://10.1.2.3:8080/", SECRET));
    private.insert("NOTIFY_ALLOW_PRIVATE", "true");
    private.extend(mail("smtps://me:hunter2@mail.example", SENDER));
    assert!(read(&private).is_ok());
}

#[test]
fn metrics_are_chosen_by_name() {
    let chosen = |list| metrics_of(list).unwrap();
    assert_eq!(chosen(None), Metric::USUAL);
    assert_eq!(chosen(Some("all")), Metric::ALL);
    assert_eq!(chosen(Some("sleep, steps,sleep")), [Metric::Steps, Metric::Sleep]);
}
