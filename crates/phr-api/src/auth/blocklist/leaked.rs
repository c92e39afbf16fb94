//! Passwords that have leaked: what a guesser tries before anything else. The lists, their source
//! and their licence are in the files.

use std::sync::LazyLock;

/// All 13,000 with [`super::super::password::SHORTEST`] characters or more that public lists hold.
static LONG: LazyLock<Vec<&str>> = LazyLock::new(|| entries(include_str!("long.txt")));

/// The 10,000 commonest of the shorter ones: what longer ones are put together from.
static SHORT: LazyLock<Vec<&str>> = LazyLock::new(|| entries(include_str!("short.txt")));

/// How long the shorter ones are.
pub(super) const SHORT_LENGTHS: std::ops::RangeInclusive<usize> = 4..=14;

/// The lines that are not comments. The files are sorted; a test sees to it.
fn entries(file: &'static str) -> Vec<&'static str> {
    file.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Whether this simplified password is in the list.
pub(super) fn is_listed(simple: &str) -> bool {
    LONG.binary_search(&simple).is_ok()
}

/// Whether this is one of the commonest shorter passwords, simplified.
pub(super) fn is_common_word(simple: &str) -> bool {
    SHORT.binary_search(&simple).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ac_08_the_lists_are_as_long_as_they_should_be_and_sorted() {
        assert!(LONG.len() > 10_000, "{}", LONG.len());
        assert_eq!(SHORT.len(), 10_000);
        for list in [&LONG, &SHORT] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
        }
        let lengths = SHORT.iter().map(|entry| entry.chars().count());
        assert!(lengths.into_iter().all(|length| SHORT_LENGTHS.contains(&length)));
    }

    #[test]
    fn ac_08_comments_are_no_passwords() {
        assert!(
            LONG.iter().chain(SHORT.iter()).all(|entry| entry.chars().all(char::is_alphanumeric))
        );
    }
}
