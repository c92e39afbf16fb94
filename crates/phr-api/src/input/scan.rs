//! What the JSON parser would let pass or could not name: nesting without end and halves of surrogate
//! pairs (IN-01, IN-02). One pass over the bytes, before the parser.

/// Objects and arrays within each other that a body may have.
const DEEPEST: usize = 32;

/// Why a body is refused although it may be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// More than [`DEEPEST`] levels.
    TooDeep,
    /// `\ud800` to `\udfff` without its other half: no character, so no text.
    LoneSurrogate,
}

impl Oddity {
    /// What is allowed.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::TooDeep => "objects and arrays nested 32 levels deep at most",
            Self::LoneSurrogate => "text of whole characters: a surrogate lacks its other half",
        }
    }
}

/// The first oddity in a body. Whether the rest is JSON is for the parser to say.
pub(super) fn oddity(body: &[u8]) -> Option<Oddity> {
    let (mut depth, mut in_text) = (0_usize, false);
    let mut rest = body;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' if in_text => {
                let (escape, after) = escape(rest);
                if escape == Escape::LoneSurrogate {
                    return Some(Oddity::LoneSurrogate);
                }
                rest = after;
            }
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(Oddity::TooDeep);
        }
    }
    None
}

#[derive(PartialEq, Eq)]
enum Escape {
    Fine,
    LoneSurrogate,
}

/// What follows a backslash, and the bytes after it (RFC 8259, section 7).
fn escape(rest: &[u8]) -> (Escape, &[u8]) {
    let Some((first, after)) = unit(rest) else {
        return (Escape::Fine, rest.get(1..).unwrap_or_default());
    };
    match first {
        0xD800..=0xDBFF => {
            let second = after.strip_prefix(b"\\").and_then(unit);
            match second {
                Some((0xDC00..=0xDFFF, after)) => (Escape::Fine, after),
                _ => (Escape::LoneSurrogate, after),
            }
        }
        0xDC00..=0xDFFF => (Escape::LoneSurrogate, after),
        _ => (Escape::Fine, after),
    }
}

/// The code unit of `uXXXX` at the beginning, and what follows it.
fn unit(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, after) = rest.strip_prefix(b"u")?.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?.map(|unit| (unit, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::plain(r#"{"a":"b"}"#, None)]
    #[case::pair(r#"{"a":"\ud83d\ude00"}"#, None)]
    #[case::pair_in_capitals(r#"{"a":"\uD83D\uDE00"}"#, None)]
    #[case::escaped_backslash(r#"{"a":"\\ud800"}"#, None)]
    #[case::high_alone(r#"{"a":"\ud83d"}"#, Some(Oddity::LoneSurrogate))]
    #[case::low_alone(r#"{"a":"\ude00"}"#, Some(Oddity::LoneSurrogate))]
    #[case::wrong_order(r#"{"a":"\ude00\ud83d"}"#, Some(Oddity::LoneSurrogate))]
    #[case::two_high(r#"{"a":"\ud83d\ud83d"}"#, Some(Oddity::LoneSurrogate))]
    #[case::in_a_name(r#"{"\udfff":1}"#, Some(Oddity::LoneSurrogate))]
    #[case::cut(r#"{"a":"\ud8"#, None)]
    #[case::nothing("", None)]
    fn in_02_halves_of_characters_are_found(#[case] body: &str, #[case] found: Option<Oddity>) {
        assert_eq!(oddity(body.as_bytes()), found, "{body}");
    }

    #[test]
    fn in_01_brackets_count_outside_of_text_only() {
        let nested = |levels: usize| format!("{}{}", "[{\"a\":".repeat(levels / 2), "1");
        assert_eq!(oddity(nested(32).as_bytes()), None);
        assert_eq!(oddity(nested(34).as_bytes()), Some(Oddity::TooDeep));
        let text = format!("{{\"a\":\"{}\"}}", "[\\\"".repeat(100));
        assert_eq!(oddity(text.as_bytes()), None);
        let flat = "[[],[],{}],".repeat(100);
        assert_eq!(oddity(flat.as_bytes()), None);
    }
}
