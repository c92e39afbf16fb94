//! The vault: what opens, what does not, and what stays unsaid.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fernet::Fernet;
use phr_store::{
    Vault,
    vault::{Binding, VaultError},
};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};

const TOKENS: Binding<'static> = Binding { purpose: "tokens", owner: "connection-1" };

fn ring(keys: &[&SecretString]) -> Vault {
    let keys: Vec<_> = keys.iter().map(|key| key.expose_secret()).collect();
    Vault::new(&keys.join(",").into()).unwrap()
}

fn open(vault: &Vault, binding: Binding<'_>, envelope: &str) -> Result<String, VaultError> {
    vault.open(binding, envelope).map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn what_was_sealed_opens() {
    let vault = ring(&[&Vault::generate_key()]);
    for secret in ["1//refresh", "", "ünïcødé \" \\ \n"] {
        let envelope = vault.seal(TOKENS, &secret.into());
        assert_eq!(open(&vault, TOKENS, &envelope).unwrap(), secret);
        assert_eq!(Vault::key_id_of(&envelope), vault.key_ids().first().copied());
        assert!(secret.is_empty() || !envelope.contains(secret));
    }
}

#[test]
fn the_same_secret_never_looks_the_same() {
    let vault = ring(&[&Vault::generate_key()]);
    assert_ne!(vault.seal(TOKENS, &"s".into()), vault.seal(TOKENS, &"s".into()));
}

#[rstest]
#[case::another_row(Binding { owner: "connection-2", ..TOKENS })]
#[case::another_purpose(Binding { purpose: "verifier", ..TOKENS })]
fn vk_02_an_envelope_of_something_else_does_not_open(#[case] binding: Binding<'_>) {
    let vault = ring(&[&Vault::generate_key()]);
    let envelope = vault.seal(TOKENS, &"secret".into());
    assert_eq!(open(&vault, binding, &envelope), Err(VaultError::WrongBinding));
}

#[test]
fn vk_03_a_new_key_seals_and_the_old_one_still_opens() {
    let (old, new) = (Vault::generate_key(), Vault::generate_key());
    let envelope = ring(&[&old]).seal(TOKENS, &"secret".into());
    let both = ring(&[&new, &old]);
    assert_eq!(open(&both, TOKENS, &envelope).unwrap(), "secret");
    let resealed = both.seal(TOKENS, &"secret".into());
    assert_eq!(open(&ring(&[&new]), TOKENS, &resealed).unwrap(), "secret");
    assert_eq!(open(&ring(&[&new]), TOKENS, &envelope), Err(VaultError::NoKey));
    assert_eq!(both.key_ids(), [ring(&[&new]).key_ids(), ring(&[&old]).key_ids()].concat());
}

#[rstest]
#[case("")]
#[case(":")]
#[case("no envelope")]
#[case("00000000:gAAAAAA")]
fn nonsense_does_not_open(#[case] envelope: &str) {
    let vault = ring(&[&Vault::generate_key()]);
    assert_eq!(open(&vault, TOKENS, envelope), Err(VaultError::NoKey));
}

#[test]
fn a_flipped_bit_does_not_open() {
    let vault = ring(&[&Vault::generate_key()]);
    let envelope = vault.seal(TOKENS, &"secret".into());
    for position in [0, 12, 40, envelope.len() - 8] {
        let mut bytes = envelope.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(open(&vault, TOKENS, &flipped), Err(VaultError::NoKey), "{position}");
    }
}

#[test]
fn a_clock_that_runs_ahead_elsewhere_is_no_obstacle() {
    let key = Vault::generate_key();
    let vault = ring(&[&key]);
    let plaintext = r#"{"v":1,"purpose":"tokens","owner":"connection-1","secret":"s"}"#;
    let in_2100 = 4_102_444_800;
    let fernet = Fernet::new(key.expose_secret()).unwrap();
    let token = fernet.encrypt_at_time(plaintext.as_bytes(), in_2100);
    let envelope = format!("{}:{token}", vault.key_ids()[0]);
    assert_eq!(open(&vault, TOKENS, &envelope).unwrap(), "s");
}

#[test]
fn a_plaintext_of_another_version_does_not_open() {
    let key = Vault::generate_key();
    let vault = ring(&[&key]);
    let fernet = Fernet::new(key.expose_secret()).unwrap();
    for plaintext in [
        r#"{"v":2,"purpose":"tokens","owner":"connection-1","secret":"s"}"#,
        r#"{"v":1,"purpose":"tokens","owner":"connection-1"}"#,
        "just a token",
    ] {
        let token = fernet.encrypt(plaintext.as_bytes());
        let envelope = format!("{}:{token}", vault.key_ids()[0]);
        assert_eq!(open(&vault, TOKENS, &envelope), Err(VaultError::WrongBinding));
    }
}

#[test]
fn a_bad_key_is_named_by_its_position_only() {
    let good = Vault::generate_key();
    for (ring, position) in [
        (String::new(), 1),
        ("hunter2".to_owned(), 1),
        (format!("{},hunter2", good.expose_secret()), 2),
        (format!("{},", good.expose_secret()), 2),
        ("A".repeat(43), 1),
    ] {
        let refused = Vault::new(&SecretString::from(ring)).unwrap_err();
        assert_eq!(refused, VaultError::BadKey { position });
        assert!(!refused.to_string().contains("hunter2"));
    }
    let spaced = format!(" {} , {} ", good.expose_secret(), good.expose_secret());
    assert_eq!(Vault::new(&spaced.into()).unwrap().key_ids().len(), 2);
}

#[test]
fn vk_06_debugging_shows_key_ids_and_nothing_else() {
    let key = Vault::generate_key();
    let vault = ring(&[&key]);
    let shown = format!("{vault:?}");
    assert_eq!(shown, format!("Vault {{ keys: {:?}, .. }}", vault.key_ids()));
    assert!(!shown.contains(key.expose_secret()));
}
