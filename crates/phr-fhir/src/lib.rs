//! FHIR R4 resources from Observations.
