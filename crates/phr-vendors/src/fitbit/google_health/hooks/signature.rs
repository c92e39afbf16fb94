//! A signature as Tink writes it (Tink's wire format, "TINK" output prefix): a byte 1, four bytes
//! that name the key, and an ECDSA signature in DER.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::hook::HookRefusal;

/// Version byte of the TINK prefix.
const TINK: u8 = 1;

/// Longest header that is looked at; a P-256 signature takes about 104 characters.
const LONGEST: usize = 256;

/// Base64 with or without padding: header values lose it now and then.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A signature that is not verified yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// The key that is said to have made it.
    pub(super) key: u32,
    der: Vec<u8>,
}

impl Signature {
    /// Reads a header's value; none if it cannot be a signature.
    pub(super) fn read(header: &[u8]) -> Option<Self> {
        let header = header.trim_ascii();
        let bytes = (header.len() <= LONGEST).then(|| BASE64.decode(header).ok())??;
        let (&version, rest) = bytes.split_first()?;
        let (key, der) = rest.split_first_chunk()?;
        (version == TINK && !der.is_empty())
            .then(|| Self { key: u32::from_be_bytes(*key), der: der.to_vec() })
    }
}

/// A public key on P-256.
#[derive(Debug, Clone)]
pub(super) struct Key(ParsedPublicKey);

impl Key {
    /// The key with these coordinates, big-endian; none if they are no point of the curve.
    pub(super) fn at(x: &[u8], y: &[u8]) -> Option<Self> {
        let mut point = vec![4];
        point.extend(coordinate(x)?);
        point.extend(coordinate(y)?);
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok().map(Self)
    }

    /// Fails unless the owner of this key signed `body`.
    pub(super) fn verify(&self, body: &[u8], signature: &Signature) -> Result<(), HookRefusal> {
        self.0.verify_sig(body, &signature.der).map_err(|_| HookRefusal::Forged)
    }
}

/// 32 bytes, whether the number came with leading zeros or without.
fn coordinate(number: &[u8]) -> Option<[u8; 32]> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..)?;
    let mut padded = [0; 32];
    let room = padded.len().checked_sub(number.len())?;
    padded.get_mut(room..)?.copy_from_slice(number);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(bytes: &[u8]) -> String {
        BASE64.encode(bytes)
    }

    #[test]
    fn wh_01_a_prefix_names_the_key() {
        let signature = Signature::read(header(&[1, 0, 0, 1, 2, 48, 0]).as_bytes()).unwrap();
        assert_eq!(signature, Signature { key: 258, der: vec![48, 0] });
    }

    #[test]
    fn wh_01_what_cannot_be_a_signature_is_not_looked_at() {
        let long = header(&[1; 400]);
        let wrong = [
            header(&[0, 0, 0, 1, 2, 48, 0]),
            header(&[2, 0, 0, 1, 2, 48, 0]),
            header(&[1, 0, 0, 1, 2]),
            header(&[1, 0]),
            String::new(),
            "not base64 at all!".to_owned(),
            long,
        ];
        for header in wrong {
            assert_eq!(Signature::read(header.as_bytes()), None, "{header:?}");
        }
    }

    #[test]
    fn a_coordinate_has_32_bytes_however_it_was_written() {
        assert_eq!(coordinate(&[0, 7]), coordinate(&[7]));
        assert_eq!(coordinate(&[1; 32]), coordinate(&[[0].as_slice(), &[1; 32]].concat()));
        assert_eq!(coordinate(&[1; 33]), None);
    }

    #[test]
    fn a_point_beside_the_curve_is_no_key() {
        assert!(Key::at(&[1], &[1]).is_none());
        assert!(Key::at(&[], &[]).is_none());
    }
}
