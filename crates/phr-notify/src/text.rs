//! What mails say: short, plain, with the next step, and never a reading.

use phr_store::notice::{NoticeFacts, NoticeKind};
use url::Url;

/// Subject and body of a mail; none for what is not told by mail.
pub fn mail(kind: NoticeKind, facts: &NoticeFacts, public_url: &Url) -> Option<(String, String)> {
    let vendor = title(&facts.vendor);
    let (subject, text) = match kind {
        NoticeKind::Connected => (
            format!("{vendor} is connected"),
            format!(
                "{vendor} is connected to your health record. Your readings arrive by themselves \
                 from now on.\n\nIf this was not you, sign in and disconnect {vendor}:"
            ),
        ),
        NoticeKind::ReconnectNeeded => (
            format!("{vendor} must be connected again"),
            format!(
                "{vendor} does not let us read your data any more: the permission has ended or was \
                 withdrawn. What was read before is kept.\n\nTo go on, open your app and connect \
                 {vendor} again. The days in between are made up for. Your server:"
            ),
        ),
        NoticeKind::FailingForADay => (
            format!("Readings from {vendor} are missing"),
            format!(
                "For more than a day not all of your readings could be fetched from {vendor}. {} \
                 What was read before is kept, and what is missing will be made up for.\n\nSee \
                 which days are missing in your app. Your server:",
                cause(facts.reason.as_deref())
            ),
        ),
        NoticeKind::Recovered => (
            format!("{vendor} works again"),
            format!(
                "Your readings from {vendor} are complete again. There is nothing to do.\n\nYour \
                 server:"
            ),
        ),
        NoticeKind::DataChanged => return None,
    };
    Some((subject, format!("{text}\n{public_url}\n")))
}

/// Who has to act, in a sentence.
fn cause(reason: Option<&str>) -> &'static str {
    match reason {
        Some("account_not_linked") => {
            "Please open the tracker's own app once and finish its set-up."
        }
        Some("misconfigured") => "The operator of your server has to act; you need not.",
        _ => "We keep trying; you need not do anything.",
    }
}

fn title(vendor: &str) -> String {
    let mut letters = vendor.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_say_what_happened_and_what_to_do() {
        let url = "https://phr.example/".parse().unwrap();
        let facts = |reason: &str| NoticeFacts {
            vendor: "fitbit".to_owned(),
            reason: Some(reason.to_owned()),
        };
        let mails: Vec<_> = [
            (NoticeKind::Connected, ""),
            (NoticeKind::ReconnectNeeded, "grant_withdrawn"),
            (NoticeKind::FailingForADay, "unavailable"),
            (NoticeKind::FailingForADay, "misconfigured"),
            (NoticeKind::Recovered, ""),
        ]
        .into_iter()
        .filter_map(|(kind, reason)| mail(kind, &facts(reason), &url))
        .map(|(subject, text)| format!("# {subject}\n{text}"))
        .collect();
        insta::assert_snapshot!(mails.join("\n"));
    }

    #[test]
    fn changed_data_is_not_told_by_mail() {
        let url = "https://phr.example/".parse().unwrap();
        assert_eq!(mail(NoticeKind::DataChanged, &NoticeFacts::default(), &url), None);
    }
}
