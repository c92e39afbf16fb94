//! What text may hold (IN-03).

/// Control characters: C0, DEL and C1. They have no place in any field.
pub(super) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Characters that reorder the text around them, so that a name can pretend to be another.
pub fn has_bidi_override(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
    })
}
