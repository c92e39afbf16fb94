//! The REST contract, accounts and OpenAPI.
