//! The pages a person sees, clearly marked as emulated.

use std::fmt::Write;

use super::Fields;
use super::authorize::Request;
use super::scopes::described;
use crate::oauth::page::{accounts, document, escape};
use crate::world::World;

/// Who, and one tick box for each scope.
pub(super) fn consent(world: &World, request: &Request, sent: &Fields) -> String {
    let mut body = String::from(
        "<span class=mark>emulated Fitbit</span><h1>Allow access to Fitbit data?</h1>\
         <p>An application asks to read data of an invented or recorded person. \
         No Fitbit account is involved.</p><form method=post>",
    );
    for (name, value) in sent {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(body, "<input type=hidden name=\"{name}\" value=\"{value}\">");
    }
    accounts(&mut body, world, None);
    body.push_str("<fieldset><legend>What the application may read</legend>");
    for scope in request.scopes.iter() {
        let (words, scope) = (escape(described(scope)), escape(scope));
        let _ = write!(
            body,
            "<label><input type=checkbox name=scopes value=\"{scope}\" checked>\
             <span>{words}<br><small>{scope}</small></span></label>"
        );
    }
    body.push_str(
        "</fieldset><div class=buttons><button name=decision value=deny>Deny</button>\
         <button name=decision value=allow>Allow</button></div></form>",
    );
    document("Consent (emulated)", &body)
}

/// A request that ends here instead of redirecting.
pub(super) fn defect(code: &str, text: &str) -> String {
    let (code, text) = (escape(code), escape(text));
    let body = format!(
        "<span class=mark>emulated Fitbit</span><h1>Developer information: {code}</h1><p>{text}</p>"
    );
    document("Error (emulated)", &body)
}
