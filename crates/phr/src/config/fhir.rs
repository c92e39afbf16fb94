//! Which FHIR servers Observations go to.

mod choices;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use phr_fhir::destination::{Credentials, Destination, Options, Smart};
use secrecy::SecretString;
use url::Url;

use super::{Mistake, Place, reader::Reader};

/// What the destination of the variables is called.
const MAIN: &str = "main";
/// Settings of a destination: in the environment under these names, in the file of further
/// destinations in lower case and without the beginning.
const SETTINGS: [&str; 17] = [
    "FHIR_BASE_URL",
    "FHIR_ALLOW_HTTP",
    "FHIR_USERNAME",
    "FHIR_PASSWORD",
    "FHIR_TOKEN",
    "FHIR_TOKEN_FILE",
    "FHIR_CLIENT_ID",
    "FHIR_PRIVATE_KEY_FILE",
    "FHIR_KEY_ID",
    "FHIR_TOKEN_URL",
    "FHIR_SCOPES",
    "FHIR_METRICS",
    "FHIR_DAY_CAP",
    "FHIR_PRELIMINARY",
    "FHIR_BUNDLE",
    "FHIR_PARALLEL",
    "PATIENT_MATCH_SYSTEM",
];

/// Delivery as it is configured.
#[derive(Debug, Clone)]
pub(crate) struct Fhir {
    /// Where to.
    pub(crate) destinations: Vec<Destination>,
    /// How long a person stays reserved for a process that died over them.
    pub(crate) lease: SignedDuration,
}

impl Fhir {
    /// Reads only what commands about delivery need.
    ///
    /// # Errors
    /// Every mistake found.
    pub(crate) fn read(
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Place, Self), Vec<Mistake>> {
        let place = Place::read(variable)?;
        let mut reader = Reader { variable, mistakes: Vec::new() };
        let fhir = reader.fhir();
        if reader.mistakes.is_empty() { Ok((place, fhir)) } else { Err(reader.mistakes) }
    }
}

type Further = BTreeMap<String, BTreeMap<String, String>>;

