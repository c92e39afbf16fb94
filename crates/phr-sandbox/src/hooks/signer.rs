//! A signing key as Tink keeps and publishes it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// One key of the keyset.
pub(super) struct Signer {
    pub(super) id: u32,
    pair: EcdsaKeyPair,
}

impl Signer {
    /// A key drawn at random: nothing that is compared depends on it.
    #[expect(clippy::expect_used, reason = "an emulator without randomness cannot go on")]
    pub(super) fn new(id: u32) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Self { id, pair: pair.expect("a key can be drawn") }
    }

    /// The header's value: base64 of 1, the key's id and the signature in DER.
    #[expect(clippy::expect_used, reason = "an emulator without randomness cannot go on")]
    pub(super) fn sign(&self, body: &[u8]) -> String {
        let signature = self.pair.sign(&SystemRandom::new(), body).expect("a body can be signed");
        let prefix = [&[1], &self.id.to_be_bytes()[..]].concat();
        STANDARD.encode([&prefix, signature.as_ref()].concat())
    }

    /// `EcdsaPublicKey` of Tink's ecdsa.proto; coordinates have a leading zero, as Google's do.
    fn message(&self) -> Vec<u8> {
        // HashType SHA256 = 3, EllipticCurveType NIST_P256 = 2, EcdsaSignatureEncoding DER = 2.
        let parameters = [0x08, 3, 0x10, 2, 0x18, 2];
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        let mut message = vec![0x12, 6];
        message.extend(parameters);
        for (tag, coordinate) in [(0x1a, x), (0x22, y)] {
            message.extend([tag, 33, 0]);
            message.extend(coordinate);
        }
        message
    }

    fn published(&self) -> Value {
        json!({
            "keyData": {
                "typeUrl": "type.googleapis.com/google.crypto.tink.EcdsaPublicKey",
                "value": STANDARD.encode(self.message()),
                "keyMaterialType": "ASYMMETRIC_PUBLIC",
            },
            "status": "ENABLED",
            "keyId": self.id,
            "outputPrefixType": "TINK",
        })
    }
}

/// The published keyset.
pub(super) fn keyset(signers: &[Signer]) -> Value {
    let keys: Vec<Value> = signers.iter().map(Signer::published).collect();
    json!({ "primaryKeyId": signers.last().map(|signer| signer.id), "key": keys })
}
