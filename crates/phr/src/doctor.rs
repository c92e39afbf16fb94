//! `phr doctor`: what is wrong with this server and with people's connections, for operators. No
//! health value is looked at, and an address is shown as far as its owner would recognise it.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use jiff::Timestamp;
use phr_model::{Clock, PersonId, SystemClock};
use phr_store::{
    Accounts, Connections,
    connection::{Connection, ConnectionState},
};
use phr_sync::{
    Diagnosis, Signs,
    connect::masked,
    diagnose,
    doctor::{Actor, Verdict, is_of_testing_mode},
};
use phr_vendors::{Budget, registry::Vendors};
use serde_json::{Value, json};

use crate::{
    config::{Config, Mistake},
    serve,
};

/// Connections read at once.
const AT_ONCE: u32 = 500;

/// What is wrong with the server as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    code: &'static str,
    cause: String,
    what_to_do: String,
    connections: usize,
}

/// A connection that is not healthy.
#[derive(Debug)]
struct Case {
    person: PersonId,
    email: String,
    vendor: String,
    diagnosis: Diagnosis,
}

/// What an examination found.
#[derive(Debug)]
pub(crate) struct Examined {
    connections: usize,
    findings: Vec<Finding>,
    cases: Vec<Case>,
}

/// Examines the configuration as `phr serve` would read it, and every connection.
pub(crate) async fn examine(
    store: &(impl Accounts + Connections + ?Sized),
    config: Result<Config, Vec<Mistake>>,
) -> anyhow::Result<Examined> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let vendors = match &config {
        // Nothing is asked of the vendor here, so no budget needs to be shared.
        Ok(config) => {
            let unused = Budget::new(serve::rates(config).1, clock.clone());
            Vendors::new(serve::vendors(config, Arc::new(unused), &clock)?)
        }
        Err(_) => Vendors::default(),
    };
    let mut ward = Ward { vendors, now: clock.now(), connections: 0, tally: BTreeMap::new() };
    let mut cases = Vec::new();
    let mut after = 0;
    loop {
        let page = store.all_connections(after, AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for connection in &page {
            cases.extend(ward.visit(store, connection).await?);
        }
    }
    let mut findings = of_configuration(config.as_ref().err(), &ward.vendors);
    findings.extend(ward.tally.into_values());
    Ok(Examined { connections: ward.connections, findings, cases })
}

fn of_configuration(mistakes: Option<&Vec<Mistake>>, vendors: &Vendors) -> Vec<Finding> {
    let mistakes = mistakes.into_iter().flatten().map(|mistake| Finding {
        code: "configuration",
        cause: mistake.to_string(),
        what_to_do: "Correct the variable; see .env.example.".to_owned(),
        connections: 0,
    });
    let mut findings: Vec<_> = mistakes.collect();
    if findings.is_empty() && vendors.names().is_empty() {
        findings.push(Finding {
            code: "credentials_missing",
            cause: "There are no Google credentials: nobody can connect Fitbit.".to_owned(),
            what_to_do: "Set FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET and FITBIT_REDIRECT_URI."
                .to_owned(),
            connections: 0,
        });
    }
    findings
}

/// Everybody's connections, and what several of them have in common.
struct Ward {
    vendors: Vendors,
    now: Timestamp,
    connections: usize,
    tally: BTreeMap<&'static str, Finding>,
}

impl Ward {
    async fn visit(
        &mut self,
        store: &(impl Accounts + ?Sized),
        connection: &Connection,
    ) -> anyhow::Result<Option<Case>> {
        self.connections += 1;
        if is_of_testing_mode(connection) {
            self.count(
                "testing_mode",
                "Google ends permissions after seven days: the project is in status Testing.",
                "Set the publishing status to In production in the Google Cloud console.",
            );
        }
        let vendor = self.vendors.get(&connection.vendor);
        let signs = Signs { connection, vendor: vendor.as_deref(), now: self.now };
        let diagnosis = diagnose(signs);
        let remedy = diagnosis.remedy;
        if matches!(remedy.who, Actor::Operator | Actor::Vendor) {
            self.count(remedy.code, remedy.cause, remedy.what_to_do);
        }
        // Whoever has not connected, or has disconnected, lacks nothing.
        let wants =
            matches!(connection.state, ConnectionState::Active | ConnectionState::ReconnectNeeded);
        if !wants || remedy.verdict == Verdict::Healthy {
            return Ok(None);
        }
        let person = store.person(connection.person).await?;
        let email = person.map_or_else(String::new, |person| masked(&person.email));
        let vendor = connection.vendor.clone();
        Ok(Some(Case { person: connection.person, email, vendor, diagnosis }))
    }

    fn count(&mut self, code: &'static str, cause: &str, what_to_do: &str) {
        let finding = self.tally.entry(code).or_insert_with(|| Finding {
            code,
            cause: cause.to_owned(),
            what_to_do: what_to_do.to_owned(),
            connections: 0,
        });
        finding.connections += 1;
    }
}

