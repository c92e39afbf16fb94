//! After a key was rotated: what the former key sealed is sealed anew with the present one (VK-03).

use phr_model::ConnectionId;
use phr_store::{Accounts, Connections, SharedStore, StoreError, Vault};

use crate::tokens::Tokens;

/// Seals every connection's tokens anew that an older key of the ring sealed; returns how many. It
/// may be stopped at any moment and run again: each envelope is exchanged by compare-and-set, and a
/// refresh in the same moment wins, because it seals with the present key anyway.
///
/// # Errors
/// [`StoreError`] if the store fails, or if an envelope does not open.
pub async fn reseal(store: &SharedStore, vault: &Vault) -> Result<u32, StoreError> {
    let mut resealed = 0;
    for person in Accounts::people(&**store).await? {
        for connection in store.connections_of(person.id).await? {
            resealed += u32::from(reseal_one(&**store, vault, connection.id).await?);
        }
    }
    Ok(resealed)
}

async fn reseal_one(
    store: &(impl Connections + ?Sized),
    vault: &Vault,
    connection: ConnectionId,
) -> Result<bool, StoreError> {
    let Some((sealed, version)) = store.tokens(connection).await? else { return Ok(false) };
    let present = vault.key_ids().first().copied();
    if Vault::key_id_of(&sealed.envelope) == present {
        return Ok(false);
    }
    let tokens = Tokens::open(vault, connection, &sealed.envelope)
        .map_err(|_| StoreError::Corrupt { table: "connection", column: "tokens" })?;
    let renewed = tokens.seal(vault, connection, sealed.access_expires_at);
    store.replace_tokens(connection, version, renewed).await
}
