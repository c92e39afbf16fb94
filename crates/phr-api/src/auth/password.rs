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

/// Whether what is left, once the owner's and the product's words are taken out, is next to nothing
/// or itself easily guessed.
fn is_personal(simple: &str, email: &str, name: &str) -> bool {
    let email = email.to_lowercase();
    let parts = email.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
    let words = name.split_whitespace().map(simplified);
    let product = ["phrbackend", "backend", "phr", "fitbit", "google", "health"].map(str::to_owned);
    let mut personal: Vec<_> =
        parts.chain(words).chain(product).filter(|word| word.chars().count() >= 3).collect();
    personal.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = personal.iter().fold(simple.to_owned(), |rest, word| rest.replace(word, ""));
    let letters = rest.chars().filter(|c| c.is_alphabetic()).count();
    rest != simple && (letters < 6 || blocklist::is_common(&rest, 0))
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

    /// As they stand in lists of leaked passwords.
    const LEAKED: &str = "
        123456789987654321 1qaz2wsx3edc4rfv momsanaladventure qazwsxedcrfvtgb 123456789qwerty 12345678900987654321
        zQjphsyf6ctifgu lhbjkjubz2957704 q1w2e3r4t5y6u7i8 nEMvXyHeqDd5OQxyXYZI passwordstandard bpgjldsgjldthnf
        1qa2ws3ed4rf5tg 1234qwerasdfzxcv 1234567890qwerty 122333444455555 qwertasdfgzxcvb ne_e_pod_chehyl
        zxcvbnm123456789 NICK1234-rem936 Mailcreated5240 supercutekawaii garciamartin1995 preciousprotection
        zxcasdqwe123valera wladwladwlad24413wlad vakinnkrutoi4el thechampaloushi SHTA28011949lev rjnvfnhjcrby1982
        mrsbuttersworth maddinibiza2004 kiogouniakoui79-saecloub inhocsignovinces hageoyaji144no44
        footballismylife e159r951t159y951 Dano2240parrott cfyzghbdtnrfrltkf BfmXu6UluyGXiyPj alinelima123456
        6685yen2189sla9 1dabe345bzaqwsxz 12345tanya12345 0ee93c1e3d3352ab zzzcfvfzukfdyfzz zxpv6nlwCXGnlhEh
        zuzuu8378seruga Zp4o3AxXutSG7dHb zolotonogka_kris zerotolerance13 yankeeslunchbox";

    /// What guessers' rules make of common words.
    const PUT_TOGETHER: &str = "
        monkeymonkeymonkey dragonmaster2024 manchesterunited7 michaeljordan23!! 1234567890football
        sunshine1234567890 princessprincess1 baseballbaseball superman!superman! qwerty123qwerty123
        trustno1trustno1 mustangcorvette69 letmeinletmein99 shadowhunter2019 jenniferlopez1969
        christopher1985 elizabeth19841984 alexanderalexander chocolatecookies mercedesmercedes2020
        P@ssw0rdP@ssw0rd qwertyuiop1234567 asdfghjkl12345678 zaq12wsxzaq12wsx 11111111qqqqqqqq
        iloveyou-iloveyou hello_world_hello steelers4steelers harleydavidson88 computer-password
        access.account.42 administrator123 welcome2welcome2welcome bulldogs!bulldogs! nascar24nascar24
        spongebob_squarepants playstation2playstation chelseachelsea11 liverpoolliverpool samsungsamsung22
        butterflybutterfly stephanie12345678 jonathan.jonathan william1william1 whatever-whatever
        yellow1234567890yellow redsoxyankees2004 fuckyoufuckyou123 abcdefgh12345678 dallascowboys8888";

    #[test]
    fn ac_08_fifty_leaked_passwords_are_refused() {
        let samples: Vec<_> = LEAKED.split_whitespace().collect();
        assert!(samples.len() >= 50, "{}", samples.len());
        for password in samples {
            assert_eq!(verdict(password), Err(Weakness::Common), "{password}");
            assert_eq!(verdict(&password.to_uppercase()), Err(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn ac_08_fifty_passwords_put_together_from_common_ones_are_refused() {
        let samples: Vec<_> = PUT_TOGETHER.split_whitespace().collect();
        assert!(samples.len() >= 50, "{}", samples.len());
        let passed: Vec<_> = samples.into_iter().filter(|text| verdict(text).is_ok()).collect();
        assert!(passed.is_empty(), "{passed:?}");
    }

    /// Ten ways to dress up a word.
    fn dressed_up(word: &str) -> [String; 10] {
        let capital = word[..1].to_uppercase() + &word[1..];
        [
            word.repeat(1 + 15 / word.len()),
            format!("{word}{word}{word}-2026"),
            format!("{word} 1234567890 {word}"),
            format!("{capital}{capital}{capital}!!!!!!!!!"),
            format!("my-{word}-password-1"),
            format!("{word}.secret.{word}.99"),
            format!("!!{word}__password!!2026"),
            format!("iloveyou{word}forever"),
            format!("qwertyuiop{word}12345"),
            format!("{capital}PasswordPassword"),
        ]
    }

    #[rstest::rstest]
    #[case::product(["phr", "phrbackend", "fitbit", "health", "google"])]
    #[case::name(["lovelace", "ada", "adalovelace", "lovelaceada", "Ada Lovelace"])]
    #[case::address(["ada.lovelace", "adalovelace", "ada.lovelace@example.com", "example", "example.com"])]
    fn ac_08_fifty_passwords_about_owner_or_product_are_refused(#[case] words: [&str; 5]) {
        let samples = words.iter().flat_map(|word| dressed_up(word));
        let passed: Vec<_> = samples.filter(|text| verdict(text).is_ok()).collect();
        assert!(passed.is_empty(), "{passed:?}");
    }

    #[rstest::rstest]
    #[case("plum kettle orbit window")]
    #[case("kV9#tq2!mZx7@Lp4")]
    #[case("bücher schrank ofen reise")]
    #[case("der mond ist aufgegangen und lacht")]
    #[case("granite teapot swallows a comet")]
    #[case("we never found the seventh umbrella")]
    #[case("ada keeps bees behind the bakery")]
    #[case("Trombone-Acorn-Velcro-Dune")]
    #[case("mis zapatos azules bailan solos")]
    #[case("t7Gd-Wq2z-Lm9x-Rk4v")]
    #[case("sgnirts emos dna sdrow modnar")]
    #[case("漢字仮名交じり文の長い合言葉です")]
    #[case("🍐🐺⚒🪶🌊🏔🎻🧭🪁🥁🦉🫖🪴🧵🐚")]
    fn ac_07_anything_else_that_is_long_enough_is_fine(#[case] password: &str) {
        assert_eq!(verdict(password), Ok(()), "{password}");
    }
}
