//! Opaque identifiers. Each is a UUID in a type of its own, so that a person's id can never be
//! passed where a connection's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Namespace of every identifier that is derived instead of drawn (RFC 9562, version 5).
/// Changing it would change every Observation id, so it never changes.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x5c1f_7a52_93d4_4f0e_8c1b_2f6d_40a7_e913);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A person's account.
    PersonId
}
id! {
    /// The FHIR Patient of a person: what apps see as `patient_id`.
    PatientId
}
id! {
    /// One person's consent at one vendor.
    ConnectionId
}

impl PersonId {
    /// The person's FHIR Patient id. Derived, so that two servers sharing a database agree on it,
    /// and not the account's id itself, because apps and FHIR servers see it and it must not tell
    /// them whose account it is.
    pub fn patient(self) -> PatientId {
        PatientId(Uuid::new_v5(&NAMESPACE, format!("v1|patient|{self}").as_bytes()))
    }

    /// The id of a new connection with `vendor`. Derived, because what follows from it (when its
    /// nights are audited) must be the same when a story is told again.
    pub fn connection(self, vendor: &str) -> ConnectionId {
        ConnectionId(Uuid::new_v5(&NAMESPACE, format!("v1|connection|{self}|{vendor}").as_bytes()))
    }
}
