//! Query parameters: camelCase or snake_case, `+` as a space, unknown ones refused.

use url::form_urlencoded;

use crate::errors::{ApiError, ApiResult};

/// Parameters that every Google API takes (discovery, `parameters`).
const STANDARD: [&str; 11] = [
    "$.xgafv",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
];

/// The query of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(raw: &str) -> Self {
        let pairs = form_urlencoded::parse(raw.as_bytes()).map(|(name, value)| {
            let name = if STANDARD.contains(&name.as_ref()) {
                name.into_owned()
            } else {
                camel_case(&name)
            };
            (name, value.into_owned())
        });
        Self(pairs.collect())
    }

    /// Refuses parameters that neither the method nor every Google API knows.
    pub(super) fn check(&self, known: &[&str]) -> ApiResult<()> {
        let unknown = self.0.iter().find(|(name, _)| {
            !known.contains(&name.as_str()) && !STANDARD.contains(&name.as_str())
        });
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::bad_field(
                name,
                format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query \
                     parameter. Field '{name}' could not be found in request message."
                ),
            )),
        }
    }

    /// An empty value counts as unset, as in proto3.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// `pageSize` within `most`; 0 and absence mean `default`.
    pub(super) fn page_size(&self, default: usize, most: usize) -> ApiResult<usize> {
        let Some(text) = self.get("pageSize") else { return Ok(default) };
        let size: i32 = text.parse().map_err(|_| {
            let text = format!("Invalid value at 'page_size' (TYPE_INT32), \"{text}\"");
            ApiError::bad_field("page_size", text)
        })?;
        match usize::try_from(size) {
            Ok(0) => Ok(default),
            Ok(size) => Ok(size.min(most)),
            Err(_) => Err(ApiError::invalid_because(
                "INVALID_PAGE_SIZE",
                format!("page_size ({size}) must not be negative."),
            )),
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let upper = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &upper.into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_and_plus_signs_are_read() {
        let query = Query::read("page_size=7&filter=a+%3E%3D+%22b%22");
        assert_eq!(query.page_size(1, 10).unwrap(), 7);
        assert_eq!(query.get("filter"), Some("a >= \"b\""));
    }

    #[test]
    fn an_unknown_parameter_is_named_in_the_refusal() {
        let error = Query::read("startTime=x&alt=json").check(&["filter"]).unwrap_err();
        assert!(error.message().contains("Unknown name \"startTime\""), "{}", error.message());
    }

    #[test]
    fn page_sizes_are_cut_silently_but_never_negative() {
        let size = |text: &str| Query::read(text).page_size(1440, 10_000);
        assert_eq!(size("").unwrap(), 1440);
        assert_eq!(size("pageSize=0").unwrap(), 1440);
        assert_eq!(size("pageSize=99999").unwrap(), 10_000);
        assert_eq!(size("pageSize=-1").unwrap_err().reason(), "INVALID_PAGE_SIZE");
        assert!(size("pageSize=many").is_err());
    }
}
