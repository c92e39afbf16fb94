//! What a password must be: long, not common, not about its owner. Nothing else (AC-06 to AC-08).

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::blocklist;

/// Code points at least, as there is no second factor (NIST SP 800-63B-4).
pub const SHORTEST: usize = 15;

/// Bytes at most.
pub const LONGEST: usize = 1_024;

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`SHORTEST`] code points.
    Short,
    /// One of the first that anybody would try.
    Common,
    /// Built from the owner's name or address, or from this product's name.
    Personal,
}

impl Weakness {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Short => {
                "at least 15 characters; a few unrelated words are easy to remember, spaces are fine"
            }
            Self::Common => "not a pattern or phrase that is easily guessed",
            Self::Personal => "nothing built from your name, your address or the product's name",
        }
    }
}

/// The one form in which a password is hashed: NFKC, otherwise untouched.
pub fn normalise(password: &SecretString) -> SecretString {
    SecretString::from(password.expose_secret().nfkc().collect::<String>())
}

/// Checks a new, normalised password.
///
/// # Errors
/// What is wrong with it.
pub fn check(password: &SecretString, email: &str, name: &str) -> Result<(), Weakness> {
    let password = password.expose_secret();
    if password.chars().count() < SHORTEST {
        return Err(Weakness::Short);
    }
    let simple = simplified(password);
    if blocklist::is_common(&simple, foreign(password)) {
        return Err(Weakness::Common);
    }
    if is_personal(&simple, email, name) {
        return Err(Weakness::Personal);
    }
    Ok(())
}

/// Lower case without anything but letters and digits: `P@ss word 1` and `password1` are one guess.
fn simplified(password: &str) -> String {
    let folded = password.chars().flat_map(char::to_lowercase).map(|c| match c {
        '@' => 'a',
        '$' => 's',
        other => other,
    });
    folded.filter(|c| c.is_alphanumeric()).collect()
}

/// Different characters that are neither letters nor digits nor on every keyboard. (Those that are
/// stand at the end of common passwords and add nothing.)
fn foreign(password: &str) -> usize {
    let foreign = password.chars().filter(|c| !c.is_ascii() && !c.is_alphanumeric());
    foreign.collect::<BTreeSet<_>>().len()
}

/// Whether next to nothing is left once the owner's and the product's words are taken out.
fn is_personal(simple: &str, email: &str, name: &str) -> bool {
    let email = email.to_lowercase();
    let parts = email.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
    let words = name.split_whitespace().map(simplified);
    let product = ["phrbackend", "phr", "fitbit", "google", "health"].map(str::to_owned);
    let mut personal: Vec<_> =
        parts.chain(words).chain(product).filter(|word| word.chars().count() >= 3).collect();
    personal.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = personal.iter().fold(simple.to_owned(), |rest, word| rest.replace(word, ""));
    rest != simple && rest.chars().filter(|c| c.is_alphabetic()).count() < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), Weakness> {
        let password = normalise(&SecretString::from(password));
        check(&password, "ada.lovelace@example.com", "Ada Lovelace")
    }

    #[test]
    fn ac_06_fifteen_code_points_are_enough_and_fourteen_are_not() {
        assert_eq!(verdict("qzx vjk pwm tr"), Err(Weakness::Short));
        assert_eq!(verdict("qzx vjk pwm trb"), Ok(()));
    }

    #[rstest::rstest]
    #[case::keyboard("qwertyuiopasdfgh")]
    #[case::keyboard_zigzag("1qaz2wsx3edc4rfv")]
    #[case::keyboard_back("poiuytrewqlkjhgf")]
    #[case::alphabet("abcdefghijklmnopq")]
    #[case::digits("123456789012345")]
    #[case::digits_back("987654321098765")]
    #[case::one_letter("aaaaaaaaaaaaaaaa")]
    #[case::two_letters("abababababababab")]
    #[case::repeated_random("xk7xk7xk7xk7xk7xk7")]
    #[case::repeated_word("passwordpassword")]
    #[case::with_year("password12345678")]
    #[case::dressed_up("P@$$w0rd!!!!!!!!!!")]
    #[case::spelled("p.a.s.s.w.o.r.d.1.2.3")]
    #[case::phrase("iloveyouforever1")]
    #[case::comic("correcthorsebatterystaple")]
    #[case::spaced("correct horse battery staple")]
    #[case::sesame("open sesame open sesame")]
    #[case::admin("administrator2026")]
    #[case::welcome("WelcomeWelcome123!")]
    #[case::seasons("Summer2026Winter2026")]
    #[case::starwars("starwars1977starwars")]
    #[case::dates("01011990010119900101")]
    #[case::club("liverpoolfootball1")]
    #[case::months("JanuaryFebruaryMarch")]
    fn ac_08_what_everybody_tries_first_is_refused(#[case] password: &str) {
        assert_eq!(verdict(password), Err(Weakness::Common), "{password}");
    }

    #[rstest::rstest]
    #[case("ada.lovelace@example.com")]
    #[case("Ada Lovelace 1815")]
    #[case("lovelacelovelaceada")]
    #[case("phrbackend-2026-ada")]
    #[case("fitbit phr ada 2026!")]
    fn ac_08_what_is_about_its_owner_or_this_product_is_refused(#[case] password: &str) {
        let refused = verdict(password);
        assert!(matches!(refused, Err(Weakness::Personal | Weakness::Common)), "{password}");
    }

    #[rstest::rstest]
    #[case("plum kettle orbit window")]
    #[case("kV9#tq2!mZx7@Lp4")]
    #[case("bücher schrank ofen reise")]
    #[case("der mond ist aufgegangen und lacht")]
    #[case("漢字仮名交じり文の長い合言葉です")]
    #[case("🍐🐺⚒🪶🌊🏔🎻🧭🪁🥁🦉🫖🪴🧵🐚")]
    fn ac_07_anything_else_that_is_long_enough_is_fine(#[case] password: &str) {
        assert_eq!(verdict(password), Ok(()), "{password}");
    }
}
