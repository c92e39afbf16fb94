//! Google's published keys: a Tink keyset in JSON, each key a protobuf inside of it (Tink's
//! `tink.proto` and `ecdsa.proto`).

use std::collections::HashMap;

use base64::Engine;
use serde::Deserialize;

use super::signature::{BASE64, Key};

const TYPE: &str = "type.googleapis.com/google.crypto.tink.EcdsaPublicKey";

/// The verifying keys by id.
pub(super) type Keyset = HashMap<u32, Key>;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    key_id: u32,
    #[serde(default)]
    status: String,
    #[serde(default)]
    output_prefix_type: String,
    key_data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default)]
    type_url: String,
    #[serde(default)]
    value: String,
}

/// The keys of a document that are in force and of the kind we know; none if there is no such key.
pub(super) fn read(document: &[u8]) -> Option<Keyset> {
    let document: Document = serde_json::from_slice(document).ok()?;
    let keys = document.key.iter().filter_map(|entry| Some((entry.key_id, entry.key()?)));
    Some(keys.collect::<Keyset>()).filter(|keys| !keys.is_empty())
}

impl Entry {
    fn key(&self) -> Option<Key> {
        let usable = self.status == "ENABLED"
            && self.output_prefix_type == "TINK"
            && self.key_data.type_url == TYPE;
        let message = usable.then(|| BASE64.decode(&self.key_data.value).ok())??;
        let fields = Fields::read(&message)?;
        Key::at(fields.x, fields.y)
    }
}

/// Fields 3 and 4 of `EcdsaPublicKey`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fields<'a> {
    x: &'a [u8],
    y: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads a protobuf message (encoding guide, "Message structure"); unknown fields are skipped.
    fn read(mut message: &'a [u8]) -> Option<Self> {
        let mut fields = Self::default();
        while !message.is_empty() {
            let tag = varint(&mut message)?;
            match (tag >> 3, tag & 7) {
                (_, 0) => drop(varint(&mut message)?),
                (_, 1) => drop(bytes(&mut message, 8)?),
                (field, 2) => {
                    let length = usize::try_from(varint(&mut message)?).ok()?;
                    let value = bytes(&mut message, length)?;
                    match field {
                        3 => fields.x = value,
                        4 => fields.y = value,
                        _ => {}
                    }
                }
                (_, 5) => drop(bytes(&mut message, 4)?),
                _ => return None,
            }
        }
        Some(fields)
    }
}

fn bytes<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(head)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes(message, 1)?.first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Generator of P-256 (SEC 2, section 2.4.2): a point that is surely on the curve.
    const POINT: &str = "EiDZOgEIAxAUGiEAaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpYiIE/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1";

    fn document(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut key = json!({
            "keyData": { "typeUrl": TYPE, "value": POINT, "keyMaterialType": "ASYMMETRIC_PUBLIC" },
            "status": "ENABLED", "keyId": 7, "outputPrefixType": "TINK",
        });
        change(&mut key);
        json!({ "primaryKeyId": 7, "key": [key] }).to_string().into_bytes()
    }

    #[test]
    fn fields_in_any_order_and_unknown_ones_are_read() {
        let message = [0x08, 0x00, 0x1a, 0x01, 0x05, 0x22, 0x02, 0x00, 0x06, 0x2d, 0, 0, 0, 0];
        let fields = Fields::read(&message).unwrap();
        assert_eq!(fields, Fields { x: &[5], y: &[0, 6] });
    }

    #[test]
    fn a_message_that_breaks_off_is_none() {
        for message in [&[0x1a][..], &[0x1a, 0x05, 1], &[0xff; 12], &[0x0b]] {
            assert_eq!(Fields::read(message), None, "{message:?}");
        }
    }

    #[test]
    fn keys_that_are_not_in_force_or_of_another_kind_are_left_out() {
        let changes: [fn(&mut Value); 5] = [
            |key| key["status"] = "DISABLED".into(),
            |key| key["outputPrefixType"] = "RAW".into(),
            |key| {
                key["keyData"]["typeUrl"] = "type.googleapis.com/google.crypto.tink.Ed25519".into();
            },
            |key| key["keyData"]["value"] = "!".into(),
            |key| key["keyData"]["value"] = "GgEBIgEB".into(),
        ];
        for change in changes {
            assert!(read(&document(change)).is_none());
        }
        assert!(read(b"<html>").is_none());
        assert!(read(b"{}").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = Fields::read(&bytes);
            let _ = read(&bytes);
        }
    }
}