impl Reader<'_> {
    pub(super) fn fhir(&mut self) -> Fhir {
        let mut destinations: Vec<Destination> = self.destination(MAIN).into_iter().collect();
        for (name, settings) in self.further() {
            destinations.extend(self.further_one(&name, &settings));
        }
        let lease = self.parsed("FHIR_LEASE", "20s", "a time like 20s or 1m");
        let lease = lease.unwrap_or(SignedDuration::from_secs(20));
        if !(SignedDuration::from_secs(1)..=SignedDuration::from_hours(1)).contains(&lease) {
            self.mistake("FHIR_LEASE", "must be from 1s to 1h");
        }
        Fhir { destinations, lease }
    }

    /// The file of further destinations.
    fn further(&mut self) -> Further {
        const NAME: &str = "FHIR_DESTINATIONS";
        let Some(path) = self.text(NAME) else { return Further::new() };
        let Ok(text) = std::fs::read_to_string(path) else {
            self.mistake(NAME, "cannot be read; it must be the path of a JSON file");
            return Further::new();
        };
        serde_json::from_str(&text).unwrap_or_else(|_| {
            let form = r#"{"name": {"base_url": "https://...", ...}, ...}"#;
            self.mistake(NAME, format!("must be a JSON file of the form {form}"));
            Further::new()
        })
    }

    fn further_one(
        &mut self,
        name: &str,
        settings: &BTreeMap<String, String>,
    ) -> Option<Destination> {
        let variable = |variable: &str| settings.get(&in_file(variable)).cloned();
        let mut reader = Reader { variable: &variable, mistakes: Vec::new() };
        let destination = reader.destination(name);
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(plain) || name == MAIN {
            reader.mistake("name", "must be of lower-case letters and _, and not main");
        }
        if destination.is_none() && reader.mistakes.is_empty() {
            reader.mistake("FHIR_BASE_URL", "is missing");
        }
        let known: Vec<String> = SETTINGS.into_iter().map(in_file).collect();
        for unknown in settings.keys().filter(|name| !known.contains(name)) {
            let variable = unknown.clone();
            reader.mistakes.push(Mistake { variable, problem: "is not a setting".to_owned() });
        }
        for Mistake { variable, problem } in reader.mistakes {
            let problem = format!("{name}: {}: {problem}", in_file(&variable));
            self.mistake("FHIR_DESTINATIONS", problem);
        }
        destination
    }

    /// The destination that the settings describe, if they do.
    fn destination(&mut self, name: &str) -> Option<Destination> {
        let url = self.text("FHIR_BASE_URL");
        let open = self.one_of("FHIR_ALLOW_HTTP", &[("false", false), ("true", true)]);
        let credentials = self.credentials(open);
        let (off, forms) = self.choices();
        let options = Options {
            off,
            forms,
            day_cap: self.number("FHIR_DAY_CAP", 2_880, 1..=100_000),
            preliminary: self.one_of("FHIR_PRELIMINARY", &[("off", false), ("on", true)]),
            bundle: self.number("FHIR_BUNDLE", 100, 1..=1_000),
            parallel: self.number("FHIR_PARALLEL", 4, 1..=64),
            match_system: self.text("PATIENT_MATCH_SYSTEM"),
        };
        let url = self.server("FHIR_BASE_URL", &url?, open)?;
        Some(Destination { name: name.to_owned(), url, credentials, options })
    }

    fn server(&mut self, name: &'static str, text: &str, open: bool) -> Option<Url> {
        let url = Url::parse(text).ok().filter(Url::has_host);
        match url {
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                self.mistake(name, "must not hold a password; set FHIR_USERNAME and FHIR_PASSWORD");
            }
            Some(url) if url.query().is_some() || url.fragment().is_some() => {
                self.mistake(name, "must be a base address, without ? and #");
            }
            Some(url) if open && url.scheme() == "http" => return Some(url),
            Some(url) => {
                let (before, checked) = (self.mistakes.len(), self.https(name, url));
                if self.mistakes.len() > before {
                    self.mistake(name, "set FHIR_ALLOW_HTTP=true for a server in a closed network");
                }
                return checked;
            }
            None => self.mistake(name, "must be a URL like https://fhir.example/fhir"),
        }
        None
    }

    /// One way to sign in, or none.
    fn credentials(&mut self, open: bool) -> Credentials {
        let ways = [
            ("FHIR_USERNAME", self.text("FHIR_USERNAME")),
            ("FHIR_TOKEN", self.text("FHIR_TOKEN")),
            ("FHIR_TOKEN_FILE", self.text("FHIR_TOKEN_FILE")),
            ("FHIR_CLIENT_ID", self.text("FHIR_CLIENT_ID")),
        ];
        let chosen: Vec<_> =
            ways.into_iter().filter_map(|(way, text)| Some((way, text?))).collect();
        match &chosen[..] {
            [] => Credentials::None,
            [("FHIR_USERNAME", user)] => {
                let password = self.text("FHIR_PASSWORD").unwrap_or_default();
                Credentials::Basic { user: user.clone(), password: SecretString::from(password) }
            }
            [("FHIR_TOKEN", token)] => Credentials::Bearer(SecretString::from(token.clone())),
            [("FHIR_TOKEN_FILE", path)] => Credentials::BearerFile(path.into()),
            [(_, client)] => {
                self.smart(client.clone(), open).map_or(Credentials::None, Credentials::Smart)
            }
            [(way, _), (other, _), ..] => {
                self.mistake(way, format!("is one way to sign in and {other} another; choose one"));
                Credentials::None
            }
        }
    }

    fn smart(&mut self, client: String, open: bool) -> Option<Smart> {
        const FILE: &str = "FHIR_PRIVATE_KEY_FILE";
        let token_url = self.text("FHIR_TOKEN_URL");
        let token_url = token_url.and_then(|url| self.server("FHIR_TOKEN_URL", &url, open));
        let Some(path) = self.text(FILE) else {
            self.mistake(FILE, "is missing; FHIR_CLIENT_ID is set and needs it");
            return None;
        };
        let Ok(pem) = std::fs::read(path) else {
            self.mistake(FILE, "cannot be read");
            return None;
        };
        match Smart::new(client, &pem) {
            Ok(smart) => {
                let smart = smart.with_key_id(self.text("FHIR_KEY_ID")).with_token_url(token_url);
                Some(smart.with_scopes(self.text("FHIR_SCOPES")))
            }
            Err(error) => {
                self.mistake(FILE, error.to_string());
                None
            }
        }
    }
}

