//! The pages a person sees, clearly marked as emulated.

use std::fmt::Write;

use super::authorize::{Parameters, Request};
use crate::world::World;

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;\
background:light-dark(#eef1f4,#16181b);color:light-dark(#1d2126,#e6e8ea)}
main{max-width:26rem;margin:1rem;padding:2rem;border-radius:1rem;background:light-dark(#fff,#22262b);\
box-shadow:0 1px 8px #0003}
.mark{display:inline-block;padding:.1rem .6rem;border-radius:1rem;background:#b3541e;color:#fff;\
font-size:.8rem;letter-spacing:.04em}
h1{font-size:1.35rem;margin:.8rem 0 .2rem}
fieldset{border:1px solid #8884;border-radius:.6rem;margin:1rem 0;padding:.6rem 1rem}
label{display:flex;gap:.6rem;padding:.3rem 0;align-items:baseline}
small{opacity:.7;overflow-wrap:anywhere}
.buttons{display:flex;gap:.6rem;justify-content:flex-end}
button{font:inherit;padding:.5rem 1.4rem;border-radius:2rem;border:1px solid #8886;cursor:pointer;\
background:transparent;color:inherit}
button[value=allow]{background:#1d5fb4;border-color:#1d5fb4;color:#fff}
";

/// The consent page: who, and which scopes.
pub(super) fn consent(world: &World, request: &Request, parameters: &Parameters) -> String {
    let mut body = String::from(
        "<span class=mark>emulated Google</span><h1>Share health data?</h1>\
         <p>An application asks to read data of an invented or recorded person. \
         No Google account is involved.</p><form method=post>",
    );
    for (name, value) in parameters {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(body, "<input type=hidden name=\"{name}\" value=\"{value}\">");
    }
    accounts(&mut body, world, request.login_hint.as_deref());
    scopes(&mut body, request);
    body.push_str(
        "<div class=buttons><button name=decision value=deny>Cancel</button>\
         <button name=decision value=allow>Allow</button></div></form>",
    );
    document("Consent (emulated)", &body)
}

pub(crate) fn accounts(body: &mut String, world: &World, hint: Option<&str>) {
    body.push_str("<fieldset><legend>Account</legend>");
    let people = world.people();
    let hinted = people.iter().position(|person| Some(person.email.as_str()) == hint);
    for (index, person) in people.iter().enumerate() {
        let checked = if index == hinted.unwrap_or(0) { " checked" } else { "" };
        let (name, email) = (escape(&person.name), escape(&person.email));
        let _ = write!(
            body,
            "<label><input type=radio name=account value=\"{email}\"{checked}>\
             <span>{name}<br><small>{email}</small></span></label>"
        );
    }
    body.push_str("</fieldset>");
}

fn scopes(body: &mut String, request: &Request) {
    body.push_str("<fieldset><legend>What the application may do</legend>");
    for scope in request.scopes.iter() {
        let (text, scope) = (escape(&describe(scope)), escape(scope));
        let _ = write!(
            body,
            "<label><input type=checkbox name=scopes value=\"{scope}\" checked>\
             <span>{text}<br><small>{scope}</small></span></label>"
        );
    }
    body.push_str("</fieldset>");
}

fn describe(scope: &str) -> String {
    let Some(name) = scope.strip_prefix("https://www.googleapis.com/auth/googlehealth.") else {
        return "Know who you are".to_owned();
    };
    let (family, access) = name.split_once('.').unwrap_or((name, ""));
    let verb = if access == "writeonly" { "Add" } else { "See" };
    format!("{verb} {}", family.replace('_', " "))
}

/// An error that ends here instead of redirecting.
pub(super) fn refusal(status: u16, code: &str, text: &str) -> String {
    let (code, text) = (escape(code), escape(text));
    let body = format!(
        "<span class=mark>emulated Google</span><h1>Access blocked: this app's request is \
         invalid</h1><p>{text}</p><p>Error {status}: {code}</p>"
    );
    document("Error (emulated)", &body)
}

pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>\
         <main>{body}</main></html>\n"
    )
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_says_cannot_become_markup() {
        let page = refusal(400, "redirect_uri_mismatch", "<script>\"x\"&</script>");
        assert!(page.contains("&lt;script&gt;&quot;x&quot;&amp;&lt;/script&gt;"));
    }

    #[test]
    fn scopes_are_described_in_words() {
        let scope = "https://www.googleapis.com/auth/googlehealth.sleep.readonly";
        assert_eq!(describe(scope), "See sleep");
        assert_eq!(describe("openid"), "Know who you are");
    }
}
