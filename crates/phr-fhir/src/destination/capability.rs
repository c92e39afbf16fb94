//! What a server says it can do (<https://hl7.org/fhir/R4/capabilitystatement.html>).

use serde::Deserialize;

use super::failure::{Class, Failure};

/// How resources are addressed at a server, so that sending twice is sending once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressing {
    /// `PUT Type/id` with our own ids: the server lets clients choose them.
    OwnIds,
    /// `PUT Type?identifier=...`: the server gives out ids.
    Conditional,
}

/// How several resources go in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// All or nothing.
    Transaction,
    /// Each for itself.
    Batch,
    /// Not at all.
    Single,
}

/// What we need to know of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abilities {
    pub(crate) addressing: Addressing,
    /// The way to go if the server turns out not to let clients choose ids. HAPI does not say
    /// whether it does.
    pub(crate) otherwise: Option<Addressing>,
    pub(crate) grouping: Grouping,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    resource_type: String,
    #[serde(default)]
    fhir_version: String,
    #[serde(default)]
    rest: Vec<Rest>,
}

#[derive(Deserialize)]
struct Rest {
    #[serde(default)]
    mode: String,
    #[serde(default)]
    resource: Vec<Resource>,
    #[serde(default)]
    interaction: Vec<Interaction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    r#type: String,
    update_create: Option<bool>,
    #[serde(default)]
    conditional_update: bool,
}

#[derive(Deserialize)]
struct Interaction {
    code: String,
}

impl Abilities {
    /// Reads a CapabilityStatement.
    pub(super) fn read(statement: &[u8]) -> Result<Self, Failure> {
        let unreadable = || Failure::new(Class::Unreadable, "/metadata is no CapabilityStatement");
        let statement: Statement = serde_json::from_slice(statement).map_err(|_| unreadable())?;
        if statement.resource_type != "CapabilityStatement" {
            return Err(unreadable());
        }
        if !statement.fhir_version.starts_with("4.0") {
            return Err(Failure::new(Class::Unsupported, "the server does not speak FHIR R4"));
        }
        let mut servers = statement.rest.iter().filter(|rest| rest.mode != "client");
        let unsupported = |why| Failure::new(Class::Unsupported, why);
        let rest = servers.next().ok_or(unsupported("the server offers no REST"))?;
        let mut observations = rest.resource.iter().filter(|it| it.r#type == "Observation");
        let observation =
            observations.next().ok_or(unsupported("the server takes no Observations"))?;
        let conditional = observation.conditional_update.then_some(Addressing::Conditional);
        let (addressing, otherwise) = match (observation.update_create, conditional) {
            (Some(true), _) => (Addressing::OwnIds, None),
            (None, otherwise) => (Addressing::OwnIds, otherwise),
            (Some(false), Some(conditional)) => (conditional, None),
            (Some(false), None) => {
                let why = "the server offers neither update as create nor conditional update";
                return Err(unsupported(why));
            }
        };
        Ok(Self { addressing, otherwise, grouping: rest.grouping() })
    }
}

impl Rest {
    fn grouping(&self) -> Grouping {
        let offers = |code| self.interaction.iter().any(|interaction| interaction.code == code);
        if offers("transaction") {
            Grouping::Transaction
        } else if offers("batch") {
            Grouping::Batch
        } else {
            Grouping::Single
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn statement(observation: &Value, interactions: &[&str]) -> Value {
        let interaction: Vec<_> = interactions.iter().map(|code| json!({"code": code})).collect();
        json!({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{
            "mode": "server", "interaction": interaction,
            "resource": [{"type": "Patient"}, observation],
        }]})
    }

    fn read(statement: &Value) -> Result<Abilities, Class> {
        Abilities::read(statement.to_string().as_bytes()).map_err(|failure| failure.class)
    }

    #[test]
    fn own_ids_go_before_conditional_updates() {
        let both = json!({"type": "Observation", "updateCreate": true, "conditionalUpdate": true});
        let abilities = read(&statement(&both, &["batch", "transaction"])).unwrap();
        assert_eq!((abilities.addressing, abilities.otherwise), (Addressing::OwnIds, None));
        assert_eq!(abilities.grouping, Grouping::Transaction);
        let one = json!({"type": "Observation", "updateCreate": false, "conditionalUpdate": true});
        let abilities = read(&statement(&one, &["batch"])).unwrap();
        assert_eq!(abilities.addressing, Addressing::Conditional);
        assert_eq!(abilities.grouping, Grouping::Batch);
        assert_eq!(read(&statement(&one, &[])).unwrap().grouping, Grouping::Single);
    }

    #[test]
    fn where_nothing_is_said_about_ids_they_are_tried() {
        let unsaid = json!({"type": "Observation", "conditionalUpdate": true});
        let abilities = read(&statement(&unsaid, &[])).unwrap();
        assert_eq!(abilities.addressing, Addressing::OwnIds);
        assert_eq!(abilities.otherwise, Some(Addressing::Conditional));
    }

    #[test]
    fn a_server_that_cannot_take_observations_is_told_apart_from_one_that_is_down() {
        let neither = json!({"type": "Observation", "updateCreate": false});
        assert_eq!(read(&statement(&neither, &["transaction"])), Err(Class::Unsupported));
        let none = json!({"type": "Practitioner", "updateCreate": true});
        assert_eq!(read(&statement(&none, &[])), Err(Class::Unsupported));
        let mut r5 = statement(&neither, &[]);
        r5["fhirVersion"] = json!("5.0.0");
        assert_eq!(read(&r5), Err(Class::Unsupported));
        assert_eq!(read(&json!({"resourceType": "OperationOutcome"})), Err(Class::Unreadable));
        assert_eq!(read(&json!("hello")), Err(Class::Unreadable));
    }
}
