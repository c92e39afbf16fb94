//! `/auth`: accounts and sessions.

pub mod login;
pub mod logout;
pub mod me;
pub mod password;
pub mod refresh;
pub mod register;
pub mod sessions;

use crate::input::Fields;

/// Longest address (RFC 5321, section 4.5.3.1.3, without the brackets).
const LONGEST_ADDRESS: usize = 254;

/// An e-mail address in a form that could exist. Whether it does only a mail can tell.
fn address(fields: &mut Fields) -> Option<String> {
    let text = fields.required("email", LONGEST_ADDRESS)?;
    let address = text.trim();
    let plausible = address.split_once('@').is_some_and(|(local, domain)| {
        let clean = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c == '@' || c.is_whitespace())
        };
        clean(local) && clean(domain) && !domain.starts_with('.') && !domain.ends_with('.')
    });
    if !plausible || crate::input::has_bidi_override(address) {
        fields.fail("email", "an e-mail address such as ada@example.com");
        return None;
    }
    Some(address.to_owned())
}