/// What a setting is called in the file of further destinations.
fn in_file(variable: &str) -> String {
    variable.strip_prefix("FHIR_").unwrap_or(variable).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use phr_model::{Form, Metric};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Fhir, Vec<String>> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, text)| (*text).to_owned())
        };
        let read = Fhir::read(&variable).map(|(_, fhir)| fhir);
        read.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn without_a_base_url_nothing_is_delivered() {
        assert!(read(&[]).unwrap().destinations.is_empty());
    }

    #[test]
    fn one_variable_is_enough() {
        let fhir = read(&[("FHIR_BASE_URL", "http://localhost:8080/fhir")]).unwrap();
        assert_eq!(fhir.destinations.len(), 1);
        assert_eq!(fhir.destinations[0].name, "main");
        assert_eq!(fhir.destinations[0].options, Options::default());
    }

    #[test]
    fn further_destinations_have_the_same_settings_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("destinations.json");
        std::fs::write(
            &file,
            r#"{"research": {"base_url": "https://r.example/fhir", "token": "t",
                "metrics": "heart_rate=off,steps=minute,calories=daily", "day_cap": "1500",
                "preliminary": "on", "bundle": "20", "patient_match_system": "urn:mrn"}}"#,
        )
        .unwrap();
        let main = ("FHIR_BASE_URL", "https://c.example/fhir");
        let fhir = read(&[main, ("FHIR_DESTINATIONS", file.to_str().unwrap())]).unwrap();
        assert_eq!(fhir.destinations.len(), 2);
        let research = &fhir.destinations[1];
        assert_eq!(research.name, "research");
        assert!(matches!(research.credentials, Credentials::Bearer(_)));
        let expected = Options {
            off: BTreeSet::from([Metric::HeartRate]),
            forms: BTreeMap::from([(Metric::Steps, Form::Minute)]),
            day_cap: 1_500,
            preliminary: true,
            bundle: 20,
            parallel: 4,
            match_system: Some("urn:mrn".to_owned()),
        };
        assert_eq!(research.options, expected);

        std::fs::write(&file, r#"{"main": {"base_url": "ftp://x", "tokken": "hunter2"}}"#).unwrap();
        let mistakes = read(&[("FHIR_DESTINATIONS", file.to_str().unwrap())]).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"));
    }

    #[test]
    fn st_01_what_cannot_be_used_is_refused_by_name_and_never_quoted() {
        let table: &[&[(&str, &str)]] = &[
            &[("FHIR_BASE_URL", "http://hunter2.example/fhir")],
            &[("FHIR_BASE_URL", "https://u:hunter2@x.example/fhir")],
            &[("FHIR_BASE_URL", "https://x.example/fhir?hunter2")],
            &[("FHIR_BASE_URL", "hunter2")],
            &[("FHIR_DESTINATIONS", "/nowhere/hunter2.json")],
            &[("FHIR_METRICS", "hunter2=off")],
            &[("FHIR_METRICS", "heart_rate=hunter2")],
            &[("FHIR_METRICS", "body_weight=hourly")],
            &[("FHIR_DAY_CAP", "hunter2")],
            &[("FHIR_TOKEN", "hunter2"), ("FHIR_TOKEN_FILE", "hunter2")],
            &[("FHIR_CLIENT_ID", "hunter2")],
            &[("FHIR_CLIENT_ID", "phr"), ("FHIR_PRIVATE_KEY_FILE", "/nowhere/hunter2")],
            &[("FHIR_LEASE", "hunter2")],
            &[("FHIR_BUNDLE", "hunter2")],
        ];
        for variables in table {
            let mistakes = read(variables).expect_err("a mistake goes unnoticed");
            assert!(mistakes[0].starts_with("FHIR_"), "{mistakes:?}");
            assert!(!mistakes.concat().contains("hunter2"), "{mistakes:?}");
        }
    }

    #[test]
    fn a_form_that_a_metric_does_not_have_is_refused_with_those_it_has() {
        let mistakes = read(&[("FHIR_METRICS", "spo2=minute")]).unwrap_err();
        assert_eq!(mistakes, ["FHIR_METRICS: spo2 must be on, off or daily or sample"]);
    }

    #[test]
    fn http_is_for_closed_networks_that_were_said_to_be() {
        let hapi = ("FHIR_BASE_URL", "http://hapi:8080/fhir");
        assert!(read(&[hapi, ("FHIR_ALLOW_HTTP", "true")]).is_ok());
        let mistakes = read(&[hapi]).unwrap_err();
        assert!(mistakes.concat().contains("FHIR_ALLOW_HTTP=true"), "{mistakes:?}");
    }
}