impl Examined {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let count = match finding.connections {
                0 => String::new(),
                1 => " (1 connection)".to_owned(),
                several => format!(" ({several} connections)"),
            };
            let Finding { code, cause, what_to_do, .. } = finding;
            let _ = writeln!(text, "server: {code}{count}\n  {cause}\n  -> {what_to_do}\n");
        }
        for Case { person, email, vendor, diagnosis } in &self.cases {
            let remedy = diagnosis.remedy;
            let since = diagnosis.since.map_or(String::new(), |at| format!(" since {at:.0}"));
            let (verdict, who, code) = (remedy.verdict.key(), remedy.who.key(), remedy.code);
            let (cause, what_to_do) = (remedy.cause, &diagnosis.what_to_do);
            let _ = writeln!(
                text,
                "{person}  {email}  {vendor}: {verdict}{since}, {code}, {who} must act\n  {cause}\n  -> {what_to_do}\n"
            );
        }
        let (all, ill) = (self.connections, self.cases.len());
        let _ = writeln!(text, "{all} connections, {ill} not healthy.");
        text
    }

    /// For scripts.
    pub(crate) fn json(&self) -> String {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "detail_code": finding.code,
                "cause": finding.cause,
                "what_to_do": finding.what_to_do,
                "connections": finding.connections,
            })
        });
        let cases = self.cases.iter().map(|case| {
            let remedy = case.diagnosis.remedy;
            json!({
                "person": case.person,
                "email": case.email,
                "vendor": case.vendor,
                "verdict": remedy.verdict.key(),
                "cause": remedy.cause,
                "who_must_act": remedy.who.key(),
                "what_to_do": case.diagnosis.what_to_do,
                "since": case.diagnosis.since,
                "detail_code": remedy.code,
            })
        });
        let examined = json!({
            "connections": self.connections,
            "server": findings.collect::<Vec<Value>>(),
            "not_healthy": cases.collect::<Vec<Value>>(),
        });
        format!("{examined:#}\n")
    }

    /// An error, and so an exit code, if the operator must act.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        let for_operator = self.findings.iter().filter(|finding| !is_for_vendor(finding)).count();
        anyhow::ensure!(for_operator == 0, "{for_operator} findings are for the operator");
        Ok(())
    }
}

fn is_for_vendor(finding: &Finding) -> bool {
    ["vendor_outage", "unreadable", "refused"].contains(&finding.code)
}

#[cfg(test)]
mod tests {
    use phr_model::FITBIT;
    use phr_store::{
        SqliteStore,
        account::{NewPerson, Person},
        connection::{Consent, SealedTokens, Settlement},
    };
    use uuid::Uuid;

    use super::*;

    async fn a_store() -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("phr.sqlite")).await.unwrap();
        (folder, store)
    }

    /// Somebody with a connection whose last run failed like this.
    async fn somebody(store: &SqliteStore, n: u128, error: Option<&str>, testing: bool) {
        let (id, now) = (PersonId(Uuid::from_u128(n)), SystemClock.now());
        let person = Person {
            id,
            email: format!("ada{n}@example.com"),
            name: "Ada".to_owned(),
            password_hash: "unused".to_owned(),
            patient: Some(id.patient()),
            created_at: now,
        };
        store.register(NewPerson { person, invitation: None }, now).await.unwrap();
        let connection = store.select_vendor(id, FITBIT, now).await.unwrap().id;
        let tokens = SealedTokens { envelope: "sealed".to_owned(), access_expires_at: now };
        let reconnect_by = testing.then_some(now + jiff::SignedDuration::from_hours(100));
        let consent = Consent {
            upstream: "google-health".to_owned(),
            legacy_user: None,
            vendor_user: n.to_string(),
            scopes: Vec::new(),
            zone: None,
            tokens,
            reconnect_by,
        };
        store.link(connection, consent, now).await.unwrap();
        let until = now + jiff::SignedDuration::from_hours(1);
        let (_, lease) =
            store.claim(connection, now, until, Uuid::from_u128(n)).await.unwrap().unwrap();
        let error = error.map(str::to_owned);
        let settlement = Settlement { due_at: Some(until), complete: false, error, state: None };
        store.settle(lease, settlement, now).await.unwrap();
    }

    fn credentials() -> Config {
        let variable = |name: &str| {
            let value = match name {
                "PUBLIC_URL" => "https://phr.example.com",
                "ENCRYPTION_KEY" => "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
                "JWT_SECRET" => "b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ",
                "FITBIT_CLIENT_ID" => "client-id",
                "FITBIT_CLIENT_SECRET" => "client-secret",
                "FITBIT_REDIRECT_URI" => "https://phr.example.com/integrations/fitbit/callback",
                _ => return None,
            };
            Some(value.to_owned())
        };
        Config::read(&variable).unwrap()
    }

    #[tokio::test]
    async fn who_must_act_is_told_without_telling_who_it_is() {
        let (_folder, store) = a_store().await;
        somebody(&store, 1, Some("account_not_linked"), false).await;
        somebody(&store, 2, Some("misconfigured"), true).await;
        let examined = examine(&store, Ok(credentials())).await.unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"since \S+Z", "since [time]");
        settings.bind(|| insta::assert_snapshot!(examined.text()));
        assert_eq!(examined.verdict().unwrap_err().to_string(), "2 findings are for the operator");
        let json: Value = serde_json::from_str(&examined.json()).unwrap();
        assert_eq!(json["not_healthy"][0]["who_must_act"], "person");
        assert!(!examined.json().contains("ada1@"));
    }

    #[tokio::test]
    async fn missing_credentials_and_mistakes_are_for_the_operator() {
        let (_folder, store) = a_store().await;
        let without = Config { fitbit: None, ..credentials() };
        let examined = examine(&store, Ok(without)).await.unwrap();
        assert_eq!(examined.findings[0].code, "credentials_missing");
        let mistakes = Config::read(&|_| None).unwrap_err();
        let examined = examine(&store, Err(mistakes)).await.unwrap();
        assert!(examined.text().contains("ENCRYPTION_KEY"), "{}", examined.text());
        assert!(examined.verdict().is_err());
    }

    #[tokio::test]
    async fn an_outage_of_the_vendor_is_not_for_the_operator() {
        let (_folder, store) = a_store().await;
        somebody(&store, 1, Some("unreadable"), false).await;
        let examined = examine(&store, Ok(credentials())).await.unwrap();
        assert_eq!((examined.findings.len(), examined.cases.len()), (1, 1));
        assert!(examined.verdict().is_ok());
    }
}
